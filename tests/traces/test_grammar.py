"""Lines of every form, from recordings, mails and the kernel's own format strings."""

from __future__ import annotations

import io

import pytest

from fpsimd_model import traces
from fpsimd_model.errors import InputError
from fpsimd_model.traces.meaning import Caller, Meaning
from fpsimd_model.traces.rows import Raw


def one(line: str):
    """The only event of one line."""
    (event,) = traces.read(io.BytesIO(line.encode() + b"\n"))
    return event


HEADS = [
    # tracefs: no flags, four of 4.14, five, seven of RHEL 9, eight; TGID; strange names
    ("       rcu-0     [026] 1212277.097105: x: y", "rcu", 0, 26, "", 1212277_097105_000),
    (
        "           <...>-2110  [001] dNH1   466.634917: softirq_raise: vec=3 [action=NET_RX]",
        "<...>", 2110, 1, "dNH1", 466_634917_000,
    ),
    (
        "       CPU 0/KVM-139     [000] .l.1.    37.877488: kvm_entry: PC: 0x0000000040000000",
        "CPU 0/KVM", 139, 0, ".l.1.", 37_877488_000,
    ),
    (
        "       swapper/0-1       [002] ....1..     0.831928: my: (pci_enable_ats+0x0/0xa0) a=8",
        "swapper/0", 1, 2, "....1..", 831928_000,
    ),
    ("   a-1  [100] d..h1...    1.000001: x: y", "a", 1, 100, "d..h1...", 1_000001_000),
    (
        "          <idle>-0       (-------) [000] dNh..     1.5: x: y",
        "<idle>", 0, 0, "dNh..", 1_500_000_000,
    ),
    ("   kvm-12-345   (    147) [000] d....    1.000000: x: y", "kvm-12", 345, 0, "d....", 10**9),
    ("   a [0] b: c-7   [003] .....     1.000000: x: y", "a [0] b: c", 7, 3, ".....", 10**9),
    ("   x-1 [000] y-55  [001] .....     1.000000: x: y", "x-1 [000] y", 55, 1, ".....", 10**9),
    ("              -9-7       [003] .....     1.000000: x: y", "-9", 7, 3, ".....", 10**9),
    # trace-cmd report, with -t; latency forms
    (
        ("       CPU 0/KVM-186   [000]    41.993520123: kvm_entry:   CAN'T FIND FIELD \"vcpu_id\""
        "<CANT FIND FIELD rip>PC: 0x0000000040000000"),
        "CPU 0/KVM", 186, 0, "", 41_993520123,
    ),
    ("CPU 0/KV-134       0d.h.. 12056484us!: x: y", "CPU 0/KV", 134, 0, "d.h..", 12056484_000),
    ("  <idle>-0       12dNh3    11896561us : x: y", "<idle>", 0, 12, "dNh3", 11896561_000),
    ("CPU 0/KV-186     0d.h..    41.952694160: x: y", "CPU 0/KV", 186, 0, "d.h..", 41_952694160),
    (
        "       CPU 0/KVM     134   1 9 00000000 0000002d [00b5a67d] 11904.637ms (+0.001ms): x: y",
        "CPU 0/KVM", 134, 1, "d.h.", 11904637_000,
    ),
    # perf script: default, pid/tid with ns, misc column, callchain comm, guest threads
    (
        "       fc_vcpu 1  599500 [039] 1377662.550600: kvm:kvm_entry:  vcpu 1 rip 0xffffffff81",
        "fc_vcpu 1", 599500, 39, "", 1377662_550600_000,
    ),
    (
        "     migration/0      15/16      [000]   132.787264992:  irq:softirq_exit: vec=9",
        "migration/0", 16, 0, "", 132_787264992,
    ),
    ("swapper       0 [000] K    75.246135: irq:softirq_entry: vec=7 [action=SCHED]",
     "swapper", 0, 0, "", 75_246135_000),
    ("     [guest/151]     151/151     [000]    25.2: fpsimd:vcpu_put: (ffffc13a43659830)",
     "[guest/151]", 151, 0, "", 25_200_000_000),
    ("            :135     135 [000]    35.610638:      1   kvm:kvm_entry: PC: 0x40",
     ":135", 135, 0, "", 35_610638_000),
]  # fmt: skip


