"""All policies at once count what each of them counts alone, call by call."""

from __future__ import annotations

import io
import random
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model import policies
from fpsimd_model.policies import Policy
from fpsimd_model.replayer import replay, together
from fpsimd_model.replayer.script import accesses, script_of
from fpsimd_model.replayer.walk import walk
from fpsimd_model.resources import data_path
from fpsimd_model.traces import Position, read, understand
from tests.traces.synthetic import Writer

from .mini import recording

ALL = policies.select(None)
WORDS = (
    "load", "enter", "exit live", "exit dead", "exit", "preempt_enable", "put", "return_to_user",
    "sched_out", "sched_in", "softirq_entry", "neon", "neon", "neon task", "neon_end",
    "softirq_exit", "gap", "save", "irq", "packet",
)  # fmt: skip


def one_by_one(trace, chosen=ALL):
    before, calls = script_of(trace)
    counts = [
        (walk(p, before, calls, maybe=False), walk(p, before, calls, maybe=True)) for p in chosen
    ]
    return counts, *accesses(calls)


@given(st.lists(st.sampled_from(WORDS), max_size=60), st.sampled_from(list(Position)))
@settings(max_examples=150)
def test_any_steps(words, start):
    trace = recording(*words, start=start)
    assert together.together(ALL, trace) == one_by_one(trace)


@pytest.mark.parametrize("seed", range(4))
def test_long_runs_that_hold_much_back(seed):
    """Residencies with up to a hundred uses of NEON each, which softirqs-off holds to the put."""
    rng = random.Random(seed)
    words = []
    for _ in range(120):
        words.append("load")
        for _ in range(rng.randrange(4)):
            words += ["enter", rng.choice(["exit live", "exit dead", "exit"])]
            words += ["softirq_entry", *["neon"] * rng.choice([0, 1, 2, 30])]
            words.append("preempt_enable")
            words += ["neon"] * rng.choice([0, 0, 1, 5])
        words += ["put", rng.choice(["return_to_user", "sched_out"])]
    trace = recording(*words)
    assert together.together(ALL, trace) == one_by_one(trace)


@pytest.mark.parametrize("name", ["busy-ipsec", "mmio-ipsec"])
def test_recorded_traces(name):
    trace = understand(read(data_path("traces", f"k61-vhe-{name}.txt.gz")))
    assert together.together(ALL, trace) == one_by_one(trace)


class Counts(Policy):
    """Has a state of its own for every guest entry: more than can be remembered."""

    name = "counts"
    flags: ClassVar = {"number": 0}

    def guest_enter(self, cpu) -> None:
        cpu.number += 1
        if cpu.number % 7 == 0:
            cpu.fpsimd_save()


def test_more_states_than_are_remembered(monkeypatch):
    monkeypatch.setattr(together, "_MOST", 5)
    trace = recording(*["load", "enter", "exit live", "preempt_enable", "neon", "put"] * 300)
    blocks = [trace.steps[at : at + 50] for at in range(0, len(trace.steps), 50)]
    monkeypatch.setattr(type(trace), "blocks", lambda self: iter(blocks))
    chosen = [Counts, *ALL]
    assert together.together(chosen, trace) == one_by_one(trace, chosen)


def two_vcpus() -> Writer:
    """Two threads with a different number of residencies, each on its own CPU."""
    writer = Writer()
    for _ in range(3):
        for pid, cpu, times in ((219, 1, 2), (220, 2, 3)):
            writer.on(f"CPU {pid - 219}/KVM", pid, cpu)
            for _ in range(times):
                writer.load().run().softirq(2).put(live=True).user_exit().user()
    return writer


def test_several_vcpus_are_added(tmp_path):
    file = tmp_path / "trace.txt"
    file.write_text(two_vcpus().text())
    done = replay(file)
    assert [(v.recording.pid, v.recording.loads) for v in done.vcpus] == [(220, 9), (219, 6)]
    assert (done.total.loads, done.total.neon_begins, done.total.cpus) == (15, 30, (1, 2))
    for result, *each in zip(done, *done.vcpus, strict=True):
        for name in result.counts:
            assert result[name] == sum(one[name] for one in each)
            assert result.most[name] == sum(one.most[name] for one in each)
    own = done.off_by("tracked-save-at-load")
    assert own["guest_saves"] == own["guest_restores"] == 0
    data = done.to_dict()
    assert (data["trace"]["cpu"], data["trace"]["loads"]) == (2, 15)
    assert [one["trace"]["loads"] for one in data["vcpus"]] == [9, 6]
    alone = replay(file, cpu=1)
    assert (alone.vcpus, alone.recording.pid, alone.total.loads) == ((), 219, 6)
    assert alone.to_dict() == data["vcpus"][1]


def test_of_one_vcpu_nothing_is_added():
    writer = Writer().load().run().put(live=True).user_exit().user()
    done = replay(io.BytesIO(writer.text().encode()))
    assert done.vcpus == ()
    assert done.total is done.recording
    assert "vcpus" not in done.to_dict()
