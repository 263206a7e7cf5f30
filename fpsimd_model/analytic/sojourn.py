"""The whole distribution of packet sojourn times, as mixtures over busy periods.

The first batch of a busy period waits for the set-up only, so that with deterministic service its
packets make atoms; all others wait W with the transform that is left of Welch's when the first
batch is taken out (Welch 1964; Takagi, Queueing Analysis vol. 1, 1991, eq. 2.36):

    f λ (1 - B*(s) D*(s)) / (s - λ + λ B*(s)),    f = (1 - ρ) / (1 + λ E[D])

with f the share of first batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .inversion import delay, invert, nodes
from .percentiles import percentiles
from .queue import BusyPeriods

__all__ = ["Packets", "Sojourns", "batch_transform", "position_transform"]

_SMALLEST = 1e-13


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

    def service(self, t: np.ndarray, s: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Transform of one packet's service time of mean `mean` (n,) at ``s = nodes(t)``."""
        if self.exponential:
            return 1.0 / (1.0 + self.stretch(s) * mean[:, None])
        return self.fixed_time(t, s, mean)

    def interruptions(self, length: np.ndarray) -> np.ndarray:
        """(..., M) probability that work of fixed `length` is interrupted 0, 1, ... times.

        Borel-Tanner: each interruption is open to further ones (Takagi 1991, 1.2).
        """
        if self.other_rate == 0.0:
            return np.ones((*length.shape, 1))
        m = np.arange(1, 7)
        mean = self.other_rate * (length[..., None] + m * self.other_cost)
        start = self.other_rate * length[..., None]
        factorial = np.cumprod(m.astype(float))
        some = start * mean ** (m - 1) / factorial * np.exp(-mean)
        return np.concatenate([np.exp(-start), some], axis=-1)

    def places(self) -> np.ndarray:
        """Probability that a random packet is the 1st, 2nd, ... of its batch."""
        if self.fixed or self.batch == 1.0:
            return np.full(round(self.batch), 1.0 / self.batch)
        stay = 1.0 - 1.0 / self.batch
        count = int(np.ceil(np.log(1e-12) / np.log(stay)))
        return stay ** np.arange(min(count, 4000)) / self.batch


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


@dataclass(frozen=True, eq=False)
class _Classes:
    """Kinds of busy period of all mixtures, sorted by mixture and service; c of them."""

    mixture: np.ndarray
    service: np.ndarray
    setup: np.ndarray
    waited: np.ndarray
    weight: np.ndarray
    first: np.ndarray


