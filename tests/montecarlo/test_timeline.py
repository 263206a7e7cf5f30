"""The log of one simulation: the very run, every event, and what it says at each moment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model import policies
from fpsimd_model.automaton import EVENT_NAMES
from fpsimd_model.errors import InputError
from fpsimd_model.montecarlo import TimeLine, timeline
from fpsimd_model.montecarlo.records import LOG

from .worlds import REFERENCE, Driven

NAMES = [policy.name for policy in policies.ALL]
WORLDS = st.builds(
    lambda rate, batch, budget, fallback, others, task: REFERENCE.replace(
        {
            "softirq.interrupts_per_s": rate,
            "softirq.packets_per_interrupt": batch,
            "softirq.softirq_budget_us": budget,
            "softirq.fallback": fallback,
            "softirq.other_interrupts_per_s": others,
            "vcpu.task_neon_per_s": task,
        }
    ),
    st.floats(1e3, 1.5e5),
    st.floats(1.0, 4.0),
    st.sampled_from([0.0, 100.0, 2000.0]),
    st.sampled_from(["scalar", "cryptd"]),
    st.sampled_from([0.0, 2e3]),
    st.sampled_from([0.0, 1e3]),
)


@given(name=st.sampled_from(NAMES), scenario=WORLDS, seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_a_run_that_is_written_down_is_bit_for_bit_the_run_that_is_not(name, scenario, seed):
    plain, logged = Driven(scenario, name, seed), Driven(scenario, name, seed)
    logged.log = np.zeros(100_000, LOG)
    plain.to(0.02)
    logged.to(0.02)
    assert logged["logged"] > 0
    logged.carried["logged"] = 0
    assert plain.carried == logged.carried
    assert plain.sums == logged.sums
    assert np.array_equal(plain.counts, logged.counts)
    assert np.array_equal(plain.served, logged.served)
    assert np.array_equal(plain.histogram, logged.histogram)


@given(name=st.sampled_from(NAMES), scenario=WORLDS, seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_the_log_tells_what_the_sums_tell(name, scenario, seed):
    line = timeline(scenario, name, seed=seed, seconds=0.02)
    driven = Driven(scenario, name, seed).to(0.02)
    last = driven["now"]  # the log ends at 0.02, the run with the operation under way
    assert line.complete
    assert line.seconds == 0.02
    assert np.all(np.diff(line.time_s) >= 0.0)
    assert np.all(line.queue >= 0)
    assert 0 <= driven.packets - len(line.at("packet_done")) <= 1
    assert abs(driven["handed_over"] - len(line.at("handed_over"))) <= 1
    guest = np.append(line.position, 0) == line.POSITIONS.index("guest")
    first = Driven(scenario, name, seed)
    began = first.model.position[first["state"]] == line.POSITIONS.index("guest")
    spans = np.diff(np.concatenate([[0.0], line.time_s, [0.02]]))
    spent = spans[np.concatenate([[began], guest[:-1]])].sum()
    accesses = np.arange(len(driven.counts)) % len(EVENT_NAMES) == EVENT_NAMES.index("access")
    trapping = (driven.counts * driven.model.before)[accesses].sum()
    assert spent == pytest.approx(driven["guest_time"] + trapping, abs=last - 0.02 + 1e-9)
    thread = _between(line, "ksoftirqd_start", "ksoftirqd_end")
    assert thread == pytest.approx(driven["thread_time"], abs=last - 0.02 + 1e-9)


def _between(line: TimeLine, start: str, end: str) -> float:
    times = [list(line.time_s[line.at(name)]) for name in (start, end)]
    if len(times[0]) > len(times[1]):
        times[1].append(line.seconds)
    return sum(times[1]) - sum(times[0])


@given(name=st.sampled_from(NAMES), scenario=WORLDS, seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_events_come_in_an_order_that_a_cpu_can_make(name, scenario, seed):
    line = timeline(scenario, name, seed=seed, seconds=0.02)
    position, busy = None, None
    may = {  # position before each event; None is not known yet
        "entry": ("loop",),
        "exit": ("guest",),
        "access": ("guest",),
        "trap": ("guest",),
        "put": ("loop",),
        "load": ("user", "sched"),
        "task_neon": ("loop",),
    }
    for i, code in enumerate(line.what):
        event, now = line.NAMES[code], line.POSITIONS[line.position[i]]
        if event in may:
            assert position is None or position in may[event], (i, event)
        else:
            assert position in (None, now), (i, event)
        if event in ("busy_start", "ksoftirqd_start"):
            assert busy is None
            busy = (event, bool(line.neon[i]))
        elif event in ("busy_end", "ksoftirqd_end"):
            kind, neon = busy
            assert event.partition("_")[0] == kind.partition("_")[0]
            assert neon == line.neon[i]
            busy = None
        else:
            assert line.neon[i] == (busy is not None and busy[1])
        if event in ("load", "entry", "put", "exit"):
            assert busy is None
        position = now


def test_a_full_log_ends_the_line_where_every_packet_is_accounted_for():
    whole = timeline(REFERENCE, "tracked", seed=3, seconds=0.05)
    part = timeline(REFERENCE, "tracked", seed=3, seconds=0.05, limit=200)
    assert not part.complete
    assert len(part) == 200
    assert part.seconds == part.time_s[-1] < 0.05
    for name in ("time_s", "what", "queue", "neon", "position"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[:200]), name


def test_the_first_replication_of_a_simulation_is_the_run_that_is_shown():
    one = timeline(REFERENCE, "busy-flag-live", seed=8, seconds=0.01)
    same = timeline(REFERENCE, policies.get("busy-flag-live"), seed=8, seconds=0.01)
    other = timeline(REFERENCE, "busy-flag-live", seed=9, seconds=0.01)
    assert np.array_equal(one.time_s, same.time_s)
    assert not np.array_equal(one.time_s, other.time_s)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"seconds": 0.0}, "seconds: 0 is not a time above 0"),
        ({"seconds": float("nan")}, "seconds: nan is not a time above 0"),
        ({"seconds": "1"}, "seconds: '1' is no number"),
        ({"limit": 0}, "limit: 0 is no whole number from 1 to 10000000"),
        ({"limit": 1e9}, "limit: 1000000000.0 is no whole number"),
        ({"seed": -1}, "seed: -1 is no whole number"),
    ],
)
def test_bad_requests_are_refused_in_one_line(bad, says):
    with pytest.raises(InputError, match=says):
        timeline(REFERENCE, "tracked", **bad)


def test_what_never_ends_and_what_is_unknown_is_refused():
    scenario = REFERENCE.replace({"vcpu.preempted_share": 1, "vcpu.user_exit_share": 0})
    with pytest.raises(InputError, match="softirqs-off: every residency ends by preemption"):
        timeline(scenario, "softirqs-off")
    with pytest.raises(InputError, match="entrance: no event of a time line"):
        timeline(REFERENCE, "tracked", seconds=0.001).at("entrance")
