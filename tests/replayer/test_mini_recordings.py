"""Each policy led through a handful of events, the counts worked out by hand."""

from __future__ import annotations

import random

import pytest

from fpsimd_model import policies
from fpsimd_model.errors import InputError
from fpsimd_model.policies import Policy
from fpsimd_model.registers import PolicyError
from fpsimd_model.replayer import replay
from fpsimd_model.replayer.script import Call, accesses, script_of
from fpsimd_model.replayer.walk import COUNTS, walk
from fpsimd_model.traces import Position
from tests.core.strange import BROKEN
from tests.core.test_events import COMPARED, OtherMachine

from .mini import recording

SHORT = ("hs", "hr", "gs", "gr", "traps", "simd", "scalar", "g lost", "h lost")

# Two runs that use FP, between them a softirq with NEON in the exit window; then user space.
WINDOW = recording(
    "load", "enter", "exit live", "softirq_entry", "neon", "neon_end", "softirq_exit",
    "preempt_enable", "enter", "exit live", "preempt_enable", "put", "return_to_user",
)  # fmt: skip
IN_WINDOW = {
    "switch-on-exit": (3, 3, 2, 2, 2, 1, 0, 0, 0),
    "defer-to-put": (2, 2, 1, 1, 1, 1, 0, 1, 1),
    "softirqs-off": (2, 2, 1, 1, 1, 1, 0, 0, 0),
    "neon-begin-at-load": (1, 1, 1, 1, 1, 0, 1, 0, 0),
    "busy-flag-resident": (1, 1, 1, 1, 1, 0, 1, 0, 0),
    "busy-flag-live": (1, 1, 1, 1, 1, 0, 1, 0, 0),
    "pending-check": (3, 3, 2, 2, 2, 1, 0, 0, 0),
    "pending-check-guarded": (3, 3, 2, 2, 2, 1, 0, 0, 0),
    "neon-begin-per-entry": (1, 1, 2, 2, 2, 0, 1, 0, 0),
    "flush-hook": (1, 1, 2, 2, 2, 1, 0, 0, 0),
    "tracked": (1, 1, 2, 2, 2, 1, 0, 0, 0),
    "tracked-save-at-load": (1, 1, 2, 2, 2, 1, 0, 0, 0),
    "reload-at-entry": (1, 1, 2, 2, 0, 1, 0, 0, 0),
    "reload-at-load": (1, 1, 2, 1, 0, 1, 0, 1, 0),
    "adaptive-reload": (1, 1, 2, 2, 2, 1, 0, 0, 0),
    "nested-save": (1, 1, 2, 2, 1, 1, 0, 0, 0),
}
# The same, but the softirq comes late, behind preempt_enable.
LATE = recording(
    "load", "enter", "exit live", "preempt_enable", "softirq_entry", "neon", "neon_end",
    "enter", "exit live", "preempt_enable", "put", "return_to_user",
)  # fmt: skip
IN_LOOP = IN_WINDOW | {
    "pending-check": IN_WINDOW["defer-to-put"],
    "pending-check-guarded": IN_WINDOW["busy-flag-live"],
    "neon-begin-per-entry": IN_WINDOW["flush-hook"],
}
# A residency in which the guest rests, then the thread is scheduled out and in again.
RESTS = recording(
    "load", "enter", "exit dead", "preempt_enable", "put", "sched_out", "sched_in", "load",
    "enter", "exit live", "preempt_enable", "put", "return_to_user",
)  # fmt: skip
AT_REST = {
    "switch-on-exit": (2, 2, 1, 1, 1, 0, 0, 0, 0),
    "defer-to-put": (2, 2, 1, 1, 1, 0, 0, 0, 0),
    "softirqs-off": (2, 2, 1, 1, 1, 0, 0, 0, 0),
    "neon-begin-at-load": (1, 1, 1, 1, 1, 0, 0, 0, 0),
    "busy-flag-resident": (2, 2, 1, 1, 1, 0, 0, 0, 0),
    "busy-flag-live": (2, 2, 1, 1, 1, 0, 0, 0, 0),
    "pending-check": (2, 2, 1, 1, 1, 0, 0, 0, 0),
    "pending-check-guarded": (2, 2, 1, 1, 1, 0, 0, 0, 0),
    "neon-begin-per-entry": (1, 1, 1, 1, 1, 0, 0, 0, 0),
    "flush-hook": (1, 1, 1, 1, 1, 0, 0, 0, 0),
    "tracked": (1, 1, 1, 1, 1, 0, 0, 0, 0),
    "tracked-save-at-load": (1, 1, 1, 1, 1, 0, 0, 0, 0),
    "reload-at-entry": (1, 1, 2, 2, 0, 0, 0, 0, 0),
    "reload-at-load": (1, 1, 2, 2, 0, 0, 0, 0, 0),
    "adaptive-reload": (1, 1, 1, 1, 1, 0, 0, 0, 0),
    "nested-save": (2, 2, 1, 1, 1, 0, 0, 0, 0),
}
CASES = [
    (name, table[name], trace)
    for table, trace in ((IN_WINDOW, WINDOW), (IN_LOOP, LATE), (AT_REST, RESTS))
    for name in (p.name for p in policies.ALL)
]


