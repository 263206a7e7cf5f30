"""The distribution of sojourn times under MMPP arrivals.

With F(s) the transform of the waits of first interrupts, by the phase right behind them, and E
the phases at the ends of busy periods, all packets together have

    b Z (F 1 + (E - F B*) M^-1 λ),    M = s I + Q - Λ (1 - B*),

Z being the service of a packet and of those ahead in its batch; interrupts without crypto stretch
all work (V. Ramaswami, The N/G/1 queue and its detailed analysis, Advances in Applied Probability
12 (1980) 222-261, for the queue without set-up).

Interrupts that come in thread time wait for fixed delays, F0.  Of a masked operation let N be the
work that stands at its start less that at its end while no interrupt has come: with A = M - Λ B*
these are F = N A^-1 Λ, and as A^-1 Λ B* M^-1 = A^-1 - M^-1 the sum is

    b Z (F0 1 + (E + N - F0 B*) M^-1 λ),

delays all but for what :mod:`.cells` has in tables.  Beyond them the transform is inverted.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ..inversion import FINER, invert, nodes
from ..kinds import Atoms
from ..packets import Packets, position_transform
from ..percentiles import percentiles
from .busy import Queue
from .cells import Cells, cells_of
from .flows import Burst, BurstFlows
from .phases import Phases, exponential

__all__ = ["BurstSojourns"]

_SMOOTH, _ROUGH = 64, 160  # terms of the Fourier series where no kink shows, and elsewhere


class BurstSojourns:
    """Sojourn times of one policy; interface as :class:`..sojourn.Sojourns` of one mixture."""

    def __init__(self, packets: Packets, phases: Phases, flows: BurstFlows) -> None:
        self.total = float((flows.period_flow * flows.periods.packets).sum())
        self._share = packets.batch / self.total
        groups: dict[Queue, _Group] = {}
        for burst in flows.bursts:
            if burst.queue not in groups:
                groups[burst.queue] = _Group(packets, phases, burst.queue)
            groups[burst.queue].add(burst)
        direct = [
            (queue.service, *one) for queue, group in groups.items() for one in group.direct()
        ]
        service, setup, mass = np.array(direct).reshape(-1, 3).T * [[1.0], [1.0], [self._share]]
        self._atoms = Atoms.of(packets, service, setup, mass)
        self._groups = list(groups.values())
        self._shortest = min(queue.service for queue in groups)

    def __len__(self) -> int:
        return 1

    def inverted(self, t: np.ndarray) -> np.ndarray:
        """(n,) bool: where the transform is inverted."""
        return np.any([group.inverted(t) for group in self._groups], axis=0)

    def survival(
        self, t: np.ndarray, which: np.ndarray | None = None, finer: int = 0
    ) -> np.ndarray:
        """P(T > t) at times (n,) > 0, seconds."""
        t = np.asarray(t, dtype=float)
        out = self._atoms.above(t, np.zeros(len(t), dtype=int))
        for group in self._groups:
            out = out + self._share * group.survival(t, finer)
        return np.clip(out, 0.0, 1.0)

    def survival_grid(self, t: np.ndarray, finer: int = 0) -> np.ndarray:
        """(1, n) the same."""
        return self.survival(t, None, finer)[None]

    def heaviest_atom(self, which: int, low: float, high: float) -> float | None:
        """Where the heaviest atom lies strictly between two times, if any."""
        return self._atoms.heaviest(0, low, high)

    def percentiles(self, p: Sequence[float], mean: float) -> np.ndarray:
        """(1, len(p)) seconds; `mean` is the mean sojourn."""
        return percentiles(self, p, (0.5 * self._shortest, 8.0 * mean), 16)


class _Group:
    """Busy periods of one queue: sums of fixed delays of work, each with its phases (2,)."""

    def __init__(self, packets: Packets, phases: Phases, queue: Queue) -> None:
        self._packets, self._phases, self._queue = packets, phases, queue
        self._ends, self._interrupts = np.zeros(2), 0.0
        self._direct: dict[float, np.ndarray] = {}
        self._masked: dict[tuple[float, float, bool, bytes], np.ndarray] = {}
        self._cells: Cells | None = cells_of(packets, queue)
        smooth = self._cells is not None and self._cells.smooth
        self._terms = _SMOOTH if smooth else _ROUGH

    def add(self, burst: Burst) -> None:
        """One kind of busy period."""
        self._ends += burst.ends
        self._interrupts += burst.packets / self._packets.batch
        if burst.waited == 0.0:
            _add(self._direct, burst.setup, burst.driver)
        else:
            key = burst.setup, burst.waited, burst.guest, burst.law.tobytes()
            _add(self._masked, key, burst.driver)

    def inverted(self, t: np.ndarray) -> np.ndarray:
        """(n,) bool: beyond the tables."""
        return np.ones(len(t), dtype=bool) if self._cells is None else t > self._cells.end

    def direct(self) -> list[tuple[float, float]]:
        """Set-ups ahead of interrupts in thread time, and how many."""
        return [(setup, float(row.sum())) for setup, row in self._direct.items()]

    @cached_property
    def _behind(self) -> list[tuple[float, float, np.ndarray]]:
        """N: time, the work in it that may be stopped, and the phases (2,)."""
        packets, phases, cost = self._packets, self._phases, self._packets.other_cost
        quiet = phases.unserved(packets.other_rate, cost)
        stop = exponential(quiet, cost)
        found: dict[tuple[float, float], np.ndarray] = {}
        for (setup, waited, guest, law), driver in self._masked.items():
            if guest:  # other interrupts that come meanwhile stand behind it
                _add(found, (setup, setup + waited), driver @ phases.quiet(waited))
                _add(found, (setup + waited, setup + waited), -driver)
                continue
            row = driver @ exponential(quiet, waited)
            for k, weight in enumerate(np.frombuffer(law)):
                end = setup + waited + k * cost
                _add(found, (setup, setup), weight * row)
                _add(found, (end, end), -weight * driver)
                row = row @ stop
        return [(at, work, row) for (at, work), row in found.items() if abs(row).max() > 0.0]

    @cached_property
    def _finished(self) -> np.ndarray:
        """E: as many as begin, to the last digit, as every s near 0 divides by what is missed."""
        began = sum(row.sum() for row in self._direct.values())
        began -= sum(row.sum() for _, _, row in self._behind)
        return self._ends * (began / self._ends.sum())

    def survival(self, t: np.ndarray, finer: int = 0) -> np.ndarray:
        """(n,) interrupts per second of thread time whose packets take longer, atoms excepted."""
        atoms = 0.0
        if not self._packets.spread:
            atoms = sum(float(row.sum()) for row in self._direct.values())
        early = ~self.inverted(t)
        out = np.full(len(t), self._interrupts - atoms)
        if early.any():
            out[early] -= self._below(t[early])
        late = t[~early]
        if len(late):
            s = nodes(late, round(self._terms * FINER**finer))
            out[~early] = invert((self._interrupts - atoms - self._transform(s)) / s, late)
        return out

    def _transform(self, s: np.ndarray) -> np.ndarray:
        """Of all packets but those that make atoms."""
        packets, queue, phases = self._packets, self._queue, self._phases
        slower = packets.stretch(s)
        steady = queue.moves if packets.exponential else queue.service
        z = np.exp(-slower * steady) / (1.0 + slower * (queue.service - steady))
        missed = packets.missed(slower, queue.service, queue.moves)
        direct, begins = np.zeros((*s.shape, 2), dtype=complex), self._finished
        less = np.zeros(s.shape, dtype=complex)  # of both together: they are as many at s = 0
        for at, row in self._direct.items():
            passed = np.expm1(-slower * at)
            direct += (1.0 + passed)[..., None] * row
            less -= passed * row.sum()
        for at, stopped, row in self._behind:
            passed = np.expm1((s - slower) * stopped - s * at)
            begins = begins + (1.0 + passed)[..., None] * row
            less += passed * row.sum()
        row = begins - direct * (1.0 - missed)[..., None]
        less += missed * direct.sum(axis=-1)
        found = phases.divided(row, less, s, missed)
        if packets.spread:
            found = found + direct.sum(axis=-1)
        return found * z * position_transform(z, packets)

    def _below(self, t: np.ndarray) -> np.ndarray:
        """(n,) those that take no longer, from the tables."""
        delay, begins, direct = self._delays
        h, twice, own = self._cells.at(t[:, None] - delay)
        found = np.einsum("cnd,dc->n", h, begins) - np.einsum("cnd,dc->n", twice, direct)
        return found + own.sum(axis=0) @ direct.sum(axis=1)

    @cached_property
    def _delays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Delays (D,) with their stops; E + N and F0 (D, 2)."""
        packets, none = self._packets, np.zeros(2)
        found = [(0.0, self._finished, none)]
        ways = [(at, work, row, none) for at, work, row in self._behind]
        ways += [(at, at, none, row) for at, row in self._direct.items()]
        for at, work, begins, direct in ways:
            for k, weight in enumerate(packets.stops(packets.other_rate * work)):
                found.append((at + k * packets.other_cost, weight * begins, weight * direct))
        delay, begins, direct = zip(*found, strict=True)
        return np.array(delay), np.array(begins), np.array(direct)


def _add(sums: dict, key, row: np.ndarray) -> None:
    sums[key] = sums.get(key, 0.0) + row
