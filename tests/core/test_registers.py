"""The abstract CPU: moves, tracking, owners, and what it refuses."""

from __future__ import annotations

import copy
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model.registers import (
    COUNTERS,
    FIELDS,
    TASK,
    VALUES,
    VCPU,
    Cpu,
    Loss,
    PolicyError,
)

from .table import act, machine

PLACES = ("registers", "task_image", "vcpu_image", "host_context")
MOVES = {
    "save_guest": ("registers", "vcpu_image", "guest_saves"),
    "restore_guest": ("vcpu_image", "registers", "guest_restores"),
    "save_host_context": ("registers", "host_context", "host_saves"),
    "restore_host_context": ("host_context", "registers", "host_restores"),
    "save_task": ("registers", "task_image", "host_saves"),
}
CHANGES = (
    *MOVES,
    "fpsimd_save",
    "fpsimd_flush_cpu_state",
    "fpsimd_bind_vcpu",
    "fpsimd_save_and_flush_cpu_state",
    "scratch",
    "arm_trap",
    "disarm_trap",
    "guest_uses_fp",
    "user_uses_fp",
    "return_to_user",
    "sched_out",
)


def with_values(*values: str, **more: object) -> Cpu:
    """A CPU with these in its places, in the order of `PLACES`."""
    cpu = Cpu(more.pop("flags", None))
    for place, value in zip(PLACES, values, strict=True):
        setattr(cpu, place, value)
    for name, value in more.items():
        setattr(cpu, name, value)
    return cpu


def counted(cpu: Cpu) -> dict[str, int]:
    return {name: cpu.count(name) for name in COUNTERS if cpu.count(name)}


def test_it_starts_in_user_space_with_the_hosts_state_in_the_registers():
    assert Cpu().describe() == {
        "registers": "H",
        "task_image": "h",
        "vcpu_image": "G",
        "host_context": "K",
        "foreign_fpstate": False,
        "bound": TASK,
        "trap_armed": False,
        "busy": False,
        "softirqs_off": False,
        "preempt_off": False,
        "softirq_held": False,
    }
    assert counted(Cpu()) == {}
    assert Cpu().losses == []


@pytest.mark.parametrize("move", MOVES)
def test_a_move_copies_one_place_and_is_counted_once(move):
    source, target, counter = MOVES[move]
    cpu = with_values("H", "h", "G", "K")
    before = cpu.describe()
    getattr(cpu, move)()
    assert cpu.describe() == before | {target: before[source]}
    assert counted(cpu) == {counter: 1}


@pytest.mark.parametrize(
    ("foreign", "bound", "place"),
    [
        (True, TASK, None),
        (True, VCPU, None),
        (True, None, None),
        (False, TASK, "task_image"),
        (False, None, "task_image"),
        (False, VCPU, "vcpu_image"),
    ],
)
@pytest.mark.parametrize("flush", [False, True])
def test_the_tracked_owner_is_saved_where_it_is_bound_unless_foreign(foreign, bound, place, flush):
    cpu = with_values("K", "h", "G", "g", foreign_fpstate=foreign, bound=bound)
    before = cpu.describe()
    (cpu.fpsimd_save_and_flush_cpu_state if flush else cpu.fpsimd_save)()
    after = before | ({place: "K"} if place else {})
    assert cpu.describe() == after | ({"foreign_fpstate": True, "bound": None} if flush else {})
    counter = {None: {}, "task_image": {"host_saves": 1}, "vcpu_image": {"guest_saves": 1}}
    assert counted(cpu) == counter[place]


@pytest.mark.parametrize(("use", "now", "old"), [("guest", "G", "g"), ("user", "H", "h")])
@pytest.mark.parametrize("found", VALUES)
def test_an_owner_that_uses_fp_makes_its_copies_old_and_finds_what_is_there(use, now, old, found):
    flags = {"buffer": now, "other": "K", "flag": True}
    cpu = with_values(found, "H", "G", now, flags=flags)
    getattr(cpu, f"{use}_uses_fp")()
    others = {"H": "h" if now == "H" else "H", "G": "g" if now == "G" else "G"}
    assert [getattr(cpu, place) for place in PLACES] == [now, others["H"], others["G"], old]
    assert cpu.flags == {"buffer": old, "other": "K", "flag": True}
    victim = "host" if use == "user" else "guest"
    lost = found != now
    assert cpu.losses == ([Loss(victim, found)] if lost else [])
    assert counted(cpu) == ({f"{victim}_corruptions": 1} if lost else {})


def test_after_a_loss_the_value_found_counts_as_the_owners():
    cpu = with_values("K", "h", "G", "K")
    cpu.guest_uses_fp()
    cpu.guest_uses_fp()
    assert cpu.losses == [("guest", "K")]
    assert cpu.registers == "G"


def test_return_to_user_reloads_the_task_only_if_foreign():
    cpu = with_values("K", "H", "G", "K", foreign_fpstate=True, bound=None)
    cpu.return_to_user()
    assert (cpu.registers, cpu.task_image) == ("H", "h")
    assert (cpu.foreign_fpstate, cpu.bound) == (False, TASK)
    assert counted(cpu) == {"host_restores": 1}
    cpu = with_values("G", "H", "g", "K")
    cpu.return_to_user()
    assert cpu.losses == [("host", "G")]
    assert counted(cpu) == {"host_corruptions": 1}


