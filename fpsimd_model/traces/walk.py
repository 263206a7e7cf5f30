"""From one thread's rows to steps: the vCPU's positions, true exits, reasons, whose registers.

The order of events that this rests on was read in the kernel and seen in recordings:

* arm64 prints ``kvm_exit`` after interrupts are open again, hence after the interrupt and the
  softirqs that ended the guest run; ``kvm_arch_vcpu_ctxsync_fp`` marks the true exit, and
  without it the first interrupt. x86 prints it with interrupts off: then it is the true exit.
* A preempted thread prints ``sched_switch`` before ``vcpu_put``, and ``vcpu_load`` after the
  ``sched_switch`` that brings it back; ``PUT`` comes first here, as the registers see it.
* ``kvm_userspace_exit`` follows the put of the ioctl that returns.

Where events are missing (a trace's ends, gaps, events not recorded) a step that must have been
is put in and marked inferred.
"""

from __future__ import annotations

import numpy as np

from .guestruns import GuestRuns
from .interrupts import Interrupts
from .meaning import Caller
from .proxies import TIMERS
from .recording import Kind, Why
from .residency import Residency
from .rows import IRQS_KNOWN, IRQS_OFF, Raw
from .state import GUEST, LOOP, NOT_LIVE, SCHED, UNKNOWN, USER, WINDOW

__all__ = ["Walk"]

#: Rows of a thread that is being switched out, after sched_switch and before it is gone.
_LEAVING = frozenset({Raw.PUT, Raw.SAVE, Raw.BIND, Raw.RESTORE, Raw.TIMER_SAVE})
#: Rows that an interrupt can put between any two others.
_INTERRUPTS = frozenset(
    {Raw.IRQ_ENTRY, Raw.SOFTIRQ_RAISE, Raw.SOFTIRQ_ENTRY, Raw.SOFTIRQ_EXIT, Raw.NEON_BEGIN,
     Raw.NEON_END, Raw.SAVE, Raw.WAKEUP, Raw.PACKET}
)  # fmt: skip


class Walk(Residency, GuestRuns, Interrupts):
    """Walks the rows that concern one thread; afterwards ``steps()`` and the totals."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self._does = {
            Raw.LOAD: self._load, Raw.PUT: self._put, Raw.FLUSH: self._flush,
            Raw.SYNC: self._sync, Raw.ENTRY: self._entry, Raw.KEXIT: self._kexit,
            Raw.USER_EXIT: self._user_exit, Raw.BIND: self._bind,
            Raw.NEON_BEGIN: self._neon_begin, Raw.NEON_END: self._neon_end,
            Raw.SOFTIRQ_RAISE: self._raise, Raw.SOFTIRQ_ENTRY: self._softirq_entry,
            Raw.SOFTIRQ_EXIT: self._softirq_exit, Raw.IRQ_ENTRY: self._irq,
            Raw.SWITCH: self._switch_out, Raw.SAVE: self._save, Raw.RESTORE: self._restore,
            Raw.RETURN: self._return, Raw.WAKEUP: self._wakeup,
            Raw.PACKET: self._packet,
        }  # fmt: skip
        if self.proxy == TIMERS:
            self._does |= {Raw.TIMER_LOAD: self._timer_load, Raw.TIMER_SAVE: self._timer_save}
        self._does = {int(kind): does for kind, does in self._does.items()}

    def take(self, part: np.ndarray) -> None:
        """Walk a block of rows, in order."""
        pid, does, leaving, interrupts = self.pid, self._does, _LEAVING, _INTERRUPTS
        columns = (part[name].tolist() for name in ("time", "kind", "value", "pid", "cpu", "where"))
        for time, kind, value, who, cpu, where in zip(*columns, strict=True):
            self.time = time
            if who == pid:
                if cpu != self.cpu:
                    self._moved(cpu)
                if self.lost_now and kind not in interrupts:
                    self._taken(NOT_LIVE)
                if not self.running and kind not in leaving:
                    self._switched_in()
                act = does.get(kind)
                if act is not None:
                    act(value, where)
            elif kind == Raw.SWITCH:
                if value >> 1 == pid:
                    if self.out_why is not None:
                        self._gone()
                    self.cpu = cpu
                    self._switched_in()
                    self._emit(Kind.SCHED_IN)
                    if self.position == USER:
                        self._due()
                elif self.out_why is not None and cpu == self.cpu:
                    self._gone()
            elif kind == Raw.GAP:
                self._gap()
            elif cpu == self.cpu:
                self._other(kind, value, where)

    def begin(self, own: np.ndarray) -> None:
        """Find where the thread is when its first rows begin, from the first that tells."""
        self.cpu = int(own["cpu"][0]) if len(own) else self.cpu
        interrupted = came_in = False
        for kind, value, who, where in zip(
            *(own[name].tolist() for name in ("kind", "value", "pid", "where")), strict=True
        ):
            if kind == Raw.SWITCH and who != self.pid:
                came_in, self.running = True, False
                continue
            if kind == Raw.SWITCH:
                continue  # out: a put that follows tells, anything else means user space
            if kind == Raw.LOAD:
                position = SCHED if came_in or value == Caller.SCHED else USER
            elif kind in (Raw.FLUSH, Raw.ENTRY, Raw.PUT):
                position = LOOP
            elif kind == Raw.SYNC or kind == Raw.BIND:
                position = GUEST
            elif kind == Raw.KEXIT:
                late = not where & IRQS_OFF if where & IRQS_KNOWN else self.arm
                position = WINDOW if late and (self.has_sync or interrupted) else GUEST
            elif kind in (Raw.USER_EXIT, Raw.RETURN, Raw.RESTORE):
                position = USER
            else:
                interrupted |= kind in _INTERRUPTS
                continue
            break
        else:
            position = UNKNOWN
        if came_in and position in (LOOP, USER) and kind != Raw.LOAD:
            position = USER
        self.position = self.start = SCHED if came_in else position
        if came_in:
            self.why_out = Why.SCHED if position == SCHED else Why.USER
        self.entered = position in (GUEST, LOOP, WINDOW)
