"""Time lines and bars: what they tell is what was found."""

from __future__ import annotations

import dataclasses

import pytest
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from fpsimd_model.errors import InputError
from fpsimd_model.figures import SavingBars, TimeLine, savings, time_line
from fpsimd_model.proof import check
from fpsimd_model.results import Result
from tests.figures.samples import CORRECT, NAMES, WRONG, boxes, collisions

VERDICTS = check(*WRONG)
STORIES = [(v, i) for v in VERDICTS for i in range(len(v.counterexamples))]


@pytest.mark.parametrize(("verdict", "number"), STORIES)
def test_a_time_line_tells_every_event_and_its_texts_keep_apart(verdict, number):
    picture = time_line(verdict, number)
    picture.draw()
    found = boxes(picture.figure.findobj(Text), picture.canvas.get_renderer())
    assert collisions(found) == []
    assert min(box.y0 for _, box in found) >= 0
    assert max(box.x1 for _, box in found) <= 640
    words = " ".join(text for text, _ in found)
    example = verdict.counterexamples[number]
    for i in range(1, len(example.events) + 1):
        assert f"{i}. " in words
    assert f"{example.found}!" in words.split()


@pytest.mark.parametrize(("verdict", "number"), STORIES)
def test_cells_hold_the_states_of_the_cpu_and_the_last_what_was_found(verdict, number):
    example = verdict.counterexamples[number]
    lines = time_line(verdict, number).text().split("\n")
    numbered = [line for line in lines if line[:2].strip().isdigit()]
    assert len(numbered) == len(example.events)
    for line, state in zip(numbered, example.states, strict=True):
        last = line is numbered[-1]
        wanted = [
            f"<{example.found}>" if last else state["registers"],
            state["task_image"],
            state["vcpu_image"],
            state["host_context"],
        ]
        assert line.split()[-4:] == wanted


def test_a_story_of_many_events_fits():
    example = VERDICTS[0].counterexamples[-1]
    n = 30
    long = dataclasses.replace(
        example,
        events=(example.events * n)[:n],
        states=(example.states * n)[:n],
    )
    picture = TimeLine(size=(6.4, 8.0))
    picture.set_data("defer-to-put", long)
    picture.draw()
    boxes_ = picture.figure.findobj(Rectangle)
    assert min(box.get_y() for box in boxes_) >= 0


def test_there_is_no_time_line_of_a_correct_policy():
    with pytest.raises(InputError, match="tracked: no order of events"):
        time_line(*check("tracked"))
    with pytest.raises(InputError, match="there are 0 to"):
        time_line(VERDICTS[0], 99)
    bare = dataclasses.replace(VERDICTS[0].counterexamples[0], states=())
    with pytest.raises(InputError, match="without the states"):
        TimeLine().set_data("x", bare)


def test_bars_stand_in_order_with_their_values():
    values = {name: 0.9 - 0.13 * i for i, name in enumerate(NAMES)}
    picture = SavingBars()
    picture.set_data(values, CORRECT)
    picture.draw()
    bars = {p: picture._bars[p] for p in NAMES}
    for name, bar in bars.items():
        assert abs(bar.get_width()) == pytest.approx(abs(values[name]) * 100)
        assert (bar.get_hatch() is not None) == (name in WRONG)
        assert ("loses state" in picture._texts[name].get_text()) == (name in WRONG)
    heights = [bars[name].get_y() for name in NAMES]
    assert heights == sorted(heights, reverse=True)
    found = boxes(picture.figure.findobj(Text), picture.canvas.get_renderer())
    assert collisions(found) == []
    assert max(box.x1 for _, box in found) <= 640


@pytest.mark.parametrize("values", [[None], [0.0], [-0.5], [1e-9, 1e9], [None, 0.3, -40.0]])
def test_bars_of_any_values_are_drawn(values):
    picture = SavingBars()
    picture.set_data({f"p{i}": value for i, value in enumerate(values)})
    picture.draw()
    assert ("unstable" in picture.text()) == (None in values)


def test_bars_take_results_as_they_come():
    found = [
        Result("tracked", "analytic", {"saving": 0.5}),
        Result("tracked", "montecarlo", {"saving": 0.7}),
        Result("busy-flag-live", "analytic", {}, status="unstable"),
    ]
    picture = savings(found, {"tracked": True})
    assert picture.values["tracked"] == 50.0
    assert picture.policies == ("tracked", "busy-flag-live")
