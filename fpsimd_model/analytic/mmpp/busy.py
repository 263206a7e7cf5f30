"""Busy periods under MMPP arrivals: packets, time, waits and the phase at the end.

A busy period is followed through its work: with V(t) the work at hand and α(s) the transform of
the start less that of the end, the row vector φ(s) = E[∫ exp(-s V) 1{phase} dt] solves

    φ(s) (s I + Q - Λ (1 - B*(s)) - ν (1 - exp(-s c))) = α(s),

whose expansion in s gives means.  Each order divides by the drift 1 - ρ once and by nothing else
that is small, so that digits are kept near saturation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..packets import log1p
from .phases import Phases, exponential, falling

__all__ = ["Queue", "Starts", "Totals", "starts_behind", "starts_direct"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_STEEP = 8.0  # rate times length that the nodes follow to the last digit


@dataclass(frozen=True, eq=False)
class Starts:
    """How a busy period starts, by phase of the driver (rows).

    The set-up D is work that stands when the first interrupt comes: what is left of a masked
    operation, then the set-up proper.

    Attributes
    ----------
    weight, first, shrunk:
        (2, 2) probability, E[D] and E[exp(-u D)], by the phase at the first interrupt.
    second:
        (2,) E[D²].
    rest:
        (2,) seconds that are left of a masked operation then.
    """

    weight: np.ndarray
    first: np.ndarray
    second: np.ndarray
    shrunk: np.ndarray
    rest: np.ndarray

    def behind(self, setup: float, u: float) -> Starts:
        """With `setup` seconds of work besides."""
        total, first = self.weight.sum(axis=1), self.first.sum(axis=1)
        return Starts(
            self.weight,
            self.first + setup * self.weight,
            self.second + setup * (2.0 * first + setup * total),
            self.shrunk * np.exp(-u * setup),
            self.rest,
        )


class Totals(NamedTuple):
    """Of busy periods, by phase of the driver: `starts`, `seconds`, `packets`, sum of `sojourns`
    (2,); phases at the `ends` (2, 2).
    """

    starts: np.ndarray
    ends: np.ndarray
    seconds: np.ndarray
    packets: np.ndarray
    sojourns: np.ndarray


class Queue:
    """The queue of packets with mean service `service`; a Poisson batch law as in the chain."""

    def __init__(
        self,
        phases: Phases,
        service: float,
        exponential: bool,
        batch: float,
        fixed: bool,
        other_rate: float,
        other_cost: float,
        moves: float = 0.0,
    ) -> None:
        self.phases, self.service, self.batch = phases, service, batch
        self.moves = moves if exponential else 0.0
        self.other_rate, self.other_cost = other_rate, other_cost
        self.square = batch * batch if fixed else 2.0 * batch * batch - batch
        b, s = batch, service
        self._steady, self._fixed = moves if exponential else s, fixed
        self.work_mean = b * s
        self.work_square = b * (s - self._steady) ** 2 + self.square * s * s
        self.u, self.down = falling(phases, self.work, other_rate, other_cost)
        self.shrunk = self.work(self.u)
        self.loads = phases.rates * b * s + other_rate * other_cost
        self.stretch = 1.0 / (1.0 - other_rate * other_cost)
        self.drift = float(phases.law @ (1.0 - self.loads))

    def work(self, u):
        """Transform of the work of one interrupt."""
        z = np.exp(-u * self._steady) / (1.0 + u * (self.service - self._steady))
        return z**self.batch if self._fixed else z / (self.batch - (self.batch - 1.0) * z)

    def missed(self, u):
        """1 - :meth:`work`, without the digits that cancel for small u."""
        drawn = u * (self.service - self._steady)
        if self._fixed:
            return -np.expm1(-self.batch * (u * self._steady + log1p(drawn)))
        one = (drawn - np.expm1(-u * self._steady)) / (1.0 + drawn)
        return self.batch * one / (1.0 + (self.batch - 1.0) * one)

    def packet_wait(self) -> float:
        """Mean service of a packet and those ahead in its batch, interruptions included."""
        ahead = (self.square - self.batch) / (2.0 * self.batch)
        return (ahead + 1.0) * self.service * self.stretch

    def totals(self, starts: Starts) -> Totals:
        """Of the busy periods that start so."""
        weight, mean = starts.weight, self.work_mean
        total, ahead = weight.sum(axis=1), starts.first.sum(axis=1)
        end, time, f0, f1 = self.follow(
            weight,
            starts.first + mean * weight,
            starts.second + 2.0 * mean * ahead + self.work_square * total,
            starts.shrunk * self.shrunk,
        )
        packets = self.batch * (total + f0 @ self.phases.rates)
        waits = ahead - f1 @ self.phases.rates
        sojourns = self.batch * self.stretch * waits + packets * self.packet_wait()
        return Totals(total, end, time - starts.rest, packets, sojourns)

    def follow(self, weight, first, second, shrunk) -> tuple[np.ndarray, ...]:
        """A busy period that starts with work V, by rows (k, 2): phases at the start.

        Parameters
        ----------
        weight, first, shrunk:
            (k, 2) probability, E[V] and E[exp(-u V)], by phase.
        second:
            (k,) E[V²].

        Returns
        -------
        tuple of arrays
            (k, 2) phases at the end, (k,) seconds, and (k, 2) the first two terms of φ(s) by s.
        """
        phases = self.phases
        law, switch = phases.law, phases.switch
        total = weight.sum(axis=1)
        end = (total - shrunk.sum(axis=1))[:, None] * self.down + shrunk
        free = 1.0 - self.loads
        spread = 0.5 * (phases.rates * self.work_square + self.other_rate * self.other_cost**2)
        a0, a2 = end - weight, -0.5 * second
        time = (first.sum(axis=1) + a0 @ free / switch) / self.drift
        f0 = time[:, None] * law - a0 / switch
        change = (first - f0 * free) / switch
        c1 = (a2 - f0 @ spread + change @ free) / self.drift
        f1 = c1[:, None] * law - change
        return end, time, f0, f1


def starts_direct() -> Starts:
    """By an interrupt in thread time."""
    one, none = np.eye(2), np.zeros((2, 2))
    return Starts(one, none, none[0], one, none[0])


def starts_behind(
    queue: Queue, length: float, law: np.ndarray | None = None, *, guest: bool = False
) -> Starts:
    """By interrupts in a masked operation of this length, if any come.

    Interrupts without crypto that come meanwhile are taken at its end, and make it longer; behind
    an operation in the `guest` they only do so to the set-up, if any packets came.  `law` (M,) is
    of a number of them that wait already.
    """
    if guest:
        return _starts_in_guest(queue, length)
    law = np.ones(1) if law is None else law
    rates, nu, cost, u = queue.phases.rates, queue.other_rate, queue.other_cost, queue.u
    quiet = queue.phases.unserved(nu, cost)
    # With E(L) = ∫_0^L exp(U v) exp(-s (L - v)) dv the work left is E(w) / (I - ν E(c)) Λ.
    parts = [weight * np.array(_moments(quiet, length + cost * k, u))
             for k, weight in enumerate(law)]  # fmt: skip
    g0, g1, g2, shrunk = sum(parts)
    stops = np.eye(2)
    if nu > 0.0:
        c0, c1, c2, c_shrunk = _moments(quiet, cost, u)
        stops = np.linalg.inv(np.eye(2) - nu * c0)
        h1 = nu * stops @ c1 @ stops
        h2 = nu * stops @ c2 @ stops + 2.0 * h1 @ (nu * c1 @ stops)
        g2 = g2 @ stops + 2.0 * g1 @ h1 + g0 @ h2
        g1 = g1 @ stops + g0 @ h1
        g0 = g0 @ stops
        shrunk = shrunk @ np.linalg.inv(np.eye(2) - nu * c_shrunk)
    weight, first, second, shrunk = (part * rates for part in (g0, g1, g2, shrunk))
    rest = queue.stretch * first.sum(axis=1)
    return Starts(weight, first, second.sum(axis=1), shrunk, rest)


def _moments(quiet: np.ndarray, length: float, u: float) -> list[np.ndarray]:
    """∫_0^L exp(U v) (L - v)^k dv, k = 0, 1, 2, and that with exp(-u (L - v)).

    By quadrature over as much of L as an exponential hardly falls off in, doubled up to L: all
    parts are positive.
    """
    steep = max(u, abs(quiet).max()) * length / _STEEP
    halves = int(np.ceil(np.log2(max(steep, 1.0))))
    h = length / 2.0**halves
    passed = 0.5 * h * (_NODES + 1.0)
    at = exponential(quiet, passed) * (0.5 * h * _WEIGHTS)[:, None, None]
    left = (h - passed)[:, None, None]
    g0, g1, g2, shrunk = ((at * f).sum(axis=0) for f in (1.0, left, left * left, np.exp(-u * left)))
    for _ in range(halves):
        on = exponential(quiet, h)
        g2 = g2 + h * (2.0 * g1 + h * g0) + on @ g2
        g1 = g1 + h * g0 + on @ g1
        g0 = g0 + on @ g0
        shrunk = np.exp(-u * h) * shrunk + on @ shrunk
        h *= 2.0
    return [g0, g1, g2, shrunk]


def _starts_in_guest(queue: Queue, length: float) -> Starts:
    nu, cost, rates, u = queue.other_rate, queue.other_cost, queue.phases.rates, queue.u
    silent, share = queue.phases.silent, nu * cost
    g0, g1, g2, shrunk = _moments(silent, length, u)
    if share > 0.0:  # of what has passed, interrupts without crypto make so much work
        shrunk = _moments(silent + nu * np.expm1(-u * cost) * np.eye(2), length, u)[3]
    passed = length * g0 - g1
    second = g2 + share * (2.0 * (length * g1 - g2) + cost * passed)
    second = second + share * share * (length * (length * g0 - 2.0 * g1) + g2)
    parts = (g0, g1 + share * passed, second, shrunk, g1)
    weight, first, second, shrunk, rest = (part * rates for part in parts)
    return Starts(weight, first, second.sum(axis=1), shrunk, rest.sum(axis=1))
