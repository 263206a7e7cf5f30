"""Busy periods against closed forms, and against their transforms in 50-digit arithmetic."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

from fpsimd_model.analytic.queue import BusyPeriods, residual_moments

DIGITS = 50


def busy(rate, service, *, cv2=0.0, setup=0.0, waited=0.0, batch=(1.0, 1.0), other=(0.0, 0.0)):
    numbers = (rate, *batch, service, cv2, setup, waited, *other)
    return BusyPeriods(*(np.array(number, dtype=float) for number in numbers))


def geometric(mean: float) -> tuple[float, float]:
    return mean, 2.0 * mean * mean - mean


@pytest.mark.parametrize("load", [0.01, 0.5, 0.9, 0.999, 0.999999])
def test_one_packet_at_a_time_is_pollaczek_and_khinchine(load):
    for cv2 in (0.0, 1.0):
        q = busy(load / 4.0, 4.0, cv2=cv2)
        wait = load * 4.0 * (1 + cv2) / (2 * (1 - load))
        assert q.sojourn == pytest.approx(4.0 + wait, rel=1e-12)
        assert q.packets == pytest.approx(1 / (1 - load), rel=1e-12)
        assert q.duration == pytest.approx(4.0 / (1 - load), rel=1e-12)


@pytest.mark.parametrize("batch", [2.0, 4.0, 16.0])
def test_batches_of_exponential_packets_are_one_server_with_longer_work(batch):
    """Geometric batches of exponential packets: M/M/1 whose service is the work of a batch."""
    q = busy(0.6 / batch, 1.0, cv2=1.0, batch=geometric(batch))
    assert q.sojourn == pytest.approx(batch / 0.4, rel=1e-12)
    fixed = busy(0.6 / batch, 1.0, batch=(batch, batch * batch))
    first = 0.6 * batch / (2 * 0.4)
    assert fixed.sojourn == pytest.approx(first + (batch - 1) / 2 + 1.0, rel=1e-12)


def test_a_set_up_delays_as_in_the_model():
    """λE[B²] / 2(1-ρ) + (2d + λd²) / 2(1 + λd), packets b(1 + λd)/(1-ρ)."""
    lam, d, s = 0.1, 2.0, 4.0
    q = busy(lam, s, setup=d)
    wait = lam * s * s / (2 * 0.6) + (2 * d + lam * d * d) / (2 * (1 + lam * d))
    assert q.sojourn == pytest.approx(s + wait, rel=1e-12)
    assert q.packets == pytest.approx((1 + lam * d) / 0.6, rel=1e-12)
    assert q.duration == pytest.approx((d + s) / 0.6, rel=1e-12)
    assert q.duration - d == pytest.approx((d + s) / 0.6 - d)  # serving


@given(st.floats(-12, 2.8), st.floats(-9, 3))
def test_what_is_left_of_an_operation_has_the_moments_of_its_integral(log_x, log_length):
    length = 10.0**log_length
    rate = 10.0**log_x / length
    first, second = residual_moments(np.array(rate), np.array(length))
    with mpmath.workdps(DIGITS):
        x = mpf(rate) * mpf(length)
        none = mpmath.exp(-x)
        # E[(1 - U)^k], U the first arrival in (0, 1) given that there is one
        mean = (1 - (1 - none) / x) / (1 - none)
        square = (1 - 2 * (1 - (1 - none) / x) / x) / (1 - none)
        assert abs(first / (mean * mpf(length)) - 1) < 1e-7
        assert abs(second / (square * mpf(length) ** 2) - 1) < 1e-7
        if x < 1e-6:
            assert abs(first / (length / 2) - 1) < 1e-6


def solved(step):
    """The x near 1 with x = step(x), by Steffensen's method: each round doubles the digits."""
    x = mpf(1)
    for _ in range(60):
        first = step(x)
        second = step(first)
        bend = second - 2 * first + x
        if abs(first - x) < mpf(10) ** (-DIGITS + 8) or not bend:
            return first
        x -= (first - x) ** 2 / bend
    raise AssertionError("no fixed point")


def completion(s, rate, cost):
    """What s becomes where interrupts without crypto may strike: s + ν(1 - Θ*(s))."""
    theta = solved(lambda theta: mpmath.exp(-(s + rate * (1 - theta)) * cost))
    return s + rate * (1 - theta)


