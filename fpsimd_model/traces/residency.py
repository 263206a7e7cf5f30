"""Loads, puts, user space and the scheduler: when the vCPU holds the CPU, and why it ends."""

from __future__ import annotations

from .meaning import Caller
from .proxies import SWITCHES
from .recording import Kind, Why
from .state import LOOP, NOT_LIVE, SCHED, USER, State

__all__ = ["Residency"]


class Residency(State):
    """A preempted thread prints ``sched_switch`` before its put: PUT comes first in the steps."""

    def _load(self, caller: int, where: int) -> None:
        if self.position >= LOOP:
            self._lost_put()
        self._settle_put(Why.SCHED)
        if caller == Caller.SCHED or self.position == SCHED:
            why = self.why_out if self.why_out not in (Why.USER, Why.UNKNOWN) else Why.SCHED
        else:
            why = Why.USER
            self._return_unseen()
        self._emit(Kind.LOAD, why)
        self.loads += 1
        self.blind = False
        self._resident()

    def _resident(self) -> None:
        self.position = LOOP
        self.entered = False
        self.live = NOT_LIVE
        self.section = 0
        self.return_due = -1

    def _put(self, caller: int, where: int) -> None:
        if self.position < LOOP:
            self._must_be_resident()
        self._leave_guest()
        self._close_window()
        if self.out_why is not None:
            why = self.out_why
        elif caller == Caller.IOCTL or (self.has_switch and caller != Caller.SCHED):
            why = Why.USER
        elif caller == Caller.SCHED:
            why = Why.SCHED
        else:
            why = Why.UNKNOWN  # kvm_userspace_exit, or its absence, will tell
        at = self._emit(Kind.PUT, why)
        if why == Why.UNKNOWN:
            self.put_at = at
        self.puts += 1
        self.blind = False
        self._put_done(why)

    def _timer_load(self, value: int, where: int) -> None:
        """The first timer that is restored stands for the load, where that is not recorded."""
        if self.position < LOOP:
            self._load(Caller.UNKNOWN, where)

    def _timer_save(self, value: int, where: int) -> None:
        if self.position >= LOOP:
            self._put(Caller.UNKNOWN, where)

    def _put_done(self, why: int) -> None:
        self.why_out = why
        self._take()
        self.live = NOT_LIVE
        self.section = 0
        self.exit_at = -1
        if why in (Why.PREEMPTED, Why.BLOCKED, Why.SCHED):
            self.position = SCHED
            if self.out_why is not None:
                self._emit(Kind.SCHED_OUT, why)
                self.out_why = None
        else:
            self.position = USER
            if why == Why.USER:
                self._due()

    def _settle_put(self, why: int) -> None:
        """Now it shows why the last put was; only for files without sched_switch."""
        if self.put_at < 0:
            return
        if why == Why.SCHED and not self.has_user_exit:
            why = Why.USER if self.switches_elsewhere else Why.UNKNOWN
        self.values[self.put_at] = self.why_out = why
        self.put_at = -1
        if why == Why.USER:
            self._due()
        elif why == Why.SCHED:
            self.position = SCHED

    def _lost_put(self) -> None:
        self._impossible()
        self._leave_guest()
        self._close_window()
        self._emit(Kind.PUT, Why.UNKNOWN, inferred=True)
        self.out_why = None
        self._put_done(Why.UNKNOWN)

    def _must_be_resident(self) -> None:
        """A load is missing: at the trace's start, in a gap, or not recorded."""
        if self.proxy == SWITCHES:
            self._load(Caller.UNKNOWN, 0)
            return
        self._settle_put(Why.UNKNOWN)
        self._impossible()
        self._emit(Kind.LOAD, Why.UNKNOWN, inferred=True)
        self._resident()

    def _user_exit(self, reason: int, where: int) -> None:
        self._settle_put(Why.USER)
        if self.position >= LOOP and self.proxy == SWITCHES:
            self._put(Caller.IOCTL, where)
        elif self.position >= LOOP:
            self._leave_guest()
            self._close_window()
        self._emit(Kind.USER_EXIT, reason)
        if self.position == USER:
            self._due()

    def _due(self) -> None:
        """A return to user space follows here, seen or not."""
        self.return_due = len(self.times)
        self.return_time = self.time

    def _return(self, value: int, where: int) -> None:
        if self.position >= LOOP:
            return  # a resident thread does not go to user space
        self._settle_put(Why.USER)
        self._emit(Kind.RETURN_TO_USER, 1)
        self.entered = False
        self.return_due = -1
        self.position = USER
        self.section = 0

    def _return_unseen(self) -> None:
        """Put in the return to user space that was due and left no trace of its own."""
        if self.return_due < 0:
            return
        at, self.return_due = self.return_due, -1
        value = 0 if self.sees_returns else -1
        meta = Kind.RETURN_TO_USER | USER << 8 | 1 << 24 | self.cpu << 32
        self.times.insert(at, self.return_time)
        self.values.insert(at, value)
        self.metas.insert(at, meta)
        self.section = 0

    def _switch_out(self, value: int, where: int) -> None:
        why = int(Why.PREEMPTED if value & 1 else Why.BLOCKED)
        self.running = False
        self._settle_put(Why.USER)
        if self.position >= LOOP:
            self._leave_guest()
            self._close_window()
            self.out_why = why  # the put follows
            if self.proxy == SWITCHES:
                self._put(Caller.SCHED, where)
        elif self.position == SCHED:  # put by the scheduler, which says so only now
            self._emit(Kind.SCHED_OUT, why)
        else:
            if self.sees_returns is False:
                self._return_unseen()
            self._emit(Kind.SCHED_OUT, why)
            self.why_out = Why.USER
            self.position = SCHED
            self.section = 0

    def _gone(self) -> None:
        """Another task runs, and the put that should have come was not seen."""
        self.out_why, why = None, self.out_why
        self._impossible()
        self._emit(Kind.PUT, why, inferred=True)
        self.out_why = why
        self._put_done(why)

    def _moved(self, cpu: int) -> None:
        """The thread is on another CPU: without a put and a switch between, they were not seen."""
        if self.out_why is not None:
            self._gone()
        elif self.running and self.position >= LOOP:
            self._leave_guest()
            self._close_window()
            self.out_why = int(Why.SCHED)
            self._gone()
            self._here_again(cpu)
        elif self.running and self.position == USER:
            self._emit(Kind.SCHED_OUT, Why.SCHED, inferred=True)
            self.why_out = Why.USER
            self.position = SCHED
            self._here_again(cpu)
        self.cpu = cpu

    def _here_again(self, cpu: int) -> None:
        self.cpu = cpu
        self._emit(Kind.SCHED_IN, inferred=True)
        self._switched_in()

    def _switched_in(self) -> None:
        if self.out_why is not None:
            self._gone()
        self.running = True
        self.softirq = 0
        if self.why_out == Why.USER and self.position == SCHED:
            self.position = USER
            self._due()
