"""Recordings by hand: a few steps of a vCPU thread, as a trace's reader would tell them."""

from __future__ import annotations

import numpy as np

from fpsimd_model.traces import Context, Kernel, Kind, Position, Recording, Step
from fpsimd_model.traces.recording import STEP

__all__ = ["recording"]

AFTER = {
    Kind.LOAD: Position.LOOP,
    Kind.ENTER: Position.GUEST,
    Kind.EXIT: Position.WINDOW,
    Kind.PREEMPT_ENABLE: Position.LOOP,
    Kind.PUT: Position.USER,
    Kind.SCHED_OUT: Position.SCHED,
}


def recording(*steps: str, start: Position = Position.USER) -> Recording:
    """Words such as ``load``, ``exit live``, ``exit dead``, ``exit`` (not known), ``neon``,
    ``neon task``; the position follows from what came before."""
    position, rows = start, []
    for at, text in enumerate(steps):
        word, _, more = text.partition(" ")
        kind = Kind["NEON_BEGIN" if word == "neon" else word.upper()]
        context = Context.UNKNOWN
        if kind == Kind.NEON_BEGIN:
            context = Context.TASK if more == "task" else Context.SOFTIRQ
        live = {"live": 1, "dead": 0}.get(more, -1)
        rows.append(Step(1000 * at, kind, position, context, -1, live, False, 1))
        position = AFTER.get(kind, position)
    array = np.array([tuple(getattr(row, name) for name in STEP.names) for row in rows], dtype=STEP)
    count = [row.kind for row in rows].count
    return Recording(
        name="<by hand>", form="", cpu=1, cpus=(1,), pid=1, comm="kvm", vcpus=((1, "kvm", 1),),
        seconds=1e-6 * len(rows), start=start, first_partial=False, last_partial=False,
        loads=count(Kind.LOAD), puts=count(Kind.PUT), entries=count(Kind.ENTER),
        exits=count(Kind.EXIT), neon_begins=count(Kind.NEON_BEGIN), neon_begins_task=0,
        neon_begins_outside=0, softirqs_inside={}, softirqs_outside={},
        kernel=Kernel(None, None, None, None), live_known=True, window_known=True,
        residency_from="load", reasons=(), unread=0, gaps=0, lost=0, notes=(), steps=array,
    )  # fmt: skip