class Transforms:
    """The queue's transforms, term by term as the books write them."""

    def __init__(self, lam, service, exponential, setup, waited, batch, fixed, other):
        numbers = (lam, service, setup, waited, batch)
        self.lam, self.s, self.d, self.w, self.b = map(mpf, numbers)
        self.exponential, self.fixed = exponential, fixed
        self.nu, self.c = map(mpf, other)

    def packet(self, s):
        s = completion(s, self.nu, self.c)
        return 1 / (1 + s * self.s) if self.exponential else mpmath.exp(-s * self.s)

    def work(self, s):
        z = self.packet(s)
        return z**self.b if self.fixed else z / (self.b - (self.b - 1) * z)

    def setup(self, s):
        out = mpmath.exp(-completion(s, self.nu, self.c) * self.d)
        return out * self.left(s)

    def left(self, s):
        """What is left at the first arrival of the operation that it came in, stretched too."""
        if not self.w:
            return mpf(1)
        whole, none = (mpmath.exp(-completion(x, self.nu, self.c) * self.w) for x in (s, self.lam))
        return self.lam / (self.lam - s) * (whole - none) / (1 - none)

    def wait(self, s):
        lam = self.lam
        top = lam - (lam - s) * self.setup(s)
        return top / (s - lam + lam * self.work(s))

    def busy(self, s):
        """From the set-up's beginning to the end: a delay cycle."""
        theta = solved(lambda theta: self.work(s + self.lam * (1 - theta)))
        s = s + self.lam * (1 - theta)
        return self.setup(s) * self.work(s)

    @staticmethod
    def mean(transform):
        h = mpf(10) ** -14
        at = [transform(-h), transform(h)]
        return (at[0] - at[1]) / (2 * h) / ((at[0] + at[1]) / 2)


@settings(max_examples=40)
@given(
    load=st.floats(0.01, 0.9),
    service=st.floats(0.1, 10.0),
    exponential=st.booleans(),
    setup=st.floats(0.0, 10.0),
    waited=st.sampled_from([0.0, 0.01, 1.0, 30.0]),
    batch=st.integers(1, 8),
    fixed=st.booleans(),
    other=st.sampled_from([(0.0, 0.0), (0.05, 2.0), (0.02, 20.0)]),
)
def test_means_are_the_derivatives_of_the_transforms(
    load, service, exponential, setup, waited, batch, fixed, other
):
    free = 1.0 - other[0] * other[1]
    lam = load * free / (batch * service)
    second = float(batch * batch) if fixed else geometric(float(batch))[1]
    q = busy(
        lam, service, cv2=float(exponential), setup=setup, waited=waited,
        batch=(batch, second), other=other,
    )  # fmt: skip
    with mpmath.workdps(DIGITS):
        t = Transforms(lam, service, exponential, setup, waited, batch, fixed, other)
        assert abs(q.wait_of_batch / Transforms.mean(t.wait) - 1) < 1e-9
        packet = Transforms.mean(t.packet)
        assert abs(q.packet[0] / packet - 1) < 1e-9
        ahead = (mpf(second) / batch - 1) / 2 * packet
        assert abs(q.sojourn / (Transforms.mean(t.wait) + ahead + packet) - 1) < 1e-9
        left = Transforms.mean(t.left)
        assert abs(q.residual_moments[0] - left) < 1e-9 * left + 1e-12
        cycle = Transforms.mean(t.busy)
        assert abs(float(q.duration + left) / cycle - 1) < 1e-9
        came = batch * (1 + lam * Transforms.mean(t.setup)) / (1 - load)
        assert abs(q.packets / came - 1) < 1e-9


@given(
    st.floats(0.0, 0.99),
    st.floats(0.01, 10.0),
    st.floats(0.0, 5.0),
    st.sampled_from([0.0, 0.3, 4.0]),
    st.floats(1.0, 9.0),
)
def test_packets_of_a_busy_period_are_those_that_come_in_it(load, service, setup, waited, b):
    """One batch starts it; the others come in set-up and service, at the rate of interrupts."""
    lam = load / (b * service)
    q = busy(lam, service, setup=setup, waited=waited, batch=geometric(b))
    left = q.residual_moments[0] if waited else 0.0
    assert q.packets == pytest.approx(b * (1 + lam * (q.duration + left)), rel=1e-9)
    assert q.packets * service == pytest.approx(q.duration + left - q.setup_moments[0], rel=1e-9)


def test_arrays_of_scenarios_and_kinds_are_single_ones_side_by_side():
    rate, service = np.array([[0.1], [0.2]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    setup = np.array([[0.0, 1.0], [2.0, 3.0]])
    q = BusyPeriods(rate, *geometric(1.0), service, 0.0, setup, 0.0 * setup)
    for i in range(2):
        for j in range(2):
            one = busy(rate[i, 0], service[i, j], setup=setup[i, j])
            for name in ("sojourn", "packets", "duration", "load"):
                assert getattr(q, name)[i, j] == pytest.approx(getattr(one, name), rel=1e-14)
