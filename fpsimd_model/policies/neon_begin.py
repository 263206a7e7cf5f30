"""Wrap guest state in kernel_neon_begin and kernel_neon_end, by residency or by guest run."""

from __future__ import annotations

from ..registers import Cpu
from .base import Policy

__all__ = ["FlushHook", "NeonBeginAtLoad", "NeonBeginPerEntry"]

_THREAD = "linux-arm-kernel, 14 Feb 2018, [PATCH v3 09/41] Defer restoring host VFP state"


class NeonBeginAtLoad(Policy):
    """kernel_neon_begin at vcpu_load, kernel_neon_end at vcpu_put, as NEON worked in 2018."""

    name = "neon-begin-at-load"
    kernel = "discussed, Feb 2018"
    sources = (_THREAD, "v4.15.1 arch/arm64/kernel/fpsimd.c kernel_neon_begin, kernel_neon_end")

    def vcpu_load(self, cpu: Cpu) -> None:
        cpu.fpsimd_save_and_flush_cpu_state()
        cpu.busy = True
        cpu.preempt_off = True
        cpu.arm_trap()

    def fp_trap(self, cpu: Cpu) -> None:
        cpu.restore_guest()
        cpu.disarm_trap()

    def vcpu_put(self, cpu: Cpu) -> None:
        if not cpu.trap_armed:
            cpu.save_guest()
            cpu.arm_trap()
        cpu.busy = False
        cpu.preempt_off = False
        cpu.scratch()


class NeonBeginPerEntry(Policy):
    """kernel_neon_begin and _end around each guest run, in place of preempt_disable."""

    name = "neon-begin-per-entry"
    kernel = "discussed, Feb 2018"
    sources = (_THREAD, "v4.16.13 virt/kvm/arm/arm.c kvm_arch_vcpu_ioctl_run")

    def guest_enter(self, cpu: Cpu) -> None:
        cpu.fpsimd_save_and_flush_cpu_state()
        cpu.busy = True
        cpu.arm_trap()

    def fp_trap(self, cpu: Cpu) -> None:
        cpu.restore_guest()
        cpu.disarm_trap()

    def guest_exit(self, cpu: Cpu) -> None:
        if not cpu.trap_armed:
            cpu.save_guest()
            cpu.arm_trap()

    def preempt_enable(self, cpu: Cpu) -> None:
        cpu.busy = False


class FlushHook(NeonBeginPerEntry):
    """Save and flush the host before each guest run; NEON is free before interrupts open."""

    name = "flush-hook"
    kernel = "discussed, Feb 2018"
    sources = (_THREAD, "v4.15.1 arch/arm64/include/asm/kvm_host.h kvm_fpsimd_flush_cpu_state")

    def guest_exit(self, cpu: Cpu) -> None:
        super().guest_exit(cpu)
        cpu.busy = False
