"""All reachable states and no others; merged as far as counts allow and no further."""

from __future__ import annotations

import numpy as np
import pytest

from fpsimd_model import policies
from fpsimd_model.automaton import EVENT_NAMES, SOFTIRQ, automaton, explore
from fpsimd_model.events import EVENTS, POSITIONS, USER, step
from fpsimd_model.policies import Policy, Tracked
from fpsimd_model.registers import COUNTERS, FIELDS, Cpu, PolicyError

from .strange import BROKEN, FAULTY, ODD

ALL = [*policies.ALL, *FAULTY, *ODD]
EVERY = pytest.mark.parametrize("policy", ALL, ids=lambda p: p.name)
TASK_NEON = pytest.mark.parametrize("task_neon", [False, True], ids=["", "task-neon"])


def layers(policy: type[Policy], task_neon: bool) -> list[set]:
    """States by their distance from the start, each event on a machine of its own."""
    here = {(USER, Cpu(policy.flags).state())}
    known, found = set(here), [here]
    while here:
        there = set()
        for position, state in here:
            for event, (where, _) in EVENTS.items():
                if position in where and (task_neon or event != "task_neon"):
                    cpu = Cpu(policy.flags)
                    cpu.set_state(state)
                    outcome = step(policy(), cpu, position, event)
                    there.add((outcome.position, cpu.state()))
        here = there - known
        known |= here
        found.append(here)
    return found[:-1]


@TASK_NEON
@EVERY
def test_it_reaches_every_state_by_a_shortest_way(policy, task_neon):
    found = explore(policy, task_neon=task_neon)
    expected = layers(policy, task_neon)
    assert set(found.states) == set().union(*expected)
    assert len(set(found.states)) == len(found.states)
    for i, state in enumerate(found.states):
        steps, at = 0, i
        while found.parents[at] is not None:
            at, event = found.parents[at]
            steps += 1
            assert event in EVENTS
        assert at == 0
        assert state in expected[steps]


@EVERY
def test_outcomes_are_those_of_a_fresh_machine(policy):
    found = explore(policy, task_neon=True)
    for (i, event), (j, outcome) in found.outcomes.items():
        position, state = found.states[i]
        cpu = Cpu(policy.flags)
        cpu.set_state(state)
        assert step(policy(), cpu, position, event) == outcome
        assert found.states[j] == (outcome.position, cpu.state())
    assert {(i, e) for i, (where, _) in enumerate(found.states) for e in EVENTS
            if where in EVENTS[e][0]} == set(found.outcomes)  # fmt: skip


def labels(found) -> list[tuple]:
    """What an engine sees of each state."""
    off, preempt = FIELDS.index("softirqs_off"), FIELDS.index("preempt_off")
    seen = []
    for i, (position, state) in enumerate(found.states):
        outcomes = [found.outcomes.get((i, event)) for event in EVENTS]
        bills = [hit and (hit[1].before, hit[1].softirq, hit[1].section) for hit in outcomes]
        seen.append((position, state[off], state[preempt], tuple(bills)))
    return seen


def told_apart(found) -> list[list[bool]]:
    """Pairs of states that some order of events tells apart (the table-filling algorithm)."""
    seen, n = labels(found), len(found.states)
    apart = [[seen[i] != seen[j] for j in range(n)] for i in range(n)]
    again = True
    while again:
        again = False
        for i in range(n):
            for j in range(i):
                if apart[i][j]:
                    continue
                for event in EVENTS:
                    a, b = found.outcomes.get((i, event)), found.outcomes.get((j, event))
                    if a and apart[a[0]][b[0]]:
                        apart[i][j] = apart[j][i] = again = True
                        break
    return apart


def followed(found, table) -> list[int]:
    """The block of each state: walk both from the start."""
    block = {0: table.start}
    todo = [0]
    while todo:
        i = todo.pop()
        for e, event in enumerate(EVENT_NAMES):
            hit = found.outcomes.get((i, event))
            if hit is None:
                assert table.next[block[i], e] == -1
            elif hit[0] not in block:
                block[hit[0]] = int(table.next[block[i], e])
                todo.append(hit[0])
            else:
                assert block[hit[0]] == table.next[block[i], e]
    return [block[i] for i in range(len(found.states))]


@TASK_NEON
@EVERY
def test_states_are_merged_exactly_when_no_order_of_events_tells_them_apart(policy, task_neon):
    found, table = explore(policy, task_neon=task_neon), automaton(policy, task_neon)
    block = followed(found, table)
    assert set(block) == set(range(len(table)))
    assert table.explored == len(found.states)
    apart = told_apart(found)
    for i in range(len(block)):
        for j in range(i):
            assert (block[i] != block[j]) is apart[i][j]


