"""What orders of events mean: blocking, preemption, gaps, cut ends, several vCPUs, x86."""

from __future__ import annotations

import numpy as np
import pytest

from fpsimd_model import traces
from fpsimd_model.traces import Context, Image, Kind, Position, Why

from .synthetic import TASK_IMAGE, VCPU_IMAGE, Writer


def steps_of(writer: Writer, *kinds: Kind) -> list[traces.Step]:
    return [step for step in writer.understand() if step.kind in kinds]


def ioctl(writer: Writer, runs: int = 1) -> Writer:
    """One KVM_RUN that ends in user space."""
    writer.load().save(TASK_IMAGE)
    for _ in range(runs):
        writer.run()
    return writer.put(live=True).user_exit().user()


def test_one_ioctl():
    writer = ioctl(Writer())
    assert writer.story() == [
        "LOAD", "SAVE", "ENTER", "EXIT", "PREEMPT_ENABLE", "PUT", "SAVE", "USER_EXIT",
        "RETURN_TO_USER", "RESTORE",
    ]  # fmt: skip
    recording = writer.understand()
    assert (recording.start, recording.first_partial, recording.last_partial) == (
        Position.USER, False, False,
    )  # fmt: skip
    kernel = recording.kernel
    assert (kernel.host_saves, kernel.host_restores) == (1, 1)
    assert (kernel.guest_saves, kernel.guest_restores, kernel.guest_restores_unsure) == (1, 1, 0)
    put = steps_of(writer, Kind.PUT)[0]
    assert (put.value, put.position) == (Why.USER, Position.LOOP)


def test_a_guest_that_blocks():
    """WFI: switched out to wait, softirqs in the idle task, woken, loaded again."""
    writer = Writer().load().save(TASK_IMAGE).run(reason="TRAP: HSR_EC: 0x0001 (WFx)")
    writer.switch("S", "swapper/1", 0).put("kvm_sched_out", live=True)
    writer.on("<idle>", 0).softirq(2).switch("R", "CPU 0/KVM", 219)
    writer.on("CPU 0/KVM", 219).load("kvm_sched_in")
    writer("kvm_vcpu_wakeup: wait time 3 ns, polling invalid", ".....").run()
    recording = writer.understand()
    story = [step.kind.name for step in recording]
    assert story[story.index("PUT") : story.index("PUT") + 4] == [
        "PUT", "SCHED_OUT", "SAVE", "IRQ",
    ]  # fmt: skip
    assert "WAKEUP" in story
    put, load = (steps_of(writer, kind)[-1] for kind in (Kind.PUT, Kind.LOAD))
    assert put.value == load.value == Why.BLOCKED
    outside = [s for s in recording if s.kind == Kind.NEON_BEGIN]
    assert {(s.position, s.value) for s in outside} == {(Position.SCHED, -1)}
    assert (recording.neon_begins, recording.neon_begins_outside) == (0, 2)
    assert (recording.softirqs_inside, recording.softirqs_outside) == ({}, {3: 1})
    assert not recording.steps["inferred"].any()
    assert recording.last_partial


def test_preempted_in_user_space():
    """Switched out and in outside the ioctl: no put, and a reload on the way back."""
    writer = ioctl(Writer()).switch("R", "kworker/1:2", 93)
    writer.on("kworker/1:2", 93).switch("S", "CPU 0/KVM", 219)
    writer.on("CPU 0/KVM", 219).user()
    ioctl(writer)
    recording = writer.understand()
    assert (recording.loads, recording.puts) == (2, 2)
    assert recording.kernel.host_restores == 3
    sched = steps_of(writer, Kind.SCHED_OUT, Kind.SCHED_IN)
    assert [s.position for s in sched] == [Position.USER, Position.USER]
    returns = steps_of(writer, Kind.RETURN_TO_USER)
    assert [s.value for s in returns] == [1, 1, 1]
    assert {s.position for s in returns} == {Position.USER}


def test_a_softirq_that_interrupts_user_space():
    """NEON stores the VMM's state, the way back reloads it."""
    writer = ioctl(Writer()).softirq(2, TASK_IMAGE).user()
    ioctl(writer)
    recording = writer.understand()
    assert recording.kernel.host_saves == recording.kernel.host_restores == 3
    assert recording.neon_begins_outside == 2
    assert not recording.steps["inferred"].any()


def test_a_return_that_leaves_no_trace_of_its_own():
    """Nothing to reload: the ioctl returned all the same, right after kvm_userspace_exit."""
    writer = ioctl(Writer()).load().run(live=False).put().user_exit()
    writer.softirq().load().run(live=False)
    recording = writer.understand()
    kinds = [step.kind for step in recording]
    returns = [i for i, kind in enumerate(kinds) if kind == Kind.RETURN_TO_USER]
    assert [recording.steps["inferred"][i] for i in returns] == [False, True]
    assert kinds[returns[1] - 1] == Kind.USER_EXIT
    assert recording.steps["value"][returns[1]] == 0
    assert recording.kernel.host_restores == 1


