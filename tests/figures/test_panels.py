"""Curves: every label legible and in its place, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

from fpsimd_model.errors import InputError
from fpsimd_model.figures import CurvePanels, Curves, Panel, axis_of, costs
from tests.figures.samples import NAMES, RATES, SCALAR, WRONG, boxes, collisions, curves

SLOW = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])


def texts(picture: CurvePanels) -> list[tuple[str, object]]:
    """All texts of a drawn picture with their boxes, those of the labels among them."""
    picture.draw()
    return boxes(picture.figure.findobj(Text), picture.canvas.get_renderer())


def labels(picture: CurvePanels, panel: int = 0) -> list[str]:
    """The labels of a panel from top to bottom."""
    picture.draw()
    shown = [t for t in picture._drawn[panel].labels.texts.values() if t.get_visible()]
    return [t.get_text() for t in sorted(shown, key=lambda t: -t.get_position()[1])]


def one(metrics, x=RATES, **options) -> CurvePanels:
    """A figure of one metric, `saving` on a log scale."""
    picture = CurvePanels([Panel("saving", "saving")])
    values = {name: {"saving": y} for name, y in metrics.items()}
    picture.set_data(Curves(axis_of("softirq.interrupts_per_s"), x, values, **options))
    return picture


@pytest.mark.parametrize("size", [(6.4, 4.2), (5.0, 3.4), (9.0, 6.0)])
def test_no_texts_overlap_and_none_leaves_the_figure(size):
    found = texts(costs(curves(), size=size))
    assert len(found) > 30
    assert collisions(found) == []
    width, height = size[0] * 100, size[1] * 100
    for text, box in found:
        assert -1 <= box.x0 < box.x1 <= width + 1, text
        assert -1 <= box.y0 < box.y1 <= height + 1, text


def test_labels_stand_in_the_order_of_the_curves_ends():
    picture = one({"a": 1e-3 * RATES, "b": 3e-3 * RATES, "c": 2e-3 * RATES})
    assert labels(picture) == ["b", "c", "a"]


def test_a_refuted_policy_is_thin_struck_and_says_so():
    picture = costs(curves())
    said = labels(picture)
    drawn = picture._drawn[0].curves
    for name in NAMES:
        assert (f"{name}: loses state" in said) == (name in WRONG)
        assert (drawn[name].get_linewidth() < 1) == (name in WRONG)
        assert (drawn[name].get_marker() == "x") == (name in WRONG)


def test_policies_of_the_usual_value_share_a_line():
    picture = costs(curves())
    said = labels(picture, 1)
    assert said[-1] == f"all {len(NAMES) - len(SCALAR)} others: NEON always"
    assert set(said[:-1]) == {f"{name} |" for name in SCALAR}
    assert not picture._drawn[1].curves["tracked"].get_visible()


def test_one_policy_of_the_usual_value_keeps_its_name():
    assert labels(costs(curves(["tracked"])), 1) == ["tracked"]


def test_a_bar_ends_each_curve_that_stops():
    picture = costs(curves())
    picture.draw()
    x = picture._drawn[0].ends.get_xdata()
    assert len(x) == len(SCALAR)
    assert set(x) == {RATES[RATES <= 4e4][-1]}
    assert "unstable" in picture._note.get_text()


def test_without_an_end_nothing_speaks_of_one():
    picture = costs(curves(["tracked"], at=None))
    picture.draw()
    assert picture._note.get_text() == ""


def test_a_policy_without_values_is_said_to_be_unstable():
    picture = one({"a": RATES, "b": np.full(len(RATES), np.nan)})
    assert labels(picture) == ["a", "b: unstable"]


def test_a_label_says_that_its_curve_ends_before_others():
    short = np.where(RATES <= 4e4, RATES, np.nan)
    assert labels(one({"a": 2.0 * RATES, "b": short})) == ["a", "b |"]
    assert labels(one({"a": 2.0 * short, "b": short})) == ["a", "b"]


def test_what_a_logarithmic_axis_cannot_show_is_said_and_not_led_to():
    picture = one({"a": RATES, "b": 0.0 * RATES})
    assert labels(picture) == ["a", "b: 0"]
    assert [e.connected for e in picture._drawn[0].entries()] == [True, False]
    plot = picture.text()
    assert "B=b (0)" in plot
    assert "BBB" not in plot


def test_nothing_leads_to_a_label_from_below_the_frame():
    steep = 1e-9 * RATES[0] / RATES
    picture = one({"a": 1.0 + 0.0 * RATES, "b": np.where(RATES < 1e4, 1.0, steep)})
    picture.draw()
    assert steep[-1] < picture._drawn[0].axes.get_ylim()[0]
    assert {e.policy: e.connected for e in picture._drawn[0].entries()} == {"a": True, "b": False}


def test_gaps_are_left_open():
    y = np.where((RATES > 5e3) & (RATES < 2e4), np.nan, RATES)
    picture = one({"a": y})
    picture.draw()
    assert np.isnan(picture._drawn[0].curves["a"].get_ydata()).sum() == np.isnan(y).sum()
    assert len(picture._drawn[0].ends.get_xdata()) == 1


def test_the_scenario_is_a_vertical_line_through_every_panel():
    picture = costs(curves(at=2e4))
    for drawn in picture._drawn:
        assert drawn.at.get_xdata() == [2e4, 2e4]
    picture.set_data(curves(at=None))
    assert all(not len(drawn.at.get_xdata()) for drawn in picture._drawn)


@pytest.mark.parametrize(
    "y",
    [
        [1e-12, 1e12],
        [0.0, 0.0],
        [0.0, 5.0],
        [-3.0, 4.0],
        [7.0, 7.0],
        [np.nan, np.nan],
        [np.inf, 1.0],
        [5e-324, 1.0],
        [1e300, 1.0],
    ],
)
@pytest.mark.parametrize("log", [True, False])
def test_extreme_values_are_drawn(y, log):
    picture = CurvePanels([Panel("saving", "saving", log=log)])
    picture.set_data(Curves(axis_of("crypto.slowdown"), [1.0, 20.0], {"a": {"saving": y}}))
    assert collisions(texts(picture)) == []
    picture.text()


def test_one_point_is_a_mark():
    picture = one({"a": [3.0]}, x=[1e4])
    picture.draw()
    assert picture._drawn[0].curves["a"].get_marker() == "o"
    assert "A" in picture.text()


def test_names_are_drawn_as_they_are_or_with_question_marks():
    names = ["a$b$c", r"\frac", "漢字", "new\nline", "x" * 200, "_hidden"]
    picture = one({name: RATES * (i + 1) for i, name in enumerate(names)})
    said = labels(picture)
    assert collisions(texts(picture)) == []
    assert {"a$b$c", r"\frac", "??", "new?line", "_hidden"} < set(said)
    assert max(map(len, said)) < 60


@SLOW
@given(
    st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=40),
    st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_labels_never_overlap(ends, wrong):
    values = {f"policy-number-{i}": [1.0, end] for i, end in enumerate(ends)}
    correct = {name: not bad for name, bad in zip(values, wrong, strict=False)}
    picture = one(values, x=[1e3, 1e4], correct=correct)
    assert collisions(texts(picture)) == []


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([1, 2, 2], [1, 1, 1], "increasing"),
        ([], [], "increasing"),
        ([1, np.nan], [1, 1], "increasing"),
        ([0, 1], [1, 1], "above 0"),
        ([1, 2], [1, 1, 1], "one value for each"),
        ([1, 2], 3.0, "one value for each"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(x, y, said):
    with pytest.raises(InputError, match=said):
        Curves(axis_of("crypto.slowdown"), x, {"a": {"saving": y}})
