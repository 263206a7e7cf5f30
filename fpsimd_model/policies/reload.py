"""No trap: load the guest's registers ahead of need, at entry, at load, or by experience."""

from __future__ import annotations

from ..registers import Cpu
from .tracked import TrackedSaveAtLoad

__all__ = ["AdaptiveReload", "ReloadAtEntry", "ReloadAtLoad"]


class ReloadAtEntry(TrackedSaveAtLoad):
    """Tracked; registers lost since the last run are reloaded at guest entry, without a trap."""

    name = "reload-at-entry"
    kernel = "as x86 does it since its fix of 2020"
    sources = ("v5.9.1 arch/x86/kvm/x86.c vcpu_enter_guest, kvm_load_guest_fpu",)

    def guest_enter(self, cpu: Cpu) -> None:
        if cpu.foreign_fpstate:
            cpu.fp_enabled = False
        if not cpu.fp_enabled:
            cpu.restore_guest()
            cpu.fp_enabled = True
        cpu.disarm_trap()

    def vcpu_put(self, cpu: Cpu) -> None:
        super().vcpu_put(cpu)
        cpu.disarm_trap()


class ReloadAtLoad(ReloadAtEntry):
    """Tracked; the guest's registers are loaded at vcpu_load and never again."""

    name = "reload-at-load"
    kernel = "as x86 did it in v5.3"
    sources = (
        "commit e751732486eb (v5.3), fixed by 2620fe268e80",
        "v5.3.1 arch/x86/kvm/x86.c kvm_arch_vcpu_load",
    )

    def vcpu_load(self, cpu: Cpu) -> None:
        super().vcpu_load(cpu)
        cpu.restore_guest()
        cpu.fp_enabled = True

    def guest_enter(self, cpu: Cpu) -> None:
        cpu.disarm_trap()


class AdaptiveReload(TrackedSaveAtLoad):
    """Reload at entry while the guest has lately used FP after most losses, else trap.

    `habit` counts what the traps showed: 0 and 1 arm the trap; two first runs after a loss that
    both used FP make it 7, a run that let the trap rest makes it 0, and each reload without a
    trap takes one off, so that after six of them a trap asks again (x86's 8-bit counter wrapped).
    """

    name = "adaptive-reload"
    kernel = "after x86, commit 653f52c316a4"
    sources = ("commit 653f52c316a4 kvm,x86: load guest FPU context more eagerly",)
    flags = {"habit": 0}
    eager = 7

    def guest_enter(self, cpu: Cpu) -> None:
        if cpu.foreign_fpstate:
            cpu.fp_enabled = False
        if not cpu.fp_enabled and cpu.habit > 1:
            cpu.habit -= 1
            cpu.restore_guest()
            cpu.fp_enabled = True
        if cpu.fp_enabled:
            cpu.disarm_trap()
        else:
            cpu.arm_trap()

    def fp_trap(self, cpu: Cpu) -> None:
        super().fp_trap(cpu)
        cpu.habit = self.eager if cpu.habit else 1

    def guest_exit(self, cpu: Cpu) -> None:
        super().guest_exit(cpu)
        if cpu.trap_armed:
            cpu.habit = 0
