"""Episodes of interrupts and softirqs, put together from their single events.

A trace shows when a handler and each softirq begin, and when each softirq ends, but not when an
interrupt without a softirq returns: in the exit window the next step of the thread tells; elsewhere
the time is counted as the thread's.
"""

from __future__ import annotations

from ..traces import Context, Kind, Recording
from .clocks import JOINED_NS, LOOP, Clocks
from .table import Table

__all__ = ["Busy"]

_ENTRY, _EXIT, _RAISE = (
    int(kind) for kind in (Kind.SOFTIRQ_ENTRY, Kind.SOFTIRQ_EXIT, Kind.SOFTIRQ_RAISE)
)


class Busy(Clocks):
    """What interrupts do to the clocks, and the list of their episodes."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self.sections = 0
        self.softirq = self.in_residency = False
        self.episodes = Table("qqibbi")

    def _interrupt(self, time: int) -> None:
        if self.from_ns < 0:
            self.from_ns, self.until_ns = time, -1
            self.sections, self.depth, self.softirq = 0, 0, False
            self.in_residency = self.position >= LOOP

    def _close(self, until: int) -> None:
        """The open episode is over; `until` counts if no softirq's end did."""
        if self.from_ns < 0:
            return
        end = self.until_ns if self.until_ns >= 0 and not self.depth else until
        self.episodes.append(
            (self.from_ns, end, self.sections, self.softirq, self.in_residency, self.stretch)
        )
        self.from_ns = -1

    def _settle(self, time: int) -> None:
        """A step of the thread: the episode before it is over."""
        if self.depth:
            self.depth = 0
        known = self.until_ns >= 0 or self.in_window
        begin, until = self.from_ns, self.until_ns
        self._close(time if known else -1)
        if not known:  # nobody saw the interrupt return: all the time since is the thread's
            self._thread(time - begin)
        elif until >= 0 and not self.in_window and time - until <= JOINED_NS:
            self._thread(time - until)

    def _softirq_or_irq(self, kind: int, time: int, context: int) -> None:
        if kind == _EXIT:
            if self.depth:
                self.depth -= 1
            self.until_ns = time
            return
        if self.from_ns >= 0 and not self.depth and self.until_ns >= 0:
            apart = time - self.until_ns > JOINED_NS and not self.in_window
            if apart:
                self._close(-1)
        elif (
            self.from_ns >= 0
            and not self.in_window
            and not self.depth
            and kind != _ENTRY
            and time - self.from_ns > JOINED_NS
        ):  # another one, much later
            begin = self.from_ns
            self._close(-1)
            self._thread(time - begin)
        if kind != _RAISE or context != Context.TASK:
            self._interrupt(time)
        if kind == _ENTRY:
            self.depth, self.softirq, self.until_ns = self.depth + 1, True, -1
        elif kind == _RAISE and self.from_ns >= 0:
            self.softirq = True
