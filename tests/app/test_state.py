from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fpsimd_model as fm
from fpsimd_model.app.controls import CONTROLS
from fpsimd_model.app.state import State

A57 = State.of("cortex-a57-ipsec")
CONTROL = st.sampled_from(list(CONTROLS.values()))


@given(st.lists(st.tuples(CONTROL, st.integers(0, 10)), max_size=8))
def test_resetting_each_quantity_in_turn_restores_everything(moves):
    state = A57
    for control, at in moves:
        state = state.set(control, control.grid[at % len(control.grid)])
        assert control.value(state.scenario) == control.grid[at % len(control.grid)]
    for control in CONTROLS.values():
        state = state.reset(control)
        assert not state.changed(control)
    assert state == A57
    assert state.scenario == A57.scenario


def test_sources_come_back_with_a_reset():
    rate = CONTROLS["rate"]
    moved = A57.set(rate, 3e4)
    assert moved.scenario.source_of("softirq.interrupts_per_s") == "set by hand"
    back = moved.reset(rate)
    assert back.scenario.sources == A57.scenario.sources


def test_a_value_that_is_there_anyway_is_no_change():
    move = CONTROLS["move"]
    assert not A57.set(move, move.value(A57.base)).changes


def test_a_machine_overrules_its_own_sliders_and_no_others():
    state = A57.set(CONTROLS["move"], 1000.0).set(CONTROLS["rate"], 3e4)
    state = state.choose("machine.preset", "neoverse-n1")
    assert list(state.changes) == ["softirq.interrupts_per_s"]
    assert (
        state.scenario.machine == fm.Scenario().replace({"machine.preset": "neoverse-n1"}).machine
    )
    # Crypto of the same algorithm costs what it does there.
    assert state.scenario.crypto != A57.scenario.crypto
    assert state.choose("machine.preset", "cortex-a57").reset(CONTROLS["rate"]) == A57
    assert state.choose("machine.preset", "").presets == {}
    assert state.reset() == A57


def test_values_that_fit_only_together_are_taken_together():
    state = State.of("reference").put({"vcpu.user_exit_share": 0.9, "vcpu.preempted_share": 0.1})
    assert state.others == {"vcpu.user_exit_share": 0.9, "vcpu.preempted_share": 0.1}


def test_a_state_that_cannot_be_is_refused():
    with pytest.raises(fm.InputError, match=r"interrupts_per_s: -1\.0 is negative"):
        A57.set(CONTROLS["rate"], -1.0)
    with pytest.raises(fm.InputError, match="at least one"):
        A57.show([])
    with pytest.raises(fm.InputError, match="no known machine"):
        A57.choose("machine.preset", "pdp-11")
