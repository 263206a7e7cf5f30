"""More packets than a policy can serve: ksoftirqd, cryptd, queues that grow, waits that end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model import policies
from fpsimd_model.montecarlo import run, simulate

from .worlds import LIMIT, REFERENCE, Driven, score

NAMES = [policy.name for policy in policies.ALL]
OVERLOAD = REFERENCE.replace({"softirq.interrupts_per_s": 1.5 / 14.5e-6})
FALLS_BACK = {
    "neon-begin-at-load",
    "busy-flag-resident",
    "busy-flag-live",
    "pending-check-guarded",
    "neon-begin-per-entry",
}


def test_without_ksoftirqd_an_overload_is_called_unstable_and_says_what_waits():
    for result in simulate(OVERLOAD, seed=1, seconds=8.0):
        if result.policy not in FALLS_BACK:
            assert (result.status, result.reason) == ("ok", "")
            continue
        assert result.status == "unstable"
        assert "crypto without NEON" in result.reason
        assert "needs 1.5 of the CPU" in result.reason
        assert "stable below 68965.5 packets/s" in result.reason
        assert result["max_packets_per_s"] == pytest.approx(1 / 14.5e-6)
        assert result["packets_per_s"] < 1.1 / 14.5e-6


def test_the_queue_of_an_overload_grows_by_what_is_not_served():
    found = run(OVERLOAD, "busy-flag-resident", seed=2, seconds=40.0)
    grown = 0.5 / 14.5e-6 * found.wall  # packets that come less those that go
    waiting = found.sums["backlog"]
    # The start, before the first scalar busy period that lasts, costs a little of it.
    assert np.all(waiting < grown + 5 * np.sqrt(1.5 / 14.5e-6 * found.wall))
    assert np.median(waiting / grown) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("budget", [200.0, 2000.0])
def test_ksoftirqd_ends_every_overload(budget):
    scenario = OVERLOAD.replace({"softirq.softirq_budget_us": budget})
    for result in simulate(scenario, seed=3, seconds=8.0):
        assert result.status == "ok"
        rate = scenario.offered_packets_per_s
        assert abs(score(rate, result["packets_per_s"], result.ci95["packets_per_s"])) < LIMIT
        assert ("ksoftirqd took over" in result.reason) == (result.policy in FALLS_BACK)
        if result.policy in FALLS_BACK - {"neon-begin-at-load"}:
            # Nobody waits much longer than a budget of scalar crypto and the rest with NEON.
            assert result["sojourn_p999_us"] < 1.3 * budget


def test_what_keeps_preemption_off_lets_ksoftirqd_wait_for_the_put():
    scenario = OVERLOAD.replace({"softirq.softirq_budget_us": 200.0})
    resident, held = simulate(
        scenario, ["neon-begin-at-load", "softirqs-off"], seed=4, seconds=20.0
    )
    assert resident["sojourn_mean_us"] > 1000.0
    # Both wait for the residual residency; one of them has served a little before.
    assert resident["sojourn_p999_us"] == pytest.approx(held["sojourn_p999_us"], rel=0.2)
    assert 0.0 < resident["scalar_share"] < 0.1


def test_more_than_the_cpu_can_do_with_neon_is_unstable_for_all():
    scenario = REFERENCE.replace(
        {"softirq.interrupts_per_s": 1e6, "softirq.softirq_budget_us": 2000}
    )
    for result in simulate(scenario, seed=5, seconds=0.5):
        assert result.status == "unstable"
        assert "more than the whole CPU even with NEON" in result.reason


def test_interrupts_without_crypto_alone_can_take_the_cpu_and_nothing_hangs():
    scenario = REFERENCE.replace({"softirq.other_interrupts_per_s": 1e6})
    for result in simulate(scenario, seed=5, seconds=0.5):
        assert result.status == "unstable"
        assert "interrupts without crypto" in result.reason
        assert result["max_packets_per_s"] == 0.0


@pytest.mark.parametrize("name", ["softirqs-off", "neon-begin-at-load"])
def test_a_residency_that_only_preemption_would_end_is_unbounded_at_once(name):
    scenario = REFERENCE.replace({"vcpu.preempted_share": 1, "vcpu.user_exit_share": 0})
    (result,) = simulate(scenario, name, seconds=1e7)
    assert result.status == "unbounded"
    assert "vcpu_put never comes" in result.reason
    assert set(result.metrics.values()) == {None}
    assert not result.ci95
    assert simulate(scenario, "tracked", seconds=0.5)[0].status == "ok"
    ends = scenario.replace({"vcpu.exit_put_share": 0.1})
    assert simulate(ends, name, seconds=0.5)[0].status == "ok"


def test_cryptd_leaves_no_packet_scalar_and_costs_puts():
    scenario = REFERENCE.replace({"softirq.fallback": "cryptd", "softirq.interrupts_per_s": 3e4})
    queued, scalar, free = (
        simulate(s, p, seed=6, seconds=10.0)[0]
        for s, p in (
            (scenario, "busy-flag-resident"),
            (scenario.replace({"softirq.fallback": "scalar"}), "busy-flag-resident"),
            (scenario, "tracked"),
        )
    )
    assert queued["scalar_share"] == 0.0
    assert queued["crypto_slowdown"] == 1.0
    assert queued["puts_per_s"] > 5 * scalar["puts_per_s"]
    assert queued["sojourn_p99_us"] < scalar["sojourn_p99_us"]
    z = score(3e4, queued["packets_per_s"], queued.ci95["packets_per_s"])
    assert abs(z) < LIMIT
    assert queued["softirq_share"] == pytest.approx(free["softirq_share"], rel=0.01)
    assert queued["max_packets_per_s"] == free["max_packets_per_s"]


def test_cryptd_s_kworker_waits_for_the_put_where_preemption_is_off():
    scenario = REFERENCE.replace({"softirq.fallback": "cryptd"})
    (found,) = simulate(scenario, "neon-begin-at-load", seed=7, seconds=20.0)
    (held,) = simulate(scenario, "softirqs-off", seed=7, seconds=20.0)
    assert found["sojourn_mean_us"] == pytest.approx(held["sojourn_mean_us"], rel=0.05)
    assert found["scalar_share"] == 0.0


@given(
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 1000),
    rate=st.floats(1e3, 2e5),
    batch=st.integers(1, 5),
    budget=st.sampled_from([0.0, 50.0, 2000.0]),
    fallback=st.sampled_from(["scalar", "cryptd"]),
    exit_put=st.sampled_from([0.0, 0.3]),
    ring=st.sampled_from([2, 1024]),
)
@settings(max_examples=60)
def test_packets_are_neither_lost_nor_made(
    name, seed, rate, batch, budget, fallback, exit_put, ring
):
    scenario = REFERENCE.replace(
        {
            "softirq.interrupts_per_s": rate,
            "softirq.packets_per_interrupt": {"mean": batch, "shape": "fixed"},
            "softirq.softirq_budget_us": budget,
            "softirq.fallback": fallback,
            "vcpu.exit_put_share": exit_put,
        }
    )
    driven = Driven(scenario, name, seed, ring)
    for until in (0.002, 0.01, 0.03):
        driven.to(until)
        assert driven["now"] >= until
        assert driven.packets + driven.waiting == batch * driven["interrupts"]
        assert driven.histogram[:, 0].sum() == driven.packets
        assert driven["serving"] <= driven["now"]
        assert driven["guest_time"] <= driven["now"]


@given(
    name=st.sampled_from(["softirqs-off", "neon-begin-at-load", "busy-flag-live", "tracked"]),
    seed=st.integers(0, 1000),
    fallback=st.sampled_from(["scalar", "cryptd"]),
    stops=st.lists(st.floats(0.0, 0.02), max_size=20),
)
@settings(max_examples=30)
def test_where_a_run_stops_and_how_long_its_rings_are_changes_nothing(name, seed, fallback, stops):
    scenario = REFERENCE.replace(
        {
            "softirq.interrupts_per_s": 8e4,
            "softirq.softirq_budget_us": 100,
            "softirq.fallback": fallback,
        }
    )
    whole, parts = Driven(scenario, name, seed), Driven(scenario, name, seed, ring=1)
    for until in sorted(stops):
        parts.to(until)
    assert whole.to(0.02)["now"] == parts.to(0.02)["now"]
    assert np.array_equal(whole.served, parts.served)
    assert np.array_equal(whole.histogram, parts.histogram)
    for name in ("state", "next_irq", "residency_left", "crypto_length", "wait_length"):
        assert whole[name] == parts[name]
