"""Colours and settings: readable in grey, for the colour-blind, and whatever a user has set."""

from __future__ import annotations

from itertools import combinations

import matplotlib
import numpy as np
import pytest

from fpsimd_model import policies
from fpsimd_model.figures import costs
from fpsimd_model.figures.style import COLOURS, OWN, STYLES, fixed, styles_of
from tests.figures.samples import curves

ALL_COLOURS = {**COLOURS, "own": OWN}

# Machado, Oliveira and Fernandes 2009, severity 1.0; linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_every_policy_has_a_style_of_its_own():
    assert set(STYLES) == {policy.name for policy in policies.ALL}
    assert len(set(STYLES.values())) == len(STYLES)


def test_policies_of_ones_own_are_told_apart():
    styles = styles_of(["tracked", "mine", "yours", "theirs"])
    assert len(set(styles.values())) == 4
    assert styles["tracked"] == STYLES["tracked"]


@pytest.mark.parametrize("name", ALL_COLOURS)
def test_a_colour_has_a_contrast_of_three_to_paper(name):
    luminance = TO_XYZ[1] @ linear(ALL_COLOURS[name])
    assert 1.05 / (luminance + 0.05) >= 3.0


@pytest.mark.parametrize("vision", VISION)
def test_families_stay_apart_for_the_colour_blind(vision):
    seen = {name: lab(VISION[vision] @ linear(c)) for name, c in ALL_COLOURS.items()}
    near = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(seen, 2)}
    assert min(near.values()) >= 19.0, min(near, key=near.get)


def test_a_users_settings_neither_change_the_figure_nor_are_changed():
    picture = costs(curves())
    picture.draw()
    plain = picture.pixels()
    theirs = {"axes.facecolor": "yellow", "text.hinting": "none", "lines.antialiased": False}
    with matplotlib.rc_context({**theirs, "font.size": 30, "axes.grid": False}):
        before = dict(dict.items(matplotlib.rcParams))
        picture = costs(curves())
        picture.draw()
        np.testing.assert_array_equal(picture.pixels(), plain)
        picture.blit()
        np.testing.assert_array_equal(picture.pixels(), plain)
        assert dict(dict.items(matplotlib.rcParams)) == before


def test_settings_come_back_after_an_error():
    before = dict(dict.items(matplotlib.rcParams))
    drawing = fixed()
    with pytest.raises(ZeroDivisionError), drawing:
        matplotlib.rcParams["svg.fonttype"] = str(1 / 0)
    assert dict(dict.items(matplotlib.rcParams)) == before


def test_settings_are_ours_within():
    with fixed():
        assert matplotlib.rcParams["svg.fonttype"] == "none"
