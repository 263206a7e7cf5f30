"""Guest runs: from an entry to the true exit, and whether FP state was live there."""

from __future__ import annotations

from .recording import Kind
from .rows import IRQS_KNOWN, IRQS_OFF
from .state import GUEST, LIVE, LOOP, NOT_LIVE, UNSURE, WINDOW, State

__all__ = ["GuestRuns"]


class GuestRuns(State):
    """arm64 prints ``kvm_exit`` after the interrupt that ended the run; ctxsync is the exit."""

    def _flush(self, value: int, where: int) -> None:
        self._enter()
        self.flushed = True

    def _entry(self, value: int, where: int) -> None:
        if self.flushed and self.position == GUEST:
            self.flushed = False
            return
        self._enter()

    def _enter(self) -> None:
        if self.position < LOOP:
            self._must_be_resident()
        elif not self.exit_told and self.has_exit and self.arm:
            self._impossible()  # x86 can print an entry and not run (emulation_required)
        self._leave_guest()
        self._close_window()
        self._emit(Kind.ENTER)
        self.entries += 1
        self.exit_told = False
        self._in_guest()

    def _in_guest(self) -> None:
        self.position = GUEST
        self.entered = True
        if not self.open:  # of exits in a row that are still open, the first run's entry counts
            self.entered_live = self.live
        self.section = 0
        self.exit_at = -1

    def _sync(self, value: int, where: int) -> None:
        if self.position != GUEST:
            self._must_be_in_guest()
        self._exit(NOT_LIVE if self.has_bind else UNSURE)

    def _must_be_in_guest(self) -> None:
        if self.position < LOOP:
            self._must_be_resident()
        self._close_window()
        self._emit(Kind.ENTER, inferred=True)
        self._in_guest()

    def _exit(self, live: int, inferred: bool = False) -> None:
        self.exit_at = self._emit(Kind.EXIT, live=live, inferred=inferred)
        self.exits += not inferred
        self.position = WINDOW
        self.flushed = False
        self.section = 0
        self.live = live
        if self.infers_live and live == UNSURE:
            self.open.append(self.exit_at)

    def _take(self) -> None:
        """The registers are taken from whoever has them: a save follows at once, or none."""
        if self.open:
            self.lost_now = True

    def _taken(self, live: int) -> None:
        """Where binds are not recorded: the exits since the registers were last taken."""
        self.lost_now = False
        exits, self.open = self.open, []
        if live == NOT_LIVE:  # once live, a state stays so until it is taken
            for at in exits:
                self._set_live(at, NOT_LIVE)
        else:
            self._set_live(exits[-1], LIVE)
            self._restored()

    def _restored(self) -> None:
        if self.entered_live == UNSURE:
            self.guest_restores_unsure += 1
        elif self.entered_live == NOT_LIVE:
            self.guest_restores += 1

    def _bind(self, image: int, where: int) -> None:
        """fpsimd_bind_state_to_cpu: the registers hold the vCPU's state at this exit."""
        if self.position == GUEST:
            self._exit(LIVE)
        elif self.exit_at < 0:
            return
        else:
            self._set_live(self.exit_at, LIVE)
        self.live = LIVE
        self._restored()
        self.entered_live = LIVE

    def _kexit(self, reason: int, where: int) -> None:
        self.exit_told = True
        early = bool(where & IRQS_OFF) if where & IRQS_KNOWN else not self.arm
        if self.position == GUEST:
            self._exit(NOT_LIVE if self.has_bind and not self.has_sync else UNSURE)
        elif self.position < LOOP or self.exit_at < 0:
            return  # the exit itself was before the trace began
        self.values[self.exit_at] = reason
        if not early:
            self._preempt_enable(inferred=False)

    def _leave_guest(self) -> None:
        """Something happened that cannot happen in the guest: it has exited, unseen."""
        if self.position == GUEST:
            known = self.has_bind and not self.has_sync
            self._exit(NOT_LIVE if known else UNSURE, inferred=self.has_sync)

    def _preempt_enable(self, inferred: bool) -> None:
        self._emit(Kind.PREEMPT_ENABLE, inferred=inferred)
        self.position = LOOP
        self.section = 0

    def _close_window(self) -> None:
        if self.position == WINDOW:
            self._preempt_enable(inferred=True)
