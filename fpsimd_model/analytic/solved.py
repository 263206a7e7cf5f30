"""One policy in one scenario, solved: what metrics and distributions are read from."""

from __future__ import annotations

import numpy as np

from ..automaton import automaton
from ..parameters import Parameters
from ..policies.base import Policy
from ..scenario import Mmpp, Scenario
from .chain import Flows, solve
from .held import Held, held_softirqs
from .limits import Limits
from .metrics import rates_of
from .mmpp.chain import solve as solve_bursts
from .mmpp.flows import BurstFlows
from .mmpp.held import held_softirqs as held_in_bursts
from .mmpp.phases import Phases
from .phases_clocks import clocks_of
from .residency import plan_of
from .rows import never

__all__ = ["LOST", "Solved", "phases_of"]

#: Why a policy has a steady state and no numbers.
LOST = "lost in rounding, as times are too many decades apart: take the engine montecarlo"
_MOST = 110  # blocks of a residency: percentiles within half a second


class Solved:
    """One policy's limits and, where it has a steady state, its flows and metrics.

    `phases` are those of MMPP arrivals, if they are.
    `has_law` says whether distributions of sojourn times are worth their while: not of softirqs
    that are held for a residency of very many phases, whose means are.
    """

    flows: Flows | BurstFlows | None = None
    held: Held | None = None
    has_law = False

    def __init__(self, policy: type[Policy], p: Parameters, phases: Phases | None = None) -> None:
        self.policy = policy
        task_neon, rare = bool(p.task_neon_rate.any()), never(p)
        self.table = automaton(policy, task_neon, rare)
        self.limits = Limits(automaton(policy, task_neon, rare - {"interrupt"}), p)
        self.metrics: dict[str, float] = {}
        self.status, self.reason = self.limits.reason(p)
        if self.status != "ok":
            return
        try:
            self._solve(p, phases)
        except np.linalg.LinAlgError:  # singular in double precision: no numbers, and no crash
            self.flows, self.held, self.has_law, self.reason = None, None, False, LOST

    def _solve(self, p: Parameters, phases: Phases | None) -> None:
        if phases is not None:
            self.flows = solve_bursts(self.table, p, phases)
            self.held = held_in_bursts(self.table, p, self.flows, phases)
        else:
            self.flows = solve(self.table, p)
            self.held = held_softirqs(self.table, p, self.flows)
        self.has_law = self.held is None or self._few_states(p)
        found = rates_of(self.table, p, self.flows, self.held)
        self.metrics = {name: float(value[0]) for name, value in found.items()}

    def _few_states(self, p: Parameters) -> bool:
        """A transform is a full solve at each of a thousand points."""
        clocks = clocks_of(p)
        if isinstance(self.flows, BurstFlows) or clocks is None:
            return True
        others, task = bool(p.other_rate.any()), bool(p.task_neon_rate.any())
        return plan_of(self.table, others, task, clocks.shape).count <= _MOST


def phases_of(scenario: Scenario) -> Phases | None:
    """The phases of MMPP arrivals; None for Poisson ones, equal rates included."""
    rate = scenario.softirq.interrupts_per_s
    if not isinstance(rate, Mmpp) or rate.rate1_per_s == rate.rate2_per_s:
        return None
    leave = 1e6 / np.array([rate.mean1_us, rate.mean2_us])
    return Phases(np.array([rate.rate1_per_s, rate.rate2_per_s]), leave)
