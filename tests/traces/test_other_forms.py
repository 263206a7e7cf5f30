"""Forms that no sample has: what people post in mails, and what perf prints besides tracepoints."""

from __future__ import annotations

import io

import pytest

from fpsimd_model import traces
from fpsimd_model.errors import InputError
from fpsimd_model.traces.rows import Raw

from .synthetic import Writer

# Written after the forms that were met in public mails and issue trackers, with other values.
POSTED = {
    "trace_pipe of an old kernel, no flags": """\
             kvm-7001  [000] 21906.320178: kvm_entry: vcpu 0
             kvm-7001  [000] 21906.320181: kvm_exit: reason APIC_ACCESS rip 0xc011518c
             kvm-7001  [000] 21906.320183: kvm_mmio: mmio write len 4 gpa 0xfee000b0 val 0x0
             kvm-7001  [000] 21906.320185: kvm_entry: vcpu 0
""",
    "four flags, exit behind the window": """\
       challenge-24700 [003] .... 73184.290314: kvm_fpu: load
       challenge-24700 [003] d..1 73184.290326: kvm_entry: vcpu 0
       challenge-24700 [003] .... 73184.290332: kvm_exit: reason EXTERNAL_INTERRUPT rip 0x1 info 0 8
       challenge-24700 [003] .... 73184.290341: kvm_userspace_exit: reason KVM_EXIT_IO (2)
       challenge-24700 [003] d..1 73184.290382: kvm_entry: vcpu 0
""",
    "five flags": """\
 qemu-system-x86-8396    [001] d....  2404.389435: kvm_entry: vcpu 0, rip 0xffffffff8108aca7
 qemu-system-x86-8396    [001] d....  2404.389448: kvm_exit: vcpu 0 reason EXTERNAL_INTERRUPT rip \
0xffffffff8113b1f9 info1 0x0000000000000000 info2 0x0000000000000000 intr_info 0x800000fb \
error_code 0x00000000
 qemu-system-x86-8397    [002] d....  2404.389461: kvm_entry: vcpu 1, rip 0xffffffff8100007d
""",
    "trace-cmd report, columns padded": """\
 qemu-system-x86-6661  [007]   498.691403: kvm_userspace_exit:   reason KVM_EXIT_IO (2)
 qemu-system-x86-6661  [007]   498.691440: kvm_fpu:              load
 qemu-system-x86-6661  [007]   498.691444: kvm_entry:            vcpu 3
 qemu-system-x86-6661  [007]   498.691475: kvm_exit:             reason IO_INSTRUCTION rip 0x7fa9 in
 qemu-system-x86-6661  [007]   498.691476: kvm_entry:            vcpu 3
""",
    "AMD through libtraceevent": """\
           <...>-43700 [001]  3715.602298: kvm_exit:             reason EXIT_MSR rip 0x4015c2 info 0
           <...>-43700 [001]  3715.602301: kvm_entry:            vcpu 0
           <...>-43700 [1001]  3715.602302: kvm_entry:            vcpu 0
""",
    "blanks in front lost, names shortened": """\
CPU-2979 [002] 99.871187: kvm_entry: vcpu 1
CPU-2979 [002] 99.871218: kvm_exit:  reason MSR_WRITE
CPU-2979 [002] 99.871259: kvm_entry: vcpu 1
""",
    "debugging prints between": """\
           CPU 0/KVM-7200    [023] d....  3925.640961: kvm_entry: vcpu 0
           CPU 0/KVM-7200    [023] d....  3925.640963: <hack>: Set DRs, DR6 = 0xffff0ff1
           CPU 0/KVM-7200    [023] d....  3925.640967: kvm_exit: vcpu 0 reason HLT intr_info 0x8
           CPU 0/KVM-7200    [023] d....  3925.640976: kvm_entry: vcpu 0
""",
    "perf script of Firecracker": """\
       fc_vcpu 1  699500 [039] 2377662.550600: kvm:kvm_entry:  vcpu 1 rip 0xffffffff81036706
       fc_vcpu 0  699499 [002] 2377662.550644: kvm:kvm_entry:  vcpu 0 rip 0xffffffff815cf36e
 fc_vcpu 1 3335220 [069] 2377663.679150: kvm:kvm_exit: reason EXTERNAL_INTERRUPT rip 0xff info1 0
""",
    "kvm's own tests": """\
dirty_log_test-29003 [001] 284503.384328: kvm_entry:            vcpu 1
dirty_log_test-29003 [001] 284503.384329: kvm_exit:             reason EPT_VIOLATION rip 0x40359f
dirty_log_test-29003 [001] 284503.384331: kvm_entry:            vcpu 1
""",
}
QUOTES = {"as posted": "", "answered": "> ", "answered three times": ">>> ", "twice": "> > "}


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("what", POSTED)
def test_posted_excerpts(what, quote):
    lines = POSTED[what].splitlines()
    text = "".join(f"{QUOTES[quote]}{line}\n" for line in lines)
    for walk in (list, traces.Reader.rows):
        reader = traces.read(io.StringIO(text), strict=True)
        found = walk(reader)
        assert (reader.events, reader.unread, reader.gaps) == (len(lines), 0, 0)
    entries = sum(": kvm_entry:" in line or ":kvm_entry:" in line for line in lines)
    assert found.counts[Raw.ENTRY] == entries > 0
    assert found.counts[Raw.KEXIT] == sum("kvm_exit:" in line for line in lines)


