"""How residencies end: by their own clock, or at one of the guest's own exits."""

from __future__ import annotations

from ..traces import Recording, Why
from .busy import Busy
from .clocks import SCHED, USER, WINDOW
from .sample import COMPLETE, CUT, LATE_CUT

__all__ = ["Ends"]

_WHY = {Why.USER: "user", Why.PREEMPTED: "preempted", Why.BLOCKED: "blocked", Why.SCHED: "sched"}
#: Exits that are no choice of the guest: the interrupted run goes on.
_FORCED = {"IRQ", "EXTERNAL_INTERRUPT", "INTR", "NMI", "SERROR", "EL1_SERROR", "TRAP FP_ASIMD",
           "TRAP SVE", "PREEMPTION_TIMER", "SMI", "INTERRUPT_WINDOW", "VINTR"}  # fmt: skip
_SIGNAL = ("INTR", "restart", "error")  # of kvm_userspace_exit
_WAITS = ("TRAP WFx", "HLT", "MWAIT")
NO_EXIT = -2  #: no exit in this residency yet


class Ends(Busy):
    """Exits, puts and loads, and whose doing they were."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        reasons = recording.reasons
        self.forced = [reason in _FORCED for reason in reasons]
        self.waits = [reason in _WAITS for reason in reasons]
        self.signal = [reason in _SIGNAL for reason in reasons]
        self.ends = dict.fromkeys(("user", "preempted", "blocked", "unknown"), 0)
        self.own_puts = dict(self.ends)
        self.own_exits = 0
        self.put_own = False  # the last put was to user space, by an exit's doing
        self.window_episode = -1  # the one that the last exit began
        self.exit_reason = NO_EXIT  # of the last exit in this residency
        self.exit_forced = self.exit_open = False
        self.live = -1  # at the next entry

    def _exited(self, reason: int, inferred: bool) -> None:
        """A guest run ends: by itself, or by an interrupt; without a reason, what follows tells."""
        self.position, self.exit_reason = WINDOW, reason
        if not self.window_known:
            self.loop.begin()
        self.exit_forced = self.forced[reason] if reason >= 0 else inferred
        self.exit_open = reason < 0 and not inferred
        if self.exit_forced:
            self._interrupt(self.time)
            self.window_episode = len(self.episodes)
        elif not self.exit_open:
            self._own_exit()

    def _interrupted(self) -> None:
        """An interrupt right behind an exit without a reason: it was the reason."""
        if self.exit_open:
            self.exit_open, self.exit_forced = False, True
            self.window_episode = len(self.episodes)

    def _own_exit(self) -> None:
        self.exit_open = False
        self.own_exits += 1
        self.guest.end(whole=True)

    def _put(self, why: int, live: int, inferred: bool) -> None:
        if self.exit_open:
            self._own_exit()
        own = self.exit_reason != NO_EXIT and not self.exit_forced and self._stays_out(why)
        name = _WHY.get(why, "unknown")
        if name == "sched":
            waited = self.exit_reason >= 0 and self.waits[self.exit_reason]
            name = "blocked" if waited else "preempted"
        self.put_own = own and name == "user"
        if own:
            self.own_puts[name] += 1
            self.loop.open = False  # the way from an exit to the put is no pass of the loop
        else:
            self.ends[name] += not inferred
            if self.exit_forced and self.window_episode == len(self.episodes) - 1:
                self._is_the_end()
            self.loop.end(whole=False)
        self.residency.end(whole=not own and not inferred)
        self.out.begin(late=inferred)
        self.position = USER if why == Why.USER else SCHED
        self.live = 0

    def _is_the_end(self) -> None:
        """The interrupt that ends a residency in the guest is part of that end."""
        begin, until, sections, softirq, _, stretch = self.episodes[-1]
        self.episodes[-1] = (begin, until, sections, softirq, False, stretch)

    def _stays_out(self, why: int) -> bool:
        """Whether a put behind the guest's own exit is that exit's doing."""
        if why == Why.USER:
            return True
        if why == Why.PREEMPTED:
            return False
        if why == Why.BLOCKED and self.exit_reason < 0:
            return True
        return self.exit_reason >= 0 and self.waits[self.exit_reason]

    def _user_exit(self, reason: int, live: int, inferred: bool) -> None:
        """A signal brought the thread to user space, not the exit before it."""
        if self.put_own and reason >= 0 and self.signal[reason]:
            self.own_puts["user"] -= 1
            self.ends["user"] += 1
            if self.residency.kinds and self.residency.kinds[-1] in (CUT, LATE_CUT):
                self.residency.kinds[-1] += COMPLETE - CUT
        self.put_own = False
