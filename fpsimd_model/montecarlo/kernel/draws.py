"""Random numbers, and how long something lasts this time; numpy's own numbers, bit for bit.

A stream is a record of :data:`.cpu.STREAM`, a shape one of :data:`.cpu.SHAPE`.
"""

from __future__ import annotations

import math

from numba.np.random.distributions import (
    random_standard_exponential,
    random_standard_gamma,
    random_standard_normal,
)
from numba.np.random.generator_core import next_double

from ..records import SHAPES
from .compiling import compiled, part
from .pointers import stream

__all__ = ["draw_shape", "duration", "exponential", "uniform"]

_DETERMINISTIC, _EXPONENTIAL, _GAMMA, _LOGNORMAL, _HYPEREXPONENTIAL = (
    SHAPES[name]
    for name in ("deterministic", "exponential", "gamma", "lognormal", "hyperexponential")
)


@part
def _bits(rng):
    return stream(rng.state, rng.next_uint64, rng.next_double)


@part
def exponential(rng):
    """``Generator.standard_exponential``."""
    return random_standard_exponential(_bits(rng))


@part
def uniform(rng):
    """``Generator.random``."""
    return next_double(_bits(rng))


@part
def duration(rng, shape, samples):
    """Seconds; `samples` are those of the empirical shapes."""
    if shape.kind == _EXPONENTIAL:
        return shape.a * exponential(rng)
    return draw_shape(rng, shape, samples)


@compiled
def draw_shape(rng, shape, samples):
    """A duration that is not exponential; what a, b and c are says `sampling.shape_rows`."""
    kind, a, b, c = int(shape.kind), shape.a, shape.b, shape.c
    if kind == _DETERMINISTIC:
        return a
    if kind == _GAMMA:
        return a * random_standard_gamma(_bits(rng), b)
    if kind == _LOGNORMAL:
        return math.exp(a + b * random_standard_normal(_bits(rng)))
    if kind == _HYPEREXPONENTIAL:
        mean = a if uniform(rng) < c else b
        return mean * exponential(rng)
    first, number = int(a), int(b)
    return samples[first + min(int(uniform(rng) * number), number - 1)]
