"""Whole numbers by which the loop knows events, kinds of softirq, positions and notes."""

from __future__ import annotations

from ...automaton import EVENT_NAMES, SOFTIRQ
from ...events import GUEST, LOOP, POSITIONS, SCHED
from ..records import NOTES

__all__ = [
    "ACCESS",
    "ARRIVAL",
    "AT_GUEST",
    "AT_LOOP",
    "AT_SCHED",
    "BUSY",
    "DONE",
    "ENTER",
    "EVENT",
    "EXIT",
    "FRESH",
    "GIVEN",
    "HELD",
    "IDLE",
    "INTERRUPT",
    "LOAD",
    "NEON",
    "OTHER",
    "OTHER_SOFTIRQ",
    "PUT_SCHED",
    "PUT_USER",
    "SCALAR",
    "TASK",
    "THREAD",
]

LOAD, ENTER, ACCESS, EXIT, PUT_USER, PUT_SCHED, INTERRUPT, OTHER, OTHER_SOFTIRQ, TASK = (
    EVENT_NAMES.index(name)
    for name in (
        "load",
        "enter",
        "access",
        "exit",
        "put_user",
        "put_sched",
        "interrupt",
        "other",
        "other_softirq",
        "task_neon",
    )
)
NEON, SCALAR, HELD = (SOFTIRQ.index(kind) for kind in ("neon", "scalar", "held"))
AT_SCHED, AT_LOOP, AT_GUEST = (POSITIONS.index(p) for p in (SCHED, LOOP, GUEST))
ARRIVAL, DONE, BUSY, IDLE, GIVEN, THREAD, EVENT = range(len(NOTES))

FRESH = -1.0  # what is left of a duration that is still to be drawn
