"""The events that a model of register moves can use, as compact rows in the order of the file.

A row is 24 bytes whatever its line was. Which thread is a vCPU, and what was recorded at all,
shows only later in a trace, so rows are kept for every thread of every CPU that has run one:
the first million in memory, the rest in a temporary file.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterator

import numpy as np

from .spool import Spool

__all__ = ["ALL_CPUS", "Raw", "Rows"]

ALL_CPUS = 0xFFFF
ROW = np.dtype(
    [("time", "i8"), ("value", "i4"), ("pid", "i4"), ("cpu", "u2"), ("kind", "u1"), ("where", "u1")]
)
_KEPT = 1 << 18  # rows that wait for a vCPU on their CPU


class Raw(enum.IntEnum):
    """What a line says, before anything is concluded from its neighbours."""

    SKIP = 0  # read, understood as of no use here
    GAP = 1
    LOAD = 2  # kvm_arch_vcpu_load; value: Caller
    PUT = 3  # kvm_arch_vcpu_put; value: Caller
    FLUSH = 4  # kvm_arch_vcpu_ctxflush_fp, just before entry
    SYNC = 5  # kvm_arch_vcpu_ctxsync_fp, just after exit
    ENTRY = 6  # kvm_entry
    KEXIT = 7  # kvm_exit; value: index of its reason
    USER_EXIT = 8  # kvm_userspace_exit; value: index of its reason
    BIND = 9  # fpsimd_bind_state_to_cpu; value: index of the image, or -1
    NEON_BEGIN = 10
    NEON_END = 11
    SOFTIRQ_RAISE = 12  # value: vector
    SOFTIRQ_ENTRY = 13
    SOFTIRQ_EXIT = 14
    IRQ_ENTRY = 15  # value: number
    SWITCH = 16  # sched_switch; value: pid of next << 1 | prev stays runnable
    SAVE = 17  # registers stored; value: index of the image, or -1
    RESTORE = 18  # registers loaded; value: index of the image, or -1
    RETURN = 19  # fpsimd_restore_current_state, called on the way to user space
    WAKEUP = 20  # kvm_vcpu_wakeup: a blocked or polling vCPU goes on
    LOADED_FP = 21  # task_fpsimd_load called: a RESTORE where no probe shows the move
    TIMER_LOAD = 22  # kvm_timer_restore_state: a weaker sign of a load
    TIMER_SAVE = 23  # kvm_timer_save_state: a weaker sign of a put
    PACKET = 24  # a packet at a layer of the network stack; value: index in symbols.PACKETS


#: What the low bits of a packed row's `where` say: context (see forms), then irqs off, known.
IRQS_OFF, IRQS_KNOWN, FROM_TRACER = 8, 16, 32


class Rows:
    """Rows of a whole trace, filled block by block; see `Raw` for what ``value`` means.

    ``counts[kind]`` is how many rows of that kind were read, kept or not. ``reasons`` and
    ``images`` are what values index. Rows of CPUs that never run a vCPU are dropped, and on the
    others those from more than 262,144 rows before the first vCPU, to bound the memory.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(len(Raw), dtype=np.int64)
        self.comms: dict[int, str] = {}
        self.reasons: list[str] = []
        self.images: list[str] = []
        self.arm = False
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.backwards = 0  # how often a time is before the one before it on its CPU
        self.in_order = True  # no time is before the one above it, on whatever CPU
        self._spool = Spool(ROW)
        self._latest: dict[int, int] = {}
        self._traced = np.zeros((2, len(Raw)), dtype=bool)
        self._layers = np.zeros((2, 256), dtype=bool)  # the same of packets, by layer
        self._waiting: deque[np.ndarray] = deque()
        self._fresh = 0
        self._vcpu_cpus = np.zeros(ALL_CPUS + 1, dtype=bool)
        self._vcpu_cpus[ALL_CPUS] = True

    def add(self, flat: list[int]) -> None:
        """Append rows given as ``time, packed, value, time, packed, value, ...``."""
        if not flat:
            return
        table = np.array(flat, dtype=np.int64).reshape(-1, 3)
        packed = table[:, 1]
        part = np.empty(len(table), dtype=ROW)
        part["time"] = table[:, 0]
        part["value"] = table[:, 2]
        part["kind"] = packed & 0xFF
        part["where"] = (packed >> 8) & 0xFF
        part["cpu"] = (packed >> 16) & 0xFFFF
        part["pid"] = (packed >> 32) - 1
        self.counts += np.bincount(part["kind"], minlength=len(Raw))
        traced = part["where"] & FROM_TRACER != 0
        self._traced[0, part["kind"][~traced]] = True
        self._traced[1, part["kind"][traced]] = True
        if (packets := part["kind"] == Raw.PACKET).any():
            self._traced[:, Raw.PACKET] = False
            for by in (0, 1):
                self._layers[by, part["value"][packets & (traced == by)] & 0xFF] = True
        self._check_times(part)
        self._vcpu_cpus[part["cpu"][np.isin(part["kind"], _OF_KVM)]] = True
        self._waiting.append(part)
        self._fresh += len(part)
        while self._fresh > _KEPT + len(self._waiting[0]):
            self._fresh -= len(self._waiting[0])
            self._spool.append(self._of_vcpus(self._waiting.popleft()))

    def _of_vcpus(self, part: np.ndarray) -> np.ndarray:
        keep = self._vcpu_cpus[part["cpu"]]
        return part if keep.all() else part[keep]

    def _check_times(self, part: np.ndarray) -> None:
        part = part[part["kind"] != Raw.GAP]
        if not len(part):
            return
        if self.in_order:
            times, last = part["time"], max(self._latest.values(), default=0)
            self.in_order = int(times[0]) >= last and not (np.diff(times) < 0).any()
        for cpu in np.unique(part["cpu"]).tolist():
            times = part["time"][part["cpu"] == cpu]
            self.backwards += int((np.diff(times) < 0).sum())
            self.backwards += int(times[0]) < self._latest.get(cpu, 0)
            self._latest[cpu] = int(times[-1])

    def saw(self, time_ns: int) -> None:
        """Note an event's time, whether it becomes a row or not."""
        if self.first_ns is None:
            self.first_ns = time_ns
        self.last_ns = time_ns if self.last_ns is None else max(self.last_ns, time_ns)

    def parts(self) -> Iterator[np.ndarray]:
        """The rows in order, in parts: those of CPUs that run a vCPU, and each event once.

        A function that the tracer and a probe both recorded is taken from the tracer, whose line
        has the caller. Can be asked for as often as wanted.
        """
        while self._waiting:
            self._spool.append(self._of_vcpus(self._waiting.popleft()))
        self._fresh = 0
        twice, layers = self._traced.all(axis=0), self._layers.all(axis=0)
        for part in self._spool.blocks():
            part = self._of_vcpus(part)
            if twice.any():
                part = part[~twice[part["kind"]] | (part["where"] & FROM_TRACER != 0)]
            if layers.any():
                again = (part["kind"] == Raw.PACKET) & (part["where"] & FROM_TRACER == 0)
                part = part[~(again & layers[part["value"] & 0xFF])]
            if len(part):
                yield part

    def table(self) -> np.ndarray:
        """All `parts` as one structured array."""
        return np.concatenate([np.empty(0, dtype=ROW), *self.parts()])

    def tally(self, kind: Raw) -> dict[tuple[int, int], int]:
        """How many rows of a kind there are, by thread and CPU."""
        found: dict[tuple[int, int], int] = {}
        for part in self.parts():
            part = part[part["kind"] == kind]
            both = part["pid"].astype(np.int64) << 16 | part["cpu"]
            for key, count in zip(*np.unique(both, return_counts=True), strict=True):
                where = int(key) >> 16, int(key) & 0xFFFF
                found[where] = found.get(where, 0) + int(count)
        return found


_OF_KVM = [Raw.LOAD, Raw.PUT, Raw.FLUSH, Raw.SYNC, Raw.ENTRY, Raw.KEXIT, Raw.USER_EXIT, Raw.WAKEUP]


def pack(kind: int, where: int, cpu: int, pid: int) -> int:
    """A row's small fields in one integer, as `Rows.add` takes them."""
    return kind | where << 8 | (cpu & 0xFFFF) << 16 | (pid + 1) << 32
