"""Walk a recording once and note durations, interrupts and FP use.

What the run loop, the guest and the time out lasted leaves interrupts and softirqs out. A guest run
goes on behind an interrupt with what was left of it, so that only the guest's own exits end it. A
residency that ends at one of the guest's own exits has cut the residency clock; so do the trace's
ends and its gaps.
"""

from __future__ import annotations

import math

import numpy as np

from ..traces import Context, Kind, Recording
from .clocks import GUEST, LOOP, SCHED, USER, WINDOW
from .ends import NO_EXIT, Ends
from .seen import Episodes, Runs, Seen
from .table import Table

__all__ = ["watch"]


class _Watch(Ends):
    """The walk itself; FP use of the guest runs on its way."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self.recording = recording
        self.kinds: set[int] = set()
        self.first_ns = self.last_ns = self.step_ns = 0
        self.exits = self.task_sections = 0
        self.entered_live = self.merged_ns = -1
        self.run_open = False
        self.runs = Table("dbb")
        self._does = {
            Kind.LOAD: self._load, Kind.ENTER: self._enter, Kind.EXIT: self._exit,
            Kind.PREEMPT_ENABLE: self._window_ends, Kind.PUT: self._put,
            Kind.USER_EXIT: self._user_exit, Kind.SCHED_OUT: self._sched_out,
        }  # fmt: skip
        self._does = {int(kind): act for kind, act in self._does.items()}

    def walk(self) -> None:
        """All steps, in order."""
        names = ("time_ns", "kind", "position", "context", "value", "live", "inferred")
        interrupts = {int(k) for k in (Kind.SOFTIRQ_ENTRY, Kind.SOFTIRQ_EXIT, Kind.SOFTIRQ_RAISE)}
        irq, begin, gap, leave = (int(k) for k in (Kind.IRQ, Kind.NEON_BEGIN, Kind.GAP, Kind.EXIT))
        interrupts.add(irq)
        silent = {int(k) for k in (Kind.SAVE, Kind.RESTORE, Kind.NEON_END, Kind.PACKET)}
        resync = False
        for number, block in enumerate(self.recording.blocks()):
            if not number:
                self.first_ns = self.last_ns = self.time = int(block["time_ns"][0])
                self._start()
            self._note(block)
            columns = (block[name].tolist() for name in names)
            for time, kind, position, context, value, live, inferred in zip(*columns, strict=True):
                if resync:
                    self.time, self.position, resync = time, position, False
                    self._start()
                if time > self.time:
                    self._pass(time)
                if kind == gap:
                    self._cut()
                    resync = True
                elif kind in interrupts:
                    self._interrupted()
                    self._softirq_or_irq(kind, time, context)
                elif kind == begin:
                    self._neon(time, context)
                elif kind not in silent:
                    if self.from_ns >= 0 and kind != leave:
                        self._settle(time)
                    act = self._does.get(kind)
                    if act is not None:
                        act(value, live, inferred)
                    elif kind == Kind.SCHED_IN and position == USER:
                        self.position = USER
        self._cut()

    def _note(self, block: np.ndarray) -> None:
        """Kinds of step, and the largest step of the clock that all times are multiples of."""
        self.kinds.update(np.unique(block["kind"]).tolist())
        times = block["time_ns"]
        apart = np.abs(np.diff(times, prepend=self.last_ns))
        self.step_ns = int(np.gcd.reduce(apart, initial=self.step_ns))
        self.last_ns = int(times[-1])

    def _start(self) -> None:
        where = self.position
        self.live = self.merged_ns = -1
        self.exit_reason, self.exit_open = NO_EXIT, False
        self.run_open = False
        self.guest.begin(late=True)
        if where in (LOOP, WINDOW, GUEST):
            self.residency.begin(late=True)
            if where == LOOP:
                self.loop.begin(late=True)
        elif where in (USER, SCHED):
            self.out.begin(late=True)

    def _cut(self) -> None:
        """The trace ends, or events are missing: everything open is cut here."""
        if self.from_ns >= 0:
            self._close(-1)
        for clock in (self.residency, self.out, self.loop, self.guest):
            clock.end(whole=False)
        self.run_open = False
        self.stretch += 1

    def _neon(self, time: int, context: int) -> None:
        if context == Context.TASK:
            if self.position in (LOOP, WINDOW):
                self.task_sections += 1
                self.live = 0
            return
        self._interrupted()
        self._interrupt(time)
        self.sections += 1
        if self.position >= LOOP:
            self.live = 0

    def _load(self, why: int, live: int, inferred: bool) -> None:
        self.out.end(whole=not inferred)
        self.residency.begin(late=inferred)
        self.loop.begin(late=inferred)
        self.position, self.live = LOOP, -1 if inferred else 0
        self.exit_reason, self.exit_open = NO_EXIT, False

    def _enter(self, value: int, live: int, inferred: bool) -> None:
        if self.exit_open:
            self._own_exit()
        self.loop.end(whole=not inferred)
        if not self.guest.open:
            self.guest.begin()
        self.position, self.window_episode = GUEST, -1
        self.entered_live, self.run_ns, self.run_open = self.live, 0, not inferred

    def _exit(self, reason: int, live: int, inferred: bool) -> None:
        self.exits += 1
        if self.run_open:
            self._run_ends({0: 1, 1: 0}.get(self.entered_live, -1), live)
        self.run_open = False
        self.live = live
        self._exited(reason, inferred)

    def _run_ends(self, armed: int, live: int) -> None:
        """Runs until the next that tells are one, where the first was entered with the trap armed.

        Without fpsimd_bind_state_to_cpu only a save, or its absence, tells whether FP was used.
        """
        if armed < 0 and self.merged_ns >= 0:
            self.merged_ns += self.run_ns
            armed = 1
        else:
            self.merged_ns = self.run_ns if armed == 1 else -1
        if armed == 1 and live < 0:
            return
        us = (self.merged_ns if armed == 1 else self.run_ns) / 1e3
        self.runs.append((us, armed, live))
        self.merged_ns = -1

    def _window_ends(self, value: int, live: int, inferred: bool) -> None:
        if self.exit_open:
            self._own_exit()
        self.position = LOOP
        if self.window_known:
            self.loop.begin()

    def _sched_out(self, value: int, live: int, inferred: bool) -> None:
        self.position = SCHED


def watch(recording: Recording) -> Seen:
    """Durations, interrupts and FP use of a recording."""
    w = _Watch(recording)
    w.walk()
    resolution = min(w.step_ns, 1_000_000) / 1e3
    start, end, *columns = w.episodes.columns()
    start, end = start / 1e3, np.where(end >= 0, end, math.nan) / 1e3
    return Seen(
        span_us=w.span / 1e3,
        guest_us=w.guest_ns / 1e3,
        loop_us=w.loop_ns / 1e3,
        out_time_us=w.out_ns / 1e3,
        residency=w.residency.sample(resolution),
        out=w.out.sample(resolution),
        loop=w.loop.sample(resolution),
        guest=w.guest.sample(resolution),
        ends=w.ends,
        own_exits=w.own_exits,
        own_puts=w.own_puts,
        exits=w.exits,
        runs=Runs(*w.runs.columns()),
        episodes=Episodes(
            start, end, columns[0], columns[1].astype(bool), columns[2].astype(bool), columns[3]
        ),
        task_sections=w.task_sections,
        irqs_seen=int(Kind.IRQ) in w.kinds,
        softirqs_seen=int(Kind.SOFTIRQ_ENTRY) in w.kinds,
        exits_seen=int(Kind.EXIT) in w.kinds,
        resolution_us=resolution,
        span=(w.first_ns / 1e3, w.last_ns / 1e3),
    )  # fmt: skip
