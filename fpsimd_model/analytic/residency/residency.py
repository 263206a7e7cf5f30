"""A residency that holds softirqs back: what is held so far, and how long until vcpu_put.

Given the state, and the phase of an MMPP, in which an interrupt comes, what was held before it and
the rest of the residency are independent.  A forward solution counts the interrupts so far (each
by the factor z), a backward one times the rest (exp(-s t)).  Within a masked operation of length w
that is followed by the interrupts without crypto that wait behind it, a period M in all,

    E exp(A M) = exp(U w),    U = A + ν (exp(U c) - I),

and an arrival in it weighs X = E ∫_0^M exp(A v) Λ exp(B (M - v)) dv, with A = Q - Λ (1 - z) before
it and B = Q - s I behind it (:mod:`.within`).  With Poisson arrivals all of these are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...automaton import Automaton
from ...parameters import Parameters
from ..mmpp.phases import Phases, product
from ..phases_clocks import clocks_of
from .operations import Operations
from .plan import plan_of
from .solutions import Load, Loads, Solutions
from .steps import steps_of

__all__ = ["Residency"]


class Residency:
    """One policy in one scenario; m phases, 1 for Poisson arrivals.

    Parameters
    ----------
    table, p:
        The policy and the scenario.
    before:
        (1, n, E) seconds of masked work of each event.
    loads:
        How residencies begin: (state behind the load, its seconds, (m,) weight by phase), each;
        the weights add up to 1.
    phases:
        Those of MMPP arrivals, None for Poisson.
    """

    def __init__(
        self,
        table: Automaton,
        p: Parameters,
        before: np.ndarray,
        loads: Sequence[Load],
        phases: Phases | None = None,
    ) -> None:
        clocks = clocks_of(p) if phases is None else None
        others, task = bool(p.other_rate.any()), bool(p.task_neon_rate.any())
        self._plan = plan = plan_of(table, others, task, clocks.shape if clocks else None)
        self._steps = steps = steps_of(plan, p, clocks, before[0])
        self._loads = Loads(loads, plan, steps)
        self.longest = float(before[0][table.softirqs_off].max())
        self.operations = operations = Operations(p, phases, steps.costs)
        self.solutions = Solutions(plan, steps, operations, self._loads)
        all_ = np.ones(1)
        silent = operations.over(operations.stretch(operations.before(all_)))
        never = self.solutions.forward(all_, silent, operations.counts(all_))[0].real[steps.here]
        # (S, m) how often each step ends a residency's time without arrivals
        self._never = np.where(steps.arrival[:, None], 0.0, never * self.solutions.rate)
        self._silent = silent[0]

    def waits(
        self, s: np.ndarray, missed: np.ndarray, theta: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What a residency and its put hold back, interrupts counted by the factor z = 1 - missed.

        Each interrupt without crypto that comes during the put counts by the factor `theta`.

        Returns
        -------
        tuple of arrays
            (K,) sum over interrupts of exp(-s t) with t the time to the put's end, each times z
            for every interrupt before it; and (K, m) z for every interrupt, by the phase at the
            put's end, over residencies that hold any.
        """
        theta = np.ones(len(s)) if theta is None else theta
        steps, plan, loads, operations = self._steps, self._plan, self._loads, self.operations
        nothing = operations.nothing
        a, b = operations.before(missed), operations.behind(s)
        ua, ub = operations.stretch(a), operations.stretch(b)
        plain_a, plain_b = operations.over(a), operations.over(b)
        counted, passed = plain_a, plain_b
        if operations.nu > 0.0:
            counted, passed = operations.over(ua), operations.over(ub)
        counts, times = operations.counts(missed), operations.times(s)
        arrivals = operations.within(counts, times)
        count = self.solutions.forward(missed, counted, counts)
        rest = self.solutions.backward(s, theta, plain_b, passed, times)[..., None]
        lengths = operations.lengths(np.arange(plain_a.shape[1]))
        plain = within = arrivals.alone(lengths)
        if operations.nu > 0.0:
            within = arrivals.together(lengths)
        flow = count[:, steps.here] * self.solutions.rate

        # during loads
        wait = _total(loads.start, product(within[:, loads.op], rest[:, loads.to]))

        # interrupts that end thread time, and those during operations that land in the loop
        land = steps.lands
        op, to, own = steps.op[land], steps.to[land], steps.arrival[land]
        there = product(passed[:, op[own]], rest[:, to[own]])
        wait += _total(flow[:, land[own]], there)
        on = flow[:, land] * np.where(own, 1.0 - missed[:, None], 1.0)[..., None]
        loop, guest = ~plan.guest[to], plan.guest[to]
        wait += _total(on[:, loop], product(within[:, op[loop]], rest[:, to[loop]]))

        # in the guest: what comes waits for the exit that it forces
        op, forced, to = op[guest], steps.exit_op[to[guest]], plan.exit_to[to[guest]]
        stop_b = operations.stopped_in(ub, op)
        there = product(plain[:, op], product(stop_b, product(passed[:, forced], rest[:, to])))
        both = within[:, forced]
        if operations.nu > 0.0:
            both = arrivals.behind(operations.lengths(op), operations.lengths(forced))
        there += product(plain_a[:, op], product(both, rest[:, to]))
        there -= product(nothing[op], product(within[:, forced], rest[:, to]))
        wait += _total(on[:, guest], there)

        # puts, some behind an exit
        put, out = steps.puts, steps.exits
        late = operations.late(theta, steps.put_op[out])
        there = product(within[:, steps.op[out]], plain_b[:, steps.put_op[out]].sum(-1)[..., None])
        wait += _total(flow[:, out] * late, there)
        quiet = product(self._never[out, None], self._silent[steps.op[out]])[:, 0]
        left = product(flow[:, out, None], counted[:, steps.op[out]])[:, :, 0] - quiet
        ends = (flow[:, put] - self._never[put]) * operations.late(theta, steps.op[put])
        released = np.concatenate([ends, left * late], axis=1)
        op = np.append(steps.op[put], steps.put_op[out])
        wait += _total(released, plain[:, op].sum(axis=-1)[..., None])
        return wait, product(released[:, :, None], plain_a[:, op])[:, :, 0].sum(axis=1)


def _total(flow: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(K,) sum of flows (..., L, m) times what is there (K, L, m, 1)."""
    return (flow * there[..., 0]).sum(axis=(1, 2))
