"""Rows of numbers that grow one by one, in as little memory as numbers take."""

from __future__ import annotations

from array import array

import numpy as np

__all__ = ["Table"]


class Table:
    """Rows of as many numbers as there are type codes (those of `array`).

    >>> table = Table("qd")
    >>> table.append((1, 0.5)); table.append((2, 1.5)); table[-1] = (3, 2.5)
    >>> len(table), table[-1], [column.tolist() for column in table.columns()]
    (2, (3, 2.5), [[1, 3], [0.5, 2.5]])
    """

    def __init__(self, codes: str) -> None:
        self._columns = [array(code) for code in codes]

    def __len__(self) -> int:
        return len(self._columns[0])

    def append(self, row: tuple) -> None:
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def __getitem__(self, at: int) -> tuple:
        return tuple(column[at] for column in self._columns)

    def __setitem__(self, at: int, row: tuple) -> None:
        for column, value in zip(self._columns, row, strict=True):
            column[at] = value

    def columns(self) -> list[np.ndarray]:
        """Each column as an array that shares its memory."""
        return [np.frombuffer(column, column.typecode) for column in self._columns]
