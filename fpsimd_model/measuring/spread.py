"""Repeated measurements: their median and how far they are apart."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from ..figures.numbers import significant

__all__ = ["Spread"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The values of all repetitions.

    >>> s = Spread.of([3.0, 1.0, 2.0])
    >>> s.median, s.text
    (2.0, 'median of 3, 1 .. 3')
    >>> Spread.of(range(9)).text
    'median of 9, the middle half 1.5 .. 6.5'
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """From the single values."""
        return cls(tuple(float(value) for value in values))

    @property
    def median(self) -> float:
        """Robust against a repetition that was interrupted."""
        return statistics.median(self.values)

    @property
    def text(self) -> str:
        """How many, and where half of them are; of few the smallest and the largest."""
        low, high, which = min(self.values), max(self.values), ""
        if len(self.values) >= 8:
            low, _, high = statistics.quantiles(self.values, n=4)
            which = "the middle half "
        return f"median of {len(self.values)}, {which}{significant(low)} .. {significant(high)}"

    def times(self, factor: float) -> Spread:
        """In another unit."""
        return Spread.of(value * factor for value in self.values)
