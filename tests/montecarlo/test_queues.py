"""Packets alone, against what queueing theory says of them."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from fpsimd_model.montecarlo import run, simulate
from fpsimd_model.montecarlo.statistics import percentile, ratio

from .worlds import LIMIT, SERVICE, queue, score


def sojourn(scenario, seconds=8.0, policy="tracked"):
    """Mean sojourn in seconds, with its interval."""
    (found,) = simulate(scenario, policy, seed=3, seconds=seconds)
    assert found["packets_per_s"] > 0
    low, high = found.ci95["sojourn_mean_us"]
    return found["sojourn_mean_us"] * 1e-6, (low * 1e-6, high * 1e-6)


@pytest.mark.parametrize("load", [0.1, 0.5, 0.9])
def test_deterministic_service_waits_as_pollaczek_and_khinchine_say(load):
    expected = SERVICE * (1.0 + load / (2.0 * (1.0 - load)))
    assert abs(score(expected, *sojourn(queue(load)))) < LIMIT


@pytest.mark.parametrize("load", [0.1, 0.5, 0.9])
def test_exponential_service_makes_exponential_sojourns(load):
    scenario = queue(load, service="exponential")
    mean = SERVICE / (1.0 - load)
    assert abs(score(mean, *sojourn(scenario))) < LIMIT
    sojourns = run(scenario, "tracked", seed=4, seconds=8.0).sojourns
    for share in (0.5, 0.99, 0.999):
        value, interval = percentile(sojourns, share)
        assert abs(score(-mean * np.log1p(-share), value, interval)) < LIMIT


@pytest.mark.parametrize(
    ("packets", "second"),
    [(4.0, 2 * 16.0 - 4.0), ({"mean": 4, "shape": "fixed"}, 16.0)],
    ids=["geometric", "fixed"],
)
def test_batches_wait_for_earlier_batches_and_for_packets_ahead(packets, second):
    load = 0.6
    scenario = queue(load).replace(
        {
            "softirq.packets_per_interrupt": packets,
            "softirq.interrupts_per_s": load / SERVICE / 4.0,
        }
    )
    rate = load / SERVICE / 4.0
    wait = rate * second * SERVICE**2 / (2.0 * (1.0 - load))
    ahead = (second - 4.0) / 8.0 * SERVICE
    assert abs(score(wait + ahead + SERVICE, *sojourn(scenario))) < LIMIT


def erlang(t: float, load: float) -> float:
    """P(wait <= t services) in M/D/1: A. K. Erlang, Nyt Tidsskrift for Matematik B 20 (1909)."""
    with mp.workdps(60):
        terms = (
            (-load * (mpf(t) - k)) ** k / mp.factorial(k) * mp.exp(load * (mpf(t) - k))
            for k in range(int(t) + 1)
        )
        return float((1 - load) * sum(terms))


def test_deterministic_service_has_erlang_s_distribution_atom_included():
    load = 0.7
    sojourns = run(queue(load), "tracked", seed=5, seconds=8.0).sojourns
    total = sojourns.counts.sum(axis=1)
    atom = np.abs(sojourns.edges.mean(axis=1) / SERVICE - 1.0) < 1e-3
    value, interval = ratio(sojourns.counts[:, atom].sum(axis=1), total)
    assert abs(score(1.0 - load, value, interval)) < LIMIT
    for t in (0.3, 1.0, 2.5, 7.7, 12.0):
        # where the bin ends, not where it was meant to
        j = int(np.searchsorted(sojourns.edges[:, 1], (1.0 + t) * SERVICE))
        waited = sojourns.edges[j, 1] / SERVICE - 1.0
        value, interval = ratio(sojourns.counts[:, : j + 1].sum(axis=1), total)
        assert abs(score(erlang(waited, load), value, interval)) < LIMIT
    inside, (low, high) = percentile(sojourns, 0.2)
    assert low <= SERVICE <= high
    assert inside == pytest.approx(SERVICE, rel=1e-5)
    assert high - low < 1e-4 * SERVICE  # the atom is a value, not the width of its bin


def test_bursts_queue_as_the_quasi_birth_death_process_says():
    rates, means = np.array([5e5, 5e4]), np.array([100e-6, 300e-6])
    phases = np.array([[-1 / means[0], 1 / means[0]], [1 / means[1], -1 / means[1]]])
    up, down = np.diag(rates), np.eye(2) / SERVICE
    stay = phases - up - down
    r = np.zeros((2, 2))
    for _ in range(20_000):
        r = -(up + r @ r @ down) @ np.linalg.inv(stay)
    empty = phases - up + r @ down
    weights = np.linalg.inv(np.eye(2) - r) @ np.ones(2)
    first = np.linalg.solve(np.stack([empty[:, 0], weights]), np.array([0.0, 1.0]))
    queued = first @ r @ np.linalg.inv(np.eye(2) - r) @ weights
    arrivals = rates @ means / means.sum()

    mmpp = {
        "shape": "mmpp",
        "rate1_per_s": rates[0],
        "rate2_per_s": rates[1],
        "mean1_us": means[0] * 1e6,
        "mean2_us": means[1] * 1e6,
    }
    scenario = queue(0.5, interrupts_per_s=mmpp, service="exponential")
    (found,) = simulate(scenario, "tracked", seed=6, seconds=20.0)
    assert abs(score(arrivals, found["packets_per_s"], found.ci95["packets_per_s"])) < LIMIT
    expected = queued / arrivals * 1e6
    z = score(expected, found["sojourn_mean_us"], found.ci95["sojourn_mean_us"])
    assert abs(z) < LIMIT
    assert expected > 1.5 * SERVICE / (1.0 - arrivals * SERVICE) * 1e6  # worse than Poisson


def test_bursts_of_equal_rates_are_a_poisson_process():
    load = 0.6
    mmpp = {
        "shape": "mmpp",
        "rate1_per_s": load / SERVICE,
        "rate2_per_s": load / SERVICE,
        "mean1_us": 20,
        "mean2_us": 3,
    }
    expected = SERVICE * (1.0 + load / (2.0 * (1.0 - load)))
    assert abs(score(expected, *sojourn(queue(load, interrupts_per_s=mmpp)))) < LIMIT


def test_bursts_with_silence_between_them_keep_their_rate():
    mmpp = {
        "shape": "mmpp",
        "rate1_per_s": 0,
        "rate2_per_s": 4e5,
        "mean1_us": 2000,
        "mean2_us": 100,
    }
    (found,) = simulate(queue(0.5, interrupts_per_s=mmpp), "tracked", seed=7, seconds=30.0)
    z = score(4e5 / 21, found["packets_per_s"], found.ci95["packets_per_s"])
    assert abs(z) < LIMIT
