"""Exponential service: closed forms and Fourier series against fifty-digit inversion."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from fpsimd_model.analytic.queue import BusyPeriods
from fpsimd_model.analytic.sojourn import Packets, Sojourns


def law_of(rate, batch, fixed, service, setup, waited, other=(0.0, 0.0)):
    square = batch**2 if fixed else 2 * batch**2 - batch
    values = (rate, batch, square, service, 1.0, setup, waited, *other)
    periods = BusyPeriods(*(np.full((1, 1), value) for value in values))
    packets = Packets(rate, batch, fixed, True, *other)
    return Sojourns(packets, [periods], [np.ones(1)])


def exact_above(time, rate, batch, fixed, service, setup, waited, other=(0.0, 0.0)):
    """P(sojourn > time) by Talbot's method from Welch's formula, behind the fixed set-up."""
    rate, batch, service, setup, waited, nu, cost = map(
        mp.mpf, (rate, batch, service, setup, waited, *other)
    )
    assert setup == 0 or nu == 0

    def stretched(s):
        theta = mp.exp(-s * cost)
        for _ in range(60 if nu else 0):
            theta = mp.exp(-(s + nu * (1 - theta)) * cost)
        return s + nu * (1 - theta)

    rest = 1 / -mp.expm1(-rate * waited) - 1 / (rate * waited) if waited else 0
    mean_setup = (setup + rest * waited) / (1 - nu * cost)
    load = rate * batch * service / (1 - nu * cost)

    def transform(s):
        work = stretched(s)
        z = 1 / (1 + work * service)
        b = z**batch if fixed else z / (batch - (batch - 1) * z)
        ahead = (
            sum(z**j for j in range(int(batch))) / batch if fixed else 1 / (batch - (batch - 1) * z)
        )
        d = mp.mpf(1)
        if waited:
            never = mp.exp(-rate * waited)
            d = rate * (mp.exp(-work * waited) - never) / ((rate - work) * (1 - never))
        d *= mp.exp(-work * setup)
        first = (1 - load) / (1 + rate * mean_setup)
        return (1 - first * (rate - (rate - s) * d) / (s - rate + rate * b) * z * ahead) / s

    return mp.invertlaplace(transform, mp.mpf(time), method="talbot", degree=80)


CASES = [
    (0.5, 1.0, False, 1.0, 0.0, 0.0),
    (0.999, 1.0, False, 1.0, 0.0, 0.0),
    (0.1, 4.0, False, 1.0, 0.0, 0.0),
    (0.3, 2.0, True, 1.0, 0.0, 0.0),
    (0.24975, 4.0, True, 1.0, 0.0, 0.0),
]


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_fifty_digits(case):
    law = law_of(*case)
    mean = 1.0 / (1.0 - case[0] * case[1])
    times = mean * np.array([0.1, 0.7, 1.0, 3.0, 6.9])
    found = law.survival(times, np.zeros(5, dtype=int))
    with mp.workdps(50):
        for time, value in zip(times, found, strict=True):
            exact = exact_above(time, *case)
            assert abs(value / exact - 1) < 1e-7


@pytest.mark.parametrize(("setup", "waited"), [(0.3, 0.0), (0.0, 0.4), (0.3, 0.4)])
@pytest.mark.parametrize("rate", [0.05, 0.8, 0.999])
def test_a_set_up_agrees_with_fifty_digits_behind_its_kinks(setup, waited, rate):
    """Behind set-ups the transform is that of Talbot's method only for t past them."""
    case = (rate, 1.0, False, 1.0, setup, waited)
    law = law_of(*case)
    times = np.array([1.5, 3.0, 5.0, 9.0])
    found = law.survival(times, np.zeros(4, dtype=int))
    with mp.workdps(50):
        for time, value in zip(times, found, strict=True):
            assert abs(value / exact_above(time, *case) - 1) < 1e-12
