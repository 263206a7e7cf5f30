"""Slowdown and late packets over the load, each policy up to where it saturates."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .curves import Axis, Curves
from .numbers import significant
from .verdicts import Verdicts, correctness

if TYPE_CHECKING:
    from ..policies import Policy
    from ..scenario import Scenario

__all__ = ["METRICS", "Loads", "loads_in_steps", "loads_of"]

METRICS = ("crypto_slowdown", "sojourn_p99_us")
RATE = "softirq.interrupts_per_s"

AXIS = Axis("utilisation", "load: CPU time of the packets if all have NEON", "%")

_POINTS = 41
_NEAR = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)  # shares of a saturating load
_BEYOND = 1.25  # how far the axis goes past the largest saturating load


@dataclass(frozen=True, eq=False)
class Loads:
    """Metrics over the load, and where each policy saturates.

    Attributes
    ----------
    curves:
        Over the load in percent: CPU time that the packets need if all their crypto has NEON.
    ends:
        The load in percent at which packets come as fast as the policy can serve them.
    gbps, packets_per_s:
        Packets at a load of 100%.
    """

    curves: Curves
    ends: Mapping[str, float]
    gbps: float
    packets_per_s: float

    @property
    def scale(self) -> str:
        """The load in other units.

        >>> Loads(Curves(AXIS, [1.0], {}), {}, 4.0, 340000.0).scale
        'a load of 1% is 3400 packets/s, 0.04 Gb/s'
        """
        packets = significant(self.packets_per_s / 100.0, 3)
        return f"a load of 1% is {packets} packets/s, {significant(self.gbps / 100.0, 2)} Gb/s"


def loads_of(
    scenario: Scenario,
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    verdicts: Verdicts | None = None,
    *,
    points: int = _POINTS,
) -> Loads:
    """Crypto slowdown and 99th percentile over the load, by policy.

    The rate of interrupts is varied, everything else stays.  Utilisation is that of packets with
    NEON, the same scale for every policy: it is the rate in other units, and says how near a
    policy's end is to the best that the CPU could do.

    Parameters
    ----------
    scenario, policies:
        As :func:`fpsimd_model.evaluate` takes them.
    verdicts:
        Of the check; by default the policies are checked.
    points:
        Loads between the lowest and the highest; more are added near each policy's end.

    Raises
    ------
    InputError
        On an unknown policy, or a scenario that the formula does not cover.

    >>> from fpsimd_model.scenario import preset
    >>> found = loads_of(preset("reference"), ["tracked", "busy-flag-live"], points=4)
    >>> {name: round(end, 1) for name, end in found.ends.items()}
    {'tracked': 100.0, 'busy-flag-live': 11.6}
    """
    steps = loads_in_steps(scenario, policies, verdicts, points=points)
    try:
        while True:
            next(steps)
    except StopIteration as done:
        return done.value


def loads_in_steps(
    scenario: Scenario,
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    verdicts: Verdicts | None = None,
    *,
    points: int = _POINTS,
) -> Generator[None, None, Loads]:
    """As :func:`loads_of`, for whoever has other things to do between one load and the next."""
    from ..analytic.grid import metrics_of
    from ..engines import evaluate
    from ..policies import select
    from ..proof import check

    chosen = list(dict.fromkeys(select(policies)))
    if points < 2:
        raise InputError(f"points: {points} is too few for a curve; 2 or more are wanted")
    verdicts = check(*chosen) if verdicts is None else verdicts
    per_packet = scenario.simd_packet_s
    whole = 1.0 / (per_packet * scenario.softirq.batch_mean)  # interrupts/s at 100%
    calm = scenario.replace({RATE: whole * 1e-3})  # a policy's end does not depend on the rate
    most = metrics_of([calm], chosen)["max_packets_per_s"][:, 0]
    ends = {p.name: 100.0 * float(m) * per_packet for p, m in zip(chosen, most, strict=True)}
    x = _loads(ends, points)
    scenarios = [scenario.replace({RATE: float(load) / 100.0 * whole}) for load in x]
    solved = []
    for each in scenarios:
        solved.append(evaluate(each, chosen))
        yield
    values = {
        p.name: {
            metric: np.array([_number(results[i][metric]) for results in solved])
            for metric in METRICS
        }
        for i, p in enumerate(chosen)
    }
    gbps = 8e-9 * scenario.softirq.packet_bytes / per_packet
    at = 100.0 * scenario.simd_load
    shown = at if x[0] <= at <= x[-1] else None
    return Loads(
        Curves(AXIS, x, values, correctness(verdicts), shown), ends, gbps, 1.0 / per_packet
    )


def _loads(ends: Mapping[str, float], points: int) -> np.ndarray:
    """From where the first to saturate is nearly idle to where the last one has saturated."""
    finite = sorted({e for e in ends.values() if math.isfinite(e) and e > 0}) or [100.0]
    even = np.geomspace(max(finite[0] / 20.0, finite[-1] * 1e-4), _BEYOND * finite[-1], points)
    near = [end * share for end in finite for share in _NEAR]
    return np.unique(np.concatenate([even, near]))


def _number(value: float | None) -> float:
    return math.nan if value is None else value
