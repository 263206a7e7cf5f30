"""The front: same seed same result, streams in common, intervals, progress, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model import policies
from fpsimd_model.errors import InputError
from fpsimd_model.montecarlo import engine, run, simulate
from fpsimd_model.montecarlo.plan import plan_of
from fpsimd_model.results import METRICS
from fpsimd_model.scenario import Scenario

from .worlds import REFERENCE

SOME = ["tracked", "softirqs-off", "neon-begin-at-load"]
COMPUTED = {"max_packets_per_s", "max_gbps", "softirq_held_max"}


def test_same_seed_same_result_on_any_number_of_workers():
    one, two, five = (simulate(REFERENCE, SOME, seed=4, seconds=2.0, workers=n) for n in (1, 2, 5))
    assert one == two == five
    assert one != simulate(REFERENCE, SOME, seed=5, seconds=2.0)


def test_a_long_run_in_stretches_is_the_run_at_a_stretch(monkeypatch):
    whole = simulate(REFERENCE, "tracked", seed=4, seconds=1.0)
    plan = plan_of(REFERENCE, 1.0)
    short = type(plan)(plan.replications, plan.measured, plan.warm_up, plan.measured / 7)
    monkeypatch.setattr(engine, "plan_of", lambda *a, **k: short)
    assert simulate(REFERENCE, "tracked", seed=4, seconds=1.0) == whole


def test_what_is_asked_for_beside_a_policy_does_not_change_it():
    (alone,) = simulate(REFERENCE, "tracked", seed=4, seconds=1.0)
    assert alone == simulate(REFERENCE, ["softirqs-off", "tracked"], seed=4, seconds=1.0)[1]


def test_policies_meet_the_same_interrupts():
    arrivals = {
        name: run(REFERENCE, name, seed=6, seconds=4.0).packets.sum()
        for name in ("switch-on-exit", "tracked", "flush-hook")
    }
    few = 3 * 40  # those under way when a replication begins and ends
    assert max(arrivals.values()) - min(arrivals.values()) < few


def test_common_streams_make_the_difference_between_policies_sharp():
    (found,) = simulate(REFERENCE, "tracked-save-at-load", seed=7, seconds=10.0)
    others = [run(REFERENCE, p, seed=s, seconds=10.0) for p, s in (("tracked", 7), ("tracked", 8))]
    mine = run(REFERENCE, "tracked-save-at-load", seed=7, seconds=10.0)
    same, other = (
        np.std(mine.moves[:, 2] / mine.wall - theirs.moves[:, 2] / theirs.wall) for theirs in others
    )
    assert same < 0.5 * other
    low, high = found.ci95["saving"]
    assert low < found["saving"] < high
    assert simulate(REFERENCE, "switch-on-exit", seconds=1.0)[0]["saving"] == 0.0


def test_every_metric_is_there_with_an_interval_around_it_if_it_is_an_estimate():
    for result in simulate(REFERENCE, seed=9, seconds=2.0):
        assert list(result.metrics) == list(METRICS)
        for name, value in result.metrics.items():
            if name in COMPUTED:
                assert name not in result.ci95
            elif name in result.ci95:
                low, high = result.ci95[name]
                assert low <= value <= high, (result.policy, name)
            else:
                assert value == 0.0, (result.policy, name)
        held = result.policy == "softirqs-off"
        assert result["softirq_held_max"] == (None if held else 0.0)
        assert (result["softirq_held_mean_us"] > 0) == held
        kept = result.policy in ("softirqs-off", "neon-begin-at-load")
        assert (result["resched_delay_mean_us"] > 0) == kept


@given(
    name=st.sampled_from([policy.name for policy in policies.ALL]),
    rate=st.floats(0.0, 5e4),
    residency=st.floats(10.0, 1e5),
    shares=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    other=st.sampled_from([0.0, 5e3]),
    seed=st.integers(0, 100),
)
@settings(max_examples=25)
def test_shares_are_shares_and_times_are_in_order(name, rate, residency, shares, other, seed):
    scenario = REFERENCE.replace(
        {
            "softirq.interrupts_per_s": rate,
            "vcpu.residency_us": residency,
            "vcpu.user_exit_share": min(shares),
            "vcpu.preempted_share": (1.0 - min(shares)) * 0.9,
            "softirq.other_interrupts_per_s": other,
        }
    )
    (found,) = simulate(scenario, name, seed=seed, seconds=0.5)
    for metric, unit in ((m.name, m.unit) for m in METRICS.values()):
        value = found[metric]
        if value is not None and unit == "share" and metric != "saving":
            assert 0.0 <= value <= 1.0, metric
        if value is not None and unit == "1/s":
            assert value >= 0.0, metric
    sojourns = [found[f"sojourn_p{p}_us"] for p in ("50", "99", "999")]
    if None not in sojourns:
        assert sojourns == sorted(sojourns)
        assert sojourns[0] >= 0.999 * scenario.simd_packet_s * 1e6
    if name not in ("defer-to-put", "pending-check", "reload-at-load"):
        assert found["guest_corruptions_per_s"] == found["host_corruptions_per_s"] == 0.0


def test_without_packets_there_is_no_sojourn():
    (found,) = simulate(REFERENCE.replace({"softirq.interrupts_per_s": 0}), "tracked", seconds=0.5)
    assert found["packets_per_s"] == 0.0
    assert found["sojourn_mean_us"] is found["sojourn_p99_us"] is found["scalar_share"] is None
    assert found["softirq_share"] == 0.0


def test_intervals_shrink_with_the_root_of_the_length():
    widths = []
    for seconds in (2.0, 32.0):
        (found,) = simulate(REFERENCE, "tracked", seed=10, seconds=seconds)
        low, high = found.ci95["traps_per_s"]
        widths.append(high - low)
    assert 2.0 < widths[0] / widths[1] < 8.0  # 4 but for the noise of 40 replications


def test_the_default_length_makes_rates_known_to_about_one_percent():
    (found,) = simulate(Scenario(), "tracked", seed=11)
    for metric in ("guest_saves_per_s", "exits_per_s", "puts_per_s", "sojourn_mean_us"):
        low, high = found.ci95[metric]
        assert (high - low) / 2 < 0.012 * found[metric]


def test_a_run_of_no_length_to_speak_of_still_ends_well():
    (found,) = simulate(REFERENCE, "tracked", seconds=1e-12)
    assert found.status == "ok"


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_goes_up_to_one_and_tells_the_time_left(workers, monkeypatch):
    said = []
    monkeypatch.setattr(engine, "SAY_EVERY", 0.0)
    simulate(
        REFERENCE,
        SOME,
        seconds=4.0,
        workers=workers,
        progress=lambda done, left: said.append((done, left)),
    )
    done = [fraction for fraction, _ in said]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert said[-1][1] == 0.0
    assert all(0.0 <= fraction <= 1.0 and left >= 0.0 for fraction, left in said)
    if workers == 1:
        assert len(said) > 100  # a call for each stretch


@pytest.mark.parametrize("workers", [1, 2])
def test_who_stops_the_progress_stops_the_run(workers, monkeypatch):
    monkeypatch.setattr(engine, "SAY_EVERY", 0.0)

    def enough(done, left):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(REFERENCE, SOME, seconds=200.0, workers=workers, progress=enough)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed: -1 is no whole number"),
        ({"seed": 1.5}, "seed: 1.5 is no whole number"),
        ({"seconds": 0.0}, "seconds: 0 is not a time above 0"),
        ({"seconds": float("nan")}, "seconds: nan is not a time above 0"),
        ({"seconds": float("inf")}, "seconds: inf is not a time above 0"),
        ({"seconds": "long"}, "seconds: 'long' is no number"),
        ({"workers": 0}, "workers: 0 is no whole number"),
        ({"policies": "trakced"}, "did you mean 'tracked'"),
    ],
)
def test_bad_input_is_refused_in_one_line(options, message):
    with pytest.raises(InputError, match=r"^[^\n]*$") as caught:
        simulate(REFERENCE, **({"policies": "tracked"} | options))
    assert message in str(caught.value)


def test_a_policy_that_never_puts_has_no_run_to_show():
    scenario = REFERENCE.replace({"vcpu.preempted_share": 1, "vcpu.user_exit_share": 0})
    with pytest.raises(InputError, match=r"softirqs-off: .*vcpu_put never comes"):
        run(scenario, "softirqs-off", seconds=1.0)
