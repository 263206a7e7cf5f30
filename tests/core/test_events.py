"""Events: which hooks run in which order, what is counted and billed, what no kernel can do."""

from __future__ import annotations

import random

import pytest

from fpsimd_model import policies
from fpsimd_model.events import EVENTS, GUEST, LOOP, POSITIONS, SCHED, USER, step
from fpsimd_model.policies import DeferToPut, NestedSave, Policy, SoftirqsOff, Tracked
from fpsimd_model.registers import COUNTERS, Cpu, PolicyError
from tests.oracle import cpu as oracle

from .strange import spy

SECTION = ["kernel_neon_begin", "kernel_neon_end"]
NEON = ["may_use_simd", *SECTION, *SECTION]  # the second one shows what a further section moves


def moves(outcome) -> dict[str, int]:
    return {name: n for name, n in zip(COUNTERS, outcome.before, strict=True) if n}


@pytest.mark.parametrize(
    ("position", "event", "hooks", "to", "softirq"),
    [
        (USER, "load", ["vcpu_load"], LOOP, ""),
        (SCHED, "load", ["vcpu_load"], LOOP, ""),
        (LOOP, "enter", ["guest_enter"], GUEST, ""),
        (GUEST, "access", ["fp_trap"], GUEST, ""),
        (GUEST, "exit", ["guest_exit", "preempt_enable"], LOOP, ""),
        (LOOP, "put_user", ["vcpu_put"], USER, ""),
        (LOOP, "put_sched", ["vcpu_put"], SCHED, ""),
        (USER, "interrupt", NEON, USER, "neon"),
        (SCHED, "interrupt", [], SCHED, "neon"),
        (LOOP, "interrupt", NEON, LOOP, "neon"),
        (
            GUEST,
            "interrupt",
            ["guest_exit", "softirq_pending", *NEON, "preempt_enable"],
            LOOP,
            "neon",
        ),
        *((where, event, [], where, "") for where in (USER, SCHED, LOOP) for event in ("other",)),
        (LOOP, "other_softirq", [], LOOP, ""),
        (GUEST, "other", ["guest_exit", "preempt_enable"], LOOP, ""),
        (GUEST, "other_softirq", ["guest_exit", "softirq_pending", "preempt_enable"], LOOP, ""),
        (LOOP, "task_neon", ["may_use_simd", *SECTION], LOOP, ""),
    ],
)
def test_hooks_run_in_the_kernels_order(position, event, hooks, to, softirq):
    policy, calls = spy(DeferToPut)
    cpu = Cpu(policy.flags)
    cpu.trap_armed = event == "access"
    outcome = step(policy(), cpu, position, event)
    assert calls == hooks
    assert (outcome.position, outcome.softirq) == (to, softirq)
    assert outcome.story or event.startswith("other")


@pytest.mark.parametrize(
    ("position", "event", "hooks", "softirq"),
    [
        (GUEST, "interrupt", ["guest_exit", "preempt_enable"], "held"),
        (LOOP, "interrupt", [], "held"),
        (GUEST, "other_softirq", ["guest_exit", "preempt_enable"], ""),
        (LOOP, "task_neon", [], ""),
    ],
)
def test_with_softirqs_off_nothing_runs_and_packets_are_held(position, event, hooks, softirq):
    policy, calls = spy(SoftirqsOff)
    cpu = Cpu(policy.flags)
    cpu.softirqs_off = cpu.preempt_off = True
    outcome = step(policy(), cpu, position, event)
    assert calls == hooks
    assert outcome.softirq == softirq
    assert cpu.softirq_held is (softirq == "held")


def test_every_event_is_told_of_above_at_every_position_that_has_it():
    where = {event: set(positions) for event, (positions, _) in EVENTS.items()}
    assert where == {
        "load": {USER, SCHED},
        "enter": {LOOP},
        "access": {GUEST},
        "exit": {GUEST},
        "put_user": {LOOP},
        "put_sched": {LOOP},
        "interrupt": set(POSITIONS),
        "other": set(POSITIONS),
        "other_softirq": set(POSITIONS),
        "task_neon": {LOOP},
    }


