"""The recorded traces: the kernel's own counts come out, and from less than was recorded too."""

from __future__ import annotations

import io
import re
from functools import cache
from itertools import pairwise

import pytest

from fpsimd_model import traces
from fpsimd_model.traces import Image, Kind, Position, Why

from .samples import recorded, text_of

# data/traces/README.md, counted from the kernel's own events on CPU 1.
KERNEL = {
    "busy-ipsec": (1853, 0, 0, 19, 2514, 4030),
    "busy-plain": (8, 0, 0, 8, 2640, 0),
    "mmio-ipsec": (4886, 3080, 3080, 3092, 5348, 3982),
}
# Guest loads: an exit with fp_bind after an entry at which the state was not live.
GUEST_RESTORES = {"busy-ipsec": 1852, "busy-plain": 8, "mmio-ipsec": 4885}


@cache
def understood(name: str) -> traces.Recording:
    return traces.understand(traces.read(recorded(name)))


@cache
def text(name: str) -> bytes:
    return text_of(recorded(name))


def of_text(data: bytes) -> traces.Recording:
    return traces.understand(traces.read(io.BytesIO(data)))


def without(name: str, pattern: bytes) -> traces.Recording:
    lines = [line for line in text(name).split(b"\n") if not re.search(pattern, line)]
    return of_text(b"\n".join(lines))


@pytest.mark.parametrize("name", KERNEL)
def test_the_kernels_own_counts(name):
    """The table of the traces' README."""
    recording = understood(name)
    kernel = recording.kernel
    assert (
        kernel.guest_saves,
        kernel.host_saves,
        kernel.host_restores,
        recording.loads,
        recording.entries,
        recording.neon_begins,
    ) == KERNEL[name]
    assert (recording.cpu, recording.cpus, recording.comm) == (1, (1,), "kvmload")
    assert recording.puts == recording.loads
    assert recording.exits == recording.entries
    assert recording.seconds == pytest.approx(2.0, abs=0.01)
    assert recording.neon_begins_task == 0
    assert kernel.guest_restores == GUEST_RESTORES[name]
    assert kernel.guest_restores_unsure == 1
    assert recording.unread == recording.gaps == recording.lost == 0
    assert recording.notes == ()


@pytest.mark.parametrize("name", KERNEL)
def test_nothing_is_made_up(name):
    """A whole recording needs no inferred step; it begins in the guest and ends resident."""
    recording = understood(name)
    assert not recording.steps["inferred"].any()
    assert recording.start == Position.GUEST
    assert recording.first_partial
    assert recording.last_partial
    assert next(iter(recording)).kind == Kind.EXIT


@pytest.mark.parametrize("name", KERNEL)
def test_steps_follow_each_other(name):
    """Positions and steps form the only orders that the kernel has."""
    after = {
        Kind.LOAD: {Position.USER, Position.SCHED},
        Kind.ENTER: {Position.LOOP},
        Kind.EXIT: {Position.GUEST},
        Kind.PREEMPT_ENABLE: {Position.WINDOW},
        Kind.PUT: {Position.LOOP},
        Kind.RETURN_TO_USER: {Position.USER},
        Kind.USER_EXIT: {Position.USER},
        Kind.SCHED_OUT: {Position.SCHED, Position.USER},
        Kind.SCHED_IN: {Position.SCHED, Position.USER},
    }
    last = 0
    for step in understood(name):
        assert step.position in after.get(step.kind, set(Position))
        assert step.time_ns >= last
        last = step.time_ns
        if step.kind in (Kind.NEON_BEGIN, Kind.SOFTIRQ_ENTRY):
            assert step.position != Position.GUEST
        if step.kind == Kind.EXIT:
            assert step.live in (0, 1)
        if step.kind == Kind.SAVE:
            assert step.value in (Image.VCPU, Image.TASK)


def test_why_residencies_end():
    """mmio: 3074 ioctls return, 18 residencies are preempted; the others only by preemption."""
    mmio = understood("mmio-ipsec").steps
    for kind in (Kind.PUT, Kind.LOAD):
        whys = mmio["value"][mmio["kind"] == kind]
        assert (whys == Why.USER).sum() == 3074
        assert (whys == Why.PREEMPTED).sum() == 18
    busy = understood("busy-ipsec").steps
    assert (busy["value"][busy["kind"] == Kind.PUT] == Why.PREEMPTED).all()
    assert understood("mmio-ipsec").exits_by_reason() == {"TRAP DABT_LOW": 3074, "IRQ": 2274}


