from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model import InputError
from fpsimd_model.app.grid import exact_of, number_of, steps, text_of, with_values


@given(
    st.floats(1e-6, 1e9, allow_subnormal=False),
    st.floats(1.01, 1e6),
)
def test_steps_rise_by_little_and_stay_within(low, factor):
    high = low * factor
    grid = steps(low, high)
    assert all(low <= value <= high for value in grid)
    assert all(a < b <= 1.18 * a for a, b in itertools.pairwise(grid))
    # Nothing is left out at either end.
    assert factor < 1.18 or (grid[0] <= 1.18 * low and grid[-1] >= high / 1.18)


@given(st.integers(-6, 9), st.sampled_from([1, 2, 5]))
def test_round_numbers_are_on_the_grid_exactly(exponent, mantissa):
    value = float(f"{mantissa}e{exponent}")
    assert value in steps(value / 3, value * 3)


@given(st.lists(st.floats(0, 1e9)), st.lists(st.floats(0, 1e9)))
def test_values_are_put_in_order_and_once(grid, values):
    found = with_values(sorted(set(grid)), values)
    assert list(found) == sorted({*grid, *values})


@given(st.floats(1e-3, 9.9e6))
def test_a_shown_number_reads_as_nearly_itself(value):
    assert number_of(text_of(value)) == pytest.approx(value, rel=5.1e-4)
    assert number_of(exact_of(value)) == pytest.approx(value, rel=1e-11)


@given(st.floats(1e-3, 9.9e6))
def test_four_digits_are_shown_or_all_before_the_point(value):
    whole, _, behind = text_of(value).partition(".")
    assert len((whole + behind).lstrip("0")) <= 4 or not behind
    assert len(whole) == len(f"{value:.0f}") or value < 1.0 or behind


@pytest.mark.parametrize("value", steps(1e-3, 9e6))
def test_numbers_of_the_grid_read_as_themselves(value):
    assert number_of(text_of(value)) == value


@given(st.text(max_size=20))
def test_any_text_is_a_finite_number_or_refused_in_one_line(text):
    said = ""
    try:
        value = number_of(text)
    except InputError as error:
        value, said = 0.0, str(error)
    assert math.isfinite(value)
    assert "\n" not in said


@pytest.mark.parametrize("text", ["", "k", "1,5", "inf", "nan", "30kk", "0x10", "1e999"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InputError, match="write 30000, 3e4 or 30k"):
        number_of(text)
