"""One value of a calibrated scenario: where it is from and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..figures.numbers import significant

__all__ = ["Value"]


@dataclass(frozen=True, slots=True)
class Value:
    """A value by its key in the scenario.

    Attributes
    ----------
    key:
        ``table.key``.
    value:
        The number that the interval is about (a duration's mean, an MMPP's mean rate), or a word.
    low, high:
        95% interval; None where there is none. ``high`` is infinite where nothing bounds it.
    number:
        Sample size.
    of:
        What was counted, in the plural.
    how:
        How the value follows from the sample.
    seen:
        Whether the trace shows it; otherwise it is kept from the preset.
    shape:
        Of a duration or of arrivals, "" for others.

    >>> Value("vcpu.out_us", 9.6, 9.5, 9.7, 3092, "times out", "mean", True, "gamma").interval
    '9.5 .. 9.7'
    """

    key: str
    value: object
    low: float | None
    high: float | None
    number: int
    of: str
    how: str
    seen: bool
    shape: str = ""

    @property
    def interval(self) -> str:
        """The interval as text, "" if there is none."""
        if self.low is None or self.high is None:
            return ""
        if math.isinf(self.high):
            return f">= {significant(self.low)}"
        if self.low <= 0:
            return f"<= {significant(self.high)}"
        return f"{significant(self.low)} .. {significant(self.high)}"

    def source(self, trace: str) -> str:
        """The comment in the scenario file."""
        if not self.seen:
            return f"assumed: {self.how}"
        interval = f"95% {self.interval}, " if self.interval else ""
        return f"{trace}: {interval}n = {self.number} {self.of}; {self.how}"

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON; null for an interval's open end."""
        ends = [None if v is None or math.isinf(v) else v for v in (self.low, self.high)]
        return {
            "value": self.value, "shape": self.shape, "ci95": ends, "n": self.number,
            "of": self.of, "how": self.how, "seen": self.seen,
        }  # fmt: skip
