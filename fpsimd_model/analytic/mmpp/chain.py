"""Position x register state x phase of the MMPP, in thread time.

As :mod:`..chain`, with vectors over the phase in the place of numbers: a masked operation and a
busy period take the phase on by a matrix, each busy period is solved for every phase that it may
start from.  What comes out is summed over phases, so that metrics are read off as before.

Where softirqs are held back, the phase behind vcpu_put depends on the work that was held.  A busy
period of work V takes the phases x to  x 1 π + y (I - 1 π)  with y = E[x exp(-u V)] (see
:mod:`.phases`), so a residency is followed a second time, each interrupt weighing exp(-u B).
"""

from __future__ import annotations

import numpy as np

from ...automaton import Automaton
from ...parameters import Parameters
from ..chain import refuse_regimes
from .balance import Balance
from .bursts import Bursts
from .case import Case
from .flows import BurstFlows
from .passes import Pass
from .phases import Phases

__all__ = ["solve"]


def solve(table: Automaton, p: Parameters, phases: Phases) -> BurstFlows:
    """Stationary flows of every event; the queue must be stable."""
    refuse_regimes(table)
    case, n = Case(table, p, phases), len(table)
    balance, bursts = Balance(n, case.inside), Bursts(case)
    drives = Pass(case, balance, bursts).follow()
    if case.inside.any():
        Pass(case, balance, bursts, again=True).follow()
    x = balance.solve(phases.generator)
    by_phase = np.array([x[s] @ d for s, d in zip(case.rows.source, drives, strict=True)])
    period_flow, period_state, periods, each = bursts.weighed(x)
    return BurstFlows(
        table,
        x[:n].sum(axis=1)[None],
        case.rows,
        by_phase.sum(axis=1)[None],
        case.before[None],
        period_flow,
        period_state,
        periods,
        x[:n],
        each,
        balance.matrix[: 4 * n, : 4 * n],
        balance.reward,
        by_phase,
    )
