"""The commands that an error hands to the user: how to record, how to convert."""

from __future__ import annotations

__all__ = ["CONVERT_PERF", "CONVERT_TRACE_CMD", "GUEST_CODE", "RECORD"]

CONVERT_TRACE_CMD = "trace-cmd report -N -t trace.dat > trace.txt"
CONVERT_PERF = (
    "perf script --guest-code --ns -F comm,pid,tid,cpu,time,event,trace --show-lost-events "
    "-i perf.data > trace.txt"
)
GUEST_CODE = "perf script --guest-code --ns -F comm,pid,tid,cpu,time,event,trace -i perf.data"
RECORD = (
    "echo 'p:fpsimd/vcpu_load kvm_arch_vcpu_load vcpu=$arg1' >> "
    "/sys/kernel/tracing/kprobe_events; "
    "echo 'p:fpsimd/vcpu_put kvm_arch_vcpu_put vcpu=$arg1' >> /sys/kernel/tracing/kprobe_events; "
    "trace-cmd record -C mono -e fpsimd -e irq:softirq_entry -e irq:softirq_exit "
    "-e kvm:kvm_entry -e kvm:kvm_exit -e kvm:kvm_userspace_exit -e sched:sched_switch sleep 30; "
    "trace-cmd report -N -t trace.dat > trace.txt"
)
