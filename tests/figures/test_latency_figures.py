"""Figures of packet delay: on screen as in files, the same bytes, legible, and what they say."""

from __future__ import annotations

import numpy as np
import pytest

from fpsimd_model.errors import InputError
from fpsimd_model.figures import (
    CeilingDots,
    LoadPanels,
    OverloadStrips,
    SurvivalPicture,
    read_parameters,
)
from tests.figures.latency_samples import loads, picture_of, pictures, survivals
from tests.figures.samples import boxes, collisions

KINDS = ("packet-delay", "latency-over-load", "throughput-ceiling", "overload")


@pytest.fixture(scope="module")
def made():
    return pictures()


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_the_same_bytes_again_and_hold_their_parameters(made, kind, tmp_path):
    files = made[kind].export(tmp_path / "a", command="make figures")
    again = picture_of(kind).export(tmp_path / "b", command="make figures")
    assert [a.read_bytes() for a in files] == [b.read_bytes() for b in again]
    assert all(read_parameters(path)["figure"] == kind for path in files)
    assert all(read_parameters(path)["policies"] == list(made[kind].policies) for path in files)
    assert (tmp_path / "a.png").stat().st_size < 20_000
    text = (tmp_path / "a.txt").read_text("ascii")
    assert max(map(len, text.splitlines())) <= 72


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_lies_on_another_or_outside(made, kind):
    picture = made[kind]
    picture.draw()
    renderer, figure = picture.canvas.get_renderer(), picture.figure
    texts = list(figure.texts)
    for axes in figure.axes:
        moving = [t for t in axes.texts if t.get_animated()]  # letters and ratios on the lines
        texts += [t for t in axes.texts if t not in moving and kind != "throughput-ceiling"]
        texts += [t.label1 for axis in (axes.xaxis, axes.yaxis) for t in axis.get_major_ticks()]
    found = boxes(texts, renderer)
    assert collisions(found) == []
    for said, box in found:
        assert box.x0 >= 0, said
        assert box.y0 >= 0, said
        assert box.x1 <= 640, said
        assert box.y1 <= 420, said


def test_letters_lie_on_their_own_curves_apart_from_each_other(made):
    picture = made["packet-delay"]
    picture.draw()
    (drawn,) = picture._drawn
    renderer = picture.canvas.get_renderer()
    tags = [t for t in drawn.axes.texts if t.get_animated() and t.get_visible()]
    assert {t.get_text() for t in tags} == set(picture.letters().values())
    assert collisions(boxes(tags, renderer)) == []
    letters = {letter: head for head, letter in picture.letters().items()}
    for tag in tags:
        x, y = tag.get_position()
        curve = 100.0 * np.exp(-x / survivals_mean(letters[tag.get_text()]))
        assert y == pytest.approx(curve, rel=0.05)


def survivals_mean(policy: str) -> float:
    p50, _, _ = survivals().marks[policy]
    return p50 / np.log(2.0)


def test_lines_are_told_apart_without_colour(made):
    for kind in ("packet-delay", "latency-over-load"):
        letters = made[kind].letters()
        assert len(set(letters.values())) == len(letters) == len(made[kind].groups)


def test_policies_with_one_curve_are_one_group_and_the_correct_one_stands_for_it(made):
    groups = [group.policies for group in made["packet-delay"].groups]
    assert groups[0] == ("switch-on-exit", "tracked", "defer-to-put")
    assert sorted(groups[1:]) == [("busy-flag-live",), ("softirqs-off",)]
    assert "defer-to-put (loses state)" in " ".join(made["packet-delay"].text().split())


def test_the_percentiles_are_marked_on_the_curves_and_told(made):
    picture = made["packet-delay"]
    picture.draw()
    for head, (_, _, marks) in picture._points.items():
        x, y = marks.get_data()
        np.testing.assert_allclose(x, survivals().marks[head])
        np.testing.assert_allclose(y, [50.0, 1.0, 0.1])
    text = picture.text()
    assert "3.47" in text  # 5 us times log 2
    assert "unstable: nested-save" in text


def test_curves_move_without_new_limits_and_come_back():
    picture = SurvivalPicture()
    picture.set_data(survivals(dots=False))
    picture.draw()
    drawn, limits = picture.pixels(), picture.figure.axes[0].get_xlim()
    picture.set_data(survivals(scale=1.3, dots=False))
    picture.blit()
    assert (picture.pixels() != drawn).any()
    assert picture.figure.axes[0].get_xlim() == limits
    picture.set_data(survivals(dots=False))
    picture.blit()
    np.testing.assert_array_equal(picture.pixels(), drawn)


def test_dots_come_and_go(made):
    picture = SurvivalPicture()
    picture.set_data(survivals(dots=False))
    picture.draw()
    without = picture.pixels()
    picture.set_data(survivals())
    picture.draw()
    assert (picture.pixels() != without).any()
    picture.set_data(survivals(dots=False))
    picture.draw()
    np.testing.assert_array_equal(picture.pixels(), without)


def test_a_square_stands_where_each_policy_saturates(made):
    picture = made["latency-over-load"]
    picture.draw()
    for ends, panel in zip(picture._ends, picture.panels, strict=True):
        for head, (point, upright) in ends.items():
            (x,), (y,) = point.get_data()
            assert x == loads().ends[head] == upright.get_xdata()[0]
            values = loads().curves.y(head, panel.metric)
            assert y == values[np.isfinite(values)][-1]
    text = picture.text()
    assert "10%" in text
    assert "0.4" in text  # Gb/s


def test_the_scenario_moves_alone():
    picture = LoadPanels()
    picture.set_data(loads(at=5.0))
    picture.draw()
    drawn = picture.pixels()
    picture.set_data(loads(at=20.0))
    picture.blit()
    changed = (picture.pixels() != drawn).any(axis=(0, 2))
    assert 0 < changed.sum() < 12  # two upright lines, and the letters in their way


def test_ceilings_have_a_ratio_and_a_table(made):
    picture = made["throughput-ceiling"]
    picture.draw()
    said = {t.get_text() for t in picture.figure.axes[0].texts}
    assert {"7x", "13x", "S 7", "B 0.3"} <= said
    assert picture.text().splitlines()[2].split() == ["aes-128-ctr", "7", "1"]


@pytest.mark.parametrize("kind", [SurvivalPicture, LoadPanels, CeilingDots, OverloadStrips])
def test_a_figure_without_data_says_so(kind):
    with pytest.raises(InputError, match="no data yet"):
        kind().draw()
    assert kind().policies == ()
