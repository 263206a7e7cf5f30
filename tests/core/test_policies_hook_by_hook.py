"""Each hook of each policy against the table of the model, from any state of the CPU."""

from __future__ import annotations

import random

import pytest

from fpsimd_model import policies
from fpsimd_model.registers import VALUES, Cpu

from .table import COUNTS, HOOKS, NAMES, TABLE, act, machine

FLAG = (False, True)
PLACES = {
    "registers": VALUES,
    "task_image": VALUES,
    "vcpu_image": VALUES,
    "host_context": VALUES,
    "foreign_fpstate": FLAG,
    "bound": ("task", "vcpu", None),
    "trap_armed": FLAG,
    "busy": FLAG,
    "softirqs_off": FLAG,
    "preempt_off": FLAG,
    "fp_enabled": FLAG,
    "fp_host": FLAG,
}
DICE = random.Random(20180214)
STATES = [{name: DICE.choice(of) for name, of in PLACES.items()} for _ in range(400)]


def cpu_in(state: dict, flags: dict) -> Cpu:
    cpu = Cpu(flags)
    for name, value in state.items():
        if name not in ("fp_enabled", "fp_host") or name in flags:
            setattr(cpu, name, value)
    return cpu


def seen(cpu: Cpu) -> dict[str, object]:
    found = cpu.describe()
    del found["softirq_held"]
    return {**found, **{name: cpu.count(name) for name in COUNTS}}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_does_what_the_table_says(name, hook):
    policy = policies.get(name)
    for state in STATES:
        cpu = cpu_in(state, policy.flags)
        expected = act(TABLE[name].get(hook, ""), machine(**state))
        getattr(policy(), hook)(cpu)
        found = seen(cpu)
        if name == "nested-save":
            assert found.pop("neon_buffer") == "K"
        assert found == {key: value for key, value in expected.items() if key in found}
        assert sum(cpu.counts) == sum(found[name] for name in COUNTS)  # hooks count moves alone


@pytest.mark.parametrize("name", [n for n in NAMES if n != "nested-save"])
def test_neon_in_softirq_saves_the_tracked_owner_and_scratches(name):
    policy = policies.get(name)
    text = "save the tracked owner; FOREIGN; unbind; registers K"
    for state in STATES:
        cpu = cpu_in(state, policy.flags)
        cpu_flags = {key: cpu.flags[key] for key in cpu.flags if key not in PLACES}
        policy().kernel_neon_begin(cpu)
        once = seen(cpu)
        policy().kernel_neon_end(cpu)
        expected = {**act(text, machine(**state)), **cpu_flags}
        assert once == seen(cpu) == {key: expected[key] for key in once}


@pytest.mark.parametrize("registers", VALUES)
def test_nested_neon_leaves_everything_as_it_was_and_counts_by_owner(registers):
    state = STATES[0] | {"registers": registers}
    policy = policies.get("nested-save")
    cpu = cpu_in(state, policy.flags)
    before = cpu.describe()
    policy().kernel_neon_begin(cpu)
    assert cpu.registers == "K"
    policy().kernel_neon_end(cpu)
    assert cpu.describe() == before
    owner = "guest" if state["registers"] in "Gg" else "host"
    assert cpu.count(f"{owner}_saves") == cpu.count(f"{owner}_restores") == 1
    assert sum(cpu.counts) == 2


@pytest.mark.parametrize("name", [p.name for p in policies.ALL])
def test_only_the_busy_flag_forbids_neon(name):
    policy = policies.get(name)
    for state in STATES:
        cpu = cpu_in(state, policy.flags)
        before = cpu.state()
        assert policy().may_use_simd(cpu) is (not state["busy"])
        assert cpu.state() == before


def test_the_table_has_every_policy_but_the_one_with_a_rule_of_its_own():
    assert {p.name for p in policies.ALL} == {*NAMES, "adaptive-reload"}


@pytest.mark.parametrize("policy", policies.ALL, ids=lambda p: p.name)
def test_the_trap_goes_through_c_since_the_guest_is_tracked(policy):
    tracked = {"tracked", "tracked-save-at-load", "reload-at-entry", "reload-at-load"}
    assert policy.trap_through_c is (policy.name in tracked | {"adaptive-reload"})


@pytest.mark.parametrize("policy", policies.ALL, ids=lambda p: p.name)
def test_a_policy_says_what_it_is_and_where_that_is_read_from(policy):
    assert policy.title == policy.__doc__.splitlines()[0]
    assert policy.title.endswith(".")
    assert len(policy.title) <= 100
    assert policy.kernel != "your own"
    assert policy.sources
    assert all(isinstance(source, str) and len(source) > 10 for source in policy.sources)


def test_the_policies_stand_in_the_order_of_the_table():
    assert [p.name for p in policies.ALL[:14]] == [n for n in NAMES if n != "nested-save"]
    assert len({p.name for p in policies.ALL}) == len(policies.ALL) == 16
