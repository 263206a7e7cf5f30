"""Track whose registers are live, as for any task, and save on demand: what went upstream."""

from __future__ import annotations

from ..registers import Cpu
from .base import Policy

__all__ = ["Tracked", "TrackedSaveAtLoad"]


class Tracked(Policy):
    """Bind live guest registers to the vCPU; kernel_neon_begin saves them when it needs to."""

    name = "tracked"
    kernel = "v4.18 to v6.13"
    sources = (
        "commit e6b673b741ea KVM: arm64: Optimise FPSIMD handling",
        "v4.19.71 arch/arm64/kvm/fpsimd.c kvm_arch_vcpu_load_fp, _ctxsync_fp, _put_fp",
        "v4.19.71 arch/arm64/kvm/hyp/switch.c update_fp_enabled, __hyp_switch_fpsimd",
    )
    flags = {"fp_enabled": False, "fp_host": False}
    trap_through_c = True

    def vcpu_load(self, cpu: Cpu) -> None:
        cpu.fp_enabled = False
        cpu.fp_host = True

    def guest_enter(self, cpu: Cpu) -> None:
        if cpu.foreign_fpstate:
            cpu.fp_enabled = cpu.fp_host = False
        if cpu.fp_enabled:
            cpu.disarm_trap()
        else:
            cpu.arm_trap()

    def fp_trap(self, cpu: Cpu) -> None:
        if cpu.fp_host:
            cpu.save_task()
            cpu.fp_host = False
        cpu.restore_guest()
        cpu.fp_enabled = True
        cpu.disarm_trap()

    def guest_exit(self, cpu: Cpu) -> None:
        if cpu.fp_enabled:
            cpu.fpsimd_bind_vcpu()

    def vcpu_put(self, cpu: Cpu) -> None:
        if cpu.fp_enabled:
            cpu.fpsimd_save_and_flush_cpu_state()
            cpu.scratch()
        cpu.fp_enabled = cpu.fp_host = False
        cpu.arm_trap()


class TrackedSaveAtLoad(Tracked):
    """Tracked, with the host's registers saved at vcpu_load rather than at the trap."""

    name = "tracked-save-at-load"
    kernel = "v6.14, and 6.1.y and 6.12.y stable"
    sources = (
        "commit fbc7e61195e2 KVM: arm64: Unconditionally save+flush host FPSIMD/SVE/SME state",
        "v6.14.0 arch/arm64/kvm/fpsimd.c kvm_arch_vcpu_load_fp",
        "6.1.192 arch/arm64/kvm/fpsimd.c kvm_arch_vcpu_load_fp",
    )

    def vcpu_load(self, cpu: Cpu) -> None:
        cpu.fpsimd_save_and_flush_cpu_state()
        cpu.fp_enabled = cpu.fp_host = False
