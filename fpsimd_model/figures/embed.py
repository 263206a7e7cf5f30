"""What made a file, inside the file: parameters in PNG, SVG, PDF and plain text."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import textwrap
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import InputError
from . import png
from .plain import WIDTH

__all__ = [
    "MARK",
    "form_of",
    "parameters_in",
    "read_file",
    "read_parameters",
    "text_block",
    "to_json",
]

MARK = "fpsimd_model"  #: the key that every set of parameters has: the version
_LARGEST = 16 * 2**20  # bytes of a file
_UNPACKED = 4 * 2**20  # bytes of parameters; a scenario in them has at most a quarter
_BEGIN, _END = "-----BEGIN FPSIMD-MODEL PARAMETERS-----", "-----END FPSIMD-MODEL PARAMETERS-----"


def to_json(parameters: Mapping[str, object]) -> str:
    """One line of ASCII, the same for the same parameters.

    Raises
    ------
    InputError
        If something in them is no JSON (a number that is not finite, an object).
    """
    try:
        return json.dumps(parameters, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"the figure's parameters cannot be embedded: {error}") from None


def text_block(parameters: Mapping[str, object], width: int = WIDTH) -> str:
    """Parameters as lines for plain text: deflated JSON in base64, that survives "> " quoting.

    >>> print(text_block({"fpsimd_model": "0.1.0"}).splitlines()[0])
    -----BEGIN FPSIMD-MODEL PARAMETERS-----
    """
    packed = base64.b64encode(zlib.compress(to_json(parameters).encode("ascii"), 9)).decode("ascii")
    return "\n".join([_BEGIN, *textwrap.wrap(packed, width), _END])


def read_parameters(path: str | os.PathLike[str]) -> dict[str, object]:
    """The parameters in a file that was exported, whatever its name ends in.

    Plain text may have been quoted ("> "), indented or given other line ends since.

    Raises
    ------
    InputError
        If the file cannot be read, is no such file, or has lost its parameters.
    """
    return parameters_in(read_file(path), path)


def read_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a figure's file, which is a regular file of a moderate size.

    Raises
    ------
    InputError
        If it cannot be read, or is too large to be one.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            what = "is a folder" if path.is_dir() else "is no regular file"
            raise InputError(f"{path}: cannot be read ({what}); name a figure's file")
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read ({reason.lower()})") from None
    if len(data) > _LARGEST:
        raise InputError(f"{path}: larger than {_LARGEST >> 20} MB; no figure of fpsimd_model is")
    return data


def parameters_in(data: bytes, path: object = "<figure>") -> dict[str, object]:
    """As :func:`read_parameters`, of what has been read; `path` stands in messages."""
    kind, find = _kind(data)
    try:
        words = find(data)
        found = json.loads(words, parse_constant=_refuse) if len(words) <= _UNPACKED else None
    except (ValueError, zlib.error, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get(MARK), str):
        raise InputError(
            f"{path}: no parameters of fpsimd_model in this {kind}; it was not exported by it, "
            "or another program has removed or damaged them"
        )
    return found


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def form_of(data: bytes) -> str:
    """``png``, ``pdf``, ``svg`` or ``txt``, by what is in it."""
    return {"PNG": "png", "PDF": "pdf", "SVG": "svg"}.get(_kind(data)[0], "txt")


def _kind(data: bytes) -> tuple[str, Callable[[bytes], str]]:
    head = data[:1024].lstrip()
    if data.startswith(png.SIGNATURE):
        return "PNG", lambda data: png.text(data, "Description", _UNPACKED)
    if head.startswith(b"%PDF-"):
        return "PDF", _from_pdf
    if head.startswith((b"<?xml", b"<svg", b"<!DOCTYPE svg")):
        return "SVG", _from_svg
    return "text", _from_text


def _from_svg(data: bytes) -> str:
    _, _, rest = data.partition(b"<dc:description>")
    words, end, _ = rest.partition(b"</dc:description>")
    return html.unescape(words.decode("utf-8", "replace")) if end else ""


_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _from_pdf(data: bytes) -> str:
    """The literal string of /Keywords (ISO 32000-1, 7.3.4.2)."""
    start = data.rfind(b"/Keywords (")
    if start < 0:
        return ""
    found = re.match(rb"(?:[^()\\]|\\.)*", data[start + 11 :], re.DOTALL)[0]
    words = re.sub(rb"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), found, flags=re.DOTALL)
    return words.decode("latin-1")


_PREFIX = re.compile(r"^[>|\s]*(?:- (?=-----))?")  # quotes; the dash of a signed mail (RFC 9580)


def _from_text(data: bytes) -> str:
    lines = [_PREFIX.sub("", line).rstrip() for line in data.decode("latin-1").splitlines()]
    if _BEGIN not in lines:
        return ""
    lines = lines[lines.index(_BEGIN) + 1 :]
    if _END not in lines:
        return ""
    packed = base64.b64decode("".join(lines[: lines.index(_END)]), validate=True)
    return png.unpacked(packed, _UNPACKED).decode("ascii", "replace")