def test_returns_where_reloads_are_not_recorded():
    """No probes at all on the moves: one return after the ioctl and after a run of softirqs."""
    writer = Writer().load().enter().leave(False)("kvm_exit: IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0")
    writer.put().user_exit().softirq(2).load().enter().leave(False)
    kinds = writer.story()
    assert kinds.count("RETURN_TO_USER?") == 2
    after = kinds.index("USER_EXIT") + 1
    assert kinds[after : after + 2] == ["RETURN_TO_USER?", "IRQ"]
    assert kinds[-4:] == ["RETURN_TO_USER?", "LOAD", "ENTER", "EXIT"]
    kernel = writer.understand().kernel
    assert kernel == traces.Kernel(None, None, None, None, 0)


def test_sections_of_a_burst():
    """CBC: many sections a packet; a new interrupt in the loop begins a new burst."""
    writer = Writer().load().enter().leave()
    writer.softirq(5, VCPU_IMAGE)("kvm_exit: IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x4", ".....")
    writer.softirq(3).run(live=False)
    begins = steps_of(writer, Kind.NEON_BEGIN)
    assert [s.value for s in begins] == [1, 2, 3, 4, 5, 1, 2, 3]
    assert [s.position for s in begins] == [Position.WINDOW] * 5 + [Position.LOOP] * 3
    assert {s.context for s in begins} == {Context.SOFTIRQ}


def test_neon_in_task_context():
    """Flags tell; without flags, softirq_entry and softirq_exit do."""
    writer = Writer().load().run()("kernel_neon_begin <-crc32c", ".....").softirq(1)
    for text in (writer.text(), writer.text().replace(" ..s.. ", " ").replace(" ..... ", " ")):
        import io

        recording = traces.understand(traces.read(io.StringIO(text)))
        assert (recording.neon_begins, recording.neon_begins_task) == (1, 1)


def test_live_or_not():
    """Sparse FP use: live only where the guest loaded its registers, until they are taken."""
    writer = Writer().load().run(False).run(True).run(True)
    writer.enter().leave().softirq(1, VCPU_IMAGE)(
        "kvm_exit: IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x0"
    )
    writer.run(False).run(True)
    exits = steps_of(writer, Kind.EXIT)
    assert [s.live for s in exits] == [0, 1, 1, 1, 0, 1]
    assert writer.understand().kernel.guest_restores == 2


def test_a_guest_without_fp_and_a_probe_that_never_fired():
    """fp_bind never came: the saves, or their absence, tell."""
    writer = Writer()
    for _ in range(3):
        writer.load().save(TASK_IMAGE).run(False).put().user_exit().user()
    recording = writer.understand()
    assert recording.live_known
    assert [s.live for s in recording if s.kind == Kind.EXIT] == [0, 0, 0]
    kernel = recording.kernel
    assert (kernel.guest_saves, kernel.guest_restores, kernel.host_saves) == (0, 0, 3)


def test_liveness_is_unknown_without_probes():
    writer = Writer().load().run(False).put().user_exit()
    recording = writer.understand()
    assert not recording.live_known
    assert [s.live for s in recording if s.kind == Kind.EXIT] == [-1]


@pytest.mark.parametrize("event", ["", "ctxsync", "fp_bind", "kvm_exit", "irq_handler"])
def test_the_true_exit(event):
    """The exit is where the guest stopped, not where kvm_exit is printed."""
    writer = Writer().load().enter().leave().softirq(2, VCPU_IMAGE)
    writer("kvm_exit: IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x4", ".....").run()
    if event:
        writer.lines = [line for line in writer.lines if event not in line]
    recording = writer.understand()
    kinds = [s.kind for s in recording]
    assert kinds[:3] == [Kind.LOAD, Kind.ENTER, Kind.EXIT]
    begins = [s for s in recording if s.kind == Kind.NEON_BEGIN]
    assert {s.position for s in begins} == {Position.WINDOW}
    assert (recording.entries, recording.exits) == (2, 2)


def test_x86_prints_its_exit_first():
    """Interrupts off at kvm_exit: it is the exit, and the window ends later, unseen."""
    writer = Writer().load()("kvm_entry: vcpu 0, rip 0xffffffff81036706")
    writer("kvm_exit: vcpu 0 reason EXTERNAL_INTERRUPT rip 0xff info1 0x0 info2 0x0").softirq(1)
    writer("kvm_entry: vcpu 0, rip 0xffffffff81036706")
    assert writer.story() == [
        "LOAD", "ENTER", "EXIT", "IRQ", "SOFTIRQ_RAISE", "SOFTIRQ_ENTRY", "NEON_BEGIN", "NEON_END",
        "SOFTIRQ_EXIT", "PREEMPT_ENABLE?", "ENTER",
    ]  # fmt: skip
    recording = writer.understand()
    assert recording.exits_by_reason() == {"EXTERNAL_INTERRUPT": 1}
    assert recording.notes == ()


