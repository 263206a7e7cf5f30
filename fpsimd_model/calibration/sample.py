"""Durations as a trace shows them: some whole, some cut by its ends, gaps or other events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["COMPLETE", "CUT", "LATE", "LATE_CUT", "Sample"]

#: Both ends seen; only the beginning; only the end (begun before the trace or in a gap); neither.
COMPLETE, CUT, LATE, LATE_CUT = range(4)

_LITTLE = 0.05  # share of durations that are cut


@dataclass(frozen=True, eq=False)
class Sample:
    """Durations in microseconds, how much of each was seen, and the clock's resolution.

    Attributes
    ----------
    us, kinds:
        (n,) time seen; one of COMPLETE, CUT, LATE, LATE_CUT.
    resolution_us:
        The step of the trace's clock.

    >>> s = Sample(np.array([3.0, 5.0, 4.0]), np.array([COMPLETE, CUT, LATE]))
    >>> s.events, s.total_us
    (2, 12.0)
    """

    us: np.ndarray
    kinds: np.ndarray
    resolution_us: float = 0.0

    def __len__(self) -> int:
        return len(self.us)

    @cached_property
    def whole(self) -> np.ndarray:
        """Durations of which both ends were seen."""
        return _forward(self.us[self.kinds == COMPLETE])

    @cached_property
    def cut(self) -> np.ndarray:
        """What was seen of durations that had begun and did not end in sight."""
        return _forward(self.us[self.kinds == CUT])

    @property
    def events(self) -> int:
        """How many ends were seen, of whatever beginning."""
        return int(((self.kinds == COMPLETE) | (self.kinds == LATE)).sum())

    @property
    def total_us(self) -> float:
        """All time seen."""
        return float(self.us.sum())

    @property
    def cut_share(self) -> float:
        """Share of durations whose beginning was seen that were cut."""
        seen = len(self.whole) + len(self.cut)
        return len(self.cut) / seen if seen else 1.0

    @property
    def little_cut(self) -> bool:
        """Whether so little is cut that the mean is time by ends, whatever the shape."""
        return self.cut_share < _LITTLE


def _forward(us: np.ndarray) -> np.ndarray:
    """A torn trace can put an end ahead of its beginning: no time at all, as far as it tells."""
    return np.maximum(us, 0.0)
