"""Scores are normal where engines agree, and are not given where they could not be."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fpsimd_model.agreement import agree
from fpsimd_model.agreement.found import Found
from fpsimd_model.agreement.scores import FEWEST, score
from fpsimd_model.agreement.simpy_streams import gaps
from fpsimd_model.montecarlo.pace import Pace
from fpsimd_model.scenario import Scenario
from fpsimd_model.scenario.arrivals import Mmpp

SECONDS = 100.0
PACE = Pace.of(Scenario())
KNOWN = {"puts_per_s": 500.0, "traps_per_s": 50.0, "packets_per_s": 1e4, "max_packets_per_s": 6e5}


def pair(value: float, error: float, metric: str = "traps_per_s") -> tuple[Found, Found]:
    exact = Found("analytic", "ok", "", KNOWN, pace=PACE)
    simulated = {**KNOWN, metric: value}
    errors = {metric: error}
    return exact, Found("montecarlo", "ok", "", simulated, errors, 39, SECONDS, PACE)


def test_scores_of_estimates_with_estimated_errors_are_standard_normal():
    rng = np.random.default_rng(1)
    samples = rng.normal(50.0, 3.0, (4000, 40))
    means, errors = samples.mean(axis=1), samples.std(axis=1, ddof=1) / np.sqrt(40)
    z = np.array([score(*pair(m, e), "traps_per_s").z for m, e in zip(means, errors, strict=True)])
    assert abs(z.mean()) < 4.5 / np.sqrt(4000)
    assert abs(z.std() - 1.0) < 4.5 / np.sqrt(8000)
    assert abs((np.abs(z) > 1.959964).mean() - 0.05) < 4.5 * np.sqrt(0.05 * 0.95 / 4000)


def test_a_score_says_which_engine_is_higher():
    assert score(*pair(48.0, 1.0), "traps_per_s").z > 1.5
    assert score(*pair(52.0, 1.0), "traps_per_s").z < -1.5


@pytest.mark.parametrize(
    ("known", "value", "error", "why"),
    [
        (50.0, 50.0, 0.0, "equal"),
        (50.0, 50.1, 0.0, "different"),
        (0.0, 0.3, 0.1, "different"),  # what cannot happen has happened
        (0.9 * FEWEST / SECONDS, 4.0, 0.5, "few"),
        (50.0, 60.0, np.inf, "few"),
    ],
)
def test_what_has_no_score_says_why(known, value, error, why):
    exact, simulated = pair(value, error)
    exact = dataclasses.replace(exact, metrics={**KNOWN, "traps_per_s": known})
    assert score(exact, simulated, "traps_per_s") == (None, why)


@pytest.mark.parametrize("metric", ["switch_share", "saving", "guest_share"])
def test_moves_too_rare_to_be_seen_are_no_contradiction(metric):
    for moves, why in ((0.5 * FEWEST / SECONDS, "few"), (2.0 * FEWEST / SECONDS, "different")):
        exact, simulated = pair(1.0, 0.0, metric)
        known = {**KNOWN, "traps_per_s": moves, "guest_saves_per_s": moves / 2.0, metric: 0.999}
        assert score(dataclasses.replace(exact, metrics=known), simulated, metric) == (None, why)


@pytest.mark.parametrize("rate", [0.0, 0.01])
def test_arrivals_that_hardly_ever_come_are_no_contradiction(rate):
    changes = {"softirq.softirq_budget_us": 0, "softirq.interrupts_per_s": rate}
    found = agree([Scenario().replace(changes)], ["softirqs-off", "tracked"], seconds=20)
    assert found.contradictions == found.outliers() == []


def test_what_an_engine_does_not_tell_is_not_compared():
    exact, simulated = pair(50.0, 1.0)
    assert score(exact, simulated, "exits_per_s") is None
    none = dataclasses.replace(exact, metrics={**KNOWN, "traps_per_s": None})
    assert score(none, simulated, "traps_per_s") is None


def test_an_arrival_process_varies_as_its_pace_says():
    bursts = Mmpp(40_000.0, 4_000.0, 500.0, 1500.0)
    pace = Pace.of(Scenario().replace({"softirq.interrupts_per_s": bursts}))
    times = np.cumsum([t for t, _ in zip(arrivals(bursts), range(400_000), strict=False)])
    window = 0.05
    counts = np.bincount((times / window).astype(int))[1:-1]
    found = counts.var(ddof=1) / window
    error = pace.variance * np.sqrt(2.0 / len(counts))
    assert abs(found - pace.variance) < 4.5 * error + 0.02 * pace.variance  # a window is finite
    assert pace.variance > 5.0 * pace.packets


def arrivals(given):
    following = gaps(np.random.default_rng(2), given)
    while True:
        yield following()


def test_equal_phases_are_no_bursts():
    calm = Pace.of(Scenario().replace({"softirq.interrupts_per_s": Mmpp(1e4, 1e4, 100.0, 900.0)}))
    assert calm.variance == pytest.approx(PACE.variance)


@pytest.mark.parametrize("beyond", [0.0, 1.0])
def test_a_percentile_that_no_run_comes_near_differs_without_a_score(beyond):
    known = {**KNOWN, "sojourn_p50_us": 5.0, "sojourn_p99_us": 20.0, "sojourn_p999_us": 30.0}
    exact, simulated = pair(50.0, 1.0)
    exact = dataclasses.replace(exact, metrics=known)
    packets = np.full(40, 1e4)
    simulated = dataclasses.replace(
        simulated,
        metrics={**known, "sojourn_p50_us": 900.0},
        below=lambda time: (beyond * packets, packets),
    )
    assert score(exact, simulated, "sojourn_p50_us") == (None, "different")
