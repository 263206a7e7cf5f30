"""From flows per second of thread time to the metrics per second of wall time."""

from __future__ import annotations

import numpy as np

from ..automaton import EVENT_NAMES, Automaton
from ..events import GUEST, POSITIONS
from ..parameters import Parameters
from ..registers import COUNTERS
from .flows import Flows
from .held import Held
from .mmpp.flows import BurstFlows
from .mmpp.passage import time_to_put as bursts_to_put
from .passage import wishes
from .rows import NEON, SCALAR

__all__ = ["rates_of"]

_INTERRUPT = EVENT_NAMES.index("interrupt")
_C = {name: i for i, name in enumerate(COUNTERS)}
_PER_S = {
    "host_saves_per_s": "host_saves",
    "host_restores_per_s": "host_restores",
    "guest_saves_per_s": "guest_saves",
    "guest_restores_per_s": "guest_restores",
    "traps_per_s": "traps",
    "exits_per_s": "exits",
    "puts_per_s": "puts",
    "guest_corruptions_per_s": "guest_corruptions",
    "host_corruptions_per_s": "host_corruptions",
}


def rates_of(
    table: Automaton, p: Parameters, flows: Flows | BurstFlows, held: Held | None
) -> dict[str, np.ndarray]:
    """Every metric of the steady state but percentiles and `saving`; arrays of shape (B,).

    Not-a-number where a metric has no value (a mean over no packets).
    """
    rows, q = flows.rows, flows.periods
    packets = flows.period_flow * q.packets
    state = flows.period_state
    own = table.section[state, _INTERRUPT]
    more = packets * p.sections[:, None] - flows.period_flow
    counts = np.einsum("bm,mc->bc", flows.flow, table.before[rows.state, rows.event]) + np.einsum(
        "bk,kc->bc", more, own
    )

    kind = table.softirq[state, _INTERRUPT]
    serving = (packets * q.service).sum(axis=1)
    wall = 1.0 + _masked(flows) + (flows.period_flow * q.duration).sum(axis=1)
    sojourn = (packets * q.sojourn).sum(axis=1)
    by_kind = {k: packets[:, kind == k].sum(axis=1) for k in (NEON, SCALAR)}

    if held is not None:
        wall = wall + held.lasting
        serving = serving + held.serving
        sojourn = sojourn + held.sojourn
        by_kind[held.kind] = by_kind[held.kind] + held.packets

    total = by_kind[NEON] + by_kind[SCALAR]
    with np.errstate(invalid="ignore", divide="ignore"):
        scalar = by_kind[SCALAR] / total
        out = {name: counts[:, _C[counter]] / wall for name, counter in _PER_S.items()}
        out |= {
            "switch_share": (counts * p.move_costs(table.policy)).sum(axis=1) / wall,
            "softirq_share": serving / wall,
            "guest_share": flows.pi[:, table.position == POSITIONS.index(GUEST)].sum(axis=1) / wall,
            "packets_per_s": total / wall,
            "throughput_gbps": p.gbps(total / wall),
            "scalar_share": scalar,
            "crypto_slowdown": 1.0 + scalar * (p.slowdown - 1.0),
            "sojourn_mean_us": sojourn / total * 1e6,
            "queue_mean_packets": sojourn / wall,  # J. D. C. Little, Oper. Res. 9 (1961) 383-387
            "ksoftirqd_share": np.where(np.isinf(p.softirq_budget), 0.0, np.nan),
        }
    nothing = np.full(len(p), np.nan if table.softirqs_off.any() else 0.0)
    out["softirq_held_mean_us"] = nothing if held is None else held.mean * 1e6
    out["softirq_held_max"] = nothing  # interrupts prolong a residency, nothing bounds them
    out["resched_delay_mean_us"] = _resched_delay(table, p, flows) * 1e6
    if any((value < 0.0).any() for value in out.values()):  # as nothing here can be
        raise np.linalg.LinAlgError("a negative rate or time: lost in rounding")
    return out


def _resched_delay(table: Automaton, p: Parameters, flows: Flows) -> np.ndarray:
    """(B,) mean seconds from a wish to preempt, at any time of a residency, to vcpu_put's end."""
    inside = table.preempt_off
    if not inside.any():
        return np.zeros(len(p))
    if isinstance(flows, BurstFlows):
        value, weight = bursts_to_put(flows, inside), flows.pi * inside
    else:
        value, weight = wishes(flows)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weight * value).sum(axis=1) / weight.sum(axis=1)
    return np.where(p.preempted_share > 0, mean, np.nan)


def _masked(flows: Flows | BurstFlows) -> np.ndarray:
    """(B,) masked work per second of thread time that no busy period accounts for."""
    rows = flows.rows
    before = flows.before[:, rows.state, rows.event] * ~rows.served  # part of a set-up otherwise
    return (flows.flow * before).sum(axis=1)
