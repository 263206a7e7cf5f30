"""Busy periods under MMPP arrivals: packets, time, waits and the phase at the end.

A busy period is followed through its work: with V(t) the work at hand and α(s) the transform of
the start less that of the end, the row vector φ(s) = E[∫ exp(-s V) 1{phase} dt] solves

    φ(s) (s I + Q - Λ (1 - B*(s)) - ν (1 - exp(-s c))) = α(s),

whose expansion in s gives means.  Each order divides by the drift 1 - ρ once and by nothing else
that is small, so that digits are kept near saturation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .phases import Phases, falling

__all__ = ["Queue", "Starts", "starts_behind", "starts_direct"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


@dataclass(frozen=True, eq=False)
class Starts:
    """Ways in which a busy period starts, n for each phase that the driver may be in.

    Attributes
    ----------
    weight:
        (2, n, 2) probability, by phase of the driver, and phase right after the first interrupt.
    first, second, shrunk:
        (n,) E[D], E[D²] and E[exp(-u D)] of the set-up D.
    rest:
        (n,) what is left of the masked operation that the first interrupt comes in.
    """

    weight: np.ndarray
    first: np.ndarray
    second: np.ndarray
    shrunk: np.ndarray
    rest: np.ndarray


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
        steady = moves if exponential else s

        def work(u: float) -> float:
            z = np.exp(-u * steady) / (1.0 + u * (s - steady))
            return z**b if fixed else z / (b - (b - 1.0) * z)

        self.work_mean = b * s
        self.work_square = b * (s - steady) ** 2 + self.square * s * s
        self.u, self.down = falling(phases, work, other_rate, other_cost)
        self.shrunk = work(self.u)
        self.loads = phases.rates * b * s + other_rate * other_cost
        self.drift = float(phases.law @ (1.0 - self.loads))

    def packet_wait(self) -> float:
        """Mean service of a packet and those ahead in its batch, interruptions included."""
        ahead = (self.square - self.batch) / (2.0 * self.batch)
        return (ahead + 1.0) * self.service / (1.0 - self.other_rate * self.other_cost)

    def totals(self, starts: Starts) -> tuple[np.ndarray, ...]:
        """By phase of the driver: starts, end phases (2, 2), seconds, packets, sum of sojourns."""
        phases, weight = self.phases, starts.weight
        law, switch = phases.law, phases.switch
        first = starts.first + self.work_mean
        second = starts.second + 2.0 * starts.first * self.work_mean + self.work_square
        shrunk = (starts.shrunk * self.shrunk)[:, None]
        total = weight.sum(axis=2)
        end = total[..., None] * self.down * (1.0 - shrunk) + shrunk * weight
        free = 1.0 - self.loads
        spread = 0.5 * (phases.rates * self.work_square + self.other_rate * self.other_cost**2)
        a0, a1, a2 = end - weight, first[:, None] * weight, -0.5 * second * total
        time = (first * total + a0 @ free / switch) / self.drift
        f0 = time[..., None] * law - a0 / switch
        change = (a1 - f0 * free) / switch
        c1 = (a2 - f0 @ spread + change @ free) / self.drift
        f1 = c1[..., None] * law - change
        interrupts = total + f0 @ phases.rates
        waits = total * starts.first - f1 @ phases.rates
        packets = self.batch * interrupts.sum(axis=1)
        stretch = 1.0 / (1.0 - self.other_rate * self.other_cost)
        sojourns = self.batch * stretch * waits.sum(axis=1) + packets * self.packet_wait()
        lasting = (time - total * starts.rest).sum(axis=1)
        return total.sum(axis=1), end.sum(axis=1), lasting, packets, sojourns


def starts_direct(queue: Queue, setup: float) -> Starts:
    """By an interrupt in thread time."""
    return Starts(
        np.eye(2)[:, None, :],
        np.array([setup]),
        np.array([setup * setup]),
        np.array([np.exp(-queue.u * setup)]),
        np.zeros(1),
    )


def starts_behind(queue: Queue, length: float, setup: float) -> Starts:
    """By interrupts in a masked operation of this length, if any come."""
    phases = queue.phases
    passed = 0.5 * length * (_NODES + 1.0)
    weight = phases.quiet(passed) * phases.rates * (0.5 * length * _WEIGHTS)[:, None, None]
    left = length - passed
    setup = left + setup
    return Starts(weight.transpose(1, 0, 2), setup, setup * setup, np.exp(-queue.u * setup), left)
