"""Figures as files that say what made them: the same bytes for the same figure, all files or none.

Byte identity holds for one version of matplotlib, the FreeType within, and zlib; across versions,
compare parameters and data.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..resources import unwritable
from . import png
from .embed import MARK, text_block, to_json
from .palette import few_colours
from .style import fixed

if TYPE_CHECKING:
    from ..scenario import Scenario
    from .picture import Picture

__all__ = ["FORMATS", "contents_of", "export", "parameters_of", "stem_of", "write_files"]

MAIL = 20_000  #: bytes of a PNG at most, where fewer colours can bring that about


def export(
    picture: Picture,
    stem: str | os.PathLike[str],
    formats: Iterable[str] | str = ("png", "svg", "pdf", "txt"),
    *,
    scenario: Scenario | None = None,
    policies: Sequence[str] | None = None,
    seed: int | None = None,
    version: str | None = None,
    command: str = "",
    text: str | None = None,
    extra: Mapping[str, object] | None = None,
    dpi: float = 100.0,
) -> list[Path]:
    """Write ``stem.png``, ``.svg``, ``.pdf`` and ``.txt`` with all parameters inside each.

    Parameters
    ----------
    picture:
        Any figure; it is fitted to its data and drawn anew.
    stem:
        Path without the ending (one of `formats` is taken off); its folder must exist.
    formats:
        Some of ``png`` (few colours, small enough for mail), ``svg`` (text stays text), ``pdf``
        and ``txt`` (72 columns of ASCII).
    scenario, policies, seed, version, command, extra:
        What made the figure; `policies` and `version` default to the picture's and the package's.
        `extra` must be ready for JSON.
    text:
        For the plain text; by default the picture's own.
    dpi:
        Of the PNG.

    Returns
    -------
    list of Path
        The files, in the order of `formats`.

    Raises
    ------
    InputError
        On an unknown format, parameters that are no JSON, or a place that cannot be written; then
        no file has changed.
    """
    stem = stem_of(stem)
    parameters = parameters_of(
        picture, scenario, policies, seed=seed, version=version, command=command, extra=extra
    )
    contents = contents_of(picture, parameters, formats, text=text, dpi=dpi)
    return write_files({Path(f"{stem}.{form}"): data for form, data in contents.items()})


def stem_of(name: str | os.PathLike[str]) -> str:
    """A path without the ending of a format.

    Raises
    ------
    InputError
        If no name is left.

    >>> stem_of("out/costs.png"), stem_of("v4.18")
    ('out/costs', 'v4.18')
    """
    stem = os.fspath(name)
    root, dot, end = stem.rpartition(".")
    stem = root if dot and end in FORMATS else stem
    if not stem or not Path(stem).name or stem.endswith("/"):
        raise InputError(f"{os.fspath(name)!r}: a name for the files is wanted, without its ending")
    return stem


def contents_of(
    picture: Picture,
    parameters: Mapping[str, object],
    formats: Iterable[str] | str = ("png", "svg", "pdf", "txt"),
    *,
    text: str | None = None,
    dpi: float = 100.0,
) -> dict[str, bytes]:
    """The bytes of each format, drawn anew; see :func:`export`."""
    formats = [formats] if isinstance(formats, str) else list(dict.fromkeys(formats))
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(f"no format is called {unknown[0]!r}; there are {', '.join(FORMATS)}")
    description = to_json(parameters)
    picture.draw()
    job = _Job(picture, parameters, description, text, dpi)
    return {name: FORMATS[name](job) for name in formats}


def parameters_of(
    picture: Picture,
    scenario: Scenario | None = None,
    policies: Sequence[str] | None = None,
    *,
    seed: int | None = None,
    version: str | None = None,
    command: str = "",
    extra: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """What is embedded: version, figure, policies, seed, command, whole scenario, and `extra`."""
    from .recipe import scenario_text

    if version is None:
        from .. import __version__ as version
    if policies is None:
        policies = getattr(picture, "policies", ())
    return {
        MARK: version,
        "figure": picture.kind,
        "policies": list(policies),
        "seed": seed,
        "command": command,
        "scenario": scenario_text(scenario),
        **(extra or {}),
    }


class _Job:
    """One figure on its way into files."""

    def __init__(self, picture, parameters, description, text, dpi) -> None:
        self.picture, self.parameters, self.description = picture, parameters, description
        self.words, self.dpi = text, dpi

    @property
    def title(self) -> str:
        return f"fpsimd_model: {self.parameters['figure']}"

    def saved(self, **options: object) -> bytes:
        out = io.BytesIO()
        with fixed():
            self.picture.figure.savefig(out, **options)
        return out.getvalue()

    def png(self) -> bytes:
        rgb = np.ascontiguousarray(self.picture.rendered(self.dpi)[:, :, :3])
        text = {"Title": self.title, "Description": self.description}
        for steps in (6, 5, 4, 3, 2):
            data = png.encode(*few_colours(rgb, steps), text, self.dpi)
            if len(data) < MAIL:
                break
        return data

    def svg(self) -> bytes:
        about = {"Title": self.title, "Description": self.description}
        return self.saved(format="svg", metadata={**about, "Date": None, "Creator": None})

    def pdf(self) -> bytes:
        about = {"Title": self.title, "Subject": self.parameters["command"] or self.title}
        none = dict.fromkeys(("Creator", "Producer", "CreationDate"))
        return self.saved(format="pdf", metadata={**about, "Keywords": self.description, **none})

    def txt(self) -> bytes:
        words = self.picture.text() if self.words is None else self.words
        block = text_block(self.parameters)
        return f"{words.rstrip()}\n\n{block}\n".encode("ascii", "replace")


FORMATS: dict[str, Callable[[_Job], bytes]] = {
    "png": _Job.png,
    "svg": _Job.svg,
    "pdf": _Job.pdf,
    "txt": _Job.txt,
}


def write_files(contents: Mapping[str | os.PathLike[str], bytes]) -> list[Path]:
    """Several files or none: each beside its place first, then all moved; undone if one cannot be.

    Links are followed.

    Returns
    -------
    list of Path
        The files, in the order given.

    Raises
    ------
    InputError
        If a place cannot be written; then no file has changed.
    """
    contents = {Path(path): content for path, content in contents.items()}
    before: dict[Path, bytes | None] = {}
    beside: dict[Path, Path] = {}
    moved: list[Path] = []
    path = None
    try:
        for path, content in contents.items():
            target = path.resolve()
            if target.exists() and not target.is_file():
                kind = "a folder" if target.is_dir() else "no regular file"
                raise InputError(f"{path}: cannot be written (it is {kind}); name another")
            before[path] = target.read_bytes() if target.exists() else None
            beside[path] = target.with_name(f".{target.name}.{os.getpid()}.tmp")
            beside[path].write_bytes(content)
        for path, temporary in beside.items():
            temporary.replace(path.resolve())
            moved.append(path)
    except BaseException as error:
        for done in moved:
            if before[done] is None:
                done.resolve().unlink()
            else:
                done.resolve().write_bytes(before[done])
        ours = isinstance(error, InputError)
        if ours or not isinstance(error, OSError | ValueError | RuntimeError):
            raise
        raise unwritable(path, error) from None
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)
    return list(contents)
