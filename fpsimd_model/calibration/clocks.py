"""Clocks that run in a vCPU thread's own time, and where the thread is while a trace is walked.

Thread time stands still in interrupts and softirqs, as in the model (model.md section 2).
"""

from __future__ import annotations

from array import array

import numpy as np

from ..traces import Kind, Position, Recording
from .sample import COMPLETE, CUT, LATE, LATE_CUT, Sample

__all__ = ["GUEST", "JOINED_NS", "LOOP", "SCHED", "USER", "WINDOW", "Clock", "Clocks"]

USER, SCHED, LOOP, WINDOW, GUEST = (
    int(p) for p in (Position.USER, Position.SCHED, Position.LOOP, Position.WINDOW, Position.GUEST)
)
JOINED_NS = 20_000  #: softirqs so close behind each other are one run of them


class Clock:
    """One kind of duration: adds up, ends or is cut."""

    def __init__(self) -> None:
        self.us, self.kinds = array("d"), array("b")
        self.now = 0.0
        self.open = self.late = False

    def begin(self, late: bool = False) -> None:
        self.now, self.open, self.late = 0.0, True, late

    def end(self, whole: bool) -> None:
        if self.open and (whole or self.now > 0.0):
            self.us.append(self.now / 1e3)
            if self.late:
                self.kinds.append(LATE if whole else LATE_CUT)
            else:
                self.kinds.append(COMPLETE if whole else CUT)
        self.open = False

    def sample(self, resolution_us: float) -> Sample:
        return Sample(np.array(self.us, float), np.array(self.kinds, int), resolution_us)


class Clocks:
    """Position, clocks and totals of one thread; times in nanoseconds."""

    def __init__(self, recording: Recording) -> None:
        self.window_known = recording.window_known and _ends_of_windows(recording)
        self.residency, self.out, self.loop, self.guest = (Clock() for _ in range(4))
        self.position = int(recording.start)
        self.time = 0
        self.span = self.guest_ns = self.loop_ns = self.out_ns = self.run_ns = 0
        self.stretch = 0  # number of the stretch between gaps
        # the episode of interrupts that is open
        self.from_ns = self.until_ns = -1
        self.depth = 0

    @property
    def in_window(self) -> bool:
        """Behind an exit and not yet preemptible, as far as the trace tells the two apart."""
        return self.position == WINDOW and self.window_known

    def _pass(self, time: int) -> None:
        """Time goes on to the next step, as thread time unless an interrupt is open."""
        ns, self.time = time - self.time, time
        self.span += ns
        if self.from_ns >= 0 and (self.depth or self.until_ns < 0):
            return  # within an interrupt, or it shows only later how long that was
        if self.from_ns >= 0 and (ns <= JOINED_NS or self.in_window):
            return  # too short to be told from the way back out of the interrupt
        self._thread(ns)

    def _thread(self, ns: int) -> None:
        where = self.position
        if where == GUEST:
            self.guest_ns += ns
            self.run_ns += ns
            self.guest.now += ns
            self.residency.now += ns
        elif where == LOOP or (where == WINDOW and not self.window_known):
            self.loop_ns += ns
            self.loop.now += ns
            self.residency.now += ns
        elif where in (USER, SCHED):
            self.out_ns += ns
            self.out.now += ns


def _ends_of_windows(recording: Recording) -> bool:
    """Whether the end of the exit window shows; x86 prints no event there."""
    number = inferred = 0
    for block in recording.blocks():
        ends = block["inferred"][block["kind"] == Kind.PREEMPT_ENABLE]
        number, inferred = number + len(ends), inferred + int(ends.sum())
    return not number or inferred < 0.5 * number
