"""Make a figure's file again from what is inside it, and say whether the bytes are the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from . import png
from .answer import Answer
from .embed import MARK, form_of, parameters_in, read_file
from .recipe import Recipe

__all__ = ["Reproduction", "reproduce"]


@dataclass(frozen=True)
class Reproduction:
    """A file and what its parameters make of it today.

    Attributes
    ----------
    form, data:
        The format, and its bytes as made now, by this version of the package.
    made_by, version:
        The package's version in the file, and the one that runs.
    difference:
        Where the bytes differ though the version is left out of account; "" if nowhere.
    """

    form: str
    data: bytes
    made_by: str
    version: str
    difference: str

    @property
    def identical(self) -> bool:
        """Byte for byte."""
        return not self.difference and self.made_by == self.version

    def __str__(self) -> str:
        if self.identical:
            return f"identical ({len(self.data)} bytes, fpsimd_model {self.version})"
        if self.made_by == self.version:
            return f"differs: {self.difference}"
        other = f"made by fpsimd_model {self.made_by}, this is {self.version}"
        return f"differs: {other}; {self.difference or 'but for that version it is identical'}"


def reproduce(path: str | os.PathLike[str]) -> Reproduction:
    """Make a file of :func:`~fpsimd_model.figures.save` again, whoever sent it.

    A trace that it was made from is looked for beside it, here, and among the package's.

    Raises
    ------
    InputError
        If the file cannot be read, is no such file, or cannot be made again.
    """
    from .. import __version__

    path = Path(path)
    data = read_file(path)
    parameters = parameters_in(data, path)
    form, made_by = form_of(data), str(parameters[MARK])
    try:
        recipe = Recipe.read(parameters).located([path.parent])
        answer = Answer(recipe)
        made = answer.contents(form)[form]
        theirs = made
        if made_by != __version__:
            old = Answer(recipe, made_by)
            vars(old).update({k: v for k, v in vars(answer).items() if k in ("picture", "results")})
            theirs = old.contents(form)[form]
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return Reproduction(form, made, made_by, __version__, _difference(form, data, theirs))


def _difference(form: str, old: bytes, new: bytes) -> str:
    """Where two files of one format begin to differ, in words."""
    if old == new:
        return ""
    sizes = "" if len(old) == len(new) else f" ({len(old)} bytes; {len(new)} made now)"
    for number, (a, b) in enumerate(_paired(_parts(form, old), _parts(form, new)), 1):
        if a != b:
            name = (b or a)[0] if form == "png" else f"line {number}"
            return f"first in {name}{sizes}"
    return f"in how its parts are packed{sizes}"


_CHUNKS = {b"IDAT": "the pixels", b"PLTE": "the palette", b"IHDR": "the size",
           b"zTXt": "the parameters", b"tEXt": "the texts"}  # fmt: skip


def _parts(form: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    if form == "png":
        for kind, content in png.chunks(data):
            yield _CHUNKS.get(kind, f"a chunk {kind!r}"), content
    else:
        yield from (("", line) for line in data.split(b"\n"))


def _paired(one: Iterator, other: Iterator) -> Iterator[tuple]:
    from itertools import zip_longest

    return zip_longest(one, other)
