"""Verdicts: nothing is missed, nothing is made up, and a counterexample is a shortest one."""

from __future__ import annotations

import json
from itertools import count

import pytest

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.errors import InputError
from fpsimd_model.events import EVENTS, USER, step
from fpsimd_model.policies import Policy
from fpsimd_model.proof import check
from fpsimd_model.registers import Cpu, PolicyError

from .strange import BROKEN, FAULTY, ODD
from .test_events import COMPARED, OtherMachine

WRONG = {"defer-to-put", "pending-check", "reload-at-load"}
TASK_NEON = pytest.mark.parametrize("task_neon", [False, True], ids=["", "task-neon"])


def shortest(policy: type[Policy], task_neon: bool, longest: int) -> dict[tuple[str, str], int]:
    """Length of the shortest order of events for each loss, over all orders up to `longest`.

    Nothing is remembered between orders: each is run from the start, layer by layer.
    """
    found: dict[tuple[str, str], int] = {}
    layer = [(USER, Cpu(policy.flags).state())]
    for length in range(1, longest + 1):
        following = set()
        for position, state in layer:
            for event, (where, _) in EVENTS.items():
                if position not in where or (event == "task_neon" and not task_neon):
                    continue
                cpu = Cpu(policy.flags)
                cpu.set_state(state)
                outcome = step(policy(), cpu, position, event)
                for loss in outcome.losses:
                    found.setdefault(tuple(loss), length)
                following.add((outcome.position, cpu.state()))
        layer = following
    return found


@TASK_NEON
def test_the_sixteen_verdicts_are_those_of_the_model(task_neon):
    verdicts = check(task_neon=task_neon)
    assert [v.policy for v in verdicts] == [p.name for p in policies.ALL]
    assert {v.policy for v in verdicts if not v.correct} == WRONG


def losses(name: str) -> set[tuple[str, str]]:
    return {(c.lost, c.found) for c in check(name)[0].counterexamples}


def test_the_guest_is_lost_and_leaks_to_user_space_as_the_model_says():
    for name in ("defer-to-put", "pending-check"):
        assert ("guest", "K") in losses(name)
        assert ("host", "G") in losses(name)
    assert {lost for lost, _ in losses("reload-at-load")} == {"guest"}


@TASK_NEON
@pytest.mark.parametrize(
    "policy", [*(policies.get(n) for n in sorted(WRONG)), *FAULTY], ids=lambda p: p.name
)
def test_counterexamples_are_all_kinds_of_loss_each_as_short_as_can_be(policy, task_neon):
    (verdict,) = check(policy, task_neon=task_neon)
    told = {(c.lost, c.found): len(c.events) for c in verdict.counterexamples}
    assert told == shortest(policy, task_neon, max(told.values(), default=0) + 6)
    assert told


@pytest.mark.parametrize("policy", FAULTY, ids=lambda p: p.name)
def test_a_planted_fault_is_refuted(policy):
    (verdict,) = check(policy)
    assert not verdict.correct
    assert verdict.to_dict()["correct"] is False
    assert "LOSES STATE" in str(verdict)


@pytest.mark.parametrize("policy", ODD, ids=lambda p: p.name)
def test_an_odd_policy_without_a_fault_is_cleared(policy):
    assert check(policy)[0].correct


def test_a_fault_in_every_third_residency_is_found_as_deep_as_it_lies():
    (verdict,) = check(FAULTY[4])
    assert len(verdict.counterexamples[0].events) >= 12


@pytest.mark.parametrize("name", sorted(WRONG))
def test_the_order_of_events_loses_state_on_another_machine_too(name):
    for example in check(name)[0].counterexamples:
        machine, position = OtherMachine(name), USER
        for state in example.states:
            machine.cpu.guest_corruptions = machine.cpu.host_corruptions = 0
            position = machine.do(position, state["event"])
        lost = (machine.cpu.guest_corruptions, machine.cpu.host_corruptions)
        assert lost == ((1, 0) if example.lost == "guest" else (0, 1))


