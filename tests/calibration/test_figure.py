"""The figure of a calibration: what each panel says, and what becomes of times that did not end."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model.calibration import calibrate, predict
from fpsimd_model.calibration.recorded_curve import ended, free_corner, limits, steps
from fpsimd_model.calibration.sample import COMPLETE, CUT, LATE, LATE_CUT, Sample
from fpsimd_model.calibration.survival import kaplan_meier
from fpsimd_model.resources import data_path

TRACES = ("k61-vhe-busy-plain", "k61-vhe-busy-ipsec", "k61-vhe-mmio-ipsec")


@pytest.fixture(scope="module", params=TRACES)
def picture(request):
    found = calibrate(data_path("traces", f"{request.param}.txt.gz"))
    picture = found.figure(predict(found, seconds=5.0))
    picture.draw()
    return picture


def test_it_is_as_large_as_every_other_figure(picture):
    assert picture.pixels().shape == (420, 640, 4)


def test_every_axis_has_a_quantity_and_its_unit_and_every_fit_its_mean(picture):
    *panels, quantiles, moves = picture.figure.axes
    for axes in panels:
        assert re.fullmatch(r"[a-z ]+ \[(ms|us)\]", axes.get_xlabel())
        unit = axes.get_xlabel().rpartition("[")[2][:-1]
        (said,) = (text.get_text() for text in axes.texts)
        assert re.fullmatch(rf"[\w-]+, mean [\d.]+ {unit}", said)
        assert axes.get_title(loc="left").endswith("longer than")
    assert quantiles.get_xlabel() == "fitted quantile / mean"
    assert re.fullmatch(r"register moves \[in [\d.]+ s\]", moves.get_xlabel())


def test_no_text_leaves_the_figure_or_lies_over_another(picture):
    renderer = picture.canvas.get_renderer()
    width, height = picture.canvas.get_width_height()
    for axes in picture.figure.axes:
        title, name = axes._left_title, axes.xaxis.label
        boxes = [t.get_window_extent(renderer) for t in (title, name, *axes.texts)]
        boxes += [t.get_window_extent(renderer) for t in axes.get_xticklabels()]
        for box in boxes:
            assert box.x0 >= 0
            assert box.x1 <= width
            assert box.y0 >= 0
            assert box.y1 <= height
        assert not any(boxes[0].overlaps(box) for box in boxes[1:])
        assert not any(boxes[1].overlaps(box) for box in boxes[2:])


def test_bars_differ_by_more_than_their_colour(picture):
    bars = picture.figure.axes[-1].containers[:4]
    looks = set()
    for bar in bars:
        r, g, b, _ = bar[0].get_facecolor()
        looks.add((round(0.3 * r + 0.59 * g + 0.11 * b, 1), bar[0].get_hatch()))
    assert len(looks) == len(bars) == 4
    greys = sorted(grey for grey, _ in looks)
    assert np.diff(greys).min() > 0.1


def sample(us, kinds) -> Sample:
    return Sample(np.array(us, float), np.array(kinds), 1.0)


def test_what_never_ended_is_a_line_to_the_last_that_was_seen():
    none = sample([7.0, 3.0], [CUT, LATE_CUT])
    assert steps(none, 0.0, 7.0).tolist() == [[0.0, 1.0], [7.0, 1.0]]
    assert ended(none) == "trace, none of 1 ended"
    assert limits(none)[0] == 0.0
    assert limits(none)[1] > 7.0


def test_the_number_that_ended_is_said_where_many_did_not():
    assert ended(sample([1, 2, 3, 4], [COMPLETE, CUT, CUT, LATE])) == "trace, 1 of 3 ended"
    assert ended(sample([1] * 9 + [2], [COMPLETE] * 9 + [CUT])) == "trace"
    assert ended(sample([], [])) == "trace"


DURATIONS = st.lists(
    st.tuples(st.floats(0.5, 1e6), st.sampled_from([COMPLETE, CUT])), min_size=1, max_size=40
)


@given(DURATIONS)
def test_corners_are_those_of_the_estimate(durations):
    found = sample(*zip(*durations, strict=True))
    longest = float(found.us.max())
    corners = steps(found, 0.1, longest)
    assert (np.diff(corners[:, 0]) >= 0).all()
    assert (np.diff(corners[:, 1]) <= 0).all()
    assert corners[0].tolist() == [0.1, 1.0]
    assert corners[-1, 0] == longest
    times, after = kaplan_meier(found)
    assert corners[-1, 1] == (after[-1] if len(after) else 1.0)
    for time, share in zip(times, after, strict=True):
        assert [time, share] in corners.tolist()
    low, high = limits(found)
    assert low < high
    if len(found.whole):
        assert found.whole.max() < high


def test_the_legend_goes_where_the_curve_is_not():
    early = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [10.0, 0.0]])
    late = np.array([[0.0, 1.0], [9.0, 1.0], [9.0, 0.0], [10.0, 0.0]])
    assert free_corner(early, 0.0, 10.0, 0.0, log=False) == "upper right"
    assert free_corner(late, 0.0, 10.0, 0.0, log=False) == "lower left"
