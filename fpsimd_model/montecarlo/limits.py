"""What has no steady state: a residency that never ends, packets that come too fast."""

from __future__ import annotations

from ..analytic.chain import reachable
from ..analytic.limits import Limits
from ..analytic.rows import NEON, SCALAR
from .tables import Model

__all__ = ["max_packets_per_s", "overload", "relief", "unbounded"]


def unbounded(model: Model) -> str:
    """Why a residency never ends; "" if it does."""
    if not Limits(model.table, model.parameters).bounded[0]:
        return (
            "every residency ends by preemption (preempted_share = 1) and the policy keeps "
            "preemption off: vcpu_put never comes, or after a time of infinite mean"
        )
    return ""


def max_packets_per_s(model: Model) -> float:
    """The largest packet rate at which every kind of busy period ends by itself."""
    p = model.parameters
    free = 1.0 - float(p.other_rate[0] * p.other_cost[0])
    return max(0.0, free) / _services(model)[-1][0]


def overload(model: Model) -> str:
    """What makes some queue grow without bound; "" if nothing does."""
    p = model.parameters
    rate = float(p.interrupt_rate[0] * p.batch[0])
    others = float(p.other_rate[0] * p.other_cost[0])
    least = rate * float(p.packet(False)[0]) + others
    if least >= 1.0:
        what = "packets and interrupts without crypto" if others else "packets"
        return f"{what} need more than the whole CPU even with NEON: {least:.4g} of it"
    if relief(model) and not model.scenario.softirq.softirq_budget_us:
        return f"{relief(model)}, and there is no ksoftirqd (softirq_budget_us = 0) to end that"
    return ""


def relief(model: Model) -> str:
    """What of a policy's busy periods need not end by itself; "" if all do."""
    p = model.parameters
    rate = float(p.interrupt_rate[0] * p.batch[0])
    slowest, how = _services(model)[-1]
    needs = rate * slowest + float(p.other_rate[0] * p.other_cost[0])
    if needs < 1.0:
        return ""
    return f"packets come faster than {how} serves them, which needs {needs:.4g} of the CPU"


def _services(model: Model) -> list[tuple[float, str]]:
    """Seconds of a packet in every kind of busy period that can come; its name; slowest last."""
    p, table = model.parameters, model.table
    falls_back = model.scenario.softirq.fallback == "scalar"
    found = set()
    for state, event in reachable(table, p):
        kind = table.softirq[state, event]
        if kind == NEON or (kind == SCALAR and not falls_back):
            own = float(p.sections[0] * model.section[state * table.next.shape[1] + event])
            how = "NEON, saved and restored in each section," if own else "crypto with NEON"
            found.add((float(p.packet(False)[0]) + own, how))
        elif kind == SCALAR:
            found.add((float(p.packet(True)[0]), "crypto without NEON"))
    return sorted(found)