def test_neon_sections():
    """AES-GCM takes two sections a packet; the first of a burst has the guest's state saved."""
    steps = list(understood("busy-ipsec"))
    begins = [step for step in steps if step.kind == Kind.NEON_BEGIN]
    assert {step.context for step in begins} == {traces.Context.SOFTIRQ}
    first = sum(step.value == 1 for step in begins)
    assert first <= 2015
    assert {step.value % 2 for step in begins if step.value > 1} == {0, 1}
    saved = 0
    for step, following in pairwise(steps):
        if step.kind == Kind.NEON_BEGIN and following.kind == Kind.SAVE:
            assert step.value == 1
            saved += 1
    here = b"\n".join(line for line in text("busy-ipsec").split(b"\n") if b"[001]" in line)
    stored = rb" fp_save: .*\n.*fpsimd_flush_cpu_state <-kernel_neon_begin"
    assert saved == len(re.findall(stored, here)) < 1853  # the others in a put


def test_softirqs_by_vector():
    """Inside and outside add up to what grep counts on CPU 1."""
    for name in KERNEL:
        recording = understood(name)
        for vector in (1, 3, 7, 9):
            lines = re.findall(rb"\[001\] .* softirq_entry: vec=%d " % vector, text(name))
            both = recording.softirqs_inside.get(vector, 0)
            both += recording.softirqs_outside.get(vector, 0)
            assert both == len(lines)


@pytest.mark.parametrize("name", KERNEL)
def test_events_one_by_one_say_the_same(name):
    """A list of events, as a notebook would filter it, gives what the reader itself gives."""
    events = list(traces.read(recorded(name)))
    other = traces.understand(events)
    ours = understood(name).to_dict()
    assert {k: v for k, v in other.to_dict().items() if k not in ("file", "form")} == {
        k: v for k, v in ours.items() if k not in ("file", "form")
    }
    assert (other.steps == understood(name).steps).all()


MISSING = {
    "no ctxsync": rb"ctxsync",
    "no ctxflush": rb"ctxflush",
    "no kvm_entry": rb" kvm_entry",
    "no kvm_exit": rb" kvm_exit",
    "no sched_switch": rb"sched_switch",
    "no interrupts": rb"irq_handler|ipi_",
    "no binds": rb"fp_bind",
}


@pytest.mark.parametrize("what", MISSING)
@pytest.mark.parametrize("name", KERNEL)
def test_less_was_recorded(name, what):
    """With any one kind of event not recorded the counts stay the same."""
    recording = without(name, MISSING[what])
    kernel = recording.kernel
    assert (
        kernel.guest_saves,
        kernel.host_saves,
        kernel.host_restores,
        recording.loads,
        recording.entries,
        recording.neon_begins,
    ) == KERNEL[name]
    assert recording.exits == recording.entries
    unsure = kernel.guest_restores_unsure
    assert GUEST_RESTORES[name] - unsure <= kernel.guest_restores <= GUEST_RESTORES[name]
    made_up = {Kind(kind) for kind in recording.steps["kind"][recording.steps["inferred"]]}
    assert made_up == ({Kind.PREEMPT_ENABLE} if what == "no kvm_exit" else set())


@pytest.mark.parametrize("name", KERNEL)
def test_liveness_is_seen_from_saves_alone(name):
    """Without fp_bind no exit is called live or not against what fp_bind says."""
    whole, less = understood(name), without(name, rb"fp_bind")
    known = 0
    exits = whole.steps["kind"] == Kind.EXIT
    for truth, seen in zip(
        whole.steps["live"][exits],
        less.steps["live"][less.steps["kind"] == Kind.EXIT],
        strict=True,
    ):
        assert seen in (-1, truth)
        known += seen != -1
    assert known >= whole.kernel.guest_saves


