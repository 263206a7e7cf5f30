"""What is known of a vCPU thread while its rows are walked, and the steps written so far."""

from __future__ import annotations

from array import array

import numpy as np

from .recording import STEP, Image, Kind, Position, Why
from .rows import Raw
from .spool import Spool

__all__ = ["GUEST", "LIVE", "LOOP", "NOT_LIVE", "SCHED", "UNKNOWN", "UNSURE", "USER", "WINDOW"]
__all__ += ["State"]

UNKNOWN, USER, SCHED, LOOP, WINDOW, GUEST = (int(p) for p in Position)
UNSURE, NOT_LIVE, LIVE = -1, 0, 1


class State:
    """Position and expectations of one thread; the parts of `Walk` act on it.

    ``recorded`` says which kinds of row the file has at all, of any thread, ``own`` which this
    thread has; ``images`` maps an image's index to `Image`; ``arm`` tells arm64 from x86;
    ``proxy`` names what stands for loads and puts, if they were not recorded (see `proxies`).
    """

    def __init__(
        self, pid: int, recorded: frozenset[int], own: frozenset[int], images: dict[int, int],
        arm: bool, proxy: str = "",
    ) -> None:  # fmt: skip
        self.pid, self.images, self.arm, self.proxy = pid, images, arm, proxy
        self.has_sync = Raw.SYNC in recorded
        self.has_bind = Raw.BIND in recorded
        self.has_exit = Raw.KEXIT in recorded
        self.has_user_exit = Raw.USER_EXIT in recorded
        self.has_switch = Raw.SWITCH in own
        self.switches_elsewhere = Raw.SWITCH in recorded
        self.infers_live = not self.has_bind and Raw.SAVE in own
        self.knows_live = self.has_bind or self.infers_live
        self.open: list[int] = []  # exits of which it is not known yet whether they were live
        self.lost_now = False  # registers are being taken: a save tells that they were live
        self.has_save = Raw.SAVE in recorded
        self.has_restore = Raw.RESTORE in recorded
        self.has_softirq = Raw.SOFTIRQ_ENTRY in recorded
        self.sees_returns = Raw.RETURN in recorded or Raw.RESTORE in recorded
        self.return_calls = Raw.RETURN in recorded
        self.times, self.metas, self.values = array("q"), array("q"), array("i")
        self._steps = Spool(STEP)  # those before, that nothing can change
        self.position = self.start = UNKNOWN
        self.cpu = 0
        self.running = True
        self.out_why: int | None = None  # switched out, put not seen yet
        self.why_out = Why.UNKNOWN  # why the last residency ended
        self.put_at = -1  # a put whose reason shows later
        self.exit_at = -1  # an exit whose reason shows later
        self.return_due = -1  # where a return to user space belongs if none is seen
        self.flushed = False
        self.softirq = 0
        self.other_softirq = 0
        self.section = 0
        self.live = UNSURE
        self.exit_told = True  # the guest's last run has a kvm_exit, or is not known to lack it
        self.blind = True  # events are missing, or may be, since the last load or put
        self.unmarked = 0  # gaps that nobody reported
        self.entered = False
        self.entered_live = UNSURE
        self.loads = self.puts = self.entries = self.exits = 0
        self.neon = {"softirq": 0, "task": 0, "outside": 0}
        self.inside: dict[int, int] = {}
        self.outside: dict[int, int] = {}
        self.saves = {int(image): 0 for image in Image}
        self.restores = {int(image): 0 for image in Image}
        self.guest_restores = self.guest_restores_unsure = 0

    def _emit(self, kind, value=-1, context=0, live=-1, inferred=False) -> int:
        self.times.append(self.time)
        self.values.append(value)
        self.metas.append(
            kind | self.position << 8 | context << 16 | (live + 1) << 20
            | inferred << 24 | self.cpu << 32
        )  # fmt: skip
        return len(self.times) - 1

    def _gap(self) -> None:
        """Events are missing: whatever was open is cut, and whose registers these are is open."""
        self._emit(Kind.GAP)
        self.live = self.entered_live = UNSURE
        self.lost_now = False
        self.open.clear()
        self.softirq = 0
        self.blind = self.exit_told = True

    def _impossible(self) -> None:
        """An order that no kernel prints: a gap that nobody has reported."""
        if not self.blind:
            self.unmarked += 1
            self._gap()

    def _set_live(self, at: int, live: int) -> None:
        self.metas[at] = self.metas[at] & ~(3 << 20) | (live + 1) << 20

    def kernel(self) -> dict[str, int | None]:
        """The recorded kernel's own moves, as `Kernel` has them."""
        saves, restores = self.saves, self.restores
        return {
            "host_saves": saves[Image.TASK] if self.has_save else None,
            "host_restores": restores[Image.TASK] if self.has_restore else None,
            "guest_saves": saves[Image.VCPU] if self.has_save else None,
            "guest_restores": self.guest_restores if self.knows_live else None,
            "guest_restores_unsure": self.guest_restores_unsure,
        }

    def settle(self, keep: int = 1) -> None:
        """Move the steps that nothing can change any more to where they take least memory."""
        pending = [at for at in (self.put_at, self.exit_at, self.return_due) if at >= 0]
        done = min([*pending, *self.open[:1], len(self.times) - keep])
        if done <= 0:
            return
        new = np.empty(done, dtype=STEP)
        new["time_ns"], new["value"] = self.times[:done], self.values[:done]
        metas = np.array(self.metas[:done])
        for name, low, bits in _META:
            new[name] = metas >> low & bits
        new["live"] -= 1
        self._steps.append(new)
        del self.times[:done], self.values[:done], self.metas[:done]
        self.put_at = max(self.put_at - done, -1)
        self.exit_at = max(self.exit_at - done, -1)
        self.return_due = max(self.return_due - done, -1)
        self.open = [at - done for at in self.open]

    def steps(self) -> np.ndarray:
        """All steps, as `Recording.steps` has them; the state can be walked no further."""
        self._settle_put(Why.UNKNOWN)
        self.put_at = self.exit_at = self.return_due = -1
        self.open.clear()
        self.settle(keep=0)
        return self._steps.array()


_META = (("kind", 0, 0xFF), ("position", 8, 0xFF), ("context", 16, 0xF), ("live", 20, 3),
         ("inferred", 24, 1), ("cpu", 32, 0xFFFF))  # fmt: skip
