"""A recorded trace that a figure was made from: its name and checksum, not the trace itself."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import InputError, shown
from ..resources import data_path

__all__ = ["Data"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._+-]{0,59}")
_SUM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Data:
    """`name` without folders, `sha256` in hexadecimal, and where it lies on this machine.

    >>> Data.of(data_path("traces", "k61-vhe-busy-plain.txt.gz")).name
    'k61-vhe-busy-plain.txt.gz'
    """

    name: str
    sha256: str
    path: Path | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Data:
        """Of a file.

        Raises
        ------
        InputError
            If it cannot be read, or has a name that another machine could not look up.
        """
        path = Path(path)
        digest = _sum(path)  # a file that is not there has no name to be blamed
        if not _NAME.fullmatch(path.name):
            raise InputError(f"{path}: name the trace in at most 60 letters, digits, dots, dashes")
        return cls(path.name, digest, path)

    @classmethod
    def sent(cls, name: str, content: bytes) -> Data:
        """Of what was sent without a file; its name becomes one that can be looked up.

        >>> Data.sent("träce (1).txt", b"").name
        'tr-ce -1-.txt'
        """
        name = re.sub(r"[^A-Za-z0-9 ._+-]", "-", Path(name).name)[-60:].lstrip(" .+-") or "trace"
        return cls(name, hashlib.sha256(content).hexdigest())

    @classmethod
    def read(cls, value: object) -> Data:
        """From parameters that anybody may have written."""
        name, digest = (value.get(k) if isinstance(value, dict) else 0 for k in ("name", "sha256"))
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise InputError(f"data: {shown(name)} is no name of a trace")
        if not (isinstance(digest, str) and _SUM.fullmatch(digest)):
            raise InputError(f"data: {shown(digest)} is no SHA-256 in hexadecimal")
        return cls(name, digest)

    def to_dict(self) -> dict[str, str]:
        """Ready for JSON."""
        return {"name": self.name, "sha256": self.sha256}

    def found(self, folders: Iterable[str | os.PathLike[str]] = ()) -> Data:
        """With its path: in one of `folders`, in this one, or among the package's traces.

        Raises
        ------
        InputError
            If there is no such file, or only others of the same name.
        """
        if self.path is not None:
            return self
        other = None
        for folder in (*folders, ".", data_path("traces")):
            path = Path(folder) / self.name
            if path.is_file():
                if _sum(path) == self.sha256:
                    return Data(self.name, self.sha256, path)
                other = path
        if other is not None:
            raise InputError(f"{other}: is another trace than the one the figure was made from")
        raise InputError(f"{self.name}: no such trace here; put it beside the figure")


def _sum(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError(f"{path}: is no file; name a trace")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({(error.strerror or 'error').lower()})"
        ) from None