@pytest.mark.parametrize("foreign", [False, True])
def test_scheduling_out_saves_the_owner_and_leaves_kernel_scratch(foreign):
    cpu = with_values("H", "h", "G", "K", foreign_fpstate=foreign)
    cpu.sched_out()
    assert (cpu.registers, cpu.foreign_fpstate, cpu.bound) == ("K", True, None)
    assert cpu.task_image == ("h" if foreign else "H")
    assert counted(cpu) == ({} if foreign else {"host_saves": 1})


@given(st.lists(st.sampled_from(CHANGES), max_size=30))
def test_a_state_can_be_left_and_taken_up_again(changes):
    cpu = Cpu({"extra": 0})
    for change in changes[: len(changes) // 2]:
        getattr(cpu, change)()
    state, again = cpu.state(), Cpu({"extra": 5})
    again.tally("traps")
    again.losses.append(Loss("guest", "K"))
    again.set_state(state)
    assert hash(state) == hash(again.state())
    assert counted(again) == {}
    assert again.losses == []
    cpu.set_state(state)
    for change in changes[len(changes) // 2 :]:
        getattr(cpu, change)()
        getattr(again, change)()
        assert cpu.state() == again.state()
        assert all(getattr(cpu, place) in VALUES for place in PLACES)
    assert cpu.counts == again.counts
    assert cpu.losses == again.losses


def test_flags_are_attributes_of_their_own():
    flags = {"live": False, "level": 0}
    cpu, other = Cpu(flags), Cpu(flags)
    cpu.live, cpu.level = True, 3
    assert (cpu.live, cpu.level) == (True, 3)
    assert (other.live, other.level) == (False, 0)
    assert flags == {"live": False, "level": 0}
    assert cpu.describe() == Cpu().describe() | {"live": True, "level": 3}
    assert len(cpu.state()) == len(FIELDS) + 2


@pytest.mark.parametrize("name", ["bussy", "trap_armd", "Registers", "fp_enabled"])
def test_a_misspelt_name_is_refused_whether_read_or_set(name):
    cpu = Cpu({"live": False})
    with pytest.raises(AttributeError, match=f"no '{name}'.*`flags`"):
        getattr(cpu, name)
    with pytest.raises(AttributeError, match=f"no '{name}'.*`flags`"):
        setattr(cpu, name, True)
    assert not hasattr(cpu, name)


@pytest.mark.parametrize("name", [*FIELDS, "scratch", "save_guest", "counts", "losses", "flags"])
def test_a_flag_that_would_hide_the_cpus_own_is_refused(name):
    with pytest.raises(PolicyError, match=repr(name)):
        Cpu({name: False})


def test_only_known_things_are_counted():
    cpu = Cpu()
    with pytest.raises(KeyError):
        cpu.tally("guest_savs")
    with pytest.raises(KeyError):
        cpu.count("guest_savs")


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_a_copy_of_a_cpu_goes_its_own_way(way):
    cpu = Cpu({"live": True})
    cpu.scratch()
    cpu.user_uses_fp()
    twin = way(cpu)
    assert (twin.describe(), twin.counts, twin.losses) == (cpu.describe(), cpu.counts, cpu.losses)
    twin.sched_out()
    twin.live = False
    twin.guest_uses_fp()
    assert (cpu.registers, cpu.live, cpu.losses) == ("H", True, [("host", "K")])
    assert cpu.count("host_saves") == 0


@given(st.lists(st.sampled_from(["owner", *MOVES]), max_size=12))
def test_moves_in_a_row_do_what_the_sentences_do(moves):
    """The second machine, in words, goes through the same order of moves."""
    words = {
        "owner": "save the tracked owner; FOREIGN; unbind",
        "save_guest": "registers to vCPU image",
        "restore_guest": "vCPU image to registers",
        "save_host_context": "registers to host context",
        "restore_host_context": "host context to registers",
        "save_task": "registers to task image",
    }
    cpu = Cpu()
    told = machine(**cpu.describe())
    for move in moves:
        (cpu.fpsimd_save_and_flush_cpu_state if move == "owner" else getattr(cpu, move))()
        told = act(words[move], told)
    assert cpu.describe() == {name: told[name] for name in cpu.describe()}
    assert {n: cpu.count(n) for n in COUNTERS[:4]} == {n: told[n] for n in COUNTERS[:4]}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("restore", "did you mean 'restore_guest', or "),
        ("foregin_fpstate", "did you mean 'foreign_fpstate', or "),
        ("used_lately", "did you mean 'used_late', or "),
        ("seen", ""),
    ],
)
def test_what_the_cpu_lacks_is_told_with_what_is_near(name, hint):
    cpu = Cpu({"used_late": False})
    for ask in (lambda: getattr(cpu, name), lambda: setattr(cpu, name, True)):
        with pytest.raises(AttributeError, match=re.escape(f"'{name}': {hint}declare it in")):
            ask()
