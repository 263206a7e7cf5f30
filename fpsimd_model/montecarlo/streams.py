"""One stream of random numbers for each kind of draw of each replication.

A policy does not change when interrupts come or how long the guest wants to run; with streams of
their own, two policies under one seed see the same of each, and the difference between them is
known better than either (common random numbers: A. M. Law, Simulation Modeling and Analysis,
5th ed. (2015), section 11.2).
"""

from __future__ import annotations

import numpy as np

from ..errors import InputError

__all__ = ["STREAMS", "checked_seed", "streams"]

#: In the order in which the compiled loop takes them; the last is for the start.
STREAMS = (
    "arrivals",
    "residency",
    "out",
    "loop",
    "run",
    "fp",
    "service",
    "reason",
    "other",
    "task",
    "start",
)


def checked_seed(seed: object) -> int:
    """`seed` as a whole number.

    Raises
    ------
    InputError
        If it is none, or negative.

    >>> checked_seed(-1)
    Traceback (most recent call last):
    fpsimd_model.errors.InputError: seed: -1 is no whole number from 0 up
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed: {seed!r} is no whole number from 0 up")
    return int(seed)


def streams(seed: int, replication: int) -> tuple[np.random.Generator, ...]:
    """Independent generators, one for each of :data:`STREAMS`.

    They are what ``SeedSequence(seed).spawn`` gives, twice over.

    >>> seeds = np.random.SeedSequence(7).spawn(3)[2].spawn(2)
    >>> streams(7, 2)[1].random() == np.random.default_rng(seeds[1]).random()
    True
    """
    return tuple(
        np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(replication, i)))
        )
        for i in range(len(STREAMS))
    )