@EVERY
def test_the_table_says_what_the_events_did(policy):
    found, table = explore(policy, task_neon=True), automaton(policy, True)
    assert len(EVENT_NAMES) == table.next.shape[1] == table.before.shape[1]
    for i, (b, label) in enumerate(zip(followed(found, table), labels(found), strict=True)):
        assert POSITIONS[table.position[b]] == label[0]
        assert (table.softirqs_off[b], table.preempt_off[b]) == label[1:3]
        for e, event in enumerate(EVENT_NAMES):
            if (i, event) in found.outcomes:
                outcome = found.outcomes[i, event][1]
                assert tuple(table.before[b, e]) == outcome.before
                assert tuple(table.section[b, e]) == outcome.section
                assert SOFTIRQ[table.softirq[b, e]] == outcome.softirq


@pytest.mark.parametrize("policy", policies.ALL, ids=lambda p: p.name)
def test_sixteen_policies_have_few_states(policy):
    assert 8 <= automaton(policy).explored <= 130
    assert len(automaton(policy)) < automaton(policy).explored


def test_a_table_is_made_once_and_cannot_be_written_to():
    table = automaton(Tracked)
    assert automaton(Tracked) is table
    for name in ("position", "next", "before", "section", "softirq", "preempt_off"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(table, name)[...] = 0


@pytest.mark.parametrize("event", ["interrupt", "other", "put_user", "task_neon"])
def test_events_that_never_happen_are_left_out_with_what_they_alone_reach(event):
    table = automaton(Tracked, True, frozenset({event}))
    assert (table.next[:, EVENT_NAMES.index(event)] == -1).all()
    assert table.explored <= automaton(Tracked, True).explored
    others = [e for e in range(len(EVENT_NAMES)) if EVENT_NAMES[e] != event]
    assert (table.next[:, others] >= 0).any(axis=0).all()
    if event == "put_user":  # user space is left once and never seen again
        assert np.isin(table.next, table.start).sum() <= (table.next[table.start] == 0).sum()


def make(n: int) -> type[Policy]:
    """Two classes of one name, as when a notebook's cell runs again."""

    class Mine(Tracked):
        flags = {**Tracked.flags, "wait": 0}  # noqa: RUF012

        def vcpu_load(self, cpu):
            super().vcpu_load(cpu)
            cpu.wait = (cpu.wait + 1) % n

        def may_use_simd(self, cpu):
            return cpu.wait > 0

    return Mine


def test_a_class_that_is_defined_again_is_explored_again():
    first, second = make(2), make(3)
    assert first.name == second.name == "mine"
    assert automaton(first).explored < automaton(second).explored
    assert automaton(first) is automaton(first)


@pytest.mark.parametrize("policy", BROKEN, ids=lambda p: p.name)
def test_what_no_kernel_could_do_is_refused_in_one_line_that_says_where(policy, monkeypatch):
    monkeypatch.setattr("fpsimd_model.automaton._MAX_STATES", 500)
    with pytest.raises(PolicyError) as caught:
        explore(policy, task_neon=True)
    message = str(caught.value)
    assert "\n" not in message
    for word in BROKEN[policy]:
        assert word in message


def test_flags_are_added_to_those_of_every_ancestor():
    class Lately(policies.AdaptiveReload):
        flags = {"lately": 0, "habit": 1}  # noqa: RUF012 (as users write it)

    class Quiet(Lately):
        pass

    assert Lately.flags == Quiet.flags == {
        "fp_enabled": False, "fp_host": False, "habit": 1, "lately": 0,
    }  # fmt: skip
    assert "lately" not in policies.Tracked.flags
    assert explore(Quiet).states


@pytest.mark.parametrize(
    ("name", "hook"),
    [("guest_entr", "guest_enter"), ("vcpu_loads", "vcpu_load"), ("fp_traps", "fp_trap"),
     ("kernel_neon_beginn", "kernel_neon_begin"), ("may_use_smid", "may_use_simd")],
)  # fmt: skip
def test_a_method_that_is_almost_a_hook_is_refused(name, hook):
    with pytest.raises(PolicyError, match=f"mine: '{name}' is no hook; did you mean '{hook}'"):
        type("Mine", (policies.Tracked,), {name: lambda self, cpu: None})


def test_helpers_may_be_called_anything_else():
    names = ("give_back", "_guest_entr", "save_all", "reload", "guest", "load_common")
    methods = {name: lambda self, cpu: None for name in names}
    assert explore(type("Mine", (policies.Tracked,), methods)).states


def test_counters_are_whole_and_never_negative():
    for policy in policies.ALL:
        table = automaton(policy, True)
        for counts in (table.before, table.section):
            assert (counts >= 0).all()
            assert (counts == counts.round()).all()
        assert table.before.shape[2] == len(COUNTERS)