@pytest.mark.parametrize(
    ("position", "event", "counted"),
    [
        (LOOP, "enter", {"entries": 1}),
        (GUEST, "exit", {"exits": 1}),
        (GUEST, "interrupt", {"exits": 1, "host_saves": 1}),
        (GUEST, "other", {"exits": 1}),
        (LOOP, "put_user", {"puts": 1}),
        (LOOP, "put_sched", {"puts": 1, "host_saves": 1}),
        (USER, "interrupt", {"host_saves": 1, "host_restores": 1}),
        (SCHED, "interrupt", {}),
        (LOOP, "interrupt", {"host_saves": 1}),
    ],
)
def test_what_the_kernel_itself_does_is_counted(position, event, counted):
    assert moves(step(Policy(), Cpu(), position, event)) == counted


@pytest.mark.parametrize("foreign", [False, True])
def test_in_sched_nothing_of_this_account_moves(foreign):
    cpu = Cpu()
    cpu.foreign_fpstate, cpu.busy = foreign, True
    before = cpu.state()
    outcome = step(NestedSave(), Cpu(NestedSave.flags), SCHED, "interrupt")
    assert (moves(outcome), outcome.section, outcome.softirq) == ({}, (0,) * 10, "neon")
    assert step(Policy(), cpu, SCHED, "interrupt").softirq == "neon"
    assert cpu.state() == before


def test_a_trap_comes_first_if_armed_and_is_counted():
    cpu = Cpu(DeferToPut.flags)
    cpu.trap_armed = True
    outcome = step(DeferToPut(), cpu, GUEST, "access")
    assert moves(outcome) == {"traps": 1, "host_saves": 1, "guest_restores": 1}
    assert outcome.losses == ()
    assert (cpu.registers, cpu.vcpu_image) == ("G", "g")


def test_only_nested_neon_pays_for_further_sections():
    for policy in policies.ALL:
        cpu = Cpu(policy.flags)
        section = step(policy(), cpu, USER, "interrupt").section
        paid = {name: n for name, n in zip(COUNTERS, section, strict=True) if n}
        nested = {"host_saves": 1, "host_restores": 1}
        assert paid == (nested if policy is NestedSave else {})


def test_a_busy_softirq_moves_nothing_and_is_scalar():
    cpu = Cpu()
    cpu.busy = True
    outcome = step(Policy(), cpu, LOOP, "interrupt")
    assert (outcome.softirq, moves(outcome), outcome.section) == ("scalar", {}, (0,) * 10)
    assert "scalar" in outcome.story[-1]


@pytest.mark.parametrize(("event", "to"), [("put_user", USER), ("put_sched", SCHED)])
def test_held_softirqs_run_inside_the_put_and_are_not_billed(event, to):
    policy, calls = spy(SoftirqsOff)
    cpu = Cpu(policy.flags)
    hooks = policy()
    for position, name in ((USER, "load"), (LOOP, "interrupt")):
        step(hooks, cpu, position, name)
    twin = Cpu(policy.flags)
    twin.set_state(cpu.state())
    twin.softirq_held = False
    calls.clear()
    outcome = step(hooks, cpu, LOOP, event)
    assert calls == ["vcpu_put", *NEON]
    assert (outcome.softirq, outcome.position) == ("neon", to)
    assert not cpu.softirq_held
    assert moves(outcome) == moves(step(hooks, twin, LOOP, event))
    assert outcome.losses == ()


def test_losses_are_told_with_the_event():
    cpu = Cpu()
    cpu.registers = "K"
    outcome = step(Policy(), cpu, GUEST, "access")
    assert outcome.losses == (("guest", "K"),)
    assert moves(outcome) == {"guest_corruptions": 1}


def test_an_event_counts_itself_alone():
    """Counts of events before do not show; the CPU is as if set anew."""
    cpu = Cpu(Tracked.flags)
    hooks, position = Tracked(), USER
    for event in ("load", "enter", "access", "interrupt", "enter", "access"):
        cpu.set_state(cpu.state())
        outcome = step(hooks, cpu, position, event)
        position = outcome.position
    assert moves(outcome) == {"traps": 1, "guest_restores": 1}