def test_a_quoted_recording_says_the_same():
    writer = Writer()
    for _ in range(3):
        writer.load().run().softirq(2).put(live=True).user_exit().user()
    quoted = "".join(f">> {line}\n" for line in writer.lines)
    answered = traces.understand(traces.read(io.StringIO(quoted)))
    assert (answered.steps == writer.understand().steps).all()


PERF = """\
       CPU 0/KVM     218 [000]    64.483914:  fpsimd:vcpu_load: (ffff800080064f50) vcpu=0xffff
       CPU 0/KVM     218 [000]    64.483920:           kvm:kvm_entry: PC: 0x0000000040000000
         swapper       0 [001]    64.483925:     250000 cpu-clock:ppp:  ffff80008 [unknown] ([k])
         swapper       0 [001]    64.483926:     250000 cycles:  ffff80008 cpu_do_idle ([kernel])
       CPU 0/KVM     218 [000]    64.483930:           kvm:kvm_exit: IRQ: HSR_EC: 0x0000 \
(UNKNOWN), PC: 0x0000000040000000
       CPU 0/KVM     218 [000]    64.483940:  fpsimd:vcpu_put: (ffff800080064f90) vcpu=0xffff
"""


def test_samples_of_counters_between_tracepoints():
    for walk in (list, traces.Reader.rows):
        reader = traces.read(io.StringIO(PERF), strict=True)
        walk(reader)
        assert (reader.events, reader.unread) == (6, 0)
    recording = traces.understand(traces.read(io.StringIO(PERF)))
    assert (recording.loads, recording.entries, recording.exits, recording.puts) == (1, 1, 1, 1)


@pytest.mark.parametrize("body", ["kvm_exit: IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x4", "vcpu_put:"])
def test_a_tracepoint_without_its_system_is_torn(body):
    line = f"       CPU 0/KVM     218 [000]    64.483931:  {body}\n"
    reader = traces.read(io.StringIO(PERF * 40 + line))
    list(reader)
    assert reader.unread == 1


def test_perf_without_a_thread_is_refused():
    """perf script -F cpu,time,event,trace: nobody can tell whose entry that is."""
    text = "".join(
        f"    [001]   770.85{n:04d}:                      kvm:kvm_entry: vcpu 0, rip 0x100146\n"
        for n in range(30)
    )
    with pytest.raises(InputError, match=r"no thread column.*perf script --guest-code"):
        traces.understand(traces.read(io.StringIO(text)))


def test_four_digits_of_a_cpu():
    writer = Writer("CPU 1023/KVM", 219, 1023)
    writer.load().run().put(live=True).user_exit().user()
    assert writer.understand().cpus == (1023,)
