"""The five clocks of a vCPU thread and the phases of each: rates, orders, and what was fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..durations import Duration, phase_type
from ..parameters import DURATIONS, Parameters
from .phases_fit import PhaseType
from .rows import rate_index, rates

__all__ = [
    "DRIVEN",
    "FIRST_FP",
    "GUEST_RUN",
    "OUT",
    "RESIDENCY",
    "RUN_LOOP",
    "Clocks",
    "Columns",
    "clock_rates",
    "clocks_of",
    "columns_of",
    "fits_of",
    "note_of",
    "orders_of",
    "share_index",
    "shares_of",
]

RESIDENCY, OUT, RUN_LOOP, GUEST_RUN, FIRST_FP = range(len(DURATIONS))

#: What drives the rows of each rate: families of columns, and the clock whose phases they have.
DRIVEN = {
    "load": (("load", OUT),),
    "enter": (("enter", RUN_LOOP),),
    "access": (("access", FIRST_FP),),
    "exit": (("exit", GUEST_RUN),),
    "put_user": (("put_user", RESIDENCY),),
    "put_sched": (("put_sched", RESIDENCY),),
    "put_sched_unpreempted": (("put_sched_unpreempted", RESIDENCY),),
    "end_user": (("put_user", RESIDENCY), ("exit_put_user", GUEST_RUN)),
    "end_sched": (("put_sched", RESIDENCY), ("exit_put_sched", GUEST_RUN)),
    "end_sched_unpreempted": (
        ("put_sched_unpreempted", RESIDENCY),
        ("exit_put_sched", GUEST_RUN),
    ),
}
_FAMILIES = dict(pair for pairs in DRIVEN.values() for pair in pairs) | {"ignored": RESIDENCY}
share_index = {family: len(rate_index) + i for i, family in enumerate(_FAMILIES)}
_CELLS = 800  # combinations of phases: all policies in well under a second


@dataclass(frozen=True, eq=False)
class Clocks:
    """Fits of the five clocks of B scenarios that have the same orders.

    Attributes
    ----------
    fits:
        B tuples of five.
    done, onward:
        For each clock (B, order) per second: rates at which a phase is the last, or is followed.
    """

    fits: tuple[tuple[PhaseType, ...], ...]
    done: tuple[np.ndarray, ...]
    onward: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, fits: Sequence[tuple[PhaseType, ...]]) -> Clocks:
        def rates(clock: int, kind: str) -> np.ndarray:
            column = [each[clock] for each in fits]
            different = {id(fit): fit for fit in column}  # few are
            known = {key: getattr(fit, kind) for key, fit in different.items()}
            return 1e6 * np.array([known[id(fit)] for fit in column])

        done, onward = (
            tuple(rates(clock, kind) for clock in range(len(DURATIONS)))
            for kind in ("done", "onward")
        )
        return cls(tuple(fits), done, onward)

    @property
    def shape(self) -> tuple[tuple[bool, ...], ...]:
        """Of each clock's phases, whether one can be the last in some scenario."""
        return tuple(tuple((rate > 0).any(axis=0).tolist()) for rate in self.done)


def note_of(p: Parameters) -> str:
    """What was fitted in the first scenario, and how well; "" if nothing had to be."""
    clocks = clocks_of(p)
    if clocks is None:
        return ""
    told = [
        f"{key} {duration.shape}: {_quality(fit)}"
        for key, duration, fit in zip(DURATIONS, p.durations[0], clocks.fits[0], strict=True)
        if duration.shape != "exponential"
    ]
    return f"phase-type durations ({'; '.join(told)})"


def _quality(fit: PhaseType) -> str:
    phases = f"{len(fit)} phase{'s' * (len(fit) > 1)}"
    if fit.exact:
        return f"{phases}, exact"
    error, told = fit.error, []
    if fit.matched_moments < 2:
        told.append(f"cv2 {fit.cv2:.3g} for {fit.cv2 - error.cv2:.3g}")
    if fit.matched_moments < 3:
        told.append(f"third moment {100.0 * error.third:+.2g}%")
    return f"{phases}, {', '.join([*told, f'distance {error.distance:.2g}'])}"


