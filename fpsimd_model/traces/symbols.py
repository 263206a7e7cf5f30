"""Events and kernel functions by name, from 4.14 to 7.3, and the row that each becomes."""

from __future__ import annotations

from .recording import PACKETS
from .rows import Raw

__all__ = [
    "ENTRY_BYTES",
    "EVENTS",
    "FUNCTIONS",
    "MOVES",
    "NAMES",
    "SAVERS",
    "SCRATCH",
    "SCRATCH_LOADERS",
]

EVENTS = {
    "kvm_entry": Raw.ENTRY,
    "kvm_exit": Raw.KEXIT,
    "kvm_userspace_exit": Raw.USER_EXIT,
    "softirq_raise": Raw.SOFTIRQ_RAISE,
    "softirq_entry": Raw.SOFTIRQ_ENTRY,
    "softirq_exit": Raw.SOFTIRQ_EXIT,
    "irq_handler_entry": Raw.IRQ_ENTRY,
    "sched_switch": Raw.SWITCH,
    "kvm_vcpu_wakeup": Raw.WAKEUP,
    "kvm_timer_restore_state": Raw.TIMER_LOAD,
    "kvm_timer_save_state": Raw.TIMER_SAVE,
    "netif_receive_skb": Raw.PACKET,
}
#: Functions whose being called is the event.
FUNCTIONS = {
    "kvm_arch_vcpu_load": Raw.LOAD,
    "kvm_arch_vcpu_put": Raw.PUT,
    "kvm_arch_vcpu_ctxflush_fp": Raw.FLUSH,
    "kvm_arch_vcpu_ctxsync_fp": Raw.SYNC,
    "fpsimd_bind_state_to_cpu": Raw.BIND,
    "kernel_neon_begin": Raw.NEON_BEGIN,
    "kernel_neon_end": Raw.NEON_END,
    "kernel_fpu_begin_mask": Raw.NEON_BEGIN,
    "kernel_fpu_begin": Raw.NEON_BEGIN,
    "kernel_fpu_end": Raw.NEON_END,
    "fpsimd_restore_current_state": Raw.RETURN,
    "task_fpsimd_load": Raw.LOADED_FP,
    "fpsimd_save_state": Raw.SAVE,
    "sve_save_state": Raw.SAVE,
    "fpsimd_load_state": Raw.RESTORE,
    "sve_load_state": Raw.RESTORE,
}
FUNCTIONS.update(dict.fromkeys(PACKETS, Raw.PACKET))
#: Functions in which a probe behind the first instruction stands at the move itself.
MOVES = {
    "fpsimd_save": Raw.SAVE,
    "fpsimd_save_user_state": Raw.SAVE,
    "fpsimd_save_and_flush_cpu_state": Raw.SAVE,
    "fpsimd_save_and_flush_current_state": Raw.SAVE,
    "task_fpsimd_load": Raw.RESTORE,
    "fpsimd_restore_current_state": Raw.RESTORE,
}
#: Functions whose whole body is the move.
SAVERS = ("fpsimd_save_state", "sve_save_state", "fpsimd_load_state", "sve_load_state")
#: Moves of a task's kernel-mode state (6.8 and later): neither the guest's nor user space's.
SCRATCH = ("fpsimd_save_kernel_state", "fpsimd_load_kernel_state")
SCRATCH_LOADERS = ("fpsimd_thread_switch", "kernel_neon_end")  # where the latter is inlined
ENTRY_BYTES = 16  # landing pads (BTI, ENDBR) and the tracer's own patch site come first
#: Names for probes whose address is not resolved.
NAMES = {
    "vcpu_load": Raw.LOAD,
    "kvm_load": Raw.LOAD,
    "vcpu_put": Raw.PUT,
    "kvm_put": Raw.PUT,
    "neon_begin": Raw.NEON_BEGIN,
    "neon_end": Raw.NEON_END,
    "ctxflush": Raw.FLUSH,
    "ctxsync": Raw.SYNC,
    "ctxflush_fp": Raw.FLUSH,
    "ctxsync_fp": Raw.SYNC,
    "fp_bind": Raw.BIND,
    "fp_save": Raw.SAVE,
    "fp_load": Raw.RESTORE,
}
NAMES.update({name: kind for name, kind in FUNCTIONS.items() if name != "task_fpsimd_load"})