STARTS = {
    "guest": (lambda w: w.leave().run(), Position.GUEST, True),
    "guest, not live": (lambda w: w.leave(False).run(), Position.GUEST, True),
    "loop": (lambda w: w.run(), Position.LOOP, True),
    "softirq in the loop": (lambda w: w.softirq(1).run(), Position.LOOP, True),
    "window": (
        lambda w: w.softirq(1)("kvm_exit: IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x0", ".....").run(),
        Position.WINDOW, True,
    ),
    "put": (lambda w: w.put(live=True).user_exit().user(), Position.LOOP, True),
    "kvm_userspace_exit": (lambda w: ioctl(w.user_exit().user()), Position.USER, False),
    "user": (lambda w: ioctl(w.softirq(1).user()), Position.USER, False),
    "load": (lambda w: ioctl(w), Position.USER, False),
    "preempted": (
        lambda w: w.switch("R", "x", 1).put("kvm_sched_out").on("x", 1).switch("S", "v", 219),
        Position.LOOP, True,
    ),
    "away": (
        lambda w: w.on("x", 1).switch("S", "v", 219).on("v", 219).load("kvm_sched_in").run(),
        Position.SCHED, False,
    ),
    "away in user space": (
        lambda w: ioctl(w.on("x", 1).switch("S", "v", 219).on("v", 219).user()),
        Position.SCHED, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("where", STARTS)
def test_a_trace_begins_anywhere(where):
    """The first lines tell where the thread is; nothing before them is made up."""
    writes, start, partial = STARTS[where]
    writer = Writer()
    writes(writer)
    recording = traces.understand(ioctl(writer.on("v", 219).put().user_exit().user()).read())
    assert (recording.start, recording.first_partial) == (start, partial)
    first = [step for step in recording if not step.inferred]
    back = Position.USER if where == "away in user space" else start  # SCHED_IN tells where to
    assert first[0].position == back
    before_first = next(iter(recording))
    assert not before_first.inferred


def test_a_gap_cuts():
    """Lines lost between an entry and a later put: the exit is made up, liveness unknown."""
    writer = Writer().load().save(TASK_IMAGE).enter().line("CPU:1 [LOST 12 EVENTS]")
    writer.put(live=True).user_exit().user()
    ioctl(writer)
    for _ in range(400):  # a gap is a gap: not too much loss
        writer("irq_handler_exit: irq=1 ret=handled")
    recording = writer.understand()
    story = [s.kind.name + "?" * s.inferred for s in recording]
    assert story[:7] == ["LOAD", "SAVE", "ENTER", "GAP", "EXIT?", "PREEMPT_ENABLE?", "PUT"]
    assert recording.steps["live"][4] == -1
    assert (recording.gaps, recording.lost) == (1, 12)
    assert any("1 EXIT" in note for note in recording.notes)
    assert (recording.entries, recording.exits) == (2, 1)


@pytest.mark.parametrize("cpu", [0, 1])
def test_a_gap_on_another_cpu_is_none_here(cpu):
    writer = ioctl(Writer()).line(f"CPU:{cpu} [LOST EVENTS]")
    for _ in range(40):
        ioctl(writer)
    assert (Kind.GAP in writer.understand().steps["kind"]) == (cpu == 1)


def test_a_lost_put_is_made_up():
    writer = Writer().load().run().load("kvm_sched_in").run().put().user_exit().user()
    story = ["LOAD", "ENTER", "EXIT", "PREEMPT_ENABLE", "GAP", "PUT?", "LOAD"]
    assert writer.story()[:7] == story
    recording = writer.understand()
    assert recording.gaps == 1  # though nobody reported it
    assert any("impossible" in note for note in recording.notes)


def test_no_sched_switch_was_recorded():
    """kvm_userspace_exit after the put, or its absence, tells why it was."""
    writer = Writer()
    for _ in range(2):
        writer("vcpu_load: (kvm_arch_vcpu_load+0x0/0x1f0)").run()
        writer("vcpu_put: (kvm_arch_vcpu_put+0x0/0x80)").user_exit()
    writer("vcpu_load: (kvm_arch_vcpu_load+0x0/0x1f0)").run()
    writer("vcpu_put: (kvm_arch_vcpu_put+0x0/0x80)")
    writer("vcpu_load: (kvm_arch_vcpu_load+0x0/0x1f0)").run()
    assert [s.value for s in steps_of(writer, Kind.PUT)] == [Why.USER, Why.USER, Why.SCHED]
    assert [s.value for s in steps_of(writer, Kind.LOAD)] == [
        Why.USER, Why.USER, Why.USER, Why.SCHED,
    ]  # fmt: skip


def test_several_vcpus():
    """Two on one CPU and one elsewhere: the one with most loads, or the one asked for."""
    writer = Writer("CPU 0/KVM", 100, 1)
    for _ in range(3):
        ioctl(writer)
    writer.switch("R", "CPU 1/KVM", 200).on("CPU 1/KVM", 200, 1).user()
    ioctl(writer)
    writer.on("CPU 2/KVM", 300, 5)
    for _ in range(2):
        ioctl(writer)
    recording = writer.understand()
    assert (recording.pid, recording.cpu, recording.loads) == (100, 1, 3)
    assert recording.vcpus == (
        (100, "CPU 0/KVM", 3), (300, "CPU 2/KVM", 2), (200, "CPU 1/KVM", 1),
    )  # fmt: skip
    assert writer.understand(cpu=5).pid == 300
    every = traces.understand_all(writer.read())
    assert [r.pid for r in every] == [100, 300, 200]
    assert [r.kernel.guest_saves for r in every] == [3, 2, 1]
    assert [r.pid for r in traces.understand_all(writer.read(), cpu=1)] == [100, 200]


def test_a_thread_that_moves_between_cpus():
    """One vCPU, two CPUs: one story."""
    writer = Writer("CPU 0/KVM", 100, 1).load().run()
    writer.switch("R", "x", 1).put("kvm_sched_out", live=True)
    writer.on("y", 2, 3).switch("S", "CPU 0/KVM", 100)
    writer.on("CPU 0/KVM", 100, 3).load("kvm_sched_in").run().put(live=True).user_exit().user()
    recording = writer.understand()
    assert recording.cpus == (1, 3)
    assert recording.loads == recording.puts == 2
    assert not recording.steps["inferred"].any()
    assert list(np.unique(recording.steps["cpu"])) == [1, 3]


def test_files_of_each_cpu_in_a_row():
    """per_cpu/cpuN/trace, concatenated: ordered by time, each CPU's own order kept."""
    writer = Writer("CPU 0/KVM", 100, 3)
    for _ in range(3):
        writer.cpu = 3
        writer.load("vcpu_load").run().switch("R", "x", 1).put("kvm_sched_out", live=True)
        writer.on("y", 2, 1).switch("S", "CPU 0/KVM", 100).on("CPU 0/KVM", 100, 1)
        writer.load("kvm_sched_in").run().put(live=True).user_exit().user()
        writer.switch("R", "x", 1).on("z", 4, 3).switch("S", "CPU 0/KVM", 100)
        writer.on("CPU 0/KVM", 100, 3).user()
    mixed = writer.understand()
    writer.lines.sort(key=lambda line: line.split("[")[1][:3])
    sorted_by_cpu = writer.understand()
    assert (mixed.steps == sorted_by_cpu.steps).all()


def test_images_of_others():
    """A kernel-mode area that the thread never loads is neither the guest's nor the VMM's."""
    writer = Writer()
    for _ in range(3):
        writer.load().save(TASK_IMAGE).run().softirq(1, "0xffff0000deadbe00")
        writer.put(live=True).user_exit().user()
    saves = steps_of(writer, Kind.SAVE)
    assert [s.value for s in saves[:3]] == [Image.TASK, Image.UNKNOWN, Image.VCPU]
    kernel = writer.understand().kernel
    assert (kernel.guest_saves, kernel.host_saves) == (3, 3)


def test_the_scheduler_loads_for_the_task_that_comes():
    """6.8 and later: kernel-mode state of the next task, loaded before the thread is gone."""
    writer = Writer()
    for _ in range(3):
        writer.load().save(TASK_IMAGE).run().switch("R", "x", 1).put("kvm_sched_out", live=True)
        writer("fp_load: (mystery_load+0x5c/0x10c) st=0xffff0000deadbe00")
        writer("fp_load: (fpsimd_thread_switch+0x5c/0x10c) st=0xffff0000deadbe40")
        writer.on("x", 1).switch("S", "CPU 0/KVM", 219).on("CPU 0/KVM", 219)
        writer.load("kvm_sched_in").run().put(live=True).user_exit().user()
    kernel = writer.understand().kernel
    assert (kernel.host_restores, kernel.host_saves, kernel.guest_saves) == (3, 3, 6)


def test_json():
    """The totals go through JSON as they are."""
    import json

    data = ioctl(Writer()).understand().to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["loads"] == data["entries"] == 1
    assert data["kernel"]["guest_saves"] == 1
