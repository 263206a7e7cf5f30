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

__all__ = ["MARK", "read_parameters", "text_block", "to_json"]

MARK = "fpsimd_model"  #: the key that every set of parameters has: the version
_LARGEST = 64 * 2**20
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
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read ({(error.strerror or 'error').lower()})"
        ) from None
    kind, find = _kind(data)
    try:
        found = json.loads(find(data))
    except (ValueError, zlib.error, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get(MARK), str):
        raise InputError(
            f"{path}: no parameters of fpsimd_model in this {kind}; it was not exported by it, "
            "or another program has removed or damaged them"
        )
    return found


def _kind(data: bytes) -> tuple[str, Callable[[bytes], str]]:
    head = data[:1024].lstrip()
    if head.startswith(png.SIGNATURE):
        return "PNG", lambda data: png.texts(data).get("Description", "")
    if head.startswith(b"%PDF-"):
        return "PDF", _from_pdf
    if head.startswith((b"<?xml", b"<svg", b"<!DOCTYPE svg")):
        return "SVG", _from_svg
    return "text", _from_text


def _from_svg(data: bytes) -> str:
    found = re.search(rb"<dc:description>(.*?)</dc:description>", data, re.DOTALL)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""


_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _from_pdf(data: bytes) -> str:
    """The literal string of /Keywords (ISO 32000-1, 7.3.4.2)."""
    start = data.rfind(b"/Keywords (")
    if start < 0:
        return ""
    found = re.match(rb"(?:[^()\\]|\\.)*", data[start + 11 :], re.DOTALL)[0]
    words = re.sub(rb"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), found, flags=re.DOTALL)
    return words.decode("latin-1")


def _from_text(data: bytes) -> str:
    lines = [re.sub(r"^[>|\s]*", "", line).rstrip() for line in data.decode("latin-1").splitlines()]
    if _BEGIN not in lines:
        return ""
    lines = lines[lines.index(_BEGIN) + 1 :]
    if _END not in lines:
        return ""
    packed = base64.b64decode("".join(lines[: lines.index(_END)]), validate=True)
    return zlib.decompressobj().decompress(packed, _LARGEST).decode("ascii", "replace")
