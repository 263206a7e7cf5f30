"""The Markov chain of position x registers, written out state by state for the checker Storm.

Built from the automaton's table and the text of docs/model.md, section 2, not from
`fpsimd_model.analytic`.  Thread time only; Poisson interrupts, exponential durations, no
interrupts without crypto.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from fpsimd_model.automaton import EVENT_NAMES, automaton
from fpsimd_model.events import GUEST, LOOP, POSITIONS
from fpsimd_model.parameters import Parameters
from fpsimd_model.registers import COUNTERS

__all__ = ["Chain", "stationary"]


class Chain:
    """Rates between the states of one policy, and how often each event happens in each.

    `rate[s, t]` is per second of thread time; `events[s]` has (state, event, rate while in s).
    """

    def __init__(self, scenario, policy) -> None:
        self.scenario = scenario
        self.table = automaton(policy, bool(scenario.vcpu.task_neon_per_s))
        cost = Parameters.of(scenario).costs(policy)[0]
        self.seconds = self.table.before @ cost
        n = len(self.table)
        self.rate = np.zeros((n, n))
        self.events: list[list[tuple[int, str, float]]] = [[] for _ in range(n)]
        for state in range(n):
            for rate, steps in self._ways(state):
                self._follow(state, state, rate, steps)

    def position(self, state: int) -> str:
        return POSITIONS[self.table.position[state]]

    def _ways(self, s: int):
        """(rate, events one after another) out of a state; a put waits for what came before it."""
        v, q = self.scenario.vcpu, self.scenario.softirq
        yield q.rate_per_s, ("interrupt",)
        blocked = max(0.0, 1.0 - v.user_exit_share - v.preempted_share)
        ends = {"put_user": v.user_exit_share, "put_sched": blocked}
        if not self.table.preempt_off[s]:
            ends["put_sched"] += v.preempted_share
        if self.position(s) == LOOP:
            yield 1.0 / v.run_loop_us.mean_s, ("enter",)
            yield v.task_neon_per_s, ("task_neon",)
            for put, share in ends.items():
                yield share / v.residency_us.mean_s, (put,)
        elif self.position(s) == GUEST:
            own = 1.0 / v.guest_run_us.mean_s
            to_user = self.scenario.user_after_own_exit_share
            yield 1.0 / v.first_fp_us.mean_s, ("access",)
            yield own * (1.0 - v.exit_put_share), ("exit",)
            yield own * v.exit_put_share * to_user, ("exit", "put_user")
            yield own * v.exit_put_share * (1.0 - to_user), ("exit", "put_sched")
            for put, share in ends.items():
                yield share / v.residency_us.mean_s, ("exit", put)
        else:
            yield 1.0 / v.out_us.mean_s, ("load",)

    def _follow(self, source: int, state: int, rate: float, steps: tuple[str, ...]) -> None:
        """One event after the other; behind each an interrupt may wait, which is then served."""
        if rate < 1e-30:
            return
        if not steps:
            self.rate[source, state] += rate
            return
        event = EVENT_NAMES.index(steps[0])
        self.events[source].append((state, steps[0], rate))
        there, rest = int(self.table.next[state, event]), steps[1:]
        waits = 0.0
        if self.table.softirq[state, event] == 0:  # else what comes joins the busy period
            waits = -math.expm1(-self.scenario.softirq.rate_per_s * self.seconds[state, event])
        self._follow(source, there, rate * (1.0 - waits), rest)
        if waits:
            self._follow(source, there, rate * waits, ("interrupt", *rest))

    def rates(self, pi: np.ndarray) -> dict[str, float]:
        """Counts and vcpu_puts per second of thread time, and the share of it in guest mode."""
        out = np.zeros(len(COUNTERS))
        for state, events in enumerate(self.events):
            for where, name, rate in events:
                out += pi[state] * rate * self.table.before[where, EVENT_NAMES.index(name)]
        found = {f"{name}_per_s": float(n) for name, n in zip(COUNTERS, out, strict=True)}
        guest = [self.position(s) == GUEST for s in range(len(pi))]
        return found | {"guest_share": float(pi[guest].sum())}


def stationary(rate: np.ndarray) -> np.ndarray:
    """The stationary distribution by Storm, in rational numbers, so exact for the given rates."""
    import stormpy
    from stormpy.analysis import compute_steady_state_distribution
    from stormpy.datastructures import SparseMatrixBuilder
    from stormpy.environments import exact
    from stormpy.models import SparseCtmc, SparseModelComponents, StateLabeling

    number = stormpy.Rational
    n = len(rate)
    whole = [[Fraction(float(x)) for x in row] for row in rate]
    rows, columns = np.nonzero(rate)
    builder = SparseMatrixBuilder[number](rows=n, columns=n, entries=len(rows))
    entries = [number(str(whole[i][j])) for i, j in zip(rows, columns, strict=True)]
    builder.add_next_values(rows.tolist(), columns.tolist(), entries, [])
    labels = StateLabeling(n)
    labels.add_label("init")
    labels.add_label_to_state("init", 0)
    parts = SparseModelComponents[number](
        transition_matrix=builder.build(), state_labeling=labels, rate_transitions=True
    )
    parts.exit_rates = [number(str(sum(row))) for row in whole]
    found = compute_steady_state_distribution(SparseCtmc[number](parts), environment=exact())
    return np.array([float(Fraction(str(found.get_value(i)))) for i in range(n)])
