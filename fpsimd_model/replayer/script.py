"""A recording as the list of hook calls that any policy would have seen.

Times are gone: what is left is which hook runs after which, where softirqs wanted NEON, and what
is known of the guest's FP use.  A guest that enters with its registers live can use them without
anybody noticing, so each run is one of three: it used FP, it did not, or the trace cannot tell.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from ..traces import Context, Kind, Position, Recording

__all__ = ["SILENT", "Call", "Script", "accesses", "before", "script_of"]


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
#: Steps that call nothing and decide nothing.
SILENT = frozenset(
    set(Kind) - set(_PLAIN)
    - {Kind.ENTER, Kind.EXIT, Kind.SOFTIRQ_ENTRY, Kind.NEON_BEGIN, Kind.GAP}
)  # fmt: skip


class Script:
    """Turns steps into calls, one after another, from the position `start`; see `script_of`.

    What it remembers is in ``state``, which can be read and set.
    """

    def __init__(self, start: Position) -> None:
        self.live = False  # at the last entry, in the recorded kernel
        self.carried = False  # the registers stayed the guest's since the last exit
        self.in_run = start == Position.GUEST  # with a beginning that is known
        self.checked = False  # softirqs were looked for since the exit

    @property
    def state(self) -> tuple[bool, bool, bool, bool]:
        """All that decides which calls come."""
        return self.live, self.carried, self.in_run, self.checked

    @state.setter
    def state(self, state: tuple[bool, bool, bool, bool]) -> None:
        self.live, self.carried, self.in_run, self.checked = state

    def calls(self, kind: int, position: int, context: int, live: int) -> tuple[Call, ...]:
        """The calls of one step."""
        if kind == Kind.ENTER:
            self.in_run, self.live, self.checked = True, self.carried, False
            return (Call.ENTER,)
        if kind == Kind.EXIT:
            use = _use(live, self.live) if self.in_run else None
            self.carried, self.in_run, self.checked = live == 1, False, False
            return (Call.EXIT,) if use is None else (use, Call.EXIT)
        if kind == Kind.SOFTIRQ_ENTRY:
            if position != Position.WINDOW or self.checked:
                return ()
            self.checked = True
            return (Call.SOFTIRQ_PENDING,)
        if kind == Kind.NEON_BEGIN:
            if position == Position.SCHED or position == Position.UNKNOWN:
                return ()  # what it saves there is another task's
            self.carried = False
            return (Call.TASK_NEON if context == Context.TASK else Call.NEON,)
        if kind in (Kind.PUT, Kind.SCHED_OUT, Kind.LOAD, Kind.GAP):
            self.carried = False
        call = _PLAIN.get(kind)
        return () if call is None else (call,)


def before(start: Position) -> tuple[Call, ...]:
    """What came before a trace that begins at the position `start`."""
    return _BEFORE[start]


def script_of(recording: Recording) -> tuple[list[Call], list[Call]]:
    """What came before the trace (not counted), and the calls that the `recording` shows.

    The first run of a trace that begins in the guest, and the first after a gap, are taken as
    entered with the trap armed.
    """
    script = Script(recording.start)
    calls: list[Call] = []
    for step in recording:
        calls += script.calls(step.kind, step.position, step.context, step.live)
    return list(before(recording.start)), calls


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
