"""A recording as the list of hook calls that any policy would have seen.

Times are gone: what is left is which hook runs after which, where softirqs wanted NEON, and what
is known of the guest's FP use.  A guest that enters with its registers live can use them without
anybody noticing, so each run is one of three: it used FP, it did not, or the trace cannot tell.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from ..traces import Context, Kind, Position, Recording

__all__ = ["Call", "accesses", "script_of"]


class Call(enum.IntEnum):
    """One call, or one thing that happens to the registers between calls."""

    LOAD = 0
    ENTER = 1
    ACCESS = 2
    MAYBE_ACCESS = 3
    EXIT = 4
    SOFTIRQ_PENDING = 5
    NEON = 6
    TASK_NEON = 7
    PREEMPT_ENABLE = 8
    PUT = 9
    RETURN_TO_USER = 10
    SCHED_OUT = 11


_BEFORE = {
    Position.LOOP: (Call.LOAD,),
    Position.WINDOW: (Call.LOAD, Call.ENTER, Call.EXIT),
    Position.GUEST: (Call.LOAD, Call.ENTER),
    Position.SCHED: (Call.SCHED_OUT,),
    Position.USER: (),
    Position.UNKNOWN: (),
}
_PLAIN = {
    Kind.LOAD: Call.LOAD,
    Kind.PREEMPT_ENABLE: Call.PREEMPT_ENABLE,
    Kind.PUT: Call.PUT,
    Kind.RETURN_TO_USER: Call.RETURN_TO_USER,
    Kind.SCHED_OUT: Call.SCHED_OUT,
}


def script_of(recording: Recording) -> tuple[list[Call], list[Call]]:
    """What came before the trace (not counted), and the calls that the `recording` shows.

    The first run of a trace that begins in the guest, and the first after a gap, are taken as
    entered with the trap armed.
    """
    before = list(_BEFORE[recording.start])
    calls: list[Call] = []
    live = False  # at the last entry, in the recorded kernel
    carried = False  # the registers stayed the guest's since the last exit
    run_at: int | None = len(calls) if recording.start == Position.GUEST else None
    checked = False
    for step in recording:
        kind = step.kind
        if kind == Kind.ENTER:
            calls.append(Call.ENTER)
            run_at, live, checked = len(calls), carried, False
        elif kind == Kind.EXIT:
            if run_at is not None:
                use = _use(step.live, live)
                if use is not None:
                    calls.append(use)
            calls.append(Call.EXIT)
            carried, run_at, checked = step.live == 1, None, False
        elif kind == Kind.SOFTIRQ_ENTRY:
            if step.position == Position.WINDOW and not checked:
                calls.append(Call.SOFTIRQ_PENDING)
                checked = True
        elif kind == Kind.NEON_BEGIN:
            if step.position == Position.SCHED or step.position == Position.UNKNOWN:
                continue  # what it saves there is another task's
            calls.append(Call.TASK_NEON if step.context == Context.TASK else Call.NEON)
            carried = False
        elif kind in _PLAIN:
            calls.append(_PLAIN[kind])
            if kind in (Kind.PUT, Kind.SCHED_OUT, Kind.LOAD):
                carried = False
        elif kind == Kind.GAP:
            carried = False
    return before, calls


def _use(live_at_exit: int, live_at_entry: bool) -> Call | None:
    """What an exit tells of the run before it."""
    if live_at_exit == 0:
        return None  # it would have trapped and been live
    if live_at_exit == 1 and not live_at_entry:
        return Call.ACCESS
    return Call.MAYBE_ACCESS


def accesses(calls: Iterable[Call]) -> tuple[int, int]:
    """How many runs among `calls` used FP for certain, and how many may have."""
    listed = list(calls)
    return listed.count(Call.ACCESS), listed.count(Call.MAYBE_ACCESS)
