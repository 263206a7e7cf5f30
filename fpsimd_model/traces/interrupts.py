"""Interrupts, softirqs, kernel NEON and the recorded kernel's own register moves."""

from __future__ import annotations

from .recording import Context, Image, Kind
from .rows import Raw
from .state import LIVE, LOOP, NOT_LIVE, SCHED, USER, State

__all__ = ["Interrupts"]


class Interrupts(State):
    """What can happen between any two steps of the thread, in its context or another's."""

    def _irq(self, number: int, where: int) -> None:
        context = where & 7
        if context != Context.NMI:
            self._leave_guest()
        if not self.softirq:
            self.section = 0
        self._emit(Kind.IRQ, number, context)

    def _raise(self, vector: int, where: int) -> None:
        if where & 7 != Context.NMI:
            self._leave_guest()
        self._emit(Kind.SOFTIRQ_RAISE, vector, where & 7)

    def _softirq_entry(self, vector: int, where: int) -> None:
        self._leave_guest()
        if self.position == USER and not self.sees_returns and not self.softirq:
            if self.metas and self.metas[-1] & 0xFF == Kind.SOFTIRQ_EXIT:
                self.return_due = -1  # one run of softirqs goes from vector to vector
            else:
                self._return_unseen()
        self.softirq += 1
        counts = self.inside if self.position >= LOOP else self.outside
        counts[vector] = counts.get(vector, 0) + 1
        self._emit(Kind.SOFTIRQ_ENTRY, vector, Context.SOFTIRQ)

    def _softirq_exit(self, vector: int, where: int) -> None:
        self._leave_guest()
        self.softirq = max(0, self.softirq - 1)
        self._emit(Kind.SOFTIRQ_EXIT, vector, Context.SOFTIRQ)
        if self.position == USER and not self.sees_returns and not self.softirq:
            self._due()

    def _context(self, where: int, nested: int) -> int:
        context = where & 7
        if context:
            return context
        if nested:
            return int(Context.SOFTIRQ)
        return int(Context.TASK if self.has_softirq else Context.UNKNOWN)

    def _neon_begin(self, value: int, where: int) -> None:
        self._leave_guest()
        context = self._context(where, self.softirq)
        self.section += 1
        self._emit(Kind.NEON_BEGIN, self.section, context)
        if self.position < LOOP:
            self.neon["outside"] += 1
        else:
            self.neon["task" if context == Context.TASK else "softirq"] += 1
            self._take()
            self.live = NOT_LIVE

    def _neon_end(self, value: int, where: int) -> None:
        self._emit(Kind.NEON_END, -1, self._context(where, self.softirq))

    def _wakeup(self, value: int, where: int) -> None:
        self._emit(Kind.WAKEUP)

    def _packet(self, layer: int, where: int) -> None:
        if where & 7 != Context.NMI:
            self._leave_guest()
        self._emit(Kind.PACKET, layer, self._context(where, self.softirq))

    def _save(self, image: int, where: int) -> None:
        whose = self.images.get(image, -1)
        if whose < 0:  # no argument tells: only a guest that has run can have live registers
            whose = Image.VCPU if self.entered else Image.TASK
        self.saves[whose] += 1
        self._emit(Kind.SAVE, whose, where & 7)
        if self.lost_now and (whose == Image.VCPU or whose == Image.TASK):
            self._taken(LIVE if whose == Image.VCPU else NOT_LIVE)
        if whose == Image.VCPU:
            self.live = NOT_LIVE
            self.entered &= self.position >= LOOP  # a put saves once

    def _restore(self, image: int, where: int) -> None:
        if not self.running:
            return  # the scheduler loads the kernel-mode state of the task that comes
        whose = self.images.get(image, -1)
        if whose < 0:
            whose = Image.VCPU if self.position >= LOOP else Image.TASK
        if whose == Image.TASK and not self.return_calls and self.position < LOOP:
            self._return(0, where)
        self.restores[whose] += 1
        self._emit(Kind.RESTORE, whose, where & 7)

    def _other(self, kind: int, value: int, where: int) -> None:
        """A row of another task on the CPU that this thread was on last."""
        if self.out_why is not None:
            self._gone()
        position = self.position
        if position >= LOOP or (position == USER and self.has_switch and self.running):
            return  # it cannot be: the lines that would explain it are missing
        self.position = SCHED
        if kind == Raw.SOFTIRQ_ENTRY:
            self.other_softirq = 1
            self.outside[value] = self.outside.get(value, 0) + 1
            self._emit(Kind.SOFTIRQ_ENTRY, value, Context.SOFTIRQ)
        elif kind == Raw.SOFTIRQ_EXIT:
            self.other_softirq = 0
            self._emit(Kind.SOFTIRQ_EXIT, value, Context.SOFTIRQ)
        elif kind == Raw.SOFTIRQ_RAISE:
            self._emit(Kind.SOFTIRQ_RAISE, value, where & 7)
        elif kind == Raw.IRQ_ENTRY:
            self._emit(Kind.IRQ, value, where & 7)
        elif kind == Raw.NEON_BEGIN:
            self.neon["outside"] += 1
            self._emit(Kind.NEON_BEGIN, -1, self._context(where, self.other_softirq))
        elif kind == Raw.NEON_END:
            self._emit(Kind.NEON_END, -1, self._context(where, self.other_softirq))
        elif kind == Raw.PACKET:
            self._emit(Kind.PACKET, value, self._context(where, self.other_softirq))
        self.position = position
