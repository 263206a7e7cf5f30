"""One simulation written down: what happened when, for a figure of a few milliseconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..automaton import EVENT_NAMES
from ..errors import InputError
from ..events import POSITIONS
from ..policies import select
from ..policies.base import Policy
from ..registers import COUNTERS
from ..scenario import Scenario
from .histogram import empty
from .kernel import NEON, advance, batch_of, next_arrival
from .limits import unbounded
from .records import LOG, NOTES, SUMS
from .run import Rings
from .start import start_of
from .streams import checked_seed, streams
from .tables import Model, model_of

__all__ = ["TimeLine", "timeline"]

_ROOM = 64  # lines that the compiled loop keeps free
_MOST = 10_000_000  # events
_CALLED = {"enter": "entry", "put_user": "put", "put_sched": "put", "other_softirq": "other"}


@dataclass(frozen=True, eq=False)
class TimeLine:
    """The events of one simulation in the order of their times; n of them.

    Attributes
    ----------
    NAMES:
        What can happen; `what` holds places in this tuple.  An ``exit``, a ``put`` and a ``trap``
        have the time at which their masked operation begins, an ``entry`` and a ``load`` that at
        which it is over: from entry to exit the guest runs, but for its traps.  ``packet_done`` is
        the end of a packet, ``handed_over`` that of the softirq budget, ``ksoftirqd_start`` when
        the thread runs; ``access`` is one of the guest's to its registers that changes what is
        known of them without a trap; ``other`` is an interrupt without crypto that finds no
        packets being served.
    policy:
        Name.
    time_s, what:
        (n,) seconds from the beginning, and code (``int8``).
    queue:
        (n,) packets in the system after the event.
    neon:
        (n,) whether the busy period that is going on, or just ended, uses NEON; false outside.
        One whose crypto goes to cryptd uses none.
    position:
        (n,) place in ``POSITIONS`` (user, sched, loop, guest) of the vCPU thread after the event.
    seconds:
        How long it is: what was asked for, or less if the log was full (`complete` is false).
    """

    NAMES: ClassVar[tuple[str, ...]] = (
        "arrival",
        "packet_done",
        "busy_start",
        "busy_end",
        "handed_over",
        "ksoftirqd_start",
        "ksoftirqd_end",
        "load",
        "entry",
        "access",
        "trap",
        "exit",
        "put",
        "other",
        "task_neon",
    )
    POSITIONS: ClassVar[tuple[str, ...]] = POSITIONS

    policy: str
    time_s: np.ndarray
    what: np.ndarray
    queue: np.ndarray
    neon: np.ndarray
    position: np.ndarray
    seconds: float
    complete: bool

    def __len__(self) -> int:
        return len(self.time_s)

    def at(self, *names: str) -> np.ndarray:
        """(k,) indices of the events of these names.

        Raises
        ------
        InputError
            For a name that is not in :attr:`NAMES`.
        """
        for name in names:
            if name not in self.NAMES:
                raise InputError(f"{name}: no event of a time line; {', '.join(self.NAMES)} are")
        return np.flatnonzero(np.isin(self.what, [self.NAMES.index(name) for name in names]))


def timeline(
    scenario: Scenario,
    policy: str | type[Policy],
    *,
    seed: int = 0,
    seconds: float = 0.05,
    limit: int = 200_000,
) -> TimeLine:
    """Simulate one policy from an empty queue and write down every event.

    The law, and with the same seed the very run, is that of the first replication of
    :func:`.simulate`, warm-up included.

    Parameters
    ----------
    scenario, policy, seed:
        As :func:`.simulate`.
    seconds:
        Modelled wall time.
    limit:
        The most events that are written down; there the time line ends.

    Raises
    ------
    InputError
        For a policy that is unknown or never ends a residency, a bad seed, length or limit.

    >>> line = timeline(Scenario(), "tracked", seed=1, seconds=0.01)
    >>> arrivals, done = len(line.at("arrival")), len(line.at("packet_done"))
    >>> arrivals - done == int(line.queue[-1])
    True
    """
    (policy,) = select([policy])
    model, seed = model_of(scenario, policy), checked_seed(seed)
    seconds, limit = _checked_seconds(seconds), _checked_limit(limit)
    if why := unbounded(model):
        raise InputError(f"{policy.name}: {why}")
    log, end, first = _simulate(model, seed, seconds, limit)
    return _read(model, log, end, first, seconds, limit)


def _checked_seconds(seconds: object) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float | np.number):
        raise InputError(f"seconds: {seconds!r} is no number")
    if not 0.0 < seconds < math.inf:
        raise InputError(f"seconds: {seconds:g} is not a time above 0")
    return float(seconds)


def _checked_limit(limit: object) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int | np.integer) or not 0 < limit <= _MOST:
        raise InputError(f"limit: {limit!r} is no whole number from 1 to {_MOST}")
    return int(limit)


def _simulate(model: Model, seed: int, seconds: float, limit: int) -> tuple[np.ndarray, float, int]:
    """The log as it was written, the time up to which it is, the first position."""
    *rngs, start = streams(seed, 0)
    carried, rings = start_of(model, start), Rings()
    first = int(model.position[carried["state"][0]])
    log = np.zeros(limit + _ROOM, LOG)
    size = len(model.following)
    totals = (np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(1, SUMS), empty())
    while not advance(seconds, *model.arrays(), carried, *rings.arrays, *totals, *rngs, log):
        if carried["logged"][0] >= limit:
            break
        rings = rings.grown(carried)
    end, lines = float(carried["now"][0]), log[: carried["logged"][0]]
    return np.concatenate([lines, _not_looked_at(model, carried[0], rngs[0])]), end, first


def _not_looked_at(model: Model, kept: np.void, rng: np.random.Generator) -> np.ndarray:
    """Interrupts that came while the last thing happened."""
    given, missed = model.constants[0], []
    at, phase, ends = float(kept["next_irq"]), int(kept["phase"]), float(kept["phase_end"])
    while at <= kept["now"]:
        batch = batch_of(rng, given, model.packets, phase)
        missed.append((at, NOTES.index("arrival"), batch))
        at, phase, ends = next_arrival(rng, given, model.gaps, at, phase, ends)
    return np.array(missed, LOG)


def _read(
    model: Model, log: np.ndarray, end: float, first: int, until: float, limit: int
) -> TimeLine:
    """Sort it, find the queue and what goes on at each moment; leave out what is too late."""
    log = log[log["time"] <= until]
    is_ = {name: log["what"] == code for code, name in enumerate(NOTES)}
    log = log[np.lexsort((~is_["arrival"], log["time"]))]
    if len(log) > limit:
        log = log[:limit]
        end = float(log["time"][-1])
    is_ = {name: log["what"] == code for code, name in enumerate(NOTES)}
    packets = np.where(is_["arrival"], log["value"], 0) - is_["packet_done"]

    starts = is_["busy_start"] | is_["thread"]
    begun = _last(np.where(starts, np.arange(len(log)), -1), -1)
    ended = _last(np.where(is_["busy_end"], np.arange(len(log)), -1), -1)
    busy = (begun >= 0) & (ended < begun) | is_["busy_end"]
    neon = busy & (log["value"][begun] == NEON)

    names = np.array(NOTES, object)[log["what"]]
    names[is_["thread"]] = "ksoftirqd_start"
    names[is_["busy_end"] & is_["thread"][begun]] = "ksoftirqd_end"
    where, place = np.full(len(log), -1), log["value"][is_["event"]]
    where[is_["event"]] = model.position[model.following[place]]
    names[is_["event"]] = [_name(model, key) for key in place]
    return TimeLine(
        model.table.policy.name,
        log["time"],
        np.array([TimeLine.NAMES.index(name) for name in names], np.int8),
        np.cumsum(packets),
        neon,
        _last(where, first).astype(np.int8),
        min(end, until),
        end >= until,
    )


def _name(model: Model, key: int) -> str:
    state, event = divmod(int(key), len(EVENT_NAMES))
    name = EVENT_NAMES[event]
    if name == "access" and model.table.before[state, event, COUNTERS.index("traps")]:
        return "trap"
    return _CALLED.get(name, name)


def _last(values: np.ndarray, first: int) -> np.ndarray:
    """Each value that is not negative until the next such; `first` before any."""
    place = np.maximum.accumulate(np.where(values >= 0, np.arange(len(values)), -1))
    return np.where(place >= 0, values[place], first)
