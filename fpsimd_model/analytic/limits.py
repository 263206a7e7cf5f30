"""What can make a policy have no steady state, and the packet rate up to which it has one."""

from __future__ import annotations

import numpy as np

from ..automaton import Automaton
from ..parameters import Parameters
from .chain import reachable
from .rows import NEON, SCALAR

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
        Packets come slower than that; every residency ends.
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
        states = {state for state, _ in pairs}
        self.bounded = ends | np.full(len(p), not table.preempt_off[list(states)].any())
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
