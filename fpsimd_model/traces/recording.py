"""What a trace says about one vCPU thread: an ordered list of steps, and totals."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .spool import blocks_of

__all__ = [
    "PACKETS",
    "Context",
    "Image",
    "Kernel",
    "Kind",
    "Position",
    "Recording",
    "Step",
    "Why",
]


class Kind(enum.IntEnum):
    """What happened. ``value`` of a step is given in brackets; -1 where it is not known."""

    LOAD = 0  # kvm_arch_vcpu_load [Why: USER from the ioctl, PREEMPTED or BLOCKED from sched-in]
    ENTER = 1  # guest entry, interrupts off
    EXIT = 2  # the true exit, interrupts still off [index in Recording.reasons]
    PREEMPT_ENABLE = 3  # end of the exit window
    PUT = 4  # kvm_arch_vcpu_put [Why]
    RETURN_TO_USER = 5  # [1 if the kernel reloaded the task's registers, 0 if not, -1 unknown]
    SCHED_OUT = 6  # the vCPU thread leaves the CPU; after PUT, whatever the trace's order [Why]
    SCHED_IN = 7  # its position is where it comes back to: USER, or SCHED until the load
    NEON_BEGIN = 8  # [number of the section in its burst, from 1]
    NEON_END = 9
    SOFTIRQ_ENTRY = 10  # [vector]
    SOFTIRQ_EXIT = 11  # [vector]
    SOFTIRQ_RAISE = 12  # [vector]
    IRQ = 13  # a hard interrupt's handler begins [its number]
    SAVE = 14  # the recorded kernel stored the registers [Image]
    RESTORE = 15  # the recorded kernel loaded the registers [Image]
    USER_EXIT = 16  # kvm_userspace_exit [index in Recording.reasons]
    WAKEUP = 17  # a vCPU that polled or slept goes on
    GAP = 18  # events are missing here
    PACKET = 19  # a packet at a layer of the network stack [index in PACKETS]


#: Layers at which a `Kind.PACKET` step says that a packet passes; one packet may pass several.
PACKETS = (
    "esp_input", "esp6_input", "xfrm_input", "esp_output", "esp6_output", "xfrm_output",
    "crypto_aead_decrypt", "crypto_aead_encrypt", "wg_packet_decrypt_worker", "napi_gro_receive",
    "netif_receive_skb",
)  # fmt: skip


class Position(enum.IntEnum):
    """Where the vCPU thread is when a step happens, before its effect (model.md section 2)."""

    UNKNOWN = 0
    USER = 1  # not resident; in user space, or on its way there
    SCHED = 2  # not on the CPU: what happens is done by other tasks
    LOOP = 3  # resident, in the run loop
    WINDOW = 4  # resident, between exit and preempt_enable
    GUEST = 5


class Context(enum.IntEnum):
    """The context that a step ran in; the trace's own flags, or nesting where it has none."""

    UNKNOWN = 0
    TASK = 1
    SOFTIRQ = 2
    HARDIRQ = 3
    NMI = 4


class Why(enum.IntEnum):
    """Why a residency ended, and with that where the next begins."""

    UNKNOWN = 0
    USER = 1  # back to user space
    PREEMPTED = 2  # switched out while runnable
    BLOCKED = 3  # switched out to wait
    SCHED = 4  # switched out, the trace does not tell which


class Image(enum.IntEnum):
    """Whose state a register move stored or loaded."""

    UNKNOWN = 0
    VCPU = 1
    TASK = 2  # the VMM thread's own


class Step(NamedTuple):
    """One step of a recording; ``live`` is meant for EXIT alone: was the guest's FP state live?

    ``live`` is 1, 0 or -1 (not recorded); ``inferred`` marks a step that the trace does not
    show but that must have been, since the next one could not be otherwise.
    """

    time_ns: int
    kind: Kind
    position: Position
    context: Context
    value: int
    live: int
    inferred: bool
    cpu: int


@dataclass(frozen=True, slots=True)
class Kernel:
    """Register moves of the recorded kernel itself; None where it was not recorded.

    Saves and restores of the VMM's and saves of the guest's state are counted from probes at the
    very moves. The guest's restore happens at EL2 where no probe reaches: ``guest_restores``
    counts exits that are live after an entry that was not, ``guest_restores_unsure`` those of
    which the entry is not known (at most the first of a trace and after each gap).
    """

    host_saves: int | None
    host_restores: int | None
    guest_saves: int | None
    guest_restores: int | None
    guest_restores_unsure: int = 0


