"""Labels keep apart and stay as near as they can."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model.figures.labels import spread

WISHES = st.lists(st.floats(-5, 15), max_size=24)


@given(WISHES, st.floats(0, 3))
def test_they_keep_their_distance_order_and_bounds(wanted, gap):
    placed = spread(wanted, gap, 0.0, 10.0)
    assert len(placed) == len(wanted)
    need = min(gap, 10.0 / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    at = [placed[i] for i in order]
    assert all(b - a >= need - 1e-9 for a, b in pairwise(at))
    assert all(-1e-9 <= v <= 10 + 1e-9 for v in at)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_no_other_places_are_nearer(wanted, seed):
    gap = 1.0
    placed = np.array(spread(wanted, gap, 0.0, 10.0))
    cost = ((placed - wanted) ** 2).sum()
    order = np.argsort(wanted, kind="stable")
    rng = np.random.default_rng(seed)
    free = np.sort(rng.uniform(0, 10 - gap * (len(wanted) - 1), (200, len(wanted))), axis=1)
    other = free + gap * np.arange(len(wanted))
    assert cost <= ((other - np.array(wanted)[order]) ** 2).sum(axis=1).min() + 1e-9


def test_labels_far_apart_stay_where_they_are():
    assert spread([1.0, 9.0, 5.0], 1.0, 0.0, 10.0) == [1.0, 9.0, 5.0]


def test_nothing_is_nothing():
    assert spread([], 1.0, 0.0, 10.0) == []
