"""Histogram, percentiles and intervals, on numbers whose distribution is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from fpsimd_model.montecarlo.histogram import BINS, Sojourns, empty, used
from fpsimd_model.montecarlo.kernel import record
from fpsimd_model.montecarlo.statistics import jackknife, percentile, ratio

EVERYTHING = slice(0, BINS)


def sojourns_of(*replications) -> Sojourns:
    found = []
    for values in replications:
        histogram = empty()
        for value in values:
            record(histogram, value)
        found.append(used(histogram, EVERYTHING))
    return Sojourns.of(found)


@given(st.lists(st.floats(1e-9, 1e4), min_size=1, max_size=50))
def test_every_time_is_kept_to_half_a_thousandth_and_a_lone_one_much_better(values):
    found = sojourns_of(values)
    assert found.packets == len(values)
    assert np.all(found.edges[:, 1] / found.edges[:, 0] - 1.0 < 5e-4)
    for share in (0.0, 0.3, 0.5, 1.0):
        exact = np.quantile(values, share, method="inverted_cdf")
        assert found.quantile(share) == pytest.approx(exact, rel=5e-4)
    assert sojourns_of(values[:1]).quantile(0.5) == pytest.approx(values[0], rel=1e-9)


@given(st.lists(st.floats(1e-8, 1.0), min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_the_least_and_the_most_enclose_a_percentile(values, share):
    found = sojourns_of(values)
    assert found.quantile(share, -1) <= found.quantile(share) <= found.quantile(share, 1)


@pytest.mark.parametrize("time", [0.0, 1e-12, 1e9])
def test_what_no_bin_holds_falls_into_the_last(time):
    assert sojourns_of([time]).packets == 1


def test_survival_falls_from_one_to_zero():
    edges, above = sojourns_of([1e-6, 2e-6, 4e-6], [8e-6]).survival()
    assert above.tolist() == [0.75, 0.5, 0.25, 0.0]
    assert np.all(edges >= [1e-6, 2e-6, 4e-6, 8e-6])


def test_a_smooth_distribution_is_interpolated_within_its_bins():
    values = np.linspace(1e-6, 1.5e-6, 200_001)
    found = sojourns_of(values)
    for share in (0.1, 0.25, 0.7301):
        assert found.quantile(share) == pytest.approx(1e-6 + share * 0.5e-6, rel=1e-5)


def test_an_atom_among_others_is_not_smeared():
    found = sojourns_of([3e-6] * 1000 + [3.0005e-6] * 3)
    assert found.quantile(0.5) == pytest.approx(3e-6, rel=3e-5)


def test_intervals_of_a_ratio_cover_it_as_often_as_they_promise():
    rng = np.random.default_rng(1)
    n, trials = 40, 2000
    bottom = rng.gamma(50.0, size=(trials, n))
    top = 2.0 * bottom + rng.standard_normal((trials, n))
    inside = 0
    for a, b in zip(top, bottom, strict=True):
        _, (low, high) = ratio(a, b)
        inside += low <= 2.0 <= high
    assert abs(inside - 0.95 * trials) < 4.5 * np.sqrt(trials * 0.95 * 0.05)


def test_the_interval_of_a_plain_mean_is_student_s():
    x = np.array([1.0, 4.0, 2.0, 7.0])
    value, (low, high) = ratio(x, np.ones(4))
    half = stdtrit(3, 0.975) * x.std(ddof=1) / 2.0
    assert (value, low, high) == pytest.approx((3.5, 3.5 - half, 3.5 + half))


def test_intervals_of_percentiles_cover_them_as_often_as_they_promise():
    rng = np.random.default_rng(2)
    trials, share = 200, 0.9
    inside = 0
    for _ in range(trials):
        # packets of one replication depend on each other: a common factor
        values = rng.exponential(1e-6, (20, 200)) * rng.uniform(0.9, 1.1, (20, 1))
        _, (low, high) = percentile(sojourns_of(*values), share)
        inside += low <= QUANTILE <= high
    assert abs(inside - 0.95 * trials) < 4.5 * np.sqrt(trials * 0.95 * 0.05)


def _mixed_quantile(share: float) -> float:
    """Of an exponential time whose mean is uniform between 0.9 and 1.1 us."""
    means = np.linspace(0.9e-6, 1.1e-6, 20_001)
    low, high = 0.0, 1e-4
    for _ in range(80):
        middle = (low + high) / 2.0
        if np.exp(-middle / means).mean() > 1.0 - share:
            low = middle
        else:
            high = middle
    return high


QUANTILE = _mixed_quantile(0.9)


def test_nothing_divided_by_nothing_has_no_value():
    assert ratio(np.zeros(5), np.zeros(5)) is None
    assert percentile(sojourns_of([], []), 0.5) is None


def test_what_one_replication_alone_has_seen_has_no_finite_interval():
    value, (low, high) = ratio(np.array([3.0, 0.0]), np.array([1.0, 0.0]))
    assert (value, low, high) == (3.0, -np.inf, np.inf)
    value, (low, high) = percentile(sojourns_of([1e-6], []), 0.5)
    assert (low, high) == (0.0, np.inf)


@given(st.lists(st.floats(0.1, 10.0), min_size=2, max_size=20))
def test_a_constant_ratio_is_known_exactly(bottom):
    bottom = np.array(bottom)
    value, (low, high) = jackknife(lambda a, b: 1.0 - a / b, 3.0 * bottom, bottom)
    assert value == pytest.approx(-2.0)
    assert high - low < 1e-9
