"""The designed comparison that comes with the package says what it should, and still does."""

from __future__ import annotations

import numpy as np
import pytest

from fpsimd_model import evaluate, policies
from fpsimd_model.agreement import ENGINES, Agreement, design, designed

LIMIT = 4.5


@pytest.fixture(scope="module")
def kept() -> Agreement:
    return Agreement.load()


def test_it_covers_two_hundred_scenarios_every_policy_and_all_three_engines(kept):
    assert kept.scenarios >= 200
    assert kept.engines == ENGINES
    names = {d.scenario for d in kept}
    assert names == {s.name for s in design(kept.scenarios, kept.seed)}
    assert set(kept.by_policy()) == {policy.name for policy in policies.ALL}
    assert min(map(len, kept.by_policy().values())) > 300
    assert len(kept.by_engines()) == 3


def test_no_score_lies_beyond_the_limit_and_their_spread_is_one(kept):
    assert np.abs(kept.scores).max() <= LIMIT
    assert 0.8 < kept.spread < 1.2
    assert 0.8 < kept.robust_spread < 1.2
    low, high = kept.spread_interval()
    assert 0.8 < low < high < 1.2


def test_metrics_policies_and_pairs_of_engines_have_no_bias_of_their_own(kept):
    for groups in (kept.by_metric(), kept.by_policy(), kept.by_engines()):
        for name, z in groups.items():
            if len(z) > 200:
                assert 0.8 < np.sqrt((z**2).mean()) < 1.25, name


def test_nothing_exact_contradicts(kept):
    assert kept.contradictions == []
    assert kept.without_score()["equal"] > 1000


def test_most_figures_are_known_well_enough_for_an_error_of_two_percent_to_show(kept):
    errors = [abs(d.relative / d.z) for d in kept.scored if abs(d.z) > 0.1 and d.first]
    assert np.median(errors) < 0.01
    assert np.mean(np.array(errors) < 0.02) > 0.75


@pytest.mark.agreement
def test_the_formula_still_says_what_was_kept(kept):
    rows = [d for d in kept if d.engines[0] == "analytic" and d.first is not None]
    some = [f"design-{kept.scenarios}-{kept.seed}-{i}" for i in range(0, kept.scenarios, 25)]
    compared = 0
    for name in some:
        mine = [d for d in rows if d.scenario == name]
        now = evaluate(designed(name), list({d.policy for d in mine}))
        for d in mine:
            rough = 2e-3 if d.metric.startswith("sojourn_p") else 1e-6
            assert now[d.policy][d.metric] == pytest.approx(d.first, rel=rough, abs=1e-12), d
            compared += 1
    assert compared > 300
