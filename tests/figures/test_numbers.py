"""Ticks and numbers: where they stand, and that they say what they should."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model.figures.numbers import (
    brief,
    linear_ticks,
    log_limits,
    log_ticks,
    significant,
)

POSITIVE = st.floats(1e-12, 1e15, allow_subnormal=False)
FINITE = st.floats(-1e12, 1e12).filter(lambda v: v == 0 or abs(v) > 1e-99)
SUFFIX = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def parsed(text: str) -> float:
    number, suffix = re.fullmatch(r"(-?[\d.]+(?:e-?\d+)?)([kMGT]?)", text).groups()
    return float(number) * SUFFIX[suffix]


@given(POSITIVE, POSITIVE)
def test_log_limits_hold_the_values(a, b):
    low, high = log_limits(min(a, b), max(a, b), decades=40)
    assert 0 < low <= min(a, b) * (1 + 1e-9)
    assert high >= max(a, b) * (1 - 1e-9)
    assert low < high
    # no wider than the next 1, 2 or 5 demands, except where both are the same
    assert low * 2.5 > min(a, b) * (1 - 1e-9)


@given(POSITIVE, POSITIVE)
def test_log_limits_span_so_many_decades_at_most(a, b):
    low, high = log_limits(min(a, b), max(a, b), decades=3)
    assert high / low <= 1000 * (1 + 1e-9)
    assert high >= max(a, b) * (1 - 1e-9)


@given(POSITIVE, st.floats(1.5, 1e9), st.integers(2, 12))
def test_log_ticks_are_one_two_or_five_and_few(low, factor, most):
    ticks = log_ticks(low, low * factor, most)
    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))
    for tick in ticks:
        assert low * (1 - 1e-6) <= tick <= low * factor * (1 + 1e-6)
        assert f"{tick:e}"[0] in "125"
        assert float(f"{tick:.0e}") == tick


@given(POSITIVE, st.floats(30, 1e9), st.integers(2, 12))
def test_log_ticks_name_the_decades_in_between(low, factor, most):
    assert log_ticks(low, low * factor, most)


@given(FINITE, st.floats(1e-6, 1e12), st.integers(2, 12))
def test_linear_ticks_are_even_and_few(low, span, most):
    ticks = linear_ticks(low, low + span, most)
    assert len(ticks) <= most
    steps = {f"{b - a:.4g}" for a, b in pairwise(ticks)}
    if abs(low) < 1e4 * span:  # else the steps drown in the numbers' own digits
        assert len(steps) <= 1
        assert all(f"{float(step):e}"[0] in "125" for step in steps)


@given(st.one_of(FINITE, POSITIVE), st.integers(2, 6))
def test_significant_keeps_its_digits(value, digits):
    text = significant(value, digits)
    if value == 0:
        assert text == "0"
        return
    slack = 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    assert abs(float(text) - value) <= slack * (1 + 1e-6)
    assert len(text) <= 14


@given(st.one_of(FINITE, POSITIVE))
def test_brief_is_short_and_true_to_four_digits(value):
    text = brief(value)
    assert len(text) <= 10
    assert math.isclose(parsed(text), value, rel_tol=1e-3, abs_tol=1e-300)


def test_what_has_no_value_is_a_dash():
    assert [significant(v) for v in (None, math.nan, math.inf)] == ["-", "-", "inf"]