@pytest.mark.parametrize(("line", "comm", "pid", "cpu", "flags", "time_ns"), HEADS)
def test_heads(line, comm, pid, cpu, flags, time_ns):
    event = one(line)
    assert (event.comm, event.pid, event.cpu, event.flags) == (comm, pid, cpu, flags)
    assert event.time_ns == time_ns


def test_a_function_and_its_caller():
    event = one("         kvm-7       [001] b.s1.     5.763665: kernel_neon_begin <-gcm_decrypt")
    assert (event.name, event.text, event.caller) == ("kernel_neon_begin", "", "gcm_decrypt")
    event = one("         kvm-7       [001] b.s1.     5.763665: esp_input [esp4] <-xfrm_input")
    assert (event.name, event.caller) == ("esp_input", "xfrm_input")


def test_an_event_with_an_odd_name_is_an_event():
    assert one("   kvm-7  [001] b.s1.  5.763665: <hack>: on").name == "<hack>"
    assert one("   kvm-7  [001] b.s1.  5.763665: empty:").name == "empty"


BODIES = [
    # name, text, kind, value (a reason's text, a number, or None for no matter)
    ("kvm_entry", "PC: 0x40000040", Raw.ENTRY, 0),
    ("kvm_entry", "vcpu 0", Raw.ENTRY, 0),
    ("kvm_entry", "vcpu 0, rip 0xffffffff81036706 intr_info 0x0 error_code 0x0", Raw.ENTRY, 0),
    ("kvm_exit", "IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x40000040", Raw.KEXIT, "IRQ"),
    ("kvm_exit", "TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0x40", Raw.KEXIT, "TRAP DABT_LOW"),
    ("kvm_exit", "<CANT FIND FIELD exit_reason>TRAP: HSR_EC: 0x0001 (WFx), PC: 0x4",
     Raw.KEXIT, "TRAP WFx"),
    ("kvm_exit", "ERET: HSR_EC: 0x0000 (UNKNOWN), PC: 0x40000040", Raw.KEXIT, "ERET"),
    ("kvm_exit", "reason EXTERNAL_INTERRUPT rip 0xff info 0 800000ef", Raw.KEXIT,
     "EXTERNAL_INTERRUPT"),
    ("kvm_exit", "vcpu 0 reason hlt rip 0xff info1 0x0 info2 0x0 intr_info 0x0", Raw.KEXIT, "HLT"),
    ("kvm_exit", "reason EXIT_HLT rip 0xff info 0 0", Raw.KEXIT, "HLT"),
    ("kvm_exit", "[FAILED TO PARSE] ret=2 esr_ec=36 vcpu_pc=0x40", Raw.KEXIT, "TRAP 0x24"),
    ("kvm_exit", "ret=0x0 (0) esr_ec=0x0 (0) vcpu_pc=0x40 (64)", Raw.KEXIT, "IRQ"),
    ("kvm_userspace_exit", "reason KVM_EXIT_MMIO (6)", Raw.USER_EXIT, "MMIO"),
    ("kvm_userspace_exit", "reason restart (4)", Raw.USER_EXIT, "restart"),
    ("kvm_userspace_exit", "reason error (-14)", Raw.USER_EXIT, "error"),
    ("softirq_entry", "vec=3 [action=NET_RX]", Raw.SOFTIRQ_ENTRY, 3),
    ("softirq_raise", "vec=0x7 (7) [action=SCHED]", Raw.SOFTIRQ_RAISE, 7),
    ("softirq_exit", "vec=9", Raw.SOFTIRQ_EXIT, 9),
    ("softirq_entry", "vec=7 [action=SCHED] ffffa20f7829d0d0 handle_softirqs+0x2b0 ([kernel])",
     Raw.SOFTIRQ_ENTRY, 7),
    ("irq_handler_entry", "irq=13 name=kvm guest vtimer", Raw.IRQ_ENTRY, 13),
    ("sched_switch", ("prev_comm=CPU 0/KVM prev_pid=219 prev_prio=120 prev_state=R+ ==> "
     "next_comm=kworker/1:2 next_pid=93 next_prio=120"), Raw.SWITCH, 93 << 1 | 1),
    ("sched_switch", ("prev_comm=a prev_pid=x prev_pid=219 prev_prio=120 prev_state=S ==> "
     "next_comm=next_pid=1 next_pid=93 next_prio=120"), Raw.SWITCH, 93 << 1),
    ("sched_switch", "CPU 0/KVM:135 [120] S ==> swapper/0:0 [120]", Raw.SWITCH, 0),
    ("sched_switch", "a:1 [120] R ==> b c:77 [-1]", Raw.SWITCH, 77 << 1 | 1),
    ("sched_switch", ("prev_comm=a prev_pid=0x1 (1) prev_prio=0x78 (120) prev_state=0x0 (0) "
     "next_comm=b next_pid=0x2 (2) next_prio=0x78 (120)"), Raw.SWITCH, 2 << 1 | 1),
    ("vcpu_load", "(kvm_arch_vcpu_load+0x0/0x1f0) vcpu=0xffff00000511cba0", Raw.LOAD, 0),
    ("anything", "(kvm_arch_vcpu_put+0x4/0x80)", Raw.PUT, 0),
    ("vcpu_load", "(ffffc13a43659654) vcpu=0xffff00000511cba0 cpu=0", Raw.LOAD, 0),
    ("vcpu_load", "(vcpu_load+0x0/0x80)", Raw.SKIP, 0),  # the generic caller of the right one
    ("neon_begin", "(kernel_neon_begin+0x0/0x8c)", Raw.NEON_BEGIN, 0),
    ("fpu", "(kernel_fpu_begin_mask+0x4/0xd0)", Raw.NEON_BEGIN, 0),
    ("fp_save", "(fpsimd_save+0x70/0x140) st=0xffff00000262bd00", Raw.SAVE, 0),
    ("fp_save", "(fpsimd_save_user_state+0x98/0x1f0) st=0xffff00000262bd00", Raw.SAVE, 0),
    ("fp_save", "(kernel_neon_begin+0x4c/0x140) st=0xffff00000262bd00", Raw.SAVE, 0),
    ("fp_save", "(fpsimd_save_kernel_state+0x4c/0x140) st=0xffff00000262bd00", Raw.SKIP, 0),
    ("fp_call", "(fpsimd_save+0x0/0x140)", Raw.SKIP, 0),  # called, which may save nothing
    ("fp_load", "(task_fpsimd_load+0x5c/0x10c) st=0xffff00000262bd00", Raw.RESTORE, 0),
    ("fp_flush", "(fpsimd_save_and_flush_cpu_state+0x0/0x70)", Raw.SKIP, 0),
    ("put_return", "(kvm_sched_out+0x20/0x80 <- kvm_arch_vcpu_put)", Raw.SKIP, 0),
    ("ipi_entry", "(Function call interrupts)", Raw.SKIP, 0),
    ("napi_poll", "napi poll on napi struct 0xff for device (no_device) work 2 budget 64",
     Raw.SKIP, 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "kind", "value"), BODIES)
