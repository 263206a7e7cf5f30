"""How packets come and how long they take, as Laplace transforms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .inversion import delay

__all__ = ["Packets", "batch_transform", "position_transform"]

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

    def stretch(self, s: np.ndarray) -> np.ndarray:
        """What s becomes where interrupts without crypto may strike: s + λ (1 - Θ*(s)).

        Θ is the time that one such interrupt takes away, with those that come meanwhile.
        """
        theta = np.exp(-s * self.other_cost)
        for _ in range(4):  # converges like (rate x cost)^n
            theta = np.exp(-(s + self.other_rate * (1.0 - theta)) * self.other_cost)
        return s + self.other_rate * (1.0 - theta)

    def fixed_time(self, t: np.ndarray, s: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Transform of work of fixed `length` (n,) at ``s = nodes(t)``."""
        plain = delay(t, length)
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
        """
        if self.other_rate == 0.0:
            return np.ones((*length.shape, 1))
        m = np.arange(1, 13)
        mean = self.other_rate * (length[..., None] + m * self.other_cost)
        start = self.other_rate * length[..., None]
        factorial = np.cumprod(m.astype(float))
        some = start * mean ** (m - 1) / factorial * np.exp(-mean)
        return np.concatenate([np.exp(-start), some], axis=-1)

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


def batch_transform(z: np.ndarray, packets: Packets) -> np.ndarray:
    """B*(s) of the work of one interrupt, from the transform z of one packet's service."""
    b = packets.batch
    return z ** round(b) if packets.fixed else z / (b - (b - 1.0) * z)


def position_transform(z: np.ndarray, packets: Packets) -> np.ndarray:
    """Transform of the service ahead of a random packet in its own batch."""
    b = packets.batch
    if not packets.fixed:
        return 1.0 / (b - (b - 1.0) * z)
    return sum(z**j for j in range(round(b))) / b
