"""Weaker signs of a residency, migration, packets, and losses that nobody reported."""

from __future__ import annotations

import io

import numpy as np
import pytest

from fpsimd_model import traces
from fpsimd_model.calibration import calibrate
from fpsimd_model.errors import InputError
from fpsimd_model.replayer import replay
from fpsimd_model.traces import PACKETS, Kind, Position, Why
from fpsimd_model.traces.proxies import LOAD_PUT

from .samples import recorded, text_of
from .synthetic import Writer


def without(name: str, *words: bytes) -> io.BytesIO:
    lines = text_of(recorded(name)).splitlines(keepends=True)
    return io.BytesIO(b"".join(x for x in lines if not any(word in x for word in words)))


def shape(recording) -> list[tuple]:
    return [(s.kind, s.position, s.value) for s in recording if not s.inferred]


# -- weaker signs -------------------------------------------------------------------------------


def test_sched_switch_finds_the_residencies_of_a_recorded_trace():
    """On the trace that returns to user space the most, without its loads and puts."""
    with pytest.raises(InputError, match=r"no vcpu_load.*--residency-from sched_switch\)"):
        traces.understand(traces.read(without("mmio-ipsec", b"vcpu_load", b"vcpu_put")))
    whole = traces.understand(traces.read(recorded("mmio-ipsec")))
    less = without("mmio-ipsec", b"vcpu_load", b"vcpu_put")
    found = traces.understand(traces.read(less), residency_from="sched_switch")
    assert found.residency_from == "sched_switch"
    assert found.notes[0].startswith("no load and put recorded: ")
    assert "count as outside" in found.notes[0]
    assert abs(found.loads - whole.loads) <= 2
    assert abs(found.puts - whole.puts) <= 2
    assert (found.entries, found.exits) == (whole.entries, whole.exits)
    assert abs(found.neon_begins - whole.neon_begins) <= 0.005 * whole.neon_begins
    ours, theirs = replay(found, "tracked")[0].counts, replay(whole, "tracked")[0].counts
    for name, count in theirs.items():
        assert abs(ours[name] - count) <= 2 + 0.005 * count
    length = [calibrate(r)["vcpu.residency_us"].value for r in (found, whole)]
    assert length[0] == pytest.approx(length[1], rel=0.1)


def test_the_usual_sign_is_named():
    recording = traces.understand(traces.read(recorded("busy-plain")))
    assert recording.residency_from == recording.to_dict()["residency_from"] == LOAD_PUT


def timers(writer: Writer) -> Writer:
    writer.switch("S", "idle", 0).on("<idle>", 0).switch("R", "CPU 0/KVM", 219)
    writer.on("CPU 0/KVM", 219)
    for _ in range(2):
        writer("kvm_timer_restore_state: CTL: 0x0 CVAL: 0x0 arch_timer_ctx_index: 0")
    writer("kvm_entry: PC: 0x40000000")("kvm_exit: IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x4", ".....")
    writer.softirq(1)
    for _ in range(2):
        writer("kvm_timer_save_state: CTL: 0x0 CVAL: 0x0 arch_timer_ctx_index: 0")
    return writer.user_exit()


def test_timers_that_are_restored_and_saved():
    writer = Writer()
    for _ in range(3):
        timers(writer)
    recording = traces.understand(writer.read(), residency_from="kvm_timer")
    assert (recording.loads, recording.puts, recording.softirqs_inside) == (3, 3, {3: 3})
    assert recording.residency_from == "kvm_timer"
    with pytest.raises(InputError, match="--residency-from kvm_timer"):
        writer.understand()  # the better of two is named
    assert traces.understand(writer.read(), residency_from="sched_switch").loads == 3


@pytest.mark.parametrize("proxy", ["sched_switch", "kvm_timer"])
def test_a_weaker_sign_is_not_taken_where_there_is_a_better_or_none(proxy):
    ioctl = Writer().load().run().put(live=True).user_exit().user()
    with pytest.raises(InputError, match="has vcpu_load events, so nothing weaker is needed"):
        traces.understand(ioctl.read(), residency_from=proxy)
    bare = Writer().run().user()
    with pytest.raises(InputError, match=f"told from {proxy}, as not all of its events"):
        traces.understand(bare.read(), residency_from=proxy)
    with pytest.raises(InputError, match="none of kvm_timer, sched_switch"):
        traces.understand(ioctl.read(), residency_from="guess")


def test_no_puts():
    writer = Writer()
    for _ in range(3):
        writer.load().run().user_exit().user()
    with pytest.raises(InputError, match="no vcpu_put events"):
        writer.understand()


# -- migration ----------------------------------------------------------------------------------


def moved(between) -> traces.Recording:
    writer = Writer("CPU 0/KVM", 219, 1).load().run().put(live=True).user_exit().user()
    between(writer)
    writer.on("CPU 0/KVM", 219, 3)
    writer.load().run().put(live=True).user_exit().user()
    return writer.understand()


def test_a_thread_that_migrates_in_user_space():
    """Nobody recorded sched_switch: that it left its CPU is certain all the same."""
    recording = moved(lambda writer: None)
    assert recording.cpus == (1, 3)
    away = [s for s in recording if s.kind in (Kind.SCHED_OUT, Kind.SCHED_IN)]
    assert [(s.kind, s.inferred, s.cpu) for s in away] == [
        (Kind.SCHED_OUT, True, 1), (Kind.SCHED_IN, True, 3),
    ]  # fmt: skip
    assert [s.value for s in recording if s.kind == Kind.LOAD] == [Why.USER, Why.USER]
    counts = replay(recording, "tracked-save-at-load")[0].counts
    assert counts["guest_saves"] == counts["guest_restores"] == 2
    assert counts["guest_corruptions"] == counts["host_corruptions"] == 0


