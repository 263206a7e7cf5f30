"""Forbid kernel-mode NEON while the guest's registers may be live: crypto goes scalar."""

from __future__ import annotations

from ..registers import Cpu
from .deferred import _THREAD, DeferToPut

__all__ = ["BusyFlagLive", "BusyFlagResident"]


class BusyFlagResident(DeferToPut):
    """Defer to vcpu_put with kernel_neon_busy set for the whole residency."""

    name = "busy-flag-resident"
    kernel = "discussed, Feb 2018"
    sources = (_THREAD, "v4.15.1 arch/arm64/include/asm/simd.h may_use_simd")

    def vcpu_load(self, cpu: Cpu) -> None:
        super().vcpu_load(cpu)
        cpu.busy = True

    def vcpu_put(self, cpu: Cpu) -> None:
        super().vcpu_put(cpu)
        cpu.busy = False


class BusyFlagLive(DeferToPut):
    """Defer to vcpu_put with kernel_neon_busy set while the guest's registers are live."""

    name = "busy-flag-live"
    kernel = "discussed, Feb 2018"
    sources = (_THREAD, "v4.15.1 arch/arm64/include/asm/simd.h may_use_simd")

    def fp_trap(self, cpu: Cpu) -> None:
        super().fp_trap(cpu)
        cpu.busy = True

    def vcpu_put(self, cpu: Cpu) -> None:
        super().vcpu_put(cpu)
        cpu.busy = False
