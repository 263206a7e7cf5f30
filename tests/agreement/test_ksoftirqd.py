"""Simulation and SimPy where ksoftirqd takes over: the option, and the comparison that is kept."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from fpsimd_model import policies
from fpsimd_model.agreement import Agreement, design, designed, found
from fpsimd_model.agreement.kept import KEPT_KSOFTIRQD
from fpsimd_model.cli import cli
from fpsimd_model.scenario.arrivals import Mmpp
from tests.house import ROOT

LIMIT = 4.5
ENGINES = ("montecarlo", "simpy")


@pytest.fixture(scope="module")
def kept() -> Agreement:
    return Agreement.load(KEPT_KSOFTIRQD)


def test_the_design_has_budgets_that_are_spent_and_loads_that_need_it():
    scenarios = design(60, ksoftirqd=True)
    assert scenarios == design(60, ksoftirqd=True)
    assert all(designed(s.name) == s for s in scenarios[:5])
    for s in scenarios:
        budget = 1e-6 * s.softirq.softirq_budget_us
        assert s.simd_packet_s <= budget <= 10.0 * s.scalar_packet_s
        assert s.offered_packets_per_s * s.simd_packet_s < 0.8
    assert sum(s.scalar_load > 1.0 for s in scenarios) > 20
    assert sum(isinstance(s.softirq.interrupts_per_s, Mmpp) for s in scenarios) == 18


def test_it_covers_every_policy_and_ksoftirqd_does_take_over(kept):
    assert kept.engines == ENGINES
    assert {d.scenario for d in kept} == {s.name for s in design(kept.scenarios, 0, True)}
    assert set(kept.by_policy()) == {policy.name for policy in policies.ALL}
    share = {(d.scenario, d.policy): d.first for d in kept if d.metric == "ksoftirqd_share"}
    assert len(share) == 6 * kept.scenarios
    assert np.mean([x > 1e-3 for x in share.values()]) > 0.6
    for policy in policies.ALL:
        assert max(x for (_, name), x in share.items() if name == policy.name) > 0.05


def test_no_score_lies_beyond_the_limit_and_their_spread_is_one(kept):
    assert len(kept.scores) > 2000
    assert kept.contradictions == []
    assert np.abs(kept.scores).max() <= LIMIT
    low, high = kept.spread_interval()
    assert 0.8 < low < 1.0 < high < 1.2
    for groups in (kept.by_metric(), kept.by_policy()):
        for name, z in groups.items():
            if len(z) > 100:
                assert 0.75 < np.sqrt((z**2).mean()) < 1.3, name


def test_the_text_has_its_figures(kept):
    told = " ".join((ROOT / "docs" / "model.md").read_text(encoding="utf-8").split())
    low, high = kept.spread_interval()
    assert f"{len(kept.scores)} differences in standard errors" in told
    assert f"a spread of {kept.spread:.3f} ({low:.3f} to {high:.3f} at 95%)" in told
    assert f"the largest is {np.abs(kept.scores).max():.2f}" in told


@pytest.mark.agreement
@pytest.mark.slow
@pytest.mark.parametrize("number", [5, 16, 27, 38])
def test_both_engines_still_say_what_was_kept(kept, number):
    """Other seeds, so by their errors: whoever changes the model has to compare again."""
    name = f"ksoftirqd-{kept.scenarios}-{kept.seed}-{number}"
    rows = [d for d in kept if d.scenario == name and d.metric not in found.PERCENTILES]
    # Without a score, but known for certain: who never refuses NEON.
    rows = [d for d in rows if d.z is not None or (d.metric, d.why) == ("scalar_share", "equal")]
    scenario, chosen = designed(name), sorted({d.policy for d in rows})
    for engine, run, of in (
        ("montecarlo", lambda *a: found.montecarlo(*a, None), "first"),
        ("simpy", found.simpy, "second"),
    ):
        some = [policies.get(p) for p in chosen[: 6 if engine == "montecarlo" else 3]]
        now = run(scenario, some, 10_000, found.seconds_of(engine, scenario, None))
        for d in rows:
            if d.policy in now:
                error = np.sqrt(2.0) * now[d.policy].errors[d.metric]
                far = abs(now[d.policy].metrics[d.metric] - getattr(d, of))
                assert far <= LIMIT * error, (engine, d)


def test_the_option_compares_simulation_and_simpy():
    done = CliRunner().invoke(
        cli, ["agree", "--design", "2", "--ksoftirqd", "--each", "2", "--seconds", "0.05", "-q"]
    )
    assert done.exit_code == 0, done.output
    assert done.output.startswith("2 scenarios, engines montecarlo, simpy\n")
    alone = CliRunner().invoke(cli, ["agree", "reference", "--ksoftirqd"])
    assert alone.exit_code == 2
    assert "--design COUNT" in alone.output


def test_scenarios_of_the_two_designs_are_told_apart_by_their_names():
    plain, budgeted = designed("design-5-2-1"), designed("ksoftirqd-5-2-1")
    assert plain.softirq.softirq_budget_us == 0.0 < budgeted.softirq.softirq_budget_us
