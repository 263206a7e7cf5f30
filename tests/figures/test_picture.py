"""One figure for the screen and for files: a blit is a full draw, an export what was seen."""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from fpsimd_model.errors import InputError
from fpsimd_model.figures import CurvePanels, PolicyMap, SavingBars, TimeLine, costs
from tests.figures import latency_samples
from tests.figures.samples import CORRECT, NAMES, cost_map, curves, pictures

KINDS = (
    "costs", "policy-map", "bars", "time-line",
    "packet-delay", "latency-over-load", "throughput-ceiling", "overload",
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return {**pictures(), **latency_samples.pictures()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_blit_shows_the_pixels_of_a_full_draw(made, kind):
    picture = made[kind]
    picture.draw()
    drawn = picture.pixels()
    assert (drawn[:, :, :3] < 250).any()
    picture.blit()
    np.testing.assert_array_equal(picture.pixels(), drawn)
    picture.blit()
    np.testing.assert_array_equal(picture.pixels(), drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_exported_is_what_was_seen(made, kind):
    picture = made[kind]
    picture.draw()
    np.testing.assert_array_equal(picture.rendered(100), picture.pixels())


@pytest.mark.parametrize("kind", KINDS)
def test_a_sharper_picture_leaves_the_screen_alone(made, kind):
    picture = made[kind]
    picture.draw()
    drawn = picture.pixels()
    sharp = Image.open(io.BytesIO(picture.png(dpi=200)))
    assert sharp.size == (1280, 840)
    np.testing.assert_array_equal(picture.pixels(), drawn)
    plain = Image.open(io.BytesIO(picture.png()))
    np.testing.assert_array_equal(np.asarray(plain), drawn[:, :, :3])
    picture.blit()
    np.testing.assert_array_equal(picture.pixels(), drawn)


def test_moving_there_and_back_leaves_no_trace():
    picture = costs(curves())
    picture.draw()
    drawn = picture.pixels()
    picture.set_data(curves(shift=1.4, at=3e4))
    picture.blit()
    moved = picture.pixels()
    assert (moved != drawn).any()
    picture.set_data(curves())
    picture.blit()
    np.testing.assert_array_equal(picture.pixels(), drawn)


def test_limits_hold_still_in_motion_and_follow_at_rest():
    picture = costs(curves())
    picture.draw()
    axes = picture.figure.axes[0]
    limits, ticks = axes.get_ylim(), axes.get_yticks().tolist()
    picture.set_data(curves(shift=30.0))
    picture.blit()
    assert axes.get_ylim() == limits
    assert axes.get_yticks().tolist() == ticks
    picture.draw()
    assert axes.get_ylim() != limits
    at_rest = picture.pixels()
    fresh = costs(curves(shift=30.0))
    fresh.draw()
    np.testing.assert_array_equal(at_rest, fresh.pixels())  # no memory of the way there


def test_a_map_and_bars_move_too():
    for picture, there, back in (
        (PolicyMap(), (cost_map(0.15),), (cost_map(),)),
        (SavingBars(), ({"tracked": 0.4, "mine": -0.1},), ({"tracked": 0.5, "mine": 0.2},)),
    ):
        picture.set_data(*back)
        picture.draw()
        drawn = picture.pixels()
        picture.set_data(*there)
        picture.blit()
        assert (picture.pixels() != drawn).any()
        picture.set_data(*back)
        picture.blit()
        np.testing.assert_array_equal(picture.pixels(), drawn)


def test_other_policies_make_the_next_blit_a_full_draw():
    picture = costs(curves())
    picture.draw()
    picture.set_data(curves(NAMES[:3]))
    picture.blit()
    fresh = costs(curves(NAMES[:3]))
    fresh.draw()
    np.testing.assert_array_equal(picture.pixels(), fresh.pixels())


def test_other_verdicts_make_the_next_blit_a_full_draw():
    picture = costs(curves(correct={}))
    picture.draw()
    picture.set_data(curves(correct=CORRECT))
    picture.blit()
    fresh = costs(curves(correct=CORRECT))
    fresh.draw()
    np.testing.assert_array_equal(picture.pixels(), fresh.pixels())


@pytest.mark.parametrize("make", [costs, PolicyMap, SavingBars, TimeLine])
def test_without_data_there_is_nothing_to_draw(make):
    with pytest.raises(InputError, match="no data"):
        make().draw()


def test_an_unknown_panel_is_refused():
    with pytest.raises(InputError, match="no metric is called 'speed'"):
        CurvePanels(["speed"])


def loaded(code: str) -> set[str]:
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_drawing_needs_no_pyplot():
    code = "from tests.figures.samples import pictures\nfor p in pictures().values(): p.png()"
    assert "matplotlib.pyplot" not in loaded(code)


def test_plain_text_needs_no_matplotlib():
    code = (
        "import fpsimd_model as fm\n"
        "c = fm.figures.Curves(fm.figures.axis_of('x'), [1, 2], {'a': {'saving': [1, 2]}})\n"
        "r = [fm.Result('a', 'analytic', {})]\n"
        "fm.figures.reply('t', curves=c, panels=['saving'], results=r, scenario=fm.Scenario())\n"
        "fm.figures.html(r); fm.figures.read_parameters\n"
    )
    assert "matplotlib" not in loaded(code)


@pytest.mark.alone
def test_a_blit_costs_a_fraction_of_a_full_draw():
    picture = costs(curves())
    picture.draw()

    def seconds(what) -> float:
        start = time.process_time()
        what()
        return time.process_time() - start

    def move(i: int) -> None:
        picture.set_data(curves(shift=1 + i / 100))
        picture.blit()

    full = statistics.median(seconds(picture.draw) for _ in range(7))
    moved = statistics.median(seconds(lambda i=i: move(i)) for i in range(15))
    assert moved < full / 5
