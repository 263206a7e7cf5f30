"""Random durations, interrupts and batches of the SimPy model: endless iterators, seconds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from ..durations import Duration
from ..scenario import Scenario
from ..scenario.arrivals import Batch, Mmpp, Recorded

__all__ = ["Streams", "gaps"]

_AT_ONCE = 1024  # numbers drawn in one call


class Streams:
    """Functions that return the next value, each with random numbers of its own.

    >>> from fpsimd_model.scenario import Scenario
    >>> streams = Streams(Scenario(), np.random.SeedSequence(1))
    >>> 0.0 < streams.residency() < 0.1, streams.packets()
    (True, 1)
    """

    def __init__(self, scenario: Scenario, seeds: np.random.SeedSequence) -> None:
        rngs = [np.random.default_rng(seed) for seed in seeds.spawn(12)]
        v, q = scenario.vcpu, scenario.softirq
        self.residency = duration(rngs[0], v.residency_us)
        self.out = duration(rngs[1], v.out_us)
        self.run_loop = duration(rngs[2], v.run_loop_us)
        self.guest_run = duration(rngs[3], v.guest_run_us)
        self.fp = duration(rngs[4], v.first_fp_us)
        self.reason = _values(lambda: rngs[5].random(_AT_ONCE))
        self.packets = batches(rngs[7], q.packets_per_interrupt)
        if isinstance(q.interrupts_per_s, Recorded):
            self.interrupt_gap, packets = recorded(rngs[6], q.interrupts_per_s)
            self.packets = packets or self.packets
        else:
            self.interrupt_gap = gaps(rngs[6], q.interrupts_per_s)
        self.other_gap = _exponential(rngs[8], q.other_interrupts_per_s)
        self.pending = _values(lambda: rngs[9].random(_AT_ONCE))
        self.task_gap = _exponential(rngs[10], v.task_neon_per_s)
        self.service = _exponential(rngs[11], 1.0)


def duration(rng: np.random.Generator, given: Duration) -> Callable[[], float]:
    """The shapes of model.md section 8; hyperexponential with balanced means."""
    mean, cv2, n = given.mean_s, given.cv2, _AT_ONCE
    if given.shape == "deterministic":
        return lambda: mean
    if given.shape == "exponential":
        return _values(lambda: rng.exponential(mean, n))
    if given.shape == "gamma":
        return _values(lambda: rng.gamma(1.0 / cv2, mean * cv2, n))
    if given.shape == "lognormal":
        width = math.log1p(cv2)
        return _values(lambda: rng.lognormal(math.log(mean) - width / 2.0, math.sqrt(width), n))
    if given.shape == "empirical":
        samples = np.array(given.samples) * 1e-6
        return _values(lambda: rng.choice(samples, n))
    often = (1.0 + math.sqrt((cv2 - 1.0) / (cv2 + 1.0))) / 2.0

    def two_phases() -> np.ndarray:
        share = np.where(rng.random(n) < often, often, 1.0 - often)
        return rng.exponential(mean / (2.0 * share))

    return _values(two_phases)


def gaps(rng: np.random.Generator, rate: float | Mmpp) -> Callable[[], float]:
    """Time to the next interrupt: Poisson, or a Poisson process that two phases modulate."""
    return _mmpp(rng, rate).__next__ if isinstance(rate, Mmpp) else _exponential(rng, rate)


def recorded(
    rng: np.random.Generator, given: Recorded
) -> tuple[Callable[[], float], Callable[[], int] | None]:
    """Gaps and packets in the order of the recording, from some place on, over and over."""
    start = int(rng.integers(len(given.gaps_us)))
    times = (1e-6 / given.scale * gap for gap in _round(given.gaps_us, start))
    packets = given.packets and _round(given.packets, start).__next__
    return times.__next__, packets


def _round(values: tuple, start: int) -> Iterator:
    return itertools.cycle(values[start:] + values[:start])


def _mmpp(rng: np.random.Generator, given: Mmpp) -> Iterator[float]:
    rates = (given.rate1_per_s, given.rate2_per_s)
    stays = (given.mean1_us * 1e-6, given.mean2_us * 1e-6)
    phase = int(rng.random() * sum(stays) >= stays[0])
    since = 0.0
    while True:  # whichever comes first: an interrupt or the other phase
        total = rates[phase] + 1.0 / stays[phase]
        since += rng.exponential(1.0 / total)
        if rng.random() * total < rates[phase]:
            yield since
            since = 0.0
        else:
            phase = 1 - phase


def batches(rng: np.random.Generator, given: float | Batch) -> Callable[[], int]:
    """Packets of one interrupt: as many each time, or geometric from 1."""
    if isinstance(given, Batch):
        return lambda: int(given.mean)
    if given == 1.0:
        return lambda: 1
    return _values(lambda: rng.geometric(1.0 / given, _AT_ONCE))


def _exponential(rng: np.random.Generator, rate: float) -> Callable[[], float]:
    if not rate:
        return lambda: math.inf
    return _values(lambda: rng.exponential(1.0 / rate, _AT_ONCE))


def _values(draw: Callable[[], np.ndarray]) -> Callable[[], float]:
    def endless() -> Iterator[float]:
        while True:
            yield from draw().tolist()

    return endless().__next__
