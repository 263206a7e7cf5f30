"""Sojourns that interrupts without crypto stop now and then: a double series in many digits."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from fpsimd_model.analytic.disturbed import disturbed
from fpsimd_model.analytic.fourier import Fourier
from fpsimd_model.analytic.inversion import invert, nodes
from fpsimd_model.analytic.kinds import kinds
from fpsimd_model.analytic.packets import Packets, batch_transform, position_transform
from fpsimd_model.analytic.queue import BusyPeriods
from fpsimd_model.analytic.sojourn import Sojourns
from tests.analytic_latency.series import batch_powers

BATCHES = [(1.0, False), (3.0, True), (2.5, False)]
OTHERS = [(0.002, 1.2), (0.05, 0.37), (0.1, 2.9)]  # per service time of 1; what each takes


def stops(work, nu, cost, most):
    """Borel and Tanner: probability of 0, 1, ... interrupts in all from `work`."""
    start, own = mp.mpf(nu) * work, mp.mpf(nu) * cost
    law = [mp.e**-start]
    for m in range(1, most + 1):
        law.append(
            start * (start + own * m) ** (m - 1) * mp.e ** -(start + own * m) / mp.factorial(m)
        )
    return law


def exact_above(rate, batch, fixed, nu, cost, times):
    """P(T > t): 1 / (s - λ + λ B*) in powers of B*, whose atoms are services and stops."""
    rate, cost = mp.mpf(rate), mp.mpf(cost)
    most = int(mp.ceil(max(times))) + 1
    powers = batch_powers(batch, fixed, most)
    law = [stops(n, nu, cost, int(max(times) / cost) + 1) for n in range(most + 2)]
    idle = 1 - rate * mp.mpf(batch) / (1 - mp.mpf(nu) * cost)

    def below(t):  # P(W <= t)
        total = mp.mpf(0)
        for n in range(int(mp.floor(t)) + 1 if t >= 0 else 0):
            for m, share in enumerate(law[n]):
                u = t - n - m * cost
                if u < 0:
                    break
                terms = (powers[k][n] * (-rate * u) ** k / mp.factorial(k) for k in range(n + 1))
                total += share * mp.e ** (rate * u) * mp.fsum(terms)
        return idle * total

    def place(j):
        if fixed or batch == 1:
            return 1 / mp.mpf(batch) if j <= batch else mp.mpf(0)
        return (1 - 1 / mp.mpf(batch)) ** (j - 1) / mp.mpf(batch)

    out = []
    for t in map(mp.mpf, times):
        total = mp.mpf(0)
        for j in range(1, int(mp.floor(t)) + 1):
            for m, share in enumerate(law[j]):
                total += place(j) * share * below(t - j - m * cost)
        out.append(1 - total)
    return out


@pytest.mark.parametrize(("batch", "fixed"), BATCHES)
@pytest.mark.parametrize("load", [0.02, 0.5, 0.95])
@pytest.mark.parametrize("other", OTHERS)
def test_deterministic_service_agrees_with_the_series(batch, fixed, load, other):
    nu, cost = other
    rate = load * (1.0 - nu * cost) / batch
    times = [0.9, 1.0003, 1.3, 1.0 + cost * 1.01, 2.51, 4.2, 7.77]
    law = disturbed(Packets(rate, batch, fixed, False, nu, cost), np.ones(1))
    at = np.array(times)
    found = law.tail(np.zeros(len(at), dtype=int), at, at)
    with mp.workdps(60):
        for value, exact in zip(
            found, exact_above(rate, batch, fixed, nu, cost, times), strict=True
        ):
            assert abs(value - float(exact)) <= 1e-10 * float(exact) + 1e-12


@pytest.mark.parametrize("load", [0.1, 0.9, 0.999])
@pytest.mark.parametrize(("batch", "fixed"), BATCHES)
@pytest.mark.parametrize("exponential", [False, True])
@pytest.mark.parametrize("other", OTHERS)
def test_the_area_under_the_law_is_its_mean(load, batch, fixed, exponential, other):
    """Pollaczek and Khinchine, with stops: all the way to where the law is exponential."""
    if exponential and fixed and batch > 1:
        return
    nu, cost = other
    rate = load * (1.0 - nu * cost) / batch
    law = disturbed(Packets(rate, batch, fixed, exponential, nu, cost), np.ones(1))
    one = np.ones((1, 1))
    square = batch**2 if fixed else 2 * batch**2 - batch
    queue = BusyPeriods(
        rate * one, batch * one, square * one, one, float(exponential) * one, 0 * one, 0 * one,
        nu * one, cost * one,
    )  # fmt: skip
    area = law.integral(np.zeros(1, dtype=int), np.zeros(1), np.zeros(1))[0]
    assert area == pytest.approx(float(queue.sojourn[0, 0]), rel=1e-8 if load < 0.99 else 1e-7)


@pytest.mark.parametrize("rate", [0.1, 0.6])
@pytest.mark.parametrize("other", OTHERS)
def test_exponential_service_agrees_with_very_many_terms(rate, other):
    packets = Packets(rate, 1.0, False, True, *other)
    times = np.array([0.3, 1.0, 2.0, 4.4, 7.1])
    found = disturbed(packets, np.ones(1)).tail(np.zeros(5, dtype=int), times, times)
    s = nodes(times, 4000)
    z = 1.0 / (1.0 + packets.stretch(s))
    load = rate / (1.0 - other[0] * other[1])
    exact = invert((1.0 - (1.0 - load) * s * z / (s - rate + rate * z)) / s, times)
    np.testing.assert_allclose(found, exact, rtol=3e-7)


class ManyTerms(Fourier):
    """The transform once more, at as many points as it takes."""

    def at(self, times, terms):
        c, packets, s = self._c, self._packets, nodes(times, terms)
        lam, slower = packets.rate, packets.stretch(s)
        stop = np.exp(-slower * packets.other_cost)
        total = np.zeros_like(s)
        for k in range(len(c.weight)):
            d, smooth = np.exp(-slower * c.setup[k] - c.late[k] * (1.0 - stop)), 0.0
            if c.waited[k] > 0.0:
                # The masked period, then the rest of it at the first arrival: by its moments.
                nu = 0.0 if c.late[k] else packets.other_rate
                share = Packets(1.0, 1.0, False, False, nu, packets.other_cost).stops(
                    nu * c.waited[k], c.already[k]
                ) if nu else np.ones(1)  # fmt: skip
                share = share[:40]
                lengths = c.waited[k] + packets.other_cost * np.arange(len(share))
                caught = share @ -np.expm1(-lam * lengths)
                period = sum(p * np.exp(-s * w) for p, w in zip(share, lengths, strict=True))
                quiet = share @ np.exp(-lam * lengths)
                d, smooth = d * lam * (period - quiet) / ((lam - s) * caught), 1.0
            z = np.exp(-slower * c.service[k])
            work = batch_transform(z, packets)
            later = lam * (1.0 - work * d) / (s - lam + lam * work)
            total += (
                c.weight[k] * c.first[k] * (later + smooth * d) * z * position_transform(z, packets)
            )
        return invert((1.0 - self._mass[0] - total) / s, times)


@pytest.mark.parametrize(("late", "already"), [(0.0, 0.0), (0.03, 0.0), (0.0, 0.2)])
@pytest.mark.parametrize("batch", [1.0, 2.5])
def test_set_ups_behind_masked_periods_agree_with_the_transform(late, already, batch):
    rate, nu, cost, waited, setup = 0.3 / batch, 0.05, 1.3, 0.6, 0.2
    packets = Packets(rate, batch, False, False, nu, cost)
    one = np.ones((1, 2))
    rest = _rest(rate, nu, cost, waited, late, already)
    periods = BusyPeriods(
        rate * one, batch * one, (2 * batch**2 - batch) * one, one, 0 * one, setup * one,
        np.array([[0.0, waited]]), nu * one, cost * one, 0.0,
        tuple(np.array([[0.0, part]]) for part in rest), np.array([[0.0, late]]),
    )  # fmt: skip
    weights, more = np.array([0.7, 0.3]), [np.array([0.0, already])]
    law = Sojourns(packets, [periods], [weights], more)
    times = np.array([0.9, 1.45, 2.63, 3.91, 6.17])
    found = law.survival(times, np.zeros(5, dtype=int))
    c = kinds([periods], [weights], more)
    atoms = law._atoms
    exact = ManyTerms(packets, c, atoms.mass).at(times, 8000)
    exact += atoms.above(times, np.zeros(5, dtype=int))
    np.testing.assert_allclose(found, exact, rtol=2e-5)


def _rest(rate, nu, cost, waited, late, already):
    """First two moments of what is left of the masked period, by adding up its lengths."""
    law = np.ones(1)
    if not late:
        law = Packets(rate, 1.0, False, False, nu, cost).stops(nu * waited, already)
    w = waited + cost * np.arange(len(law))
    caught = law @ -np.expm1(-rate * w)
    x = [(-np.expm1(-rate * v)) for v in w]
    first = sum(p * (v - q / rate) for p, v, q in zip(law, w, x, strict=True)) / caught
    square = sum(
        p * (v * v - 2 * v / rate + 2 * q / rate**2) for p, v, q in zip(law, w, x, strict=True)
    )
    return first, square / caught