@pytest.mark.parametrize(("name", "expected", "trace"), CASES)
def test_counts_are_those_worked_out_by_hand(name, expected, trace):
    (result,) = replay(trace, name)
    assert dict(zip(SHORT, result.counts.values(), strict=True)) == dict(
        zip(SHORT, expected, strict=True)
    )
    assert result.most == result.counts
    assert result.bounds == {}


def test_the_counts_have_the_names_and_the_order_of_the_command():
    (result,) = replay(WINDOW, "tracked")
    assert tuple(result.counts) == COUNTS
    assert list(result.to_dict()) == ["policy", "counts", "bounds"]


def test_what_a_trace_cannot_show_is_given_with_its_bounds():
    """The second run begins with the registers live: whether it used FP nobody saw."""
    trace = recording(
        "load", "enter", "exit live", "preempt_enable", "enter", "exit live", "preempt_enable",
        "put", "return_to_user",
    )  # fmt: skip
    done = replay(trace, ["switch-on-exit", "tracked"])
    assert (done.fp_runs, done.unsure_runs) == (1, 1)
    moves = ("host_saves", "host_restores", "guest_saves", "guest_restores", "traps")
    assert done["switch-on-exit"].bounds == dict.fromkeys(moves, (1, 2))
    assert done["tracked"].bounds == {}
    assert done["tracked"]["traps"] == 1
    assert done.to_dict()["results"][0]["bounds"]["traps"] == [1, 2]


@pytest.mark.parametrize(
    ("steps", "calls"),
    [
        (["load", "enter", "exit live"], [Call.LOAD, Call.ENTER, Call.ACCESS, Call.EXIT]),
        (["load", "enter", "exit dead"], [Call.LOAD, Call.ENTER, Call.EXIT]),
        (["load", "enter", "exit"], [Call.LOAD, Call.ENTER, Call.MAYBE_ACCESS, Call.EXIT]),
        (["enter", "exit live", "neon", "enter", "exit live"],
         [Call.ENTER, Call.ACCESS, Call.EXIT, Call.NEON, Call.ENTER, Call.ACCESS, Call.EXIT]),
        (["enter", "exit live", "gap", "enter", "exit live"],
         [Call.ENTER, Call.ACCESS, Call.EXIT, Call.ENTER, Call.ACCESS, Call.EXIT]),
        (["enter", "exit live", "put", "sched_out", "neon", "load"],
         [Call.ENTER, Call.ACCESS, Call.EXIT, Call.PUT, Call.SCHED_OUT, Call.LOAD]),
        (["load", "neon task"], [Call.LOAD, Call.TASK_NEON]),
        (["load", "softirq_entry", "neon"], [Call.LOAD, Call.NEON]),
        (["enter", "exit dead", "softirq_entry", "softirq_exit", "softirq_entry", "neon"],
         [Call.ENTER, Call.EXIT, Call.SOFTIRQ_PENDING, Call.NEON]),
        (["put", "return_to_user"], [Call.PUT, Call.RETURN_TO_USER]),
        (["irq", "wakeup", "save", "restore", "user_exit", "softirq_raise"], []),
    ],
)  # fmt: skip
def test_steps_become_calls(steps, calls):
    assert script_of(recording(*steps))[1] == calls


