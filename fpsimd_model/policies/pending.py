"""Look for pending softirqs after each exit and give the registers back before they run."""

from __future__ import annotations

from ..registers import Cpu
from .deferred import _THREAD, DeferToPut

__all__ = ["PendingCheck", "PendingCheckGuarded"]


class PendingCheck(DeferToPut):
    """Defer to vcpu_put, but save if the exit interrupt left a softirq pending."""

    name = "pending-check"
    kernel = "proposed in the thread, Feb 2018"
    sources = (_THREAD, "v4.16.13 kernel/softirq.c local_softirq_pending")

    def softirq_pending(self, cpu: Cpu) -> None:
        self.give_back(cpu)


class PendingCheckGuarded(PendingCheck):
    """The pending check, with kernel_neon_busy against softirqs that come too late for it."""

    name = "pending-check-guarded"
    kernel = "proposed in the thread, Feb 2018"
    sources = (_THREAD, "v4.15.1 arch/arm64/include/asm/simd.h may_use_simd")

    def fp_trap(self, cpu: Cpu) -> None:
        super().fp_trap(cpu)
        cpu.busy = True

    def softirq_pending(self, cpu: Cpu) -> None:
        super().softirq_pending(cpu)
        cpu.busy = False

    def vcpu_put(self, cpu: Cpu) -> None:
        super().vcpu_put(cpu)
        cpu.busy = False