class Sojourns:
    """Sojourn times of P mixtures (policies) that share arrivals, service shape and batch.

    Parameters
    ----------
    packets:
        What they share.
    periods, weights:
        For each mixture its busy periods (arrays of shape (1, k)) and the packets in each (k,).
    """

    def __init__(
        self, packets: Packets, periods: Sequence[BusyPeriods], weights: Sequence[np.ndarray]
    ) -> None:
        self.packets = packets
        parts = [_merged(i, q, w) for i, (q, w) in enumerate(zip(periods, weights, strict=True))]
        self._c = _Classes(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        # 1 for classes whose first batch makes no atom
        self._smooth = np.where((self._c.waited > 0) | packets.exponential, 1.0, 0.0)
        self._atoms = [self._atoms_of(i) for i in range(len(parts))]

    def __len__(self) -> int:
        return len(self._atoms)

    def _atoms_of(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Where the atoms of mixture i are and how much lies at or above each."""
        c = self._c
        mine = np.flatnonzero((c.mixture == i) & (c.waited == 0))
        if self.packets.exponential or not len(mine):
            return np.zeros(0), np.zeros(1)
        places = self.packets.places()
        at = c.setup[mine, None] + c.service[mine, None] * np.arange(1, len(places) + 1)
        mass = (c.weight[mine] * c.first[mine])[:, None] * places
        often = self.packets.interruptions(at)
        at = at[..., None] + self.packets.other_cost * np.arange(often.shape[-1])
        mass = mass[..., None] * often
        order = np.argsort(at, axis=None)
        return at.ravel()[order], np.append(mass.ravel()[order][::-1].cumsum()[::-1], 0.0)

    def survival(self, t: np.ndarray, which: np.ndarray) -> np.ndarray:
        """P(T > t) for times `t` (n,) > 0 in seconds, each under mixture `which` (n,)."""
        t, which = np.asarray(t, dtype=float), np.asarray(which)
        c, total = self._c, np.zeros((len(t), len(nodes(t[:1])[0])), dtype=complex)
        lowest = np.searchsorted(c.mixture, which)
        count = np.searchsorted(c.mixture, which, side="right") - lowest
        point = np.repeat(np.arange(len(t)), count)
        k = np.arange(len(point)) - np.repeat(count.cumsum() - count, count) + lowest[point]
        s = nodes(t)
        setup = self._setup(t[point], s[point], c.setup[k], c.waited[k])
        share, smooth = (c.weight * c.first)[k], self._smooth[k]
        service = c.service[k]
        change = np.empty(len(point), dtype=bool)
        change[0] = True
        change[1:] = (point[1:] != point[:-1]) | (service[1:] != service[:-1])
        change = np.flatnonzero(change)
        met = np.add.reduceat(share[:, None] * setup, change)
        alone = np.add.reduceat((share * smooth)[:, None] * setup, change)
        later, group = np.add.reduceat(share, change)[:, None], point[change]
        part = self._combine(t[group], s[group], service[change], later, met, alone)
        np.add.at(total, group, part)
        return self._with_atoms(t, which, s, total)

    def survival_grid(self, t: np.ndarray) -> np.ndarray:
        """(P, n) P(T > t) of every mixture at the same times `t` (n,)."""
        c, s = self._c, nodes(t)
        keys, where = np.unique(np.stack([c.setup, c.waited], axis=1), axis=0, return_inverse=True)
        many = np.repeat(np.arange(len(keys)), len(t))
        again = np.tile(np.arange(len(t)), len(keys))
        setup = self._setup(t[again], s[again], keys[many, 0], keys[many, 1])
        setup = setup.reshape(len(keys), -1)
        share = c.weight * c.first
        total = np.zeros((len(self), s.size), dtype=complex)
        for service in np.unique(c.service):
            mine = c.service == service
            weights = np.zeros((2, len(self), len(keys)))
            place = (c.mixture[mine], where.ravel()[mine])
            np.add.at(weights[0], place, share[mine])
            np.add.at(weights[1], place, (share * self._smooth)[mine])
            met, alone = (w @ setup for w in weights)
            later = weights[0].sum(axis=1)[:, None, None]
            shape = (len(self), *s.shape)
            total += self._combine(
                t, s, np.full(len(t), service), later, met.reshape(shape), alone.reshape(shape)
            ).reshape(len(self), -1)
        every = np.repeat(np.arange(len(self)), len(t))
        times = np.tile(t, len(self))
        out = self._with_atoms(times, every, nodes(times), total.reshape(len(times), -1))
        return out.reshape(len(self), len(t))

    def _setup(self, t, s, setup, waited) -> np.ndarray:
        """D*(s): a fixed time, and the rest of a masked operation at the first arrival in it."""
        lam, packets = self.packets.rate, self.packets
        out = packets.fixed_time(t, s, setup)
        behind = np.flatnonzero(waited > 0)
        t, waited, s = t[behind], waited[behind], s[behind]
        never = np.exp(-lam * waited)[:, None]
        part = packets.fixed_time(t, s, waited)
        out[behind] *= lam * (part - never) / ((lam - packets.stretch(s)) * (1.0 - never))
        return out

    def _combine(self, t, s, service, later, met, alone) -> np.ndarray:
        """Transform of what is no atom: later batches, and first ones that are spread out."""
        lam, packets = self.packets.rate, self.packets
        z = packets.service(t, s, service)
        work = batch_transform(z, packets)
        waits = lam * (later - work * met) / (s - lam + lam * work)
        return (waits + alone) * z * position_transform(z, packets)

    def _with_atoms(self, t, which, s, total) -> np.ndarray:
        mass = 1.0 - np.array([above[0] for _, above in self._atoms])[which]
        smooth = invert((mass[:, None] - total) / s, t)
        over = np.empty(len(t))
        for i in np.unique(which):
            at, above = self._atoms[i]
            over[which == i] = above[np.searchsorted(at, t[which == i], side="right")]
        return np.clip(smooth + over, 0.0, 1.0)

    def percentiles(self, p: Sequence[float]) -> np.ndarray:
        """(P, len(p)) seconds below which the shares `p` of packets are served."""
        c = self._c
        packets = self.packets
        service = c.service / (1.0 - packets.other_rate * packets.other_cost)
        longest = (service / (1.0 - packets.rate * packets.batch * service)).max()
        ends = 0.5 * c.service.min(), 8.0 * (packets.batch * longest + c.setup.max())
        return percentiles(self, p, ends)

    def heaviest_atom(self, which: int, low: float, high: float) -> float | None:
        """Where the heaviest atom of a mixture lies strictly between two times, if any."""
        at, above = self._atoms[which]
        i, j = np.searchsorted(at, low, side="right"), np.searchsorted(at, high, side="left")
        if i >= j:
            return None
        mass = above[i:j] - above[i + 1 : j + 1]
        return float(at[i + mass.argmax()])


def _merged(i: int, q: BusyPeriods, packets: np.ndarray) -> tuple[np.ndarray, ...]:
    """Busy periods that are alike made one, as columns of :class:`_Classes`."""
    shape = np.broadcast_shapes(q.service.shape, q.setup.shape, q.waited.shape)
    columns = [np.broadcast_to(a, shape)[0] for a in (q.service, q.setup, q.waited)]
    keys, where = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    weight = np.bincount(where.ravel(), packets, minlength=len(keys)) / packets.sum()
    keys, weight = keys[weight > _SMALLEST], weight[weight > _SMALLEST]
    service, setup, waited = keys.T
    one = BusyPeriods(
        q.rate[0], q.batch[0], q.batch2[0], service, q.service_cv2[0], setup, waited,
        q.other_rate[0], q.other_cost[0],
    )  # fmt: skip
    first = (1.0 - one.load) / (1.0 + q.rate[0] * one.setup_moments[0])
    return np.full(len(keys), i), service, setup, waited, weight, first
