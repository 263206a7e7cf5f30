"""What can make a policy have no steady state, and the packet rate up to which it has one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..automaton import Automaton
from ..events import POSITIONS, SCHED, USER
from ..parameters import Parameters
from .chain import reachable
from .rows import NEON, SCALAR, rates, rows_of

__all__ = ["Limits"]


class Limits:
    """Of B scenarios under one policy; arrays of shape (B,).

    Attributes
    ----------
    max_packets_per_s:
        Largest packet rate (at the same batch size) at which every kind of busy period ends.
    kinds:
        Kinds of softirq that serve packets (indices into ``SOFTIRQ``).
    stable, bounded:
        Packets come slower than that; every residency ends, in a time of finite mean.
    """

    def __init__(self, table: Automaton, p: Parameters) -> None:
        longest, self.kinds = np.zeros(len(p)), set()
        cost = p.costs(table.policy)
        pairs, nested = reachable(table, p), table.section.any()
        for state, event in pairs:
            kind = int(table.softirq[state, event])
            if kind in (NEON, SCALAR):
                self.kinds.add(kind)
                own = cost @ table.section[state, event] * p.sections if nested else 0.0
                longest = np.maximum(longest, p.packet(kind == SCALAR) + own)
        free = np.maximum(0.0, 1.0 - p.other_rate * p.other_cost)
        self.max_packets_per_s = free / longest
        self.stable = p.interrupt_rate * p.batch < self.max_packets_per_s
        ends = (p.exit_put_share > 0) | (p.preempted_share < 1.0)
        self.bounded = ends | np.array([_ends(table, p, b) for b in range(len(p))])
        self.scalar = SCALAR in self.kinds

    def reason(self, p: Parameters, b: int = 0) -> tuple[str, str]:
        """Status and reason of scenario `b`."""
        if not self.bounded[b]:
            return (
                "unbounded",
                (
                    "preemption is off and every residency would end by preemption "
                    "(preempted_share = 1): it never ends"
                ),
            )
        if not self.stable[b]:
            offered = p.interrupt_rate[b] * p.batch[b]
            how = "crypto without NEON" if self.scalar else "crypto with NEON"
            return (
                "unstable",
                (
                    f"{how} serves at most {self.max_packets_per_s[b]:.6g} packets/s, "
                    f"{offered:.6g} come: a busy period need not end"
                ),
            )
        return "ok", ""


def _ends(table: Automaton, p: Parameters, b: int) -> bool:
    """Every state of a residency leads to vcpu_put, if only preemption can end one.

    It does so where preemption is on.  The states are few, so that a way there is taken in a time
    of finite mean; from states without one a residency never ends, however seldom it gets there.
    """
    if not table.preempt_off.any():
        return True
    live, interrupts = rates(p)[b] > 0, p.interrupt_rate[b] > 0
    others, task = bool(p.other_rate[b] > 0), bool(p.task_neon_rate[b] > 0)
    return _leads_to_put(table, tuple(live.tolist()), bool(interrupts), others, task)


@lru_cache(maxsize=1024)
def _leads_to_put(table: Automaton, live, interrupts: bool, others: bool, task: bool) -> bool:
    rows, n = rows_of(table, others, task), len(table)
    alive = np.array(live)[rows.rate] & rows.lands
    alive &= (rows.source < n) | (rows.source >= 2 * n) | interrupts
    here, to = rows.source[alive] % n, table.next[rows.state, rows.event][alive]
    found = np.zeros(n, dtype=bool)
    found[table.start] = True
    while not found[to[found[here]]].all():
        found[to[found[here]]] = True
    ends = np.isin(table.position, [POSITIONS.index(USER), POSITIONS.index(SCHED)])
    while not ends[here[ends[to]]].all():
        ends[here[ends[to]]] = True
    return bool(ends[found].all())