COMPARED = [p for p in policies.ALL if p.name not in ("adaptive-reload", "nested-save")]
EACH = ("host_saves", "host_restores", "guest_saves", "guest_restores", "traps")
LOST = ("guest_corruptions", "host_corruptions")


class OtherMachine:
    """The same events on the oracle's registers, which know nothing of the package."""

    def __init__(self, name: str) -> None:
        self.cpu = oracle.Cpu(name, 1.0, 1.0, 1.0, 1.0)
        self.held = self.off = False
        self.may_be_off = name == "softirqs-off"

    def counts(self) -> tuple[int, ...]:
        return tuple(getattr(self.cpu, name) for name in (*EACH, *LOST))

    def do(self, position: str, event: str) -> str:
        cpu = self.cpu
        if event == "load":
            self.off = self.may_be_off
            cpu.vcpu_load()
            return LOOP
        if event == "enter":
            cpu.guest_enter()
            return GUEST
        if event == "access":
            if cpu.armed:
                cpu.fp_trap()
            cpu.guest_access()
            return GUEST
        if event.startswith("put"):
            cpu.vcpu_put()
            self.off = self.held = False  # held softirqs are not billed
            if event == "put_user":
                cpu.return_to_user()
                return USER
            cpu.schedule_out()
            return SCHED
        return self._interrupted(position, event)

    def _interrupted(self, position: str, event: str) -> str:
        cpu, crypto = self.cpu, event in ("interrupt", "task_neon")
        if position == SCHED or (event.startswith("other") and position != GUEST):
            return position
        if position == GUEST:
            cpu.guest_exit()
            if event in ("interrupt", "other_softirq") and not self.off:
                cpu.exit_irq()
        if crypto and not self.off and not cpu.busy:
            cpu.neon_begin()
        if position == GUEST:
            cpu.preempt_enable()
        if position == USER:
            cpu.return_to_user()
        return LOOP if position == GUEST else position


@pytest.mark.parametrize("policy", COMPARED, ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_events_counts_as_on_a_machine_that_somebody_else_wrote(policy, seed):
    dice = random.Random(f"{policy.name} {seed}")
    hooks, cpu, other = policy(), Cpu(policy.flags), OtherMachine(policy.name)
    position = USER
    for _ in range(600):
        event = dice.choice([e for e, (where, _) in EVENTS.items() if position in where])
        held = cpu.softirq_held and event.startswith("put")
        before = other.counts()
        outcome = step(hooks, cpu, position, event)
        position = other.do(position, event)
        assert position == outcome.position
        expected = tuple(b - a for a, b in zip(before, other.counts(), strict=True))
        found = dict(zip(COUNTERS, outcome.before, strict=True))
        assert tuple(found[name] for name in (*EACH, *LOST)) == expected, (event, held)
        if held:  # the package's softirq took the registers, the oracle's was free of moves
            other.cpu.regs, other.cpu.foreign = cpu.registers, cpu.foreign_fpstate
            other.cpu.task, other.cpu.bound = cpu.task_image, cpu.bound
        assert (other.cpu.regs, other.cpu.vcpu) == (cpu.registers, cpu.vcpu_image)
        cpu.set_state(cpu.state())


def test_an_error_in_a_hook_keeps_its_cause():
    class Bad(Tracked):
        def guest_enter(self, cpu):
            raise LookupError("no such thing")

    with pytest.raises(PolicyError, match="bad: LookupError in a hook at 'enter'") as caught:
        step(Bad(), Cpu(Bad.flags), LOOP, "enter")
    assert isinstance(caught.value.__cause__, LookupError)


def test_a_keyboard_interrupt_in_a_hook_is_no_policy_error():
    class Slow(Tracked):
        def guest_enter(self, cpu):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step(Slow(), Cpu(Slow.flags), LOOP, "enter")