KPROBES = [
    (
        rb": (kvm_arch_vcpu_(?:load|put)|kernel_neon_(?:begin|end)|kvm_arch_vcpu_ctx\w+) <-\w+",
        rb": mine_\1: (\1+0x0/0x1f0) vcpu=0xffff0000deadbeef",
    ),
]
UNRESOLVED = [
    (rb": kvm_arch_(vcpu_load|vcpu_put) <-\w+", rb": \1: (ffffc13a43659654) vcpu=0xffff000005"),
    (rb": kernel_(neon_begin|neon_end) <-\w+", rb": \1: (ffffc13a43659654)"),
    (rb"\((?:fpsimd_save|task_fpsimd_load)\+\w+/\w+\)", rb"(ffff0000811a2b3c)"),
]
SIX_TWELVE = [
    (rb"fp_save: \(fpsimd_save\+", rb"store: (fpsimd_save_user_state+"),
    (rb"fp_load: ", rb"fetch: "),
    (rb"fp_bind: ", rb"owner: "),
    (rb"fpsimd_save <-", rb"fpsimd_save_user_state <-"),
]
SEVEN_FLAGS = [(rb"(\[00\d\]) (..)(..)(.) ", rb"\1 \2.\3.\4 ")]
NO_FLAGS = [(rb"(\[00\d\]) \S{5} ", rb"\1 ")]
STRANGE_NAMES = [
    (rb"\n +kvmload-219 ", b"\n [a] b-1: c-219 "),
    (b"prev_comm=kvmload", b"prev_comm=x"),
]


@pytest.mark.parametrize(
    "changes", [KPROBES, UNRESOLVED, SIX_TWELVE, SEVEN_FLAGS, NO_FLAGS, STRANGE_NAMES]
)
@pytest.mark.parametrize("name", ["busy-ipsec", "mmio-ipsec"])
def test_recorded_in_other_ways(name, changes):
    """Probes instead of the function tracer, other names, flag columns and thread names."""
    data = text(name)
    for pattern, replacement in changes:
        data, n = re.subn(pattern, replacement, data)
        assert n or pattern.startswith(rb"\n")
    recording = of_text(data)
    kernel = recording.kernel
    assert (
        kernel.guest_saves,
        kernel.host_saves,
        kernel.host_restores,
        recording.loads,
        recording.entries,
        recording.neon_begins,
    ) == KERNEL[name]
    assert kernel.guest_restores == GUEST_RESTORES[name]
    made_up = recording.steps["kind"][recording.steps["inferred"]]
    assert not len(made_up)


def test_the_stack_pointer_of_a_bind_is_no_image():
    """6.12 binds through a struct on the stack: its address names no image."""
    data = re.sub(rb"(fp_bind: .*) st=0x\w+", rb"\1 st=0xffff8000801dbc08", text("mmio-ipsec"))
    kernel = of_text(data).kernel
    assert (kernel.guest_saves, kernel.host_saves, kernel.host_restores) == (4886, 3080, 3080)


def test_probes_without_arguments():
    """No st= at all: only a guest that has run since its load can have had live registers."""
    data = re.sub(rb" st=0x\w+", b"", text("mmio-ipsec"))
    kernel = of_text(data).kernel
    assert (kernel.guest_saves, kernel.host_saves, kernel.host_restores) == (4886, 3080, 3080)


def test_recorded_twice_counts_once():
    """The function tracer and a probe on the same function, in one trace."""
    data = re.sub(
        rb"\n(.*: )kvm_arch_vcpu_(load|put) <-.*",
        rb"\g<0>\n\1vcpu_\2: (kvm_arch_vcpu_\2+0x0/0x1f0) vcpu=0xffff000004e04d40",
        text("mmio-ipsec"),
    )
    again = re.sub(rb"\n(.*: )vcpu_(load|put): (.*)", rb"\g<0>\n\1kvm_\2: \3", data)
    assert len(again) > len(data) > len(text("mmio-ipsec"))
    for doubled in (data, again):
        assert of_text(doubled).loads == 3092


@pytest.mark.parametrize("cpu", [None, 1])
def test_the_cpu_can_be_asked_for(cpu):
    recording = traces.understand(traces.read(recorded("busy-plain")), cpu=cpu)
    assert recording.cpu == 1


def test_a_cpu_without_a_vcpu():
    from fpsimd_model.errors import InputError

    with pytest.raises(InputError, match="no vCPU is loaded on CPU 0; vCPUs are loaded on CPU 1"):
        traces.understand(traces.read(recorded("busy-plain")), cpu=0)