@pytest.mark.parametrize("name", [p.name for p in COMPARED])
def test_another_machine_loses_state_after_as_few_events(name):
    """Breadth first over the oracle's registers, whose policies were written apart from these."""

    def snapshot(machine: OtherMachine, position: str) -> tuple:
        cpu = machine.cpu
        tracking = (cpu.foreign, cpu.bound, cpu.armed, cpu.busy, cpu.fp_enabled, cpu.fp_host)
        places = (cpu.regs, cpu.task, cpu.vcpu, cpu.context)
        return position, machine.off, *places, *tracking

    layer: dict[tuple, tuple[str, ...]] = {snapshot(OtherMachine(name), USER): ()}
    known, fewest = set(layer), {}
    for length in count(1):
        following = {}
        for path in layer.values():
            machine, position = OtherMachine(name), USER
            for event in path:
                position = machine.do(position, event)
            for event, (where, _) in EVENTS.items():
                if position not in where or event == "task_neon":
                    continue
                again, at = OtherMachine(name), USER
                for old in path:
                    at = again.do(at, old)
                again.cpu.guest_corruptions = again.cpu.host_corruptions = 0
                to = again.do(at, event)
                for owner in ("guest", "host"):
                    if getattr(again.cpu, f"{owner}_corruptions"):
                        fewest.setdefault(owner, length)
                key = snapshot(again, to)
                if key not in known:
                    known.add(key)
                    following[key] = (*path, event)
        layer = following
        if not layer:
            break
    told: dict[str, int] = {}
    for example in check(name)[0].counterexamples:
        told[example.lost] = min(told.get(example.lost, 99), len(example.events))
    assert told == fewest


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_counterexample_can_be_followed_step_by_step(name):
    (verdict,) = check(name)
    for example in verdict.counterexamples:
        policy, position = policies.get(name), USER
        cpu = Cpu(policy.flags)
        assert len(example.events) == len(example.states)
        for text, told in zip(example.events, example.states, strict=True):
            outcome = step(policy(), cpu, position, told["event"])
            position = outcome.position
            assert text.startswith("; ".join(outcome.story))
            assert text
            assert told == {"position": position, "event": told["event"], **cpu.describe()}
            cpu.set_state(cpu.state())
        assert (example.lost, example.found) in outcome.losses
        assert example.events[-1].endswith(f"finds {MEANING[example.found]}")


MEANING = {
    "H": "the VMM's current registers",
    "h": "outdated registers of the VMM",
    "G": "the guest's current registers",
    "g": "outdated registers of the guest",
    "K": "kernel scratch or another task's registers",
}


@pytest.mark.parametrize(
    ("lost", "found", "says"),
    [
        ("guest", "K", "the guest loses its registers and sees kernel scratch"),
        ("guest", "H", "the guest loses its registers and sees the VMM's current registers (H)"),
        ("guest", "g", "the guest loses its registers and goes back to outdated registers"),
        ("host", "G", "the VMM in user space loses its registers and sees the guest's current"),
        ("host", "h", "the VMM in user space loses its registers and goes back to outdated"),
    ],
)
def test_a_summary_says_who_lost_what_and_what_leaked(lost, found, says):
    assert fm.proof.Counterexample(lost, found, ()).summary.startswith(says)


def test_guest_losses_come_first_and_shorter_ones_before_longer_ones():
    for verdict in check("defer-to-put", "pending-check", *FAULTY):
        order = [(c.lost != "guest", len(c.events)) for c in verdict.counterexamples]
        assert order == sorted(order)


def test_json_is_that_of_the_command():
    for verdict in check():
        told = json.loads(json.dumps(verdict.to_dict()))
        assert list(told) == ["policy", "states", "correct", "counterexamples"]
        assert told["correct"] is (told["counterexamples"] == [])
        assert isinstance(told["states"], int)
        for example in told["counterexamples"]:
            assert list(example) == ["lost", "found", "events"]
            assert example["lost"] in ("guest", "host")
            assert example["found"] in "HhGgK"
            assert all(isinstance(event, str) for event in example["events"])


def test_policies_are_named_or_given_and_keep_their_order():
    names = [v.policy for v in fm.check("tracked", policies.SwitchOnExit, "flush-hook")]
    assert names == ["tracked", "switch-on-exit", "flush-hook"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("trakced",), "did you mean 'tracked'"),
        (("zzz",), "fpsimd-model policies"),
        ((3,), "3 is no policy"),
        ((int,), "is no policy"),
        ((policies.Tracked(),), "is no policy"),
    ],
)
def test_what_is_no_policy_is_refused(asked, says):
    with pytest.raises(InputError, match=says):
        fm.check(*asked)


def test_two_policies_of_one_name_are_refused_but_the_same_one_twice_is_one():
    class Tracked(policies.Tracked):
        name = "tracked"

    with pytest.raises(InputError, match="two policies are called 'tracked'"):
        fm.check("tracked", Tracked)
    assert len(fm.check("tracked", "tracked", policies.Tracked)) == 1
    assert fm.check(Tracked)[0].correct


@pytest.mark.parametrize("policy", BROKEN, ids=lambda p: p.name)
def test_a_broken_policy_is_an_error_and_no_verdict(policy, monkeypatch):
    monkeypatch.setattr("fpsimd_model.automaton._MAX_STATES", 500)
    with pytest.raises(PolicyError):
        fm.check(policy, task_neon=True)


def test_a_policy_without_a_docstring_or_with_an_empty_one_has_its_name_for_title():
    class Bare(policies.Tracked):
        pass

    class Blank(policies.Tracked):
        """ """

    assert (Bare.title, Blank.title) == ("Bare", "Blank")
    assert (Bare.name, Bare.kernel) == ("bare", "your own")


@pytest.mark.parametrize(
    ("cls", "name"),
    [("LazyReload", "lazy-reload"), ("P5", "p5"), ("My_Own", "my-own"), ("KVMLike", "kvmlike")],
)
def test_a_name_is_made_of_the_class_name(cls, name):
    assert type(cls, (Policy,), {}).name == name
