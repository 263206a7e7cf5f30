"""The distribution of sojourn times under MMPP arrivals, by numerical transform inversion.

With F(s) the transform of the waits of first interrupts, by the phase right behind them, and E
the phases at the ends of busy periods, all packets together have

    b Z (F 1 + (E - F B*) (s I + Q - Λ (1 - B*))^-1 λ),

Z being the service of a packet and of those ahead in its batch; interrupts without crypto stretch
all work (V. Ramaswami, The N/G/1 queue and its detailed analysis, Advances in Applied Probability
12 (1980) 222-261, for the queue without set-up).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..inversion import invert, nodes
from ..kinds import Atoms, Kinds
from ..packets import Packets, batch_transform, position_transform
from ..percentiles import percentiles
from .busy import Queue
from .chain import BurstFlows
from .phases import Phases

__all__ = ["BurstSojourns"]

_TERMS = 160


class BurstSojourns:
    """Sojourn times of one policy; interface as :class:`..sojourn.Sojourns` of one mixture."""

    def __init__(self, packets: Packets, phases: Phases, flows: BurstFlows) -> None:
        self._packets, self._phases = packets, phases
        self.total = float((flows.period_flow * flows.periods.packets).sum())
        # What starts alike made one: {queue: ({(setup, waited): phases of the driver}, ends)}
        self._groups: dict[Queue, tuple[dict, np.ndarray]] = {}
        for burst in flows.bursts:
            starts, ends = self._groups.setdefault(burst.queue, ({}, np.zeros(2)))
            key = burst.setup, burst.waited
            starts[key] = starts.get(key, 0.0) + burst.driver
            ends += burst.driver @ burst.queue.totals(burst.starts)[1]
        direct = [
            (queue.service, setup, packets.batch * driver.sum() / self.total)
            for queue, (starts, _) in self._groups.items()
            for (setup, waited), driver in starts.items()
            if waited == 0.0
        ]
        service, setup, mass = np.array(direct).reshape(-1, 3).T
        none = np.zeros(len(mass))
        kinds = Kinds(none.astype(int), service, setup, none, mass, none + 1.0, none, none)
        self._atoms = Atoms(packets, kinds, 1)
        self._shortest = min(queue.service for queue in self._groups)

    def __len__(self) -> int:
        return 1

    def _transform(self, s: np.ndarray) -> np.ndarray:
        """Of all packets but those that make atoms."""
        packets, phases = self._packets, self._phases
        slower = packets.stretch(s)
        plain = slower - packets.other_rate * (1.0 - np.exp(-slower * packets.other_cost))
        silent = phases.silent + slower[..., None, None] * np.eye(2)
        total = np.zeros(s.shape, dtype=complex)
        for queue, (starts, ends) in self._groups.items():
            steady = queue.moves if packets.exponential else queue.service
            z = np.exp(-slower * steady) / (1.0 + slower * (queue.service - steady))
            work = batch_transform(z, packets)
            first = np.zeros((*s.shape, 2), dtype=complex)
            alone = np.zeros(s.shape, dtype=complex)
            for (setup, waited), driver in starts.items():
                part = np.exp(-slower * setup)[..., None] * driver
                if waited > 0.0:
                    over = np.exp(-slower * waited)[..., None]
                    part = part @ phases.quiet(waited) - part * over
                    part = _divide(part, silent) * phases.rates
                if waited > 0.0 or packets.spread:
                    alone += part.sum(axis=-1)
                first += part
            matrix = (
                phases.generator
                + plain[..., None, None] * np.eye(2)
                - (1.0 - work)[..., None, None] * np.diag(phases.rates)
            )
            later = _divide(ends - first * work[..., None], matrix) @ phases.rates
            total += (alone + later) * z * position_transform(z, packets)
        return total * (packets.batch / self.total)

    def survival(self, t: np.ndarray, which: np.ndarray | None = None) -> np.ndarray:
        """P(T > t) at times (n,) > 0, seconds."""
        t = np.asarray(t, dtype=float)
        s = nodes(t, _TERMS)
        smooth = invert((1.0 - self._atoms.mass[0] - self._transform(s)) / s, t)
        return np.clip(smooth + self._atoms.above(t, np.zeros(len(t), dtype=int)), 0.0, 1.0)

    def survival_grid(self, t: np.ndarray) -> np.ndarray:
        """(1, n) the same."""
        return self.survival(t)[None]

    def heaviest_atom(self, which: int, low: float, high: float) -> float | None:
        """Where the heaviest atom lies strictly between two times, if any."""
        return self._atoms.heaviest(0, low, high)

    def percentiles(self, p: Sequence[float], mean: float) -> np.ndarray:
        """(1, len(p)) seconds; `mean` is the mean sojourn."""
        return percentiles(self, p, (0.5 * self._shortest, 8.0 * mean), 16)


def _divide(row: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(..., 2) row times the inverse of the matrix (..., 2, 2)."""
    a, b, c, d = (matrix[..., i, j] for i in (0, 1) for j in (0, 1))
    x, y = row[..., 0], row[..., 1]
    return np.stack([x * d - y * c, y * a - x * b], axis=-1) / (a * d - b * c)[..., None]
