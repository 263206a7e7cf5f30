"""How packets come and how long they take, as Laplace transforms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .inversion import delay

__all__ = ["Packets", "batch_transform", "log1p", "position_transform"]

_LARGE = 150.0  # packets; single places in so large a geometric batch do not show


@dataclass(frozen=True)
class Packets:
    """How packets come and how long they take: what all mixtures of one scenario share."""

    rate: float
    batch: float
    fixed: bool
    exponential: bool
    other_rate: float = 0.0
    other_cost: float = 0.0

    @property
    def disturbed(self) -> bool:
        """Interrupts without crypto take time."""
        return self.other_rate * self.other_cost > 0.0

    def stretch(self, s: np.ndarray) -> np.ndarray:
        """What s becomes where interrupts without crypto may strike: s + λ (1 - Θ*(s)).

        Θ is the time that one such interrupt takes away, with those that come meanwhile.
        """
        own = self.other_rate * self.other_cost
        gone = -np.expm1(-s * self.other_cost)
        if own > 0.0:
            for _ in range(int(np.log(1e-17) / np.log(own)) + 1):  # converges like own^n
                gone = -np.expm1(-(s + self.other_rate * gone) * self.other_cost)
        return s + self.other_rate * gone

    def missed(self, slower: np.ndarray, mean: np.ndarray, moves: np.ndarray) -> np.ndarray:
        """1 - B*(s) of the work of one interrupt, without the digits that cancel for small s.

        `slower` is the stretched s; packets take `mean` seconds, `moves` of it fixed in any case.
        """
        b, steady = self.batch, moves if self.exponential else mean
        drawn = slower * (mean - steady)
        if self.fixed:
            return -np.expm1(-round(b) * (slower * steady + log1p(drawn)))
        one = (drawn - np.expm1(-slower * steady)) / (1.0 + drawn)
        return b * one / (1.0 + (b - 1.0) * one)

    def fixed_time(self, t: np.ndarray, s: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Transform of work of fixed `length` (n,) at ``s = nodes(t)``."""
        plain = delay(t, length, s.shape[-1])
        if self.other_rate == 0.0:
            return plain
        return plain * np.exp((s - self.stretch(s)) * length[:, None])

    def service(
        self, t: np.ndarray, s: np.ndarray, mean: np.ndarray, moves: np.ndarray
    ) -> np.ndarray:
        """Transform of one packet's service time of mean `mean` (n,) at ``s = nodes(t)``.

        `moves` (n,) of it are fixed in any case.
        """
        if self.exponential:
            drawn = 1.0 / (1.0 + self.stretch(s) * (mean - moves)[:, None])
            return drawn * self.fixed_time(t, s, moves) if moves.any() else drawn
        return self.fixed_time(t, s, mean)

    def interruptions(self, length: np.ndarray) -> np.ndarray:
        """(..., M) probability that work of fixed `length` is interrupted 0, 1, ... times.

        Borel-Tanner: each interruption is open to further ones (Takagi 1991, 1.2).

        >>> packets = Packets(1e4, 1.0, False, False, 1e5, 3e-6)
        >>> often = packets.interruptions(np.array([1e-5]))[0]
        >>> round(float(often @ np.arange(len(often))), 12)  # 1 / (1 - 0.3)
        1.428571428571
        """
        own = self.other_rate * self.other_cost
        if own == 0.0 or not length.size:
            return np.ones((*length.shape, 1))
        start = self.other_rate * length[..., None]
        longest = float(start.max())
        m = np.arange(1.0, 40.0 + 20.0 * longest + 60.0 / (1.0 - own) ** 2)
        some = _interrupted(np.array([longest]), own, m)
        m = m[: int(np.flatnonzero(some > 1e-17).max(initial=-1)) + 1]
        return np.concatenate([np.exp(-start), _interrupted(start, own, m)], axis=-1)

    def stops(self, mean: float, already: float = 0.0) -> np.ndarray:
        """(M,) probability of 0, 1, ... stops in all from a Poisson number of them at first.

        With `already` another Poisson number of this mean, given that it is 1 or more, less one.

        >>> law = Packets(1e4, 1.0, False, False, 1e5, 3e-6).stops(0.7, 0.5)
        >>> first = 0.7 + 0.5 / -np.expm1(-0.5) - 1.0
        >>> bool(np.isclose(law @ np.arange(len(law)), first / (1.0 - 0.3)))
        True
        """
        if not self.disturbed:
            return np.ones(1)
        law = self.interruptions(np.array([mean / self.other_rate]))[0]
        if already == 0.0:
            return law
        k = np.arange(1.0, 40.0 + 4.0 * already)
        waits = np.exp(k * np.log(already) - already - np.log(k).cumsum()) / -np.expm1(-already)
        one = np.append(0.0, self.borel())
        total, power = waits[0] * law, law
        for share in waits[1 : 1 + int(np.flatnonzero(waits > 1e-18).max())]:
            power = np.convolve(power, one)
            total = np.append(total, np.zeros(len(power) - len(total))) + share * power
        return total

    def borel(self) -> np.ndarray:
        """(M,) probability that a stop is of 1, 2, ... interrupts, more coming in each."""
        own = self.other_rate * self.other_cost
        n = np.arange(1.0, 40.0 + 60.0 / (1.0 - own) ** 2)
        law = np.exp((n - 1.0) * np.log(own * n) - own * n - np.log(n).cumsum())
        return law[: int(np.flatnonzero(law > 1e-17).max()) + 1]

    @property
    def spread(self) -> bool:
        """No sojourn has a probability of its own, or none that counts."""
        return self.exponential or (not self.fixed and self.batch > _LARGE)

    def places(self) -> np.ndarray:
        """Probability that a random packet is the 1st, 2nd, ... of its batch."""
        if self.fixed or self.batch == 1.0:
            return np.full(round(self.batch), 1.0 / self.batch)
        stay = 1.0 - 1.0 / self.batch
        return stay ** np.arange(int(np.ceil(np.log(1e-12) / np.log(stay)))) / self.batch


def _interrupted(start: np.ndarray, own: float, m: np.ndarray) -> np.ndarray:
    """Probability of m = 1, 2, ... interruptions; means at the start, and behind each."""
    mean = start + own * m
    return start * np.exp((m - 1.0) * np.log(mean) - mean - np.log(m).cumsum())


def log1p(x: np.ndarray) -> np.ndarray:
    """log(1 + x) of complex numbers: NumPy's forgets what is small against 1."""
    real = 0.5 * np.log1p(2.0 * x.real + x.real**2 + x.imag**2)
    return real + 1j * np.arctan2(x.imag, 1.0 + x.real)


def batch_transform(z: np.ndarray, packets: Packets) -> np.ndarray:
    """B*(s) of the work of one interrupt, from the transform z of one packet's service."""
    b = packets.batch
    return z ** round(b) if packets.fixed else z / (b - (b - 1.0) * z)


def position_transform(z: np.ndarray, packets: Packets) -> np.ndarray:
    """Transform of the service ahead of a random packet in its own batch."""
    b = packets.batch
    if not packets.fixed:
        return 1.0 / (b - (b - 1.0) * z)
    if round(b) == 1:
        return np.ones_like(z)
    log = np.log(np.where(abs(z) > 1e-300, z, 1e-300))
    some = abs(log) > 1e-300  # 1 - z and 1 - z^b without the digits that cancel
    log = np.where(some, log, 1.0)
    return np.where(some, np.expm1(round(b) * log) / (b * np.expm1(log)), 1.0)