@pytest.mark.parametrize(
    ("start", "before"),
    [
        (Position.USER, []),
        (Position.UNKNOWN, []),
        (Position.SCHED, [Call.SCHED_OUT]),
        (Position.LOOP, [Call.LOAD]),
        (Position.GUEST, [Call.LOAD, Call.ENTER]),
        (Position.WINDOW, [Call.LOAD, Call.ENTER, Call.EXIT]),
    ],
)
def test_what_came_before_the_trace_is_done_and_not_counted(start, before):
    trace = recording("return_to_user", start=start)
    assert script_of(trace)[0] == before
    (saved,) = replay(recording(start=start), "tracked-save-at-load")
    assert set(saved.counts.values()) == {0}


def test_a_trace_that_begins_in_the_guest_shows_the_use_in_its_first_run():
    trace = recording("exit live", "preempt_enable", "put", start=Position.GUEST)
    assert script_of(trace)[1][0] == Call.ACCESS
    (result,) = replay(trace, "tracked-save-at-load")
    assert result["guest_saves"] == result["guest_restores"] == result["traps"] == 1
    assert result["host_saves"] == 0  # at the load before the trace


def test_accesses_are_counted_by_what_is_known_of_them():
    assert accesses([Call.ACCESS, Call.EXIT, Call.MAYBE_ACCESS, Call.ACCESS]) == (2, 1)


def test_held_softirqs_run_one_by_one_at_the_put():
    trace = recording("load", "neon", "enter", "exit dead", "neon", "neon", "put", "neon")
    (result,) = replay(trace, "softirqs-off")
    assert (result["simd"], result["scalar"]) == (4, 0)
    (never_put,) = replay(recording("load", "neon", "neon"), "softirqs-off")
    assert never_put["simd"] == 0


ORDER = {  # what may follow what, roughly as a kernel does it
    None: ["LOAD"],
    "LOAD": ["ENTER", "NEON", "PUT", "TASK_NEON"],
    "ENTER": ["ACCESS", "EXIT"],
    "ACCESS": ["EXIT"],
    "EXIT": ["SOFTIRQ_PENDING", "PREEMPT_ENABLE"],
    "SOFTIRQ_PENDING": ["NEON in window", "PREEMPT_ENABLE"],
    "NEON in window": ["NEON in window", "PREEMPT_ENABLE"],
    "PREEMPT_ENABLE": ["ENTER", "NEON", "PUT", "TASK_NEON"],
    "NEON": ["ENTER", "NEON", "PUT"],
    "TASK_NEON": ["ENTER", "PUT"],
    "PUT": ["RETURN_TO_USER", "SCHED_OUT"],
    "RETURN_TO_USER": ["LOAD", "NEON outside"],
    "NEON outside": ["RETURN_TO_USER"],
    "SCHED_OUT": ["LOAD"],
}


def some_calls(seed: int, length: int = 400) -> list[Call]:
    dice, last, calls = random.Random(seed), None, []
    for _ in range(length):
        last = dice.choice(ORDER[last])
        calls.append(Call[last.split(" ")[0]])
    return calls


