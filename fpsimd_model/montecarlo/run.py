"""One policy: replications of the compiled loop, each with streams of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..automaton import EVENT_NAMES
from ..registers import COUNTERS
from .histogram import Sojourns, empty, used
from .kernel import SCALAR, advance, waiting
from .plan import Plan
from .records import SUMS
from .start import start_of
from .streams import streams
from .tables import Model

__all__ = ["Replication", "Rings", "Run", "replicate"]

_RING = 1024
_INTERRUPT = EVENT_NAMES.index("interrupt")


@dataclass(frozen=True, eq=False)
class Replication:
    """What one replication measured over `wall` seconds, see :func:`.kernel.advance`."""

    wall: float
    counts: np.ndarray
    served: np.ndarray
    sums: np.ndarray
    histogram: np.ndarray


class Rings:
    """Batches that wait for softirqs to be enabled, and for cryptd."""

    def __init__(self, size: int = _RING) -> None:
        self.size = size
        self.arrays = tuple(np.zeros(size, t) for t in (float, np.int64, float, np.int64))

    def grown(self, carried: np.ndarray) -> Rings:
        """Twice as large, with the same batches in the same order."""
        larger = Rings(2 * self.size)
        for i, ring in enumerate(("wait", "crypto")):
            order = (int(carried[f"{ring}_head"][0]) + np.arange(self.size)) % self.size
            for array, old in zip(larger.arrays[2 * i :], self.arrays[2 * i :][:2], strict=False):
                array[: self.size] = old[order]
            carried[f"{ring}_head"] = 0
        return larger


def replicate(
    model: Model, plan: Plan, seed: int, index: int, tick: Callable[[float], None]
) -> Replication:
    """Run replication `index`; `tick` is told the modelled seconds of each chunk as it is done."""
    *rngs, start = streams(seed, index)
    carried = start_of(model, start)
    rings = Rings()
    size = len(model.following)
    for length in (plan.warm_up, plan.measured):
        histogram = empty()
        counts, served = np.zeros(size, np.int64), np.zeros(size, np.int64)
        sums = np.zeros(1, dtype=SUMS)
        sums["first_bin"] = len(histogram)
        totals = (counts, served, sums, histogram)
        since = now = float(carried["now"][0])
        until = since + length
        sums["queue_time"] = -_waiting(model, now, carried, rings, rngs[0])[1]
        while now < until:
            stop = min(now + plan.chunk, until)
            rings = _advance(model, stop, carried, rings, totals, rngs)
            before, now = now, float(carried["now"][0])
            tick(now - before)
    # Time in the system: of those who left, less what was before, plus those who are still in it.
    sums["backlog"], age = _waiting(model, until, carried, rings, rngs[0])
    sums["queue_time"] += sums["sojourn"] + age
    bins = slice(int(sums["first_bin"][0]), int(sums["last_bin"][0]) + 1)
    return Replication(now - since, counts, served, sums, used(histogram, bins))


def _advance(model, until, carried, rings, totals, rngs) -> Rings:
    """One stretch; rings that are full are replaced by larger ones."""
    while not advance(until, *model.arrays(), carried, *rings.arrays, *totals, *rngs, None):
        rings = rings.grown(carried)
    return rings


def _waiting(model, until, carried, rings, rng_arrivals) -> tuple[int, float]:
    """Packets in the system at `until`, and the sum of their ages at the event after that."""
    given, kept, recorded = model.constants[0], carried[0], (model.gaps, model.packets)
    drawn = kept["next_irq"] <= kept["now"]  # else the stream is not touched
    rng = copy.deepcopy(rng_arrivals) if drawn else rng_arrivals
    return waiting(until, given, kept, *rings.arrays, *recorded, rng)


@dataclass(frozen=True, eq=False)
class Run:
    """All replications of one policy: (R,) of each sum.

    `moves` is (R, C), register moves and the like in the order of ``COUNTERS``.
    """

    model: Model
    plan: Plan
    wall: np.ndarray
    sums: np.ndarray
    moves: np.ndarray
    packets: np.ndarray
    scalar_packets: np.ndarray
    events: np.ndarray
    sojourns: Sojourns

    @classmethod
    def of(cls, model: Model, plan: Plan, replications: list[Replication]) -> Run:
        """Put replications together, in their order."""
        sums = np.concatenate([r.sums for r in replications])
        counts = np.stack([r.counts for r in replications]).astype(float)
        served = np.stack([r.served for r in replications]).astype(float)
        table = model.table
        per_event = table.before.reshape(-1, len(COUNTERS))
        # The first section of a busy period is in `before`; what put releases pays for none.
        first = np.zeros_like(table.softirq)
        first[:, _INTERRUPT] = 1
        more = (served * model.constants["sections"] - counts) * first.ravel()
        section = table.section.reshape(-1, len(COUNTERS))
        scalar = served[:, table.softirq.ravel() == SCALAR].sum(axis=1)
        packets = served.sum(axis=1) + sums["cryptd_packets"]
        return cls(
            model,
            plan,
            np.array([r.wall for r in replications]),
            sums,
            counts @ per_event + more @ section,
            packets,
            scalar,
            (counts * (1 - first.ravel())).sum(axis=1)
            + packets
            + sums["interrupts"]
            + sums["skipped"],
            Sojourns.of([r.histogram for r in replications]),
        )