def test_bodies(name, text, kind, value):
    meaning = Meaning([], [])
    got, number = meaning.of(name, text, "")
    assert got == kind
    if isinstance(value, str):
        assert meaning.reasons == [value]
        value = 0
    assert number == value


TORN = [
    ("softirq_entry", "vec="),
    ("softirq_entry", "vec=3 [acti"),
    ("softirq_entry", "vec=irq=13 name=arch_timer"),
    ("kvm_entry", "P"),
    ("kvm_exit", "TRAP: HSR_EC: 0x00"),
    ("kvm_userspace_exit", "reason KVM_EXIT_MM"),
    ("sched_switch", "prev_comm=CPU 0/KVM prev_pid=219 prev_prio=120 prev_state=R ==> next_comm=k"),
    ("sched_switch", "prev_comm=CPU 0/KVM prev_pid=219 pre"),
    ("irq_handler_entry", "irq"),
    ("vcpu_load", "(kvm_arch_vcpu_lo"),
]


@pytest.mark.parametrize(("name", "text"), TORN)
def test_torn_bodies(name, text):
    assert Meaning([], []).of(name, text, "") is None


def test_callers():
    meaning = Meaning([], [])
    for caller, who in {
        "kvm_sched_in": Caller.SCHED,
        "finish_task_switch.isra.0": Caller.SCHED,
        "vcpu_load": Caller.IOCTL,
        "kvm_reset_vcpu": Caller.UNKNOWN,
    }.items():
        assert meaning.of("kvm_arch_vcpu_load", "", caller) == (Raw.LOAD, who)
    assert meaning.of("fpsimd_save", "", "kernel_neon_begin") == (Raw.SKIP, 0)
    assert meaning.of("vcpu_load", "", "kvm_vcpu_ioctl") == (Raw.SKIP, 0)