def test_a_thread_that_migrates_while_loaded():
    """The put on the old CPU was lost: a gap."""
    recording = moved(lambda writer: writer.load().run())
    kinds = [s.kind for s in recording if s.cpu == 1][-3:]
    assert kinds == [Kind.GAP, Kind.PUT, Kind.SCHED_OUT]
    assert recording.gaps == 1


def test_a_migration_that_was_recorded_adds_nothing():
    def between(writer):
        writer.switch("R", "idle", 0).on("<idle>", 0, 3).switch("R", "CPU 0/KVM", 219)

    recording = moved(between)
    assert {s.kind for s in recording if s.inferred} <= {Kind.RETURN_TO_USER}
    assert [s.cpu for s in recording if s.kind == Kind.SCHED_IN] == [3]


# -- packets ------------------------------------------------------------------------------------


def test_packets_by_their_layer():
    writer = Writer().load().enter().leave()
    writer("softirq_entry: vec=3 [action=NET_RX]", "..s..")
    writer("xfrm_input <-xfrm4_rcv_encap", "..s..")
    writer("my_probe: (esp_input+0x0/0x5c0)", "..s..")
    writer("other: (xfrm_input+0x0/0x5c0)", "..s..")  # the tracer has told of that one
    writer("esp_output: (ffff800080064f50)", "..s..")  # no symbol: the probe's name
    writer("netif_receive_skb: dev=eth0 skbaddr=ffff len=1500", "..s..")
    writer("softirq_exit: vec=3 [action=NET_RX]", "..s..")
    writer("kvm_exit: IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x40000000", ".....").put(live=True)
    recording = writer.user_exit().user().understand()
    layers = [PACKETS[s.value] for s in recording if s.kind == Kind.PACKET]
    assert layers == ["xfrm_input", "esp_input", "esp_output", "netif_receive_skb"]
    assert Kind.PACKET in recording.recorded
    assert "packet" in recording.to_dict()["recorded"]
    places = {s.position for s in recording if s.kind == Kind.PACKET}
    assert places == {Position.WINDOW}


def test_packets_of_a_recorded_trace_and_what_was_recorded():
    recording = traces.understand(traces.read(recorded("mmio-ipsec")))
    kinds, values = recording.steps["kind"], recording.steps["value"]
    seen = np.bincount(values[kinds == Kind.PACKET], minlength=len(PACKETS))
    here = [x for x in text_of(recorded("mmio-ipsec")).splitlines() if b"[001]" in x]
    for index, name in enumerate(PACKETS):
        assert seen[index] == sum(b": " + name.encode() + b" <-" in line for line in here)
    assert seen.sum() > 2000
    assert Kind.GAP not in recording.recorded
    assert recording.recorded >= {Kind.LOAD, Kind.PUT, Kind.NEON_BEGIN, Kind.SAVE, Kind.USER_EXIT}
    plain = traces.understand(traces.read(recorded("busy-plain")))
    assert Kind.USER_EXIT not in plain.recorded


# -- losses that nobody reported ----------------------------------------------------------------


def test_an_entry_behind_an_entry():
    """arm64 prints a kvm_exit for each run: without one, lines are missing."""
    writer = Writer()
    for _ in range(3):
        writer.load().run().run().put(live=True).user_exit().user()
    assert writer.understand().gaps == 0
    at = next(i for i, line in enumerate(writer.lines) if "kvm_exit" in line)
    del writer.lines[at - 2 : at + 1]  # the exit, its ctxsync and bind
    recording = writer.understand()
    assert recording.gaps == 1
    assert any("lost without a mark" in note for note in recording.notes)
    kinds = recording.steps["kind"].tolist()
    assert kinds[:3] == [Kind.LOAD, Kind.ENTER, Kind.GAP]


def test_an_entry_behind_an_entry_on_x86():
    """It can print an entry and not run at all, so that is no loss there."""
    writer = Writer()
    for _ in range(2):
        writer("vcpu_load: (kvm_arch_vcpu_load+0x0/0x1f0)")
        writer("kvm_entry: vcpu 0, rip 0xffffffff8108aca7")("kvm_entry: vcpu 0, rip 0xffffffff81")
        writer("kvm_exit: vcpu 0 reason HLT rip 0xffffffff81 info1 0x0 info2 0x0")
        writer("vcpu_put: (kvm_arch_vcpu_put+0x0/0x80)").user_exit()
    recording = writer.understand()
    assert (recording.gaps, recording.entries) == (0, 4)


@pytest.mark.parametrize("name", ["mmio-ipsec", "busy-ipsec", "busy-plain"])
def test_whole_recordings_have_no_such_gap(name):
    assert traces.understand(traces.read(recorded(name))).gaps == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_hole_cut_out_of_a_recording_is_noticed(seed):
    """Some milliseconds without a mark: what was open is cut, no count is larger than before."""
    lines = text_of(recorded("mmio-ipsec")).splitlines(keepends=True)
    rng = np.random.default_rng(seed)
    whole = traces.understand(traces.read(recorded("mmio-ipsec")))
    noticed = 0
    for _ in range(2):
        at, length = int(rng.integers(20_000, 180_000)), int(rng.integers(20, 400))
        cut = io.BytesIO(b"".join(lines[:at] + lines[at + length :]))
        found = traces.understand(traces.read(cut))
        for name in ("loads", "puts", "entries", "exits", "neon_begins"):
            assert getattr(found, name) <= getattr(whole, name)
        noticed += found.gaps > 0 or bool(found.notes)
    assert noticed == 2
