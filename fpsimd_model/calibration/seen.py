"""What a recording shows, as times and counts that the fits take."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .sample import Sample

__all__ = ["Episodes", "Runs", "Seen"]


@dataclass(frozen=True, eq=False)
class Episodes:
    """Runs of interrupts and softirqs with nothing of any thread between; times in microseconds.

    Attributes
    ----------
    start, end:
        (n,) on the trace's clock; the end is nan where no event marks it.
    sections:
        (n,) kernel NEON sections in softirq.
    softirq:
        (n,) whether a softirq was raised or run.
    resident:
        (n,) whether a vCPU was loaded, and stayed so.
    stretch:
        (n,) number of the stretch between gaps that it lies in.
    """

    start: np.ndarray
    end: np.ndarray
    sections: np.ndarray
    softirq: np.ndarray
    resident: np.ndarray
    stretch: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    @property
    def crypto(self) -> np.ndarray:
        """(n,) those in which kernel NEON ran."""
        return self.sections > 0


@dataclass(frozen=True, eq=False)
class Runs:
    """Stretches of guest time between entry and exit; what is known of FP in each.

    Attributes
    ----------
    us:
        (n,) length.
    armed:
        (n,) 1 if the trap was armed at entry, 0 if the state was live, -1 if unknown.
    live:
        (n,) 1 if the state was live at exit, 0 if not, -1 if unknown.
    """

    us: np.ndarray
    armed: np.ndarray
    live: np.ndarray

    @property
    def outcomes(self) -> int:
        """Runs that tell whether the guest used FP."""
        return int(((self.armed == 1) & (self.live >= 0)).sum())

    @property
    def used(self) -> int:
        """Those of them in which it did."""
        return int(((self.armed == 1) & (self.live == 1)).sum())


@dataclass(frozen=True, eq=False)
class Seen:
    """Everything that the fits need.

    Attributes
    ----------
    span_us:
        Time between the first and the last step, gaps left out.
    guest_us, loop_us, out_time_us:
        Time in each, interrupts left out.
    residency, out, loop, guest:
        Durations.
    ends:
        How many residencies the residency clock ended, by reason ("user", "preempted", "blocked",
        "unknown").
    own_exits, own_puts:
        The guest's own exits; those at which the residency ended, by reason.
    exits:
        All exits.
    runs, episodes:
        Guest runs with FP use; interrupts.
    task_sections:
        Kernel NEON sections in task context of the run loop.
    irqs_seen, softirqs_seen, exits_seen:
        Whether the trace has hard interrupts, softirqs, guest exits at all.
    """

    span_us: float
    guest_us: float
    loop_us: float
    out_time_us: float
    residency: Sample
    out: Sample
    loop: Sample
    guest: Sample
    ends: dict[str, int]
    own_exits: int
    own_puts: dict[str, int]
    exits: int
    runs: Runs
    episodes: Episodes
    task_sections: int
    irqs_seen: bool
    softirqs_seen: bool
    exits_seen: bool
    resolution_us: float
    span: tuple[float, float] = field(default=(0.0, 0.0))
