"""Busy periods of packets: a batch M/G/1 queue whose server needs setting up.

A busy period starts with an interrupt that finds the CPU without packets.  Service begins after a
set-up D (the exit, the registers to save; for an interrupt that came during a masked operation
also the rest of that operation); interrupts that come meanwhile join.  P. D. Welch, On a
generalized M/G/1 queuing process in which the first customer of each busy period receives
exceptional service, Operations Research 12 (1964) 736-752; H. Takagi, Queueing Analysis vol. 1
(1991), section 1.3 and 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["BusyPeriods", "Stretch", "residual_moments", "rest_moments", "stretched"]

_BRIEF = 1e-5  # arrivals in a masked period


def residual_moments(rate: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and second moment of what is left of a fixed time at the first Poisson arrival in it.

    Parameters
    ----------
    rate, length:
        Arrivals per second and the fixed time in seconds, broadcast together.

    Returns
    -------
    tuple of arrays
        E[R] in seconds and E[R²] in seconds squared, given that there is an arrival.

    >>> first, second = residual_moments(np.array(1e-9), np.array(2.0))
    >>> round(float(first), 6), round(float(second), 6)
    (1.0, 1.333333)
    """
    x = rate * length
    small = x < 1e-4
    safe = np.where(small, 1.0, x)
    q = -np.expm1(-safe)
    first = np.where(small, 0.5 + x / 12.0, 1.0 / q - 1.0 / safe)
    second = np.where(small, 1.0 / 3.0 + x / 12.0, 1.0 / q - 2.0 * (1.0 / q - 1.0 / safe) / safe)
    return first * length, second * length * length


@dataclass(frozen=True, eq=False)
class Stretch:
    """Interrupts without crypto that lengthen whatever is under way, by so much a second.

    Preemptive resume (Takagi 1991, 3.4): work W takes the time W and that of the interrupts that
    come in it, and in these.
    """

    rate: np.ndarray
    cost: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """Share of the time that they leave."""
        return 1.0 - self.rate * self.cost

    @property
    def spread(self) -> np.ndarray:
        """Variance that they add to each second of work, seconds."""
        return self.rate * self.cost**2 / self.free**3

    @property
    def skew(self) -> np.ndarray:
        """Third cumulant that they add to each second of work, seconds squared."""
        free, cost = self.free, self.cost
        return self.rate * (cost**3 / free**4 + 3.0 * self.rate * cost**4 / free**5)

    def moments(self, one, two, three) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """First three moments of the time that work takes, from those of the work."""
        free, spread = self.free, self.spread
        square = two / free**2 + one * spread
        return one / free, square, three / free**3 + 3.0 * two * spread / free + one * self.skew


def stretched(rate: np.ndarray, other_rate: np.ndarray, other_cost: np.ndarray) -> np.ndarray:
    """σ = λ + ν (1 - exp(-σ c)): crypto interrupts or the end of quiet per second of masked work.

    >>> round(float(stretched(np.array(1.0), np.array(1.0), np.array(0.5))), 12)
    1.536078094027
    """
    sigma = rate / (1.0 - other_rate * other_cost)
    for _ in range(100):  # Newton's method on a convex function, from the right
        missed = np.expm1(-sigma * other_cost)
        step = (sigma - rate + other_rate * missed) / (
            1.0 - other_rate * other_cost * (1.0 + missed)
        )
        sigma = sigma - step
        if (abs(step) <= 2e-16 * sigma).all():
            break
    return sigma


def rest_moments(lam, caught, mean, square, cube):
    """As :func:`residual_moments` of a time with these moments, that has an arrival at `caught`."""
    brief = lam * cube <= _BRIEF * square  # by the length that an arrival sees
    some = np.where(brief, 1.0, caught)
    rate = np.where(brief, 1.0, np.broadcast_to(lam, mean.shape))
    over = np.where(brief, 0.0, mean - caught / rate)
    long = over / some, (square - 2.0 * over / rate) / some
    base = np.where(mean > 0.0, mean - 0.5 * lam * square, 1.0)
    short = (0.5 * square - lam * cube / 6.0) / base, cube / 3.0 / base
    return np.where(brief, short[0], long[0]), np.where(brief, short[1], long[1])


