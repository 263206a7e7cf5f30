"""Leave the guest's registers live until vcpu_put: the patch of the thread and its rescues."""

from __future__ import annotations

from ..registers import Cpu
from .base import Policy

__all__ = ["DeferToPut", "NestedSave", "SoftirqsOff"]

_THREAD = "linux-arm-kernel, 14 Feb 2018, [PATCH v3 09/41] Defer restoring host VFP state"


class DeferToPut(Policy):
    """Restore the host's registers at vcpu_put only; tell nobody that the guest's are live."""

    name = "defer-to-put"
    kernel = "proposed, Feb 2018"
    sources = (_THREAD, "rebuilt from what the thread says of it: its diff was not at hand")

    def vcpu_load(self, cpu: Cpu) -> None:
        cpu.arm_trap()

    def fp_trap(self, cpu: Cpu) -> None:
        cpu.save_host_context()
        cpu.restore_guest()
        cpu.disarm_trap()

    def give_back(self, cpu: Cpu) -> None:
        """Guest registers to the vCPU, host context to the registers, trap armed again."""
        if not cpu.trap_armed:
            cpu.save_guest()
            cpu.restore_host_context()
            cpu.arm_trap()

    def vcpu_put(self, cpu: Cpu) -> None:
        self.give_back(cpu)


class SoftirqsOff(DeferToPut):
    """Defer to vcpu_put with softirqs and preemption off for the whole residency."""

    name = "softirqs-off"
    kernel = "discussed and rejected, Feb 2018"
    sources = (_THREAD, "v4.16.13 kernel/softirq.c irq_exit, include/linux/preempt.h")

    def vcpu_load(self, cpu: Cpu) -> None:
        cpu.softirqs_off = True
        cpu.preempt_off = True
        super().vcpu_load(cpu)

    def vcpu_put(self, cpu: Cpu) -> None:
        super().vcpu_put(cpu)
        cpu.softirqs_off = False
        cpu.preempt_off = False


class NestedSave(DeferToPut):
    """Defer to vcpu_put; each NEON section in softirq saves and restores what it uses."""

    name = "nested-save"
    kernel = "kernel-mode NEON up to v4.13"
    sources = ("v4.13.4 arch/arm64/kernel/fpsimd.c kernel_neon_begin_partial",)
    flags = {"neon_buffer": "K"}

    def kernel_neon_begin(self, cpu: Cpu) -> None:
        cpu.neon_buffer = cpu.registers
        cpu.tally("guest_saves" if cpu.registers in "Gg" else "host_saves")
        cpu.scratch()

    def kernel_neon_end(self, cpu: Cpu) -> None:
        cpu.registers = cpu.neon_buffer
        cpu.tally("guest_restores" if cpu.registers in "Gg" else "host_restores")
        cpu.neon_buffer = "K"
