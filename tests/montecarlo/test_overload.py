"""More packets than a policy can serve: ksoftirqd, cryptd, queues that grow, waits that end."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model import analytic, policies
from fpsimd_model.montecarlo import run, simulate
from fpsimd_model.policies import Tracked
from fpsimd_model.scenario import preset

from .worlds import LIMIT, REFERENCE, Driven, queue, score

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


def test_the_overload_that_comes_with_the_package_is_explained_policy_by_policy():
    scenario = preset("overload")
    assert scenario.crypto.slowdown == 20.0
    assert scenario.scalar_load == pytest.approx(1.5)
    for changes, ends in (
        ({}, "ksoftirqd"),
        ({"softirq.softirq_budget_us": 0}, "unstable"),
        ({"softirq.fallback": "cryptd"}, "cryptd"),
    ):
        changed = scenario.replace(changes)
        for result in simulate(changed, seed=8, seconds=8.0):
            assert result["queue_end_packets"] >= 0.0
            if result.policy not in FALLS_BACK:
                assert (result.status, result.reason) == ("ok", "")
                continue
            if ends == "unstable":
                assert result.status == "unstable"
                assert "no ksoftirqd (softirq_budget_us = 0)" in result.reason
                assert "it would be stable below 68965.5 packets/s" in result.reason
                growth = float(re.search(r"grows by (\d+) packets/s", result.reason)[1])
                assert growth == pytest.approx(result["queue_end_packets"] / 0.2, rel=0.01)
                assert growth == pytest.approx(0.5 / 14.5e-6, rel=0.05)
                assert result["queue_mean_packets"] < result["queue_end_packets"]
                assert result["delayed_share"] > 0.9
                continue
            assert result.status == "ok"
            share = {
                "ksoftirqd": result["ksoftirqd_share"],
                "cryptd": None,
            }[ends]
            said = re.search(rf"{ends} .*?([\d.]+)% of the", result.reason)
            assert said, result.reason
            if share is not None:
                assert float(said[1]) == pytest.approx(100 * share, rel=0.01)
                assert 0.01 < share < 0.17  # no more than all packets take with NEON
            assert result["throughput_gbps"] == pytest.approx(1.2414, rel=0.01)
            assert result["max_gbps"] == pytest.approx(7.1642 if ends == "cryptd" else 0.8276, 1e-3)


@pytest.mark.parametrize("budget", [0.0, 2000.0])
def test_the_analytic_engine_refuses_the_overload_and_says_up_to_which_rate_it_would_not(budget):
    scenario = preset("overload").replace({"softirq.softirq_budget_us": budget})
    for result in analytic.evaluate(scenario, policies.ALL):
        if result.policy not in FALLS_BACK:
            assert result.status == "ok"
            continue
        assert result.status == "unstable"
        assert "68965.5 packets/s" in result.reason
        assert ("ksoftirqd" in result.reason) == (budget > 0)
        assert result["max_packets_per_s"] == pytest.approx(1 / 14.5e-6)
        below = scenario.replace({"softirq.interrupts_per_s": 0.999 / 14.5e-6})
        assert analytic.evaluate(below, [policies.get(result.policy)])[0].status == "ok"


def test_what_a_busy_period_of_the_vmm_s_user_space_hands_to_ksoftirqd_counts_as_its_time():
    """Never resident: all that is beyond the budget of a busy period, packet by packet."""
    scenario = queue(0.99, softirq_budget_us=20.0)
    (found,) = simulate(scenario, "tracked", seed=9, seconds=4.0)
    always = simulate(scenario.replace({"softirq.softirq_budget_us": 1e-3}), "tracked", seconds=1.0)
    assert 0.0 < found["ksoftirqd_share"] < found["softirq_share"]
    # With next to no budget it is all but the first packet of each busy period.
    starts = always[0]["packets_per_s"] * (1.0 - 0.99) * 1.675e-6
    expected = always[0]["softirq_share"] - starts
    assert always[0]["ksoftirqd_share"] == pytest.approx(expected, rel=0.01)


class Refuses(Tracked):
    """NEON is never allowed, not even on top of the VMM's user space."""

    name = "refuses"

    def may_use_simd(self, cpu):
        return False


@pytest.mark.parametrize(
    ("policy", "sections", "slower_us", "counted"),
    [("nested-save", 20, 20 * 0.148, "host_saves_per_s"), (Refuses, 1, 12.825, "scalar_share")],
)
def test_ksoftirqd_in_the_vmm_s_user_space_has_neon_and_moves_nothing(
    policy, sections, slower_us, counted
):
    """With next to no budget only the first packet of a busy period is slow."""
    scenario = queue(0.5, softirq_budget_us=1e-3).replace(
        {"vcpu.user_exit_share": 1.0, "crypto.neon_sections_per_packet": sections}
    )
    rate = scenario.offered_packets_per_s
    assert rate * (1e6 * scenario.simd_packet_s + slower_us) > 1e6  # it does end an overload
    (found,) = simulate(scenario, policy, seed=10, seconds=4.0)
    slower = 1e-6 * rate * slower_us
    begun = 1.0 - (0.5 + slower) / (1.0 + slower)  # an M/G/1's first packets: its idle share
    expected = {
        "softirq_share": 1.0 - begun,
        "host_saves_per_s": sections * begun * rate,
        "scalar_share": begun,
    }
    for metric in ("softirq_share", counted):
        assert abs(score(expected[metric], found[metric], found.ci95[metric])) < LIMIT, metric