@dataclass(frozen=True, eq=False)
class Recording:
    """One vCPU thread's part of a trace.

    ``steps`` is a structured array with the fields of `Step` (iterate the recording for `Step`
    records, or take columns: ``recording.steps["kind"]``); of more than a million steps it is
    mapped from a temporary file, and `blocks` gives them piece by piece. ``start`` is the
    thread's position when the trace begins; ``first_partial`` and ``last_partial`` say that the
    trace cuts a residency at its ends. Totals leave inferred steps out. ``recorded`` has the
    kinds of step that the trace shows at all, of whatever thread: of the others, none says
    nothing.
    """

    name: str
    form: str
    cpu: int
    cpus: tuple[int, ...]
    pid: int
    comm: str
    vcpus: tuple[tuple[int, str, int], ...]
    seconds: float
    start: Position
    first_partial: bool
    last_partial: bool
    loads: int
    puts: int
    entries: int
    exits: int
    neon_begins: int
    neon_begins_task: int
    neon_begins_outside: int
    softirqs_inside: dict[int, int]
    softirqs_outside: dict[int, int]
    kernel: Kernel
    live_known: bool
    window_known: bool
    residency_from: str
    reasons: tuple[str, ...]
    unread: int
    gaps: int
    lost: int
    notes: tuple[str, ...]
    steps: np.ndarray = field(repr=False)
    recorded: frozenset[Kind] = frozenset()

    def blocks(self) -> Iterator[np.ndarray]:
        """The steps in order, some 65,000 at a time, in memory that does not grow with them."""
        return blocks_of(self.steps)

    def __iter__(self) -> Iterator[Step]:
        names = Step._fields
        for part in self.blocks():
            for row in zip(*(part[name].tolist() for name in names), strict=True):
                time_ns, kind, position, context, value, live, inferred, cpu = row
                yield Step(
                    time_ns, Kind(kind), Position(position), Context(context),
                    value, live, inferred, cpu,
                )  # fmt: skip

    def __len__(self) -> int:
        return len(self.steps)

    def exits_by_reason(self) -> dict[str, int]:
        """How often the guest exited for each reason that the trace names, most frequent first."""
        found: Counter[int] = Counter()
        for part in self.blocks():
            values, counts = np.unique(
                part["value"][part["kind"] == Kind.EXIT], return_counts=True
            )  # fmt: skip
            found.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return {self.reasons[v] if v >= 0 else "unknown": n for v, n in ordered}

    def to_dict(self) -> dict:
        """The totals as JSON-ready values."""
        kernel = self.kernel
        return {
            "file": self.name,
            "form": self.form,
            "cpu": self.cpu,
            "cpus": list(self.cpus),
            "pid": self.pid,
            "comm": self.comm,
            "vcpus": [{"pid": p, "comm": c, "loads": n} for p, c, n in self.vcpus],
            "seconds": self.seconds,
            "loads": self.loads,
            "puts": self.puts,
            "entries": self.entries,
            "exits": self.exits,
            "neon_begins": self.neon_begins,
            "neon_begins_task": self.neon_begins_task,
            "neon_begins_outside": self.neon_begins_outside,
            "softirqs_inside": {str(v): n for v, n in sorted(self.softirqs_inside.items())},
            "softirqs_outside": {str(v): n for v, n in sorted(self.softirqs_outside.items())},
            "kernel": {
                "host_saves": kernel.host_saves,
                "host_restores": kernel.host_restores,
                "guest_saves": kernel.guest_saves,
                "guest_restores": kernel.guest_restores,
            },
            "first_partial": self.first_partial,
            "last_partial": self.last_partial,
            "live_known": self.live_known,
            "recorded": [kind.name.lower() for kind in sorted(self.recorded)],
            "residency_from": self.residency_from,
            "unread": self.unread,
            "gaps": self.gaps,
            "lost": self.lost,
            "notes": list(self.notes),
        }


STEP = np.dtype(
    [
        ("time_ns", "i8"), ("value", "i4"), ("cpu", "u2"), ("kind", "u1"), ("position", "u1"),
        ("context", "u1"), ("live", "i1"), ("inferred", "?"),
    ]
)  # fmt: skip
