"""The tabulated law of M^X/D/1 against series with enough digits."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model.analytic.lattice import averaged, cells, decay
from fpsimd_model.analytic.queue import BusyPeriods
from fpsimd_model.analytic.sojourn import Packets, Sojourns
from tests.analytic_latency.series import batch_powers, renewal, sojourn_above

BATCHES = [(1.0, False), (2.0, True), (3.0, True), (1.5, False), (4.0, False)]
LOADS = [0.01, 0.3, 0.7, 0.95, 0.999]


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(120):
        yield


def sojourns(load, batch, fixed, setup, waited=0.0, service=1.0):
    rate = load / (batch * service)
    square = batch**2 if fixed else 2 * batch**2 - batch
    columns = (service, 0.0, setup, waited)
    service_, cv2, setup_, waited_ = (np.full((1, 1), value) for value in columns)
    one = np.ones((1, 1))
    periods = BusyPeriods(rate * one, batch * one, square * one, service_, cv2, setup_, waited_)
    law = Sojourns(Packets(rate, batch, fixed, False), [periods], [np.ones(1)])
    return law, periods


def above(law, times):
    times = np.asarray(times, dtype=float)
    return law.survival(times, np.zeros(len(times), dtype=int))


@pytest.mark.parametrize(("batch", "fixed"), BATCHES)
@pytest.mark.parametrize("load", LOADS)
def test_the_whole_law_agrees_with_the_series_to_twelve_digits(load, batch, fixed):
    setup, times = 0.1875, [0.5, 1.1, 1.1875, 1.5, 2.0, 2.25, 3.7, 6.5, 11.3]
    law, periods = sojourns(load, batch, fixed, setup)
    found = above(law, times)
    rate = float(periods.rate[0, 0])
    for time, value in zip(times, found, strict=True):
        exact = sojourn_above(rate, batch, fixed, setup, time)
        assert abs(value - exact) <= 1e-12 * abs(exact) + 1e-15, time


@pytest.mark.parametrize("load", LOADS)
def test_far_out_the_law_agrees_with_crommelin(load):
    """M/D/1 without set-up: 1 - (1 - ρ) h(t - 1), in 400 digits."""
    law, _ = sojourns(load, 1.0, False, 0.0)
    times = np.array([20.5, 31.9, 33.1, 90.25, 200.75])
    found = above(law, times)
    with mp.workdps(400):
        powers = batch_powers(1, True, 201)
        for time, value in zip(times, found, strict=True):
            exact = 1 - (1 - mp.mpf(load)) * renewal(mp.mpf(load), mp.mpf(time) - 1, powers)
            assert abs(value - exact) <= 1e-11 * exact + 1e-25


@pytest.mark.parametrize(("batch", "fixed"), BATCHES)
@pytest.mark.parametrize("load", LOADS)
def test_where_a_percentile_is_said_to_be_it_is(load, batch, fixed):
    law, _ = sojourns(load, batch, fixed, 0.3, waited=0.05)
    shares = [0.5, 0.9, 0.99, 0.999]
    times = law.percentiles(shares)[0]
    at, before = above(law, times * (1 + 1e-7)), above(law, times * (1 - 1e-7))
    wanted = 1 - np.array(shares)
    assert (at <= wanted * (1 + 1e-9)).all()
    assert (before >= wanted * (1 - 1e-9)).all()


@given(
    load=st.floats(0.001, 0.999),
    batch=st.sampled_from(BATCHES),
    setup=st.floats(0.0, 3.0),
    waited=st.floats(0.0, 3.0),
)
def test_a_survival_function_falls_from_one_to_nothing(load, batch, setup, waited):
    law, periods = sojourns(load, *batch, setup, waited)
    # What operations of length w add is a difference over w of numbers as large as the mean.
    rounding = 1e-13 + 1e-15 * float(periods.sojourn[0, 0]) / max(waited, 1e-5)
    times = np.concatenate([np.linspace(1e-3, 12.0, 100), np.geomspace(13.0, 1e7, 30)])
    values = above(law, times)
    assert values[0] == pytest.approx(1.0, abs=rounding)
    assert (np.diff(values) <= rounding).all()
    assert values[-1] < 1e-9


@pytest.mark.parametrize(("batch", "fixed"), BATCHES)
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("waited", [0.0, 0.4])
def test_the_mean_of_the_law_is_that_of_the_queue(load, batch, fixed, waited):
    law, periods = sojourns(load, batch, fixed, 0.3, waited)
    mean = float(periods.sojourn[0, 0])
    nodes, weights = np.polynomial.legendre.leggauss(20)
    kinks = np.unique(
        np.concatenate([np.arange(120.0) + shift for shift in (0, 0.3, 0.3 + waited)])
    )
    kinks = np.concatenate([kinks, kinks[-1] + mean * np.linspace(0.25, 60.0, 240)])
    low, half = kinks[:-1, None], np.diff(kinks)[:, None] / 2
    points = low + half * (nodes + 1.0)
    whole = (above(law, points.ravel()).reshape(points.shape) * weights * half).sum()
    assert whole == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("load", [0.5, 0.999, 1 - 1e-6, 1 - 1e-9])
def test_the_decay_rate_solves_its_equation(load):
    theta = decay(load, 1.0, True)
    with mp.workdps(40):
        exact = mp.findroot(
            lambda z: mp.mpf(load) * mp.expm1(z) / z - 1, (theta, theta * (1 + 1e-6))
        )
        assert abs(theta / exact - 1) < 4e-16 / (1 - load)


def test_a_law_too_long_to_tabulate_is_left_alone():
    assert cells(1e-5, 4000.0, False) is None


@pytest.mark.parametrize("batch", [2, 21, 50])
@pytest.mark.parametrize("load", LOADS)
def test_places_in_a_fixed_batch_are_averaged_over(batch, load):
    one, other = averaged(load / batch, batch), cells(load / batch, float(batch), True)
    assert one.mean == pytest.approx(other.mean, rel=1e-11)
    count = min(one.tail.shape[1], other.tail.shape[1])
    for v in (-1.0, -0.3, 0.9):
        some, more = (np.polyval(law.tail[:, :count], v) for law in (one, other))
        np.testing.assert_allclose(some, more, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("batch", [120, 1000])
@pytest.mark.parametrize("load", [0.1, 0.5, 0.99])
def test_large_fixed_batches_are_customers_of_the_length_of_a_batch(batch, load):
    """Crommelin's M/D/1 of whole batches, the packet's place in its own behind it."""
    law, _ = sojourns(load, float(batch), True, 0.0)
    times = batch * np.array([0.4, 1.013, 2.501, 6.6]) + 0.25
    powers = batch_powers(1, True, 8)
    found = above(law, times)
    for time, value in zip(times, found, strict=True):
        places = ((mp.mpf(float(time)) - j) / batch for j in range(1, batch + 1))
        served = mp.fsum(renewal(mp.mpf(load), place, powers) for place in places)
        exact = 1 - (1 - mp.mpf(load)) * served / batch
        assert abs(value - exact) <= 1e-10 * exact