GOOD = "         kvm-7       [001] ..s1.     5.763665: softirq_entry: vec=3 [action=NET_RX]\n"


@pytest.mark.parametrize(
    ("line", "cpu", "lost"),
    [
        ("CPU:3 [LOST 123 EVENTS]", 3, 123),
        ("CPU:3 [LOST EVENTS]", 3, None),
        ("CPU:7 [204600 EVENTS DROPPED]", 7, 204600),
        ("CPU:7 [EVENTS DROPPED]", 7, None),
        ("         swapper     0 [001]   64.483914: PERF_RECORD_LOST lost 24", 1, 24),
    ],
)
def test_loss_is_a_gap_on_its_cpu(line, cpu, lost):
    reader = traces.read(io.StringIO(GOOD + line + "\n" + GOOD))
    met = list(reader)
    assert met[1] == traces.Gap(cpu, lost, 2, line.strip())
    assert (reader.gaps, reader.unread) == (1, 0)
    assert reader.lost == (lost or 1)


@pytest.mark.parametrize(
    "line",
    ["", "# tracer: nop", "##### CPU 1 buffer started ####", " => el1h_64_irq", "version = 6",
     "cpus=6", "CPU 3 is empty", "--", "\tffffa20f7829d0d0 handle_softirqs+0x2b0 ([kernel])"],
)  # fmt: skip
def test_lines_that_are_no_events(line):
    reader = traces.read(io.StringIO(GOOD + line + "\n" + GOOD))
    assert len(list(reader)) == 2
    assert reader.unread == 0


TORN_LINES = [
    "=NET_RX]",
    GOOD[:60] + GOOD[:60] + GOOD[60:].rstrip(),  # two heads in one line
    GOOD[:70],
    "  kvm-7  [001] ..s1.  5.7: irq_handler_exit: irq=13 re kvm-7  [001] ..s1.  5.9: x: y",
]


@pytest.mark.parametrize("line", TORN_LINES)
def test_torn_lines_are_gaps_and_counted(line):
    text = GOOD * 200 + line.rstrip("\n") + "\n" + GOOD * 200
    for walk in (lambda r: [g for g in r if isinstance(g, traces.Gap)], lambda r: r.rows()):
        reader = traces.read(io.StringIO(text))
        walk(reader)
        assert (reader.events, reader.unread, reader.gaps) == (400, 1, 1)
        assert reader.unread_lines == [(201, line.strip())]
        with pytest.raises(InputError, match="<trace>:201: cannot read this line"):
            walk(traces.read(io.StringIO(text), strict=True))


def test_above_one_percent_is_refused():
    few = GOOD * 990 + "=NET_RX]\n" * 10
    assert len(list(traces.read(io.StringIO(few)))) == 1000
    many = GOOD * 989 + "=NET_RX]\n" * 11
    message = r"<trace>:990: 11 of 1000 lines \(1\.1%\) cannot be read as tracefs, .*: =NET_RX\]"
    for walk in (list, traces.Reader.rows):
        with pytest.raises(InputError, match=message):
            walk(traces.read(io.StringIO(many)))


def test_only_the_first_five_are_kept():
    reader = traces.read(io.StringIO(GOOD * 990 + "=NET_RX]\n" * 9))
    list(reader)
    assert len(reader.unread_lines) == 5
    assert reader.unread == 9
    assert "9 lines could not be read" in reader.notes[0]
