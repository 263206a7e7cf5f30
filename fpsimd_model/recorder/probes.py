"""The kprobes and trace events of a recording, by architecture."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EVENTS", "GROUP", "SWITCHES", "Probe", "probes"]

GROUP = "fpsimd"
EVENTS = (
    "irq/softirq_raise",
    "irq/softirq_entry",
    "irq/softirq_exit",
    "irq/irq_handler_entry",
    "kvm/kvm_entry",
    "kvm/kvm_exit",
    "kvm/kvm_userspace_exit",
    "kvm/kvm_vcpu_wakeup",
)
SWITCHES = "sched/sched_switch"


@dataclass(frozen=True, slots=True)
class Probe:
    """A kprobe at a function's entry; `needed` if nothing can be told without it.

    >>> Probe("vcpu_put", "kvm_arch_vcpu_put", "vcpu=$arg1", True).line
    'p:fpsimd/vcpu_put kvm_arch_vcpu_put vcpu=$arg1'
    """

    name: str
    function: str
    arguments: str
    needed: bool

    @property
    def line(self) -> str:
        """What kprobe_events takes."""
        return f"p:{GROUP}/{self.name} {self.function} {self.arguments}".rstrip()


_KVM = (
    Probe("vcpu_load", "kvm_arch_vcpu_load", "vcpu=$arg1 cpu=$arg2:s32", True),
    Probe("vcpu_put", "kvm_arch_vcpu_put", "vcpu=$arg1", True),
)
_ARM = (
    Probe("neon_begin", "kernel_neon_begin", "", False),
    Probe("neon_end", "kernel_neon_end", "", False),
    Probe("ctxflush_fp", "kvm_arch_vcpu_ctxflush_fp", "", False),
    Probe("ctxsync_fp", "kvm_arch_vcpu_ctxsync_fp", "", False),
    Probe("fp_bind", "fpsimd_bind_state_to_cpu", "st=$arg1", False),
    Probe("fp_return", "fpsimd_restore_current_state", "", False),
)
_X86 = (
    Probe("fpu_begin", "kernel_fpu_begin_mask", "", False),
    Probe("fpu_end", "kernel_fpu_end", "", False),
)


def probes(machine: str) -> tuple[Probe, ...]:
    """The probes for an architecture, as ``platform.machine()`` names it.

    >>> [p.name for p in probes("x86_64")]
    ['vcpu_load', 'vcpu_put', 'fpu_begin', 'fpu_end']
    """
    return _KVM + (_ARM if machine in ("aarch64", "arm64") else _X86)