@dataclass(frozen=True, eq=False)
class BusyPeriods:
    """k kinds of busy period in B scenarios; arrays broadcast to (B, k).

    Attributes
    ----------
    rate, batch, batch2:
        Interrupts per second; E[X] and E[X²] of the packets X of one interrupt.
    service, service_cv2:
        Mean seconds of one packet (moves of its own NEON sections included), and the squared
        coefficient of variation without these.
    setup:
        The fixed part of the set-up, seconds.
    waited:
        Length of the masked operation that the first interrupt came in; 0 if in none.
    other_rate, other_cost:
        Interrupts without crypto per second, seconds each: they stop set-up and service, which
        are stretched (preemptive resume; Takagi 1991, 3.4).
    moves:
        The part of `service` that is fixed: moves of the packet's own NEON sections.
    rest:
        E[R] and E[R²] of what is left of the masked period at the first interrupt; None if that
        period is `waited` alone, and the interrupts without crypto that come in it.
    late:
        Mean number, Poisson, of further interrupts without crypto that the set-up begins with.

    >>> md1 = BusyPeriods(*map(np.array, (0.5, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0)))
    >>> float(md1.sojourn.item()), float(md1.packets.item())
    (1.5, 2.0)
    """

    rate: np.ndarray
    batch: np.ndarray
    batch2: np.ndarray
    service: np.ndarray
    service_cv2: np.ndarray
    setup: np.ndarray
    waited: np.ndarray
    other_rate: np.ndarray | float = 0.0
    other_cost: np.ndarray | float = 0.0
    moves: np.ndarray | float = 0.0
    rest: tuple[np.ndarray, np.ndarray] | None = None
    late: np.ndarray | float = 0.0

    @cached_property
    def free(self) -> np.ndarray:
        """Share of the time that interrupts without crypto leave."""
        return Stretch(self.other_rate, self.other_cost).free

    @cached_property
    def spread(self) -> np.ndarray:
        """Variance that they add to each second of work, seconds."""
        return Stretch(self.other_rate, self.other_cost).spread

    @cached_property
    def packet(self) -> tuple[np.ndarray, np.ndarray]:
        """E[S] and Var[S] of one packet, interruptions included."""
        mean = self.service / self.free
        drawn = (self.service - self.moves) / self.free
        return mean, self.service_cv2 * drawn**2 + self.service * self.spread

    @cached_property
    def load(self) -> np.ndarray:
        """Utilisation ρ = λ E[X] E[S]; must be below 1."""
        return self.rate * self.batch * self.packet[0]

    @cached_property
    def work2(self) -> np.ndarray:
        """E[B²] of the work B that one interrupt brings, seconds squared."""
        mean, variance = self.packet
        return self.batch * variance + self.batch2 * mean**2

    @cached_property
    def residual_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """E[R] and E[R²] of the rest of the masked period."""
        if self.rest is not None:
            return self.rest
        if not np.any(self.other_rate):
            return residual_moments(self.rate, self.waited)
        w, sigma = self.waited, stretched(self.rate, self.other_rate, self.other_cost)
        period = Stretch(self.other_rate, self.other_cost).moments(w, w**2, w**3)
        return rest_moments(self.rate, -np.expm1(-sigma * w), *period)

    @cached_property
    def setup_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """E[D] and E[D²] of the whole set-up."""
        first, second = self.residual_moments
        work, late = self.setup + self.late * self.other_cost, self.late * self.other_cost**2
        mean = work / self.free
        square = mean * mean + late / self.free**2 + work * self.spread
        return first + mean, second + 2.0 * first * mean + square

    @cached_property
    def packets(self) -> np.ndarray:
        """Mean packets of one busy period."""
        return self.batch * (1.0 + self.rate * self.setup_moments[0]) / (1.0 - self.load)

    @cached_property
    def duration(self) -> np.ndarray:
        """Mean time from the end of the masked operation, or the interrupt, to the last packet."""
        d = self.setup_moments[0]
        return (d + self.batch * self.packet[0]) / (1.0 - self.load) - self.residual_moments[0]

    @cached_property
    def wait_of_batch(self) -> np.ndarray:
        """Mean wait of the first packet of a batch, seconds (Takagi 1991, eq. 2.37)."""
        first, second = self.setup_moments
        queue = self.rate * self.work2 / (2.0 * (1.0 - self.load))
        return queue + (2.0 * first + self.rate * second) / (2.0 * (1.0 + self.rate * first))

    @cached_property
    def wait_in_batch(self) -> np.ndarray:
        """Mean service of the packets ahead of a packet in its own batch, seconds."""
        return (self.batch2 - self.batch) / (2.0 * self.batch) * self.packet[0]

    @cached_property
    def sojourn(self) -> np.ndarray:
        """Mean time of a packet from interrupt to completion, seconds."""
        return self.wait_of_batch + self.wait_in_batch + self.packet[0]
