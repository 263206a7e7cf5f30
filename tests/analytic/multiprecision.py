"""The chain once more, in multi-precision arithmetic and event by event.

Exponential durations, Poisson interrupts with single packets, no softirqs held back, none without
crypto.  Numbers that the engine takes as floats are taken as these very floats.
"""

from __future__ import annotations

import mpmath
from mpmath import mpf

from fpsimd_model.automaton import EVENT_NAMES, SOFTIRQ, automaton
from fpsimd_model.parameters import Parameters
from fpsimd_model.registers import COUNTERS

__all__ = ["rates_and_sojourn"]

_E = {name: i for i, name in enumerate(EVENT_NAMES)}
_RARE = frozenset({"other", "other_softirq"})
_POSITION = ("user", "sched", "loop", "guest")


class _Flows:
    """Rates of (state, event) and busy periods, linear in what drives them."""

    def __init__(self, table, p: Parameters) -> None:
        self.table, self.n = table, len(table)
        self.cost = [mpf(float(c)) for c in p.costs(table.policy)[0]]
        self.lam = mpf(float(p.interrupt_rate[0]))
        self.packet = {
            "neon": mpf(float(p.stack[0])) + mpf(float(p.crypto[0])),
            "scalar": mpf(float(p.stack[0])) + mpf(float(p.crypto[0])) * float(p.slowdown[0]),
        }
        self.drives = []  # (unknown, rate, state, event)
        self.into = {}  # (unknown, unknown): rate
        self.periods = []  # (unknown, rate, state, length of the operation waited for)

    def length(self, s: int, event: str):
        counts = self.table.before[s, _E[event]]
        return sum((mpf(int(k)) * c for k, c in zip(counts, self.cost, strict=True)), mpf(0))

    def happens(self, unknown: int, rate, s: int, event: str, *, on: bool = True) -> int:
        to = int(self.table.next[s, _E[event]])
        self.drives.append((unknown, rate, s, event))
        served = event == "interrupt"
        if on:
            length = mpf(0) if served else self.length(s, event)
            caught = -mpmath.expm1(-self.lam * length)
            self._add(to, unknown, rate * (1 - caught))
            self._add(self.n + to, unknown, rate * caught)
            if caught:
                self.periods.append((unknown, rate * caught, to, length))
        return to

    def _add(self, to, unknown, rate) -> None:
        self.into[to, unknown] = self.into.get((to, unknown), mpf(0)) + rate


def _kind(table, s: int) -> str:
    return SOFTIRQ[table.softirq[s, _E["interrupt"]]]


def _all(table, p: Parameters) -> _Flows:
    f = _Flows(table, p)
    out, residency, loop, run, fp = (
        1 / mpf(float(x[0])) for x in (p.out, p.residency, p.run_loop, p.guest_run, p.first_fp)
    )
    user, preempted = mpf(float(p.user_exit_share[0])), mpf(float(p.preempted_share[0]))
    for s in range(f.n):
        position = _POSITION[table.position[s]]
        ends = {
            "put_user": residency * user,
            "put_sched": residency * (1 - user - (preempted if table.preempt_off[s] else 0)),
        }
        f.happens(s, f.lam, s, "interrupt")
        f.periods.append((s, f.lam, s, mpf(0)))
        f.happens(f.n + s, mpf(1), s, "interrupt")
        if position in ("user", "sched"):
            f.happens(s, out, s, "load")
        elif position == "loop":
            f.happens(s, loop, s, "enter")
            for put, rate in ends.items():
                f.happens(s, rate, s, put)
        else:
            f.happens(s, fp, s, "access")
            f.happens(s, run, s, "exit")
            length = f.length(s, "exit")
            caught = -mpmath.expm1(-f.lam * length)
            for put, rate in ends.items():
                left = f.happens(s, rate, s, "exit", on=False)
                f.happens(s, rate * (1 - caught), left, put)
                then = f.happens(s, rate * caught, left, "interrupt", on=False)
                f.periods.append((s, rate * caught, left, length))
                f.happens(s, rate * caught, then, put)
    return f


def rates_and_sojourn(policy, p: Parameters, digits: int = 60) -> dict[str, float]:
    """Counts per second of wall time, packets, and the mean sojourn in microseconds."""
    table = automaton(policy, False, _RARE)
    with mpmath.workdps(digits):
        f = _all(table, p)
        size = 2 * f.n
        matrix = mpmath.matrix(size, size)
        for (to, unknown), rate in f.into.items():
            matrix[to, unknown] += rate
            if unknown < f.n:
                matrix[unknown, unknown] -= rate
        for s in range(f.n):
            matrix[f.n + s, f.n + s] -= 1
        right = mpmath.matrix(size, 1)
        for j in range(size):
            matrix[0, j] = mpf(1) if j < f.n else mpf(0)
        right[0] = 1
        x = mpmath.lu_solve(matrix, right)
        wall, packets, sojourn, counts = mpf(1), mpf(0), mpf(0), [mpf(0)] * len(COUNTERS)
        for unknown, rate, s, event in f.drives:
            often = rate * x[unknown]
            for i, k in enumerate(table.before[s, _E[event]]):
                counts[i] += often * int(k)
            if event != "interrupt":
                wall += often * f.length(s, event)
        for unknown, rate, s, waited in f.periods:
            often, work = rate * x[unknown], f.packet[_kind(table, s)]
            load = f.lam * work
            rest = rest2 = mpf(0)
            if waited:
                some = -mpmath.expm1(-f.lam * waited)
                rest = waited / some - 1 / f.lam
                rest2 = (waited**2 - 2 / f.lam * some * rest) / some
            d = f.length(s, "interrupt")
            d, d2 = d + rest, d * d + 2 * d * rest + rest2
            number = (1 + f.lam * d) / (1 - load)
            wait = f.lam * work**2 / (2 * (1 - load))
            wait += (2 * d + f.lam * d2) / (2 * (1 + f.lam * d))
            packets += often * number
            sojourn += often * number * (wait + work)
            wall += often * ((d + work) / (1 - load) - rest)
        found = {
            f"{name}_per_s": float(counts[i] / wall)
            for i, name in enumerate(COUNTERS)
            if name not in ("entries",)
        }
        found["packets_per_s"] = float(packets / wall)
        found["sojourn_mean_us"] = float(sojourn / packets * 10**6)
        return found
