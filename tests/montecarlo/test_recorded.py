"""Arrivals replayed from a recording: in order, over and over, from a random moment."""

from __future__ import annotations

import numpy as np
import pytest

from fpsimd_model import analytic, policies
from fpsimd_model.montecarlo import run, simulate, timeline
from fpsimd_model.scenario import Recorded

from .worlds import LIMIT, REFERENCE, score

SOME = ["tracked", "busy-flag-resident", "softirqs-off"]


def replaying(gaps, packets=None, scale=1.0):
    arrivals = Recorded(tuple(map(float, gaps)), packets, scale)
    return REFERENCE.replace({"softirq.interrupts_per_s": arrivals})


@pytest.mark.parametrize(
    ("gaps", "packets", "scale"),
    [((100.0, 7.0, 0.0, 250.0), None, 1.0), ((50.0, 90.0, 10.0), (1, 4, 2), 2.0)],
)
def test_it_is_played_in_order_and_again_from_its_beginning(gaps, packets, scale):
    scenario = replaying(gaps, packets, scale)
    starts = set()
    for seed in range(8):
        line = timeline(scenario, "tracked", seed=seed, seconds=0.02)
        at = line.at("arrival")
        found = np.diff(line.time_s[at]) * 1e6 * scale
        offsets = [
            k
            for k in range(len(gaps))
            if np.allclose(found, np.resize(np.roll(gaps, -k), len(found)), atol=1e-6)
        ]
        assert len(offsets) == 1  # the gap that came after the first interrupt
        starts.add(offsets[0])
        brought = np.diff(line.queue, prepend=0)[at]
        expected = [1] * len(gaps) if packets is None else np.roll(packets, 1 - offsets[0])
        assert np.array_equal(brought, np.resize(expected, len(at)))
    assert len(starts) > 1


def test_the_start_is_met_in_proportion_to_the_gap():
    scenario = replaying((10.0, 990.0))
    lines = [timeline(scenario, "tracked", seed=s, seconds=1e-3) for s in range(60)]
    waits = np.array([line.time_s[line.at("arrival")[0]] for line in lines])
    assert (waits > 10e-6).mean() > 0.9
    assert waits.mean() == pytest.approx(495e-6, rel=0.3)


def test_same_seed_same_result_on_any_number_of_workers():
    scenario = replaying((100.0, 7.0, 0.0, 250.0), (1, 2, 3, 1))
    one, two, five = (simulate(scenario, SOME, seed=4, seconds=2.0, workers=n) for n in (1, 2, 5))
    assert one == two == five
    assert one != simulate(scenario, SOME, seed=5, seconds=2.0)


def test_policies_meet_the_same_recording():
    scenario = replaying((100.0, 7.0, 0.0, 250.0), (1, 2, 3, 1))
    packets = [run(scenario, p, seed=6, seconds=4.0).packets.sum() for p in SOME[:2]]
    assert abs(packets[0] - packets[1]) < 7 * 40


@pytest.mark.slow
@pytest.mark.agreement
def test_recorded_exponential_gaps_are_poisson_to_both_engines():
    rng = np.random.default_rng(12)
    n = 2_000_000  # more than are played, so that a recording's own luck is part of the noise
    packets = tuple(rng.geometric(0.5, n).tolist())
    scenario = replaying(rng.exponential(100.0, n), packets)
    poisson = REFERENCE.replace({"softirq.packets_per_interrupt": 2.0})
    expected = analytic.evaluate(poisson, policies.select(SOME))
    for a, b in zip(expected, simulate(scenario, SOME, seed=1, seconds=40.0), strict=True):
        for name, (low, high) in b.ci95.items():
            if low < high and a[name] and not name.startswith("sojourn_p"):
                assert abs(score(a[name], b[name], (low, high))) < LIMIT, (a.policy, name)


def test_the_analytic_engine_says_what_it_loses():
    bare, brought = (
        analytic.evaluate(replaying((10.0, 190.0), p), policies.select("tracked"))[0]
        for p in (None, (1, 3))
    )
    assert bare.reason == "recorded interrupts are taken as Poisson of the same rate"
    assert brought.reason == f"{bare.reason}, their packets as geometric but for mean and variance"
    plain = REFERENCE.replace({"softirq.packets_per_interrupt": 1.0})
    (expected,) = analytic.evaluate(plain, policies.select("tracked"))
    assert bare.metrics == pytest.approx(expected.metrics)
