"""What follows a slider is drawn by other code than what rests: the pixels are the same."""

from __future__ import annotations

import numpy as np
import pytest

from fpsimd_model.app import explore
from fpsimd_model.app.controls import CONTROLS
from fpsimd_model.app.tab import Pace


@pytest.fixture(scope="module")
def app():
    return explore("cortex-a57-ipsec")


@pytest.mark.parametrize("name", ["which-policy", "what-it-saves", "curves"])
@pytest.mark.parametrize(
    ("knob", "value"), [("slowdown", 4.0), ("residency", 150.0), ("rate", 900)]
)
def test_lines_in_motion_have_the_pixels_of_their_artists(app, name, knob, value):
    tab, state = app.screen.tabs[name], app.state
    if tab.frame is None:
        list(tab.show(state, Pace.STOPPED))
    tab.show(state.set(CONTROLS[knob], value), Pace.MOVING)
    picture = tab.picture
    blitted = picture.pixels()
    picture.canvas.restore_region(picture._background)
    assert (picture.pixels() != blitted).any()
    picture._draw_moving()
    np.testing.assert_array_equal(picture.pixels(), blitted)
