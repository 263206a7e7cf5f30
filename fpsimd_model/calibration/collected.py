"""Values on their way from the fits to a scenario."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..durations import Duration
from ..scenario import Batch, Mmpp
from .arrivals import Arrivals
from .durations import DurationFit
from .fpuse import FpFit
from .value import Value

__all__ = ["Collected", "rounded"]


@dataclass
class Collected:
    """Values by key, what the scenario takes for them, and the fits behind them."""

    values: dict[str, Value] = field(default_factory=dict)
    changes: dict[str, object] = field(default_factory=dict)
    durations: dict[str, DurationFit] = field(default_factory=dict)
    arrivals: Arrivals | None = None
    fp: FpFit | None = None
    notes: list[str] = field(default_factory=list)

    def put(self, key: str, value: object, low: float | None, high: float | None, number: int,
            of: str, how: str) -> None:  # fmt: skip
        """Note a value that the trace shows."""
        value = rounded(value)
        self.changes[key] = value
        shown, shape = value, ""
        if isinstance(value, Duration):
            shown, shape = _six(value.mean_us), value.shape
        elif isinstance(value, Mmpp):
            shown, shape = _six(value.rate_per_s), "mmpp"
        elif isinstance(value, Batch):
            shown, shape = value.mean, value.shape
        low, high = (v if v is None or math.isinf(v) else _six(v) for v in (low, high))
        self.values[key] = Value(key, shown, low, high, number, of, how, True, shape)


def _six(value: float) -> float:
    return float(f"{value:.6g}")


def rounded(value: object) -> object:
    """Six digits are more than any trace tells."""
    if isinstance(value, Duration):
        if value.samples is not None:
            return value
        return Duration(_six(value.mean_us), value.shape, value.cv2 and _six(value.cv2))
    if isinstance(value, Mmpp):
        return Mmpp(*(_six(v) for v in (value.rate1_per_s, value.rate2_per_s,
                                        value.mean1_us, value.mean2_us)))  # fmt: skip
    return _six(value) if isinstance(value, float) else value
