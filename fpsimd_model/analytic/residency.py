"""A residency that holds softirqs back: what is held so far, and how long until vcpu_put.

Given the state, and the phase of an MMPP, in which an interrupt comes, what was held before it and
the rest of the residency are independent.  A forward solution counts the interrupts so far (each
by the factor z), a backward one times the rest (exp(-s t)).  Within a masked operation of length w
that is followed by the interrupts without crypto that wait behind it, a period M in all,

    E exp(A M) = exp(U w),    U = A + ν (exp(U c) - I),

and an arrival in it weighs X = E ∫_0^M exp(A v) Λ exp(B (M - v)) dv, the solution of

    A X - X B = E exp(A M) Λ - Λ E exp(B M),

with A = Q - Λ (1 - z) before it and B = Q - s I behind it.  With Poisson arrivals all of these are
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..automaton import Automaton
from ..parameters import Parameters
from .mmpp.phases import Phases, exponential, product, stretched
from .phases_clocks import clocks_of
from .residency_steps import Landing, Steps, Sums, plan_of, steps_of

__all__ = ["Moments", "Residency"]

_CIRCLE = 16


@dataclass(frozen=True, eq=False)
class Moments:
    """Of one residency and its put.

    Attributes
    ----------
    interrupts:
        Mean number N that are held.
    rest, wait:
        Mean of the sum over them of the time to the put's end, and until it is their softirqs'
        turn: behind interrupts without crypto that came during the put; seconds.
    pairs:
        E[N (N - 1) / 2].
    some, first, second:
        (m,) P(N > 0), E[V] and E[V²] of the work V that stands then, by phase.
    """

    interrupts: float
    rest: float
    wait: float
    pairs: float
    some: np.ndarray
    first: np.ndarray
    second: np.ndarray


class Residency:
    """One policy in one scenario; m phases, 1 for Poisson arrivals.

    Parameters
    ----------
    table, p:
        The policy and the scenario.
    before:
        (1, n, E) seconds of masked work of each event.
    phases:
        Those of MMPP arrivals, None for Poisson.
    """

    def __init__(
        self, table: Automaton, p: Parameters, before: np.ndarray, phases: Phases | None = None
    ) -> None:
        clocks = clocks_of(p) if phases is None else None
        if phases is None:
            self.rates = np.array([float(p.interrupt_rate[0])])
            self._change = np.zeros((1, 1))
        else:
            self.rates, self._change = phases.rates, phases.generator
        self.m = len(self.rates)
        self._nu, self._cost = float(p.other_rate[0]), float(p.other_cost[0])
        others, task = bool(p.other_rate.any()), bool(p.task_neon_rate.any())
        self._plan = plan = plan_of(table, others, task, clocks.shape if clocks else None)
        self._steps = steps = steps_of(plan, p, clocks, before[0])
        self.longest = float(before[0][table.softirqs_off].max())
        # (S, m) how often each step ends thread time in its block
        self._rate = np.where(steps.arrival[:, None], self.rates, steps.rate[:, None])
        self._leave = _leave(plan.count, steps, self._rate, self._change)
        nothing = exponential(self._change - np.diag(self.rates), steps.costs)
        self._nothing = nothing * np.exp(-self._nu * steps.costs)[:, None, None]
        self._landing = Landing(steps.op[steps.lands], steps.to[steps.lands], plan, steps)
        at = steps.lands[self._landing.index]
        self._into = Sums(steps.here[at] * plan.count + self._landing.to)
        self._ends = Sums(steps.here[np.append(steps.puts, steps.exits)])

    def begins(self, loads: Sequence[tuple[int, float, np.ndarray]]) -> None:
        """Set how residencies begin: (state behind the load, its cost, (m,) by phase), each.

        The weights add up to 1.
        """
        states, costs, starts = zip(*loads, strict=True)
        self._load_op = np.searchsorted(self._steps.costs, costs)
        self._load_to = self._plan.place[list(states)]
        self._load_start = np.array(starts)
        self._loading = Landing(self._load_op, self._load_to, self._plan, self._steps)
        self._begin = Sums(self._loading.to)
        none = np.zeros(1)
        silent = self._over(self._stretch(self.before(none)))
        never = self._forward(none, silent)[0].real[self._steps.here]
        # (S, m) how often each step ends a residency's time without arrivals
        self._never = np.where(self._steps.arrival[:, None], 0.0, never * self._rate)
        self._silent = silent[0]

    # ---- operations --------------------------------------------------------------------
    def before(self, z: np.ndarray) -> np.ndarray:
        """(K, m, m) change of the phases with interrupts counted by z, per second."""
        return self._change - (1.0 - z)[:, None, None] * np.diag(self.rates)

    def _behind(self, s: np.ndarray) -> np.ndarray:
        return self._change - s[:, None, None] * np.eye(self.m)

    def _stretch(self, a: np.ndarray) -> np.ndarray:
        """U of A."""
        return stretched(a, self._nu, self._cost)

    def _over(self, matrix: np.ndarray) -> np.ndarray:
        """(K, C, m, m) exp(matrix w) for the lengths w of all operations."""
        return exponential(matrix[:, None], self._steps.costs)

    def _late(self, theta: np.ndarray, op: np.ndarray) -> np.ndarray:
        """(K, S, 1) of the interrupts without crypto that come during puts."""
        return np.exp(self._nu * np.outer(theta - 1.0, self._steps.costs[op]))[..., None]

    def _forward(self, z: np.ndarray, after: np.ndarray) -> np.ndarray:
        """(K, n, m) mean thread time in each block and phase, interrupts so far counted by z."""
        steps, n, m = self._steps, self._plan.count, self.m
        at = steps.lands[self._landing.index]
        rate = np.where(steps.arrival[at], z[:, None], 1.0)[..., None] * self._rate[at]
        matrix = np.repeat(self._leave[None], len(z), axis=0)
        ways = rate[..., None] * self._landing.weights(after, self._nothing)
        self._into.take_from(matrix.reshape(len(z), n * n, m, m), ways)
        start = self._load_start[self._loading.index, None]
        begin = product(start, self._loading.weights(after, self._nothing))[:, :, 0]
        right = np.zeros((len(z), n, m), dtype=complex)
        self._begin.take_from(right, -begin)
        return _solve(matrix.transpose(0, 2, 4, 1, 3), right)

    def _backward(self, s, theta, alone: np.ndarray, after: np.ndarray) -> np.ndarray:
        """(K, n, m) transform of the time from each block and phase to the end of vcpu_put.

        Each interrupt without crypto that comes during the put counts by the factor `theta`.
        """
        steps, n, m = self._steps, self._plan.count, self.m
        quiet = self._nothing * np.exp(-np.outer(s, steps.costs))[..., None, None]
        at = steps.lands[self._landing.index]
        here = np.arange(n)
        matrix = np.repeat(self._leave[None], len(s), axis=0)
        matrix[:, here, here] += s[:, None, None, None] * np.eye(m)
        ways = self._rate[at][..., None] * self._landing.weights(after, quiet)
        self._into.take_from(matrix.reshape(len(s), n * n, m, m), ways)
        put, out = steps.puts, steps.exits
        last = alone.sum(axis=-1)  # whatever the phase behind it
        ends = last[:, steps.op[put]] * self._late(theta, steps.op[put])
        then = last[:, steps.put_op[out]] * self._late(theta, steps.put_op[out])
        exits = product(after[:, steps.op[out]], then[..., None])[..., 0]
        ways = self._rate[np.append(put, out)] * np.concatenate([ends, exits], axis=1)
        right = np.zeros((len(s), n, m), dtype=complex)
        self._ends.take_from(right, -ways)
        return _solve(matrix.transpose(0, 1, 3, 2, 4), right)

    def moments(self, work: Callable[[np.ndarray], np.ndarray], mean: float) -> Moments:
        """Means of what a residency holds back, from Cauchy's integrals around 0.

        `work` is the transform of the work of one interrupt, `mean` its mean.
        """
        circle = np.exp(2j * np.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
        one, none = np.ones(_CIRCLE, dtype=complex), np.zeros(_CIRCLE)
        longest = self._longest()
        s = 0.05 / longest * circle
        z = 0.05 / (1.0 + self.rates.max() * longest) * circle
        q = z / (mean + self._cost)
        found, held = self.waits(
            np.concatenate([s, s, none, none]),
            np.concatenate([one, one, 1.0 + z, work(q)]),
            np.concatenate([one, self.stopped(s), one, np.exp(-q * self._cost)]),
        )
        rests, waits, counts, _ = found.reshape(4, -1)
        held = held[3 * _CIRCLE :]
        return Moments(
            float(counts.mean().real),
            -float((rests / s).mean().real),
            -float((waits / s).mean().real),
            float((counts / z).mean().real),
            held.mean(axis=0).real,
            -(held / q[:, None]).mean(axis=0).real,
            2.0 * (held / q[:, None] ** 2).mean(axis=0).real,
        )

    def _longest(self) -> float:
        """About the mean time to the end of vcpu_put, seconds, from where it is longest."""
        one = np.ones(1)
        after = self._over(self._stretch(self.before(one)))
        brief = 1e-3 / float(abs(self._forward(one, after)).sum())
        behind = self._behind(np.array([brief]))
        passed = self._over(self._stretch(behind))
        rest = self._backward(np.array([brief]), one, self._over(behind), passed)
        return float((1.0 - rest.real).max()) / brief

    def stopped(self, s: np.ndarray) -> np.ndarray:
        """(K,) transform of the time that one interrupt without crypto takes, others included."""
        return np.exp(stretched(-s[:, None, None], self._nu, self._cost)[:, 0, 0] * self._cost)

    # ---- what packets wait for ---------------------------------------------------------
    def waits(
        self, s: np.ndarray, z: np.ndarray, theta: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What a residency and its put hold back.

        Each interrupt without crypto that comes during the put counts by the factor `theta`.

        Returns
        -------
        tuple of arrays
            (K,) sum over interrupts of exp(-s t) with t the time to the put's end, each times z
            for every interrupt before it; and (K, m) z for every interrupt, by the phase at the
            put's end, over residencies that hold any.
        """
        theta = np.ones(len(s)) if theta is None else theta
        steps, plan = self._steps, self._plan
        a, b = self.before(z), self._behind(s)
        ua, ub = self._stretch(a), self._stretch(b)
        plain_a, plain_b = self._over(a), self._over(b)
        counted, passed = plain_a, plain_b
        if self._nu > 0.0:
            counted, passed = self._over(ua), self._over(ub)
        solve = _sylvester(a, b)

        def arrivals(first: np.ndarray, last: np.ndarray) -> np.ndarray:
            return solve(first * self.rates - self.rates[:, None] * last)

        count = self._forward(z, counted)
        rest = self._backward(s, theta, plain_b, passed)[..., None]
        plain = within = arrivals(plain_a, plain_b)
        if self._nu > 0.0:
            within = arrivals(counted, passed)
        flow = count[:, steps.here] * self._rate

        # during loads
        wait = _total(self._load_start, product(within[:, self._load_op], rest[:, self._load_to]))

        # interrupts that end thread time, and those during operations that land in the loop
        land = steps.lands
        op, to, own = steps.op[land], steps.to[land], steps.arrival[land]
        there = product(passed[:, op[own]], rest[:, to[own]])
        wait += _total(flow[:, land[own]], there)
        on = flow[:, land] * np.where(own, z[:, None], 1.0)[..., None]
        loop, guest = ~plan.guest[to], plan.guest[to]
        wait += _total(on[:, loop], product(within[:, op[loop]], rest[:, to[loop]]))

        # in the guest: what comes waits for the exit that it forces
        op, forced, to = op[guest], steps.exit_op[to[guest]], plan.exit_to[to[guest]]
        stop_b = self._stopped_in(ub, op)
        there = product(plain[:, op], product(stop_b, product(passed[:, forced], rest[:, to])))
        first = product(self._stopped_in(ua, op), counted[:, forced])
        both = arrivals(first, product(stop_b, passed[:, forced]))
        there += product(plain_a[:, op], product(both, rest[:, to]))
        there -= product(self._nothing[op], product(within[:, forced], rest[:, to]))
        wait += _total(on[:, guest], there)

        # puts, some behind an exit
        put, out = steps.puts, steps.exits
        late = self._late(theta, steps.put_op[out])
        there = product(within[:, steps.op[out]], plain_b[:, steps.put_op[out]].sum(-1)[..., None])
        wait += _total(flow[:, out] * late, there)
        quiet = product(self._never[out, None], self._silent[steps.op[out]])[:, 0]
        left = product(flow[:, out, None], counted[:, steps.op[out]])[:, :, 0] - quiet
        ends = (flow[:, put] - self._never[put]) * self._late(theta, steps.op[put])
        released = np.concatenate([ends, left * late], axis=1)
        op = np.append(steps.op[put], steps.put_op[out])
        wait += _total(released, plain[:, op].sum(axis=-1)[..., None])
        return wait, product(released[:, :, None], plain_a[:, op])[:, :, 0].sum(axis=1)

    def _stopped_in(self, u: np.ndarray, op: np.ndarray) -> np.ndarray:
        """What the interrupts without crypto that come in an operation add behind it."""
        stops = self._nu * (exponential(u, self._cost) - np.eye(self.m))
        return exponential(stops[:, None], self._steps.costs[op])


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(K, n, m) from matrices (K, n, m, n, m)."""
    k, n, m = right.shape
    found = np.linalg.solve(matrix.reshape(k, n * m, n * m), right.reshape(k, n * m, 1))
    return found.reshape(k, n, m)


def _total(flow: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(K,) sum of flows (..., L, m) times what is there (K, L, m, 1)."""
    return (flow * there[..., 0]).sum(axis=(1, 2))


def _leave(count: int, steps: Steps, rate: np.ndarray, change: np.ndarray) -> np.ndarray:
    """(n, n, m, m) what leaves each block and phase, and the moves that take no operation."""
    m = len(change)
    out = np.zeros((count, count, m, m), dtype=complex)
    leaves = np.zeros((count, m))
    np.add.at(leaves, steps.here, rate)
    here, to, moves = steps.moves
    np.add.at(leaves, here, moves[:, None])
    np.subtract.at(out, (here, to), moves[:, None, None] * np.eye(m))
    block = np.arange(count)
    out[block, block] += leaves[:, :, None] * np.eye(m) - change
    return out


def _sylvester(a: np.ndarray, b: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The solver of A X - X B = C for A, B (K, m, m) and C (K, L, m, m)."""
    k, m = a.shape[0], a.shape[-1]
    if m == 1:
        return lambda c: c / (a - b)[:, None]
    eye = np.eye(m)
    whole = np.einsum("kij,pq->kipjq", a, eye) - np.einsum("kqp,ij->kipjq", b, eye)
    inverse = np.linalg.inv(whole.reshape(k, m * m, m * m))[:, None]
    return lambda c: product(inverse, c.reshape(k, -1, m * m, 1)).reshape(c.shape)