@pytest.mark.parametrize("load", [0.3, 0.8])
def test_the_queue_s_mean_is_that_of_an_m_g_1(load):
    scenario = queue(load, service="exponential")
    (found,) = simulate(scenario, "tracked", seed=10, seconds=4.0)
    for name in ("queue_mean_packets", "queue_end_packets"):
        assert abs(score(load / (1.0 - load), found[name], found.ci95[name])) < LIMIT


def test_packets_in_the_system_are_counted_at_the_end_not_at_the_event_after_it():
    """Of a queue that is nearly always empty, the next event is an arrival."""
    found = run(queue(0.01), "tracked", seed=11, seconds=400 * 40 * 1e-4)
    assert found.sums["backlog"].mean() < 0.2
    again = Driven(queue(0.01), "tracked", 1).to(1e-3)
    assert again["now"] > 1e-3


@pytest.mark.parametrize("limit", [0.0, 2.0, 5.0, 20.0])
def test_delayed_packets_are_those_above_the_limit(limit):
    scenario = queue(0.6, service="exponential", delay_limit_us=limit)
    (found,) = simulate(scenario, "tracked", seed=12, seconds=2.0)
    expected = np.exp(-limit * 1e-6 * 0.4 / 1.675e-6)
    if limit == 0.0:
        assert found["delayed_share"] == 1.0
    else:
        assert abs(score(expected, found["delayed_share"], found.ci95["delayed_share"])) < LIMIT


@pytest.mark.slow
@pytest.mark.agreement
@pytest.mark.parametrize(
    "changes",
    [
        {"softirq.interrupts_per_s": 6e4},
        {"softirq.interrupts_per_s": 3e4, "softirq.softirq_budget_us": 100.0},
        {
            "softirq.interrupts_per_s": 1e4,
            "softirq.packets_per_interrupt": 4,
            "softirq.softirq_budget_us": 300.0,
            "softirq.service": "exponential",
        },
    ],
)
def test_what_the_analytic_engine_leaves_out_of_ksoftirqd_is_said_about_right(changes):
    scenario = REFERENCE.replace({"softirq.softirq_budget_us": 2000.0} | changes)
    (result,) = analytic.evaluate(scenario, [policies.get("busy-flag-resident")])
    said = float(re.search(r"about ([\d.]+) times a second", result.reason)[1])
    found = run(scenario, "busy-flag-resident", seed=1, seconds=20.0)
    assert said == pytest.approx(found.sums["handed_over"].sum() / found.wall.sum(), rel=0.3)


def test_where_ksoftirqd_would_hardly_run_nothing_is_said_of_it():
    scenario = REFERENCE.replace({"softirq.softirq_budget_us": 2000.0})
    assert {r.reason for r in analytic.evaluate(scenario, policies.ALL)} == {""}


class OffInTheGuest(Tracked):
    """Preemption off from entry to the end of the exit window, as the guest's own part is."""

    def guest_enter(self, cpu):
        super().guest_enter(cpu)
        cpu.preempt_off = True

    def preempt_enable(self, cpu):
        super().preempt_enable(cpu)
        cpu.preempt_off = False


class OffFromTheFirstTrap(Tracked):
    """Preemption off as soon as the guest has used FP, until vcpu_put."""

    def fp_trap(self, cpu):
        super().fp_trap(cpu)
        cpu.preempt_off = True

    def vcpu_put(self, cpu):
        super().vcpu_put(cpu)
        cpu.preempt_off = False


@pytest.mark.parametrize(("policy", "ends"), [(OffInTheGuest, True), (OffFromTheFirstTrap, False)])
def test_unbounded_is_what_may_never_end_to_both_engines(policy, ends):
    scenario = REFERENCE.replace({"vcpu.preempted_share": 1, "vcpu.user_exit_share": 0})
    (simulated,) = simulate(scenario, policy, seed=1, seconds=8.0)
    (solved,) = analytic.evaluate(scenario, [policy])
    assert simulated.status == solved.status == ("ok" if ends else "unbounded")
    if ends:
        for name in ("puts_per_s", "resched_delay_mean_us"):
            assert abs(score(solved[name], simulated[name], simulated.ci95[name])) < LIMIT, name
    own_exits = scenario.replace({"vcpu.exit_put_share": 0.1})
    assert simulate(own_exits, policy, seconds=0.5)[0].status == "ok"