@lru_cache(maxsize=16)
def clocks_of(p: Parameters) -> Clocks | None:
    """Fits of the durations of B scenarios of the same orders; None if all are exponential."""
    if all(durations is None for durations in p.durations):
        return None
    return Clocks.of(_fits(p))


def orders_of(p: Parameters) -> list[tuple[int, ...]]:
    """Phases of each clock in B scenarios; () where all are exponential."""
    return [tuple(map(len, fits)) for fits in _fits(p)]


def _fits(p: Parameters) -> list[tuple[PhaseType, ...]]:
    """:func:`fits_of` B scenarios; those of a sweep share durations, whose samples are many."""
    known: dict[tuple[int, ...] | None, tuple[PhaseType, ...]] = {None: ()}
    found = []
    for durations in p.durations:
        key = durations and tuple(map(id, durations))
        if key not in known:
            known[key] = fits_of(durations)
        found.append(known[key])
    return found


@lru_cache(maxsize=1024)
def fits_of(durations: tuple[Duration, ...]) -> tuple[PhaseType, ...]:
    """A fit of each, the longest ones of fewer phases where all together would be too many."""
    most = [len(phase_type(one)) for one in durations]
    while _cells(most) > _CELLS and max(most) > 2:
        most[most.index(max(most))] -= 1
    return tuple(phase_type(one, max(2, k)) for one, k in zip(durations, most, strict=True))


def _cells(orders: Sequence[int]) -> int:
    """Combinations of phases in the guest, in the loop and outside."""
    residency, out, loop, run, fp = orders
    return run * fp * (residency * (loop + 1) + out)


@dataclass(frozen=True)
class Columns:
    """Where the phases of each family begin among the columns of :func:`clock_rates`."""

    start: dict
    size: int


@lru_cache(maxsize=256)
def columns_of(orders: tuple[int, ...]) -> Columns:
    """For clocks of these orders; the first columns are those of :func:`.rows.rates`."""
    start, at = {}, len(rate_index)
    for family, clock in _FAMILIES.items():
        start[family] = at
        at += orders[clock]
    for clock, order in enumerate(orders):
        start["onward", clock] = at
        at += order
    return Columns(start, at)


def shares_of(p: Parameters) -> np.ndarray:
    """(B, columns) rates per second of what no clock drives, and shares of the ends of clocks.

    The first columns are those of :func:`.rows.rates`, the others those of ``share_index``.
    """
    rest = 1.0 - p.preempted_share
    to_user = np.where(rest > 0, p.user_exit_share / np.where(rest > 0, rest, 1.0), 0.0)
    to_user = np.minimum(to_user, 1.0)
    blocked = np.maximum(0.0, rest - p.user_exit_share)
    one = np.ones(len(p))
    share = {
        "load": one,
        "enter": one,
        "access": one,
        "exit": 1.0 - p.exit_put_share,
        "put_user": p.user_exit_share,
        "put_sched": blocked + p.preempted_share,
        "put_sched_unpreempted": blocked,
        "exit_put_user": p.exit_put_share * to_user,
        "exit_put_sched": p.exit_put_share * (1.0 - to_user),
        "ignored": p.preempted_share,
    }
    ends = np.stack([share[family] for family in _FAMILIES], axis=1)
    return np.concatenate([rates(p), ends], axis=1)


def clock_rates(p: Parameters, clocks: Clocks | None) -> np.ndarray:
    """(B, columns) per second of thread time."""
    if clocks is None:
        return rates(p)
    share = shares_of(p)
    parts = [share[:, : len(rate_index)]]
    for family, clock in _FAMILIES.items():
        parts.append(share[:, [share_index[family]]] * clocks.done[clock])
    return np.concatenate([*parts, *clocks.onward], axis=1)
