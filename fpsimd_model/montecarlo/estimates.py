"""From the sums of a run to the metrics, each with its 95% interval."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..registers import COUNTERS
from ..results import METRICS
from .limits import max_packets_per_s
from .run import Run
from .statistics import Estimate, jackknife, percentile, ratio

__all__ = ["metrics_of"]

_COUNTED = {f"{name}_per_s": i for i, name in enumerate(COUNTERS) if f"{name}_per_s" in METRICS}
_PERCENTILES = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.99, "sojourn_p999_us": 0.999}
_NONE_IN = 3.6889  # -ln 0.025: the mean above which seeing none is that unlikely


def metrics_of(
    run: Run, reference: Run | None
) -> tuple[dict[str, float | None], dict[str, tuple[float, float]]]:
    """Values and intervals by name.

    Parameters
    ----------
    run, reference:
        The policy's, and that of ``switch-on-exit`` with the same streams (None: no `saving`).
    """
    found: dict[str, Estimate | None] = {
        name: _rate(run, counter) for name, counter in _COUNTED.items()
    }
    sums, p = run.sums, run.model.parameters
    cost = run.moves @ p.move_costs(run.model.table.policy)[0]
    found["switch_share"] = ratio(cost, run.wall)
    found["saving"] = _saving(run, cost, reference)
    found["softirq_share"] = ratio(sums["serving"], run.wall)
    found["guest_share"] = ratio(sums["guest_time"], run.wall)
    found["ksoftirqd_share"] = ratio(sums["thread_time"], run.wall)
    found["packets_per_s"] = ratio(run.packets, run.wall)
    found["throughput_gbps"] = _scaled(found["packets_per_s"], float(p.gbps(1.0)[0]))
    found["scalar_share"] = ratio(run.scalar_packets, run.packets)
    slower = float(p.slowdown[0]) - 1.0
    found["crypto_slowdown"] = _scaled(found["scalar_share"], slower, 1.0)
    found["sojourn_mean_us"] = _scaled(ratio(sums["sojourn"], run.packets), 1e6)
    for name, share in _PERCENTILES.items():
        found[name] = _scaled(percentile(run.sojourns, share), 1e6)
    found["delayed_share"] = _delayed(run)
    found["queue_mean_packets"] = ratio(sums["queue_time"], run.wall)
    found["queue_end_packets"] = ratio(sums["backlog"], np.ones(len(run.wall)))
    table, vcpu = run.model.table, run.model.scenario.vcpu
    values: dict[str, float | None] = {}
    if table.softirqs_off.any():
        found["softirq_held_mean_us"] = _scaled(ratio(sums["held_time"], sums["held"]), 1e6)
        values["softirq_held_max"] = None  # interrupts prolong a residency, nothing bounds them
    else:
        values["softirq_held_mean_us"] = values["softirq_held_max"] = 0.0
    if not table.preempt_off.any():
        values["resched_delay_mean_us"] = 0.0
    elif vcpu.preempted_share == 0.0:
        values["resched_delay_mean_us"] = None
    else:
        delay = ratio(sums["wish_delay"], sums["wishes"])
        found["resched_delay_mean_us"] = _scaled(delay, 1e6)
    values["max_packets_per_s"] = max_packets_per_s(run.model)
    values["max_gbps"] = float(p.gbps(values["max_packets_per_s"])[0])
    values |= {name: e if e is None else e[0] for name, e in found.items()}
    return _in_order(values), _in_order({name: e[1] for name, e in found.items() if e})


def _rate(run: Run, counter: int) -> Estimate | None:
    """Events of one kind per second; none seen of what can happen still has an upper limit."""
    seen, table = run.moves[:, counter], run.model.table
    if seen.any() or not any(part[..., counter].any() for part in (table.before, table.section)):
        return ratio(seen, run.wall)
    return 0.0, (0.0, _NONE_IN / float(run.wall.sum()))


def _delayed(run: Run) -> Estimate | None:
    """Share of packets past the limit; none seen still has an upper limit."""
    if run.sums["delayed"].any() or not run.packets.any():
        return ratio(run.sums["delayed"], run.packets)
    return 0.0, (0.0, min(1.0, _NONE_IN / float(run.packets.sum())))


def _saving(run: Run, cost: np.ndarray, reference: Run | None) -> Estimate | None:
    if reference is None:
        return None
    q = reference.model.parameters
    theirs = reference.moves @ q.move_costs(reference.model.table.policy)[0]
    return jackknife(
        lambda a, a_wall, b, b_wall: 1.0 - (a / a_wall) / (b / b_wall),
        cost,
        run.wall,
        theirs,
        reference.wall,
    )


def _scaled(estimate: Estimate | None, factor: float, offset: float = 0.0) -> Estimate | None:
    if estimate is None:
        return None
    value, (low, high) = estimate
    return offset + factor * value, (offset + factor * low, offset + factor * high)


def _in_order(values: Mapping) -> dict:
    return {name: values[name] for name in METRICS if name in values}