def on_the_other_machine(name: str, calls: list[Call]) -> tuple[int, ...]:
    machine = OtherMachine(name)
    cpu, simd, scalar = machine.cpu, 0, 0
    for call in calls:
        if call == Call.LOAD:
            cpu.vcpu_load()
        elif call == Call.ENTER:
            cpu.guest_enter()
        elif call == Call.ACCESS:
            if cpu.armed:
                cpu.fp_trap()
            cpu.guest_access()
        elif call == Call.EXIT:
            cpu.guest_exit()
        elif call == Call.SOFTIRQ_PENDING:
            cpu.exit_irq()
        elif call == Call.NEON:
            simd, scalar = simd + (not cpu.busy), scalar + cpu.busy
            if not cpu.busy:
                cpu.neon_begin()
        elif call == Call.TASK_NEON:
            if not cpu.busy:
                cpu.neon_begin()
        elif call == Call.PREEMPT_ENABLE:
            cpu.preempt_enable()
        elif call == Call.PUT:
            cpu.vcpu_put()
        elif call == Call.RETURN_TO_USER:
            cpu.return_to_user()
        elif call == Call.SCHED_OUT:
            cpu.schedule_out()
    moves = (cpu.host_saves, cpu.host_restores, cpu.guest_saves, cpu.guest_restores, cpu.traps)
    return (*moves, simd, scalar, cpu.guest_corruptions, cpu.host_corruptions)


@pytest.mark.parametrize(
    "policy", [p for p in COMPARED if p.name != "softirqs-off"], ids=lambda p: p.name
)
def test_any_script_counts_as_on_a_machine_that_somebody_else_wrote(policy):
    for seed in range(20):
        calls = some_calls(seed)
        found = walk(policy, [], calls, maybe=False)
        assert tuple(found.values()) == on_the_other_machine(policy.name, calls)


@pytest.mark.parametrize("policy", policies.ALL, ids=lambda p: p.name)
def test_what_came_before_changes_the_state_and_is_not_in_the_counts(policy):
    first, then = some_calls(5, 151), some_calls(6)
    whole = walk(policy, [], [*first, *then], maybe=False)
    part = walk(policy, [], first, maybe=False)
    found = walk(policy, first, then, maybe=False)
    assert found == {name: whole[name] - part[name] for name in COUNTS}


def test_policies_of_ones_own_are_replayed():
    class Lazy(policies.Tracked):
        """Never saves at put."""

        def vcpu_put(self, cpu):
            cpu.fpsimd_flush_cpu_state()
            cpu.scratch()
            super().vcpu_put(cpu)

    assert issubclass(Lazy, Policy)
    (result,) = replay(WINDOW, [Lazy])
    assert (result.policy, result["guest_saves"]) == ("lazy", 1)


@pytest.mark.parametrize(
    "name",
    ["raises", "no-argument", "misspelt", "misspelt-move", "misspelt-count",
     "keeps-state-in-itself", "flag-hides-the-cpus"],
)  # fmt: skip
def test_a_broken_policy_is_one_clear_line(name):
    (policy,) = (p for p in BROKEN if p.name == name)
    with pytest.raises(PolicyError) as caught:
        replay(WINDOW, [policy])
    assert "\n" not in str(caught.value)
    assert any(word in str(caught.value) for word in (name, "scratch"))


def test_an_unknown_policy_or_result_is_refused():
    with pytest.raises(InputError, match="did you mean 'tracked'"):
        replay(WINDOW, "trakced")
    with pytest.raises(InputError, match="no result for 'tracked'; there are flush-hook"):
        replay(WINDOW, "flush-hook")["tracked"]


def test_results_are_a_sequence_by_position_and_by_name():
    done = replay(WINDOW, ["flush-hook", "tracked"])
    assert len(done) == 2
    assert [r.policy for r in done] == ["flush-hook", "tracked"]
    assert done[1] is done["tracked"]
    assert done.off_by("tracked") == {}  # this recording has no counts of the kernel's own
