"""What figures of curves take: plain arrays over one axis, by policy and metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError, shown

__all__ = ["AXES", "Axis", "Curves", "axis_of"]


@dataclass(frozen=True, slots=True)
class Axis:
    """What is varied: the key of a scenario (or any name), its label and unit, and its scale."""

    key: str
    label: str
    unit: str = ""
    log: bool = True

    @property
    def title(self) -> str:
        """Label and unit, as an axis carries them."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label


AXES: dict[str, Axis] = {
    a.key: a
    for a in (
        Axis("softirq.interrupts_per_s", "interrupts that bring packets", "1/s"),
        Axis("softirq.packets_per_interrupt", "packets per interrupt"),
        Axis("softirq.packet_bytes", "packet size", "bytes"),
        Axis("softirq.stack_ns", "packet time outside crypto", "ns"),
        Axis("softirq.other_interrupts_per_s", "interrupts without crypto", "1/s"),
        Axis("vcpu.residency_us", "residency, from vcpu_load to vcpu_put", "us"),
        Axis("vcpu.out_us", "time from vcpu_put to vcpu_load", "us"),
        Axis("vcpu.run_loop_us", "pass through the run loop", "us"),
        Axis("vcpu.guest_run_us", "guest run, from entry to its own exit", "us"),
        Axis("vcpu.first_fp_us", "guest time between FP accesses", "us"),
        Axis("vcpu.user_exit_share", "residencies that end in user space", "share", False),
        Axis("vcpu.preempted_share", "residencies that end by preemption", "share", False),
        Axis("crypto.slowdown", "crypto without NEON takes", "times as long"),
        Axis("crypto.simd_cycles_per_byte", "crypto with NEON", "cycles/byte"),
        Axis("machine.save_cycles", "one register file saved", "cycles"),
        Axis("machine.restore_cycles", "one register file restored", "cycles"),
        Axis("machine.trap_cycles", "FP trap in assembly", "cycles"),
        Axis("machine.trap_c_cycles", "FP trap through C", "cycles"),
    )
}


def axis_of(key: str) -> Axis:
    """The axis for a key of a scenario; one that is not listed is its own label.

    >>> axis_of("vcpu.residency_us").title
    'residency, from vcpu_load to vcpu_put [us]'
    """
    return AXES.get(key) or Axis(key, key)


@dataclass(frozen=True, eq=False)
class Curves:
    """Metrics of several policies over one axis with n points.

    Attributes
    ----------
    axis:
        What is varied.
    x:
        (n,) increasing; above 0 on a logarithmic axis.
    values:
        For each policy, in the order of drawing, (n,) arrays by metric in the metric's own unit;
        not-a-number where there is no value: an unstable queue, a mean over nothing.
    correct:
        The verdict of the check for each policy that was checked.
    at:
        Where the scenario itself stands on the axis, or None.

    Raises
    ------
    InputError
        If the arrays do not fit together.

    >>> c = Curves(axis_of("crypto.slowdown"), [1, 20], {"tracked": {"switch_share": [0.1, 0.2]}})
    >>> c.y("tracked", "switch_share").tolist(), c.y("tracked", "exits_per_s").tolist()
    ([0.1, 0.2], [nan, nan])
    """

    axis: Axis
    x: np.ndarray
    values: Mapping[str, Mapping[str, np.ndarray]]
    correct: Mapping[str, bool] = field(default_factory=dict)
    at: float | None = None

    def __post_init__(self) -> None:
        x = np.asarray(self.x, dtype=float)
        if x.ndim != 1 or not len(x) or not np.isfinite(x).all() or (np.diff(x) <= 0).any():
            raise InputError(f"{self.axis.key}: an axis needs increasing finite values")
        if self.axis.log and x[0] <= 0:
            raise InputError(f"{self.axis.key}: a logarithmic axis needs values above 0")
        values = {
            policy: {name: self._one(policy, name, y, len(x)) for name, y in metrics.items()}
            for policy, metrics in self.values.items()
        }
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "values", values)

    @staticmethod
    def _one(policy: str, name: str, y: object, n: int) -> np.ndarray:
        y = np.asarray(y, dtype=float)
        if y.shape != (n,):
            raise InputError(
                f"{policy}: {name} has shape {shown(y.shape)}; one value for each of the "
                f"{n} points of the axis is wanted"
            )
        return np.where(np.isfinite(y), y, np.nan)

    @property
    def policies(self) -> tuple[str, ...]:
        """Their names, in the order of drawing."""
        return tuple(self.values)

    def y(self, policy: str, metric: str) -> np.ndarray:
        """(n,) values; not-a-number throughout for a metric that was not given."""
        found = self.values[policy].get(metric)
        return np.full(len(self.x), np.nan) if found is None else found

    def wrong(self, policy: str) -> bool:
        """The check found an order of events that loses state."""
        return self.correct.get(policy) is False
