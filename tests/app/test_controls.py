from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fpsimd_model as fm
from fpsimd_model.app.controls import CONTROLS, value_at

SITUATIONS = [fm.preset(name) for name in fm.presets()]


@pytest.mark.parametrize("control", CONTROLS.values(), ids=lambda c: c.name)
@pytest.mark.parametrize("scenario", SITUATIONS, ids=lambda s: s.name)
def test_every_value_of_a_slider_is_taken_exactly(control, scenario):
    for value in control.grid:
        changed = scenario.replace(control.changes(scenario, value))
        assert control.value(changed) == value


@pytest.mark.parametrize("control", CONTROLS.values(), ids=lambda c: c.name)
@pytest.mark.parametrize("scenario", SITUATIONS, ids=lambda s: s.name)
def test_the_value_that_is_there_changes_nothing(control, scenario):
    assert scenario.replace(control.changes(scenario, control.value(scenario))) == scenario


@given(st.floats(1.0, 1e5), st.floats(0.0, 1e4), st.floats(0.0, 1e4))
def test_moves_keep_their_proportion(total, save, restore):
    move = CONTROLS["move"]
    base = fm.Scenario().replace({"machine.save_cycles": save, "machine.restore_cycles": restore})
    changes = move.changes(base, total)
    one, other = changes.values()
    assert one + other == pytest.approx(total, abs=2e-6)
    share = save / (save + restore) if save + restore > 0 else 0.5
    assert one == pytest.approx(total * share, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("control", CONTROLS.values(), ids=lambda c: c.name)
def test_tooltips_say_meaning_value_and_source(control):
    for scenario in SITUATIONS:
        text = " ".join(control.tooltip(scenario).split())
        for key in control.keys:
            assert key in text
            source = " ".join(scenario.source_of(key).split())
            assert source in text
        assert text.isprintable()


def test_shapes_survive_another_mean():
    scenario = fm.Scenario().replace(
        {
            "vcpu.residency_us": {"mean": 9.0, "shape": "gamma", "cv2": 0.25},
            "softirq.packets_per_interrupt": {"mean": 4, "shape": "fixed"},
        }
    )
    for name, value in (("residency", 500.0), ("batch", 16.0)):
        scenario = scenario.replace(CONTROLS[name].changes(scenario, value))
    assert scenario.vcpu.residency_us.table() == {"mean": 500.0, "shape": "gamma", "cv2": 0.25}
    assert scenario.softirq.packets_per_interrupt.table() == {"mean": 16.0, "shape": "fixed"}
    assert value_at(scenario, "softirq.packets_per_interrupt") == 16.0
