"""What a trace reader hands out: one record for a line of trace, one for a hole in it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Event", "Gap"]


class Event(NamedTuple):
    """One event line, in the reader's terms and not yet in the model's.

    ``time_ns`` is an integer, in nanoseconds (in clock ticks if ``Reader.clock`` is
    ``"ticks"``); ``cpu``, ``pid`` are -1 and ``comm``, ``flags`` empty where the form does not
    print them. A line of the function tracer has the function as ``name`` and its caller as
    ``caller``; an event has its name without the system (``kvm_exit``, not ``kvm:kvm_exit``)
    and an empty ``caller``.

    >>> Event(5_763_476_000, 1, 219, "kvmload", "..s1.", "softirq_entry", "vec=3 [...]", "", 12).cpu
    1
    """

    time_ns: int
    cpu: int
    pid: int
    comm: str
    flags: str
    name: str
    text: str
    caller: str
    line: int


class Gap(NamedTuple):
    """Events are missing here: the kernel said so, or a line could not be read.

    ``cpu`` is None if the hole may be on any CPU; ``lost`` is None if nobody counted.

    >>> Gap(0, 115, 42, "CPU:0 [115 EVENTS DROPPED]").lost
    115
    """

    cpu: int | None
    lost: int | None
    line: int
    cause: str
