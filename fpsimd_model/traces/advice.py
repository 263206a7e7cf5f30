"""The commands that an error hands to the user: how to record, how to convert."""

from __future__ import annotations

__all__ = [
    "CONVERT_PERF",
    "CONVERT_TRACE_CMD",
    "GUEST_CODE",
    "OLD_PERF",
    "PERF_SCRIPT",
    "RECORD",
    "TRACE_CMD_REPORT",
]

#: -N keeps its plugins out, which garble arm64's kvm events; -t prints nanoseconds.
TRACE_CMD_REPORT = ("trace-cmd", "report", "-N", "-t")
#: Without --guest-code it leaves the events of loaded vCPUs out (kernels up to 6.12).
PERF_SCRIPT = (
    "perf", "script", "--guest-code", "--ns", "-F", "comm,pid,tid,cpu,time,event,trace",
    "--show-lost-events", "-i",
)  # fmt: skip
OLD_PERF = "--guestkallsyms=/proc/kallsyms"  #: in its place before perf 5.19
CONVERT_TRACE_CMD = " ".join([*TRACE_CMD_REPORT, "trace.dat > trace.txt"])
CONVERT_PERF = " ".join([*PERF_SCRIPT, "perf.data > trace.txt"])
GUEST_CODE = "perf script --guest-code --ns -F comm,pid,tid,cpu,time,event,trace -i perf.data"
RECORD = (
    "echo 'p:fpsimd/vcpu_load kvm_arch_vcpu_load vcpu=$arg1' >> "
    "/sys/kernel/tracing/kprobe_events; "
    "echo 'p:fpsimd/vcpu_put kvm_arch_vcpu_put vcpu=$arg1' >> /sys/kernel/tracing/kprobe_events; "
    "trace-cmd record -C mono -e fpsimd -e irq:softirq_entry -e irq:softirq_exit "
    "-e kvm:kvm_entry -e kvm:kvm_exit -e kvm:kvm_userspace_exit -e sched:sched_switch sleep 30; "
    "trace-cmd report -N -t trace.dat > trace.txt"
)
