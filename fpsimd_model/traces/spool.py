"""An array that grows without taking memory: what is beyond a few megabytes goes to a file.

Half an hour of a busy machine has more rows than a laptop wants to hold, and a pipe cannot be
read twice.  The file has no name, so that nothing stays behind whatever happens.
"""

from __future__ import annotations

import io
import mmap
import os
import tempfile
from collections.abc import Iterator

import numpy as np

from ..errors import InputError

__all__ = ["Spool", "blocks_of"]

_IN_MEMORY = 24 << 20  # bytes
_BLOCK = 1 << 16  # elements


class Spool:
    """Elements of one dtype, appended in arrays and read again in blocks, as often as wanted.

    >>> spool = Spool(np.dtype("i4"), in_memory=64)
    >>> for at in range(0, 100, 10):
    ...     spool.append(np.arange(at, at + 10, dtype="i4"))
    >>> len(spool), sum(len(block) for block in spool.blocks(60)), int(spool.array().sum())
    (100, 100, 4950)
    """

    def __init__(self, dtype: np.dtype, in_memory: int = _IN_MEMORY) -> None:
        self._file = None
        self.dtype, self._most = dtype, max(1, in_memory // dtype.itemsize)
        self._parts: list[np.ndarray] = []
        self._held = self._written = 0

    def __len__(self) -> int:
        return self._written + self._held

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def append(self, part: np.ndarray) -> None:
        """Add elements at the end."""
        if not len(part):
            return
        self._parts.append(part)
        self._held += len(part)
        if self._held >= (self._most if self._file is None else _BLOCK):
            self._write()

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = _nameless()
            self._file.seek(0, os.SEEK_END)
            for part in self._parts:
                data = memoryview(np.ascontiguousarray(part)).cast("B")
                while data:
                    data = data[self._file.write(data) :]
        except OSError as error:
            raise InputError(
                f"{tempfile.gettempdir()}: no room for what was read of the trace "
                f"({error.strerror or error}); set TMPDIR to a larger place"
            ) from None
        self._written += self._held
        self._parts, self._held = [], 0

    def blocks(self, size: int = _BLOCK) -> Iterator[np.ndarray]:
        """All elements in order, up to ``size`` at a time; the arrays are the caller's own."""
        width = self.dtype.itemsize
        for at in range(0, self._written, size):
            block = np.empty(min(size, self._written - at), self.dtype)
            room = memoryview(block).cast("B")
            self._file.seek(at * width)
            while room:
                got = self._file.readinto(room)
                if not got:
                    raise InputError("the temporary file of the trace was cut by someone else")
                room = room[got:]
            yield block
        waiting: list[np.ndarray] = []
        number = 0
        for part in list(self._parts):
            for at in range(0, len(part), size):
                piece = part[at : at + size]
                if waiting and number + len(piece) > size:
                    yield np.concatenate(waiting)
                    waiting, number = [], 0
                waiting.append(piece)
                number += len(piece)
        if waiting:
            yield np.concatenate(waiting)

    def array(self) -> np.ndarray:
        """All elements as one array: in memory if few, else mapped from the file."""
        if self._file is None:
            if len(self._parts) != 1:
                self._parts = [np.concatenate(self._parts or [np.empty(0, self.dtype)])]
            return self._parts[0]
        self._write()
        return np.memmap(self._file, dtype=self.dtype, mode="r+", shape=(self._written,))


def _nameless() -> io.RawIOBase:
    return tempfile.TemporaryFile(prefix="fpsimd-model-", buffering=0)


def blocks_of(array: np.ndarray, size: int = _BLOCK) -> Iterator[np.ndarray]:
    """An array in blocks; of a mapped one, no more than a block stays in memory."""
    mapped = getattr(array, "_mmap", None) if isinstance(array, np.memmap) else None
    for at in range(0, len(array), size):
        block = array[at : at + size]
        if mapped is None or not hasattr(mmap, "MADV_DONTNEED"):
            yield block
        else:
            yield np.array(block)
            mapped.madvise(mmap.MADV_DONTNEED)
