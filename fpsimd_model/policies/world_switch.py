"""The world switch moves registers at each exit: what v4.15 to v4.17 did."""

from __future__ import annotations

from ..registers import Cpu
from .base import Policy

__all__ = ["SwitchOnExit"]


class SwitchOnExit(Policy):
    """Trap on the first FP access of each guest run, undo everything at its exit."""

    name = "switch-on-exit"
    kernel = "v4.15 to v4.17"
    sources = (
        "v4.15.1 arch/arm64/kvm/hyp/switch.c __activate_traps, __kvm_vcpu_run",
        "v4.15.1 arch/arm64/kvm/hyp/entry.S __fpsimd_guest_restore",
        "commit 33c76a0b8126 arm64: KVM: Optimize arm64 skip 30-50% vfp/simd save/restore",
    )

    def guest_enter(self, cpu: Cpu) -> None:
        cpu.arm_trap()

    def fp_trap(self, cpu: Cpu) -> None:
        cpu.save_host_context()
        cpu.restore_guest()
        cpu.disarm_trap()

    def guest_exit(self, cpu: Cpu) -> None:
        if not cpu.trap_armed:
            cpu.save_guest()
            cpu.restore_host_context()
            cpu.arm_trap()
