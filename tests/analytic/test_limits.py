"""What has no steady state, why, and up to which rate it has one."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.errors import InputError
from fpsimd_model.policies import SwitchOnExit, Tracked
from fpsimd_model.results import METRICS

from .worlds import changed

SIMD, SCALAR = 1.675, 14.5  # us a packet of the default scenario
FALL_BACK = {
    "neon-begin-at-load",
    "busy-flag-resident",
    "busy-flag-live",
    "pending-check-guarded",
    "neon-begin-per-entry",
}
NO_PREEMPTION = {"softirqs-off", "neon-begin-at-load"}
EACH = pytest.mark.parametrize("policy", [p.name for p in policies.ALL])


def one(policy, changes=None, **more) -> fm.Result:
    return fm.evaluate(changed(changes, **more), policy)[0]


@EACH
@pytest.mark.parametrize("batch", [1.0, 4.0, {"mean": 8, "shape": "fixed"}])
def test_the_largest_rate_is_that_of_the_slowest_kind_of_busy_period(policy, batch):
    slowest = SCALAR if policy in FALL_BACK else SIMD
    if policy == "nested-save":
        slowest += 0.148
    found = one(policy, softirq__packets_per_interrupt=batch, softirq__interrupts_per_s=10.0)
    assert found["max_packets_per_s"] == pytest.approx(1e6 / slowest, rel=1e-9)


@EACH
def test_a_little_below_it_is_steady_and_at_it_is_not(policy):
    most = one(policy, softirq__interrupts_per_s=1.0)["max_packets_per_s"]
    below = one(policy, softirq__interrupts_per_s=most * (1 - 1e-6))
    assert (below.status, below.reason) == ("ok", "")
    assert below["packets_per_s"] == pytest.approx(most, rel=2e-6)
    at = one(policy, softirq__interrupts_per_s=most * (1 + 1e-9))
    assert at.status == "unstable"
    assert at["max_packets_per_s"] == most
    how = "without NEON" if policy in FALL_BACK else "with NEON"
    assert how in at.reason
    assert f"{most:.6g}" in at.reason
    assert "\n" not in at.reason


@EACH
def test_a_verdict_without_steady_state_has_no_numbers_but_the_largest_rate(policy):
    found = one(policy, softirq__interrupts_per_s=1e6)
    assert found.status == "unstable"
    assert {name for name, value in found.metrics.items() if value is not None} == {
        "max_packets_per_s",
        "max_gbps",
    }
    assert list(found.metrics) == list(METRICS)
    assert found.ci95 == {}


def test_beside_an_unstable_policy_the_others_have_their_numbers():
    results = fm.evaluate(changed(softirq__interrupts_per_s=2e5))
    assert {r.policy for r in results if r.status == "unstable"} == FALL_BACK
    for result in results:
        if result.status == "ok":
            assert result["packets_per_s"] == pytest.approx(2e5, rel=1e-9)
            assert result["saving"] is not None


def test_savings_have_no_reference_if_switch_on_exit_has_no_steady_state():
    """Other policies may be steady where it is not only if it were slower: it never is."""
    results = fm.evaluate(changed(softirq__interrupts_per_s=1e6))
    assert {r.status for r in results} == {"unstable"}
    assert all(r["saving"] is None for r in results)


ENDLESS = {"vcpu.user_exit_share": 0.0, "vcpu.preempted_share": 1.0}


@EACH
def test_without_preemption_a_residency_that_only_preemption_ends_never_ends(policy):
    found = one(policy, ENDLESS)
    if policy in NO_PREEMPTION:
        assert found.status == "unbounded"
        assert "preempted_share = 1" in found.reason
        assert found["packets_per_s"] is None
    else:
        assert found.status == "ok"
        assert 400 < found["puts_per_s"] < 500


@EACH
@pytest.mark.parametrize("share", [1e-3, 0.5, 1.0])
def test_own_exits_end_it_though(policy, share):
    found = one(policy, ENDLESS, vcpu__exit_put_share=share)
    assert found.status == "ok"
    assert found["puts_per_s"] > 0
    assert found["packets_per_s"] == pytest.approx(1e4, rel=1e-9)
    if policy in NO_PREEMPTION:  # a wish to preempt waits for an own exit that ends it
        assert found["resched_delay_mean_us"] > 40.0 / share


@EACH
def test_interrupts_without_crypto_leave_less_time_for_packets(policy):
    idle = one(policy, softirq__interrupts_per_s=10.0)["max_packets_per_s"]
    busy = one(
        policy,
        softirq__interrupts_per_s=10.0,
        softirq__other_interrupts_per_s=1e5,
        softirq__other_interrupt_ns=3000.0,
    )
    assert busy["max_packets_per_s"] == pytest.approx(0.7 * idle, rel=1e-9)


@pytest.mark.parametrize("rate", [0.0, 10.0])
def test_interrupts_without_crypto_that_fill_the_cpu_are_unstable(rate):
    found = one(
        "tracked",
        softirq__interrupts_per_s=rate,
        softirq__other_interrupts_per_s=6e5,
        softirq__other_interrupt_ns=2000.0,
    )
    assert found.status == "unstable"
    assert found["max_packets_per_s"] == 0.0


def test_a_policy_of_two_regimes_is_refused_with_a_way_out():
    class Dice(Tracked):
        flags = {**Tracked.flags, "settled": 0}  # noqa: RUF012

        def fp_trap(self, cpu):
            super().fp_trap(cpu)
            cpu.settled = cpu.settled or 1

        def preempt_enable(self, cpu):
            cpu.settled = cpu.settled or 2

        def may_use_simd(self, cpu):
            return cpu.settled != 2

    with pytest.raises(InputError, match=r"dice: settles by chance in one of 2.*montecarlo"):
        one(Dice)


CRYPTD = {"softirq.fallback": "cryptd"}


@EACH
def test_cryptd_is_left_out_where_it_would_be_used(policy):
    found, plain = one(policy, CRYPTD), one(policy)
    chosen, both = [policies.get(policy)], [changed(CRYPTD), changed(None)]
    mean = metrics_of(both, chosen)["sojourn_mean_us"]
    assert mean[0, 1] == pytest.approx(plain["sojourn_mean_us"], rel=1e-9)
    if policy in FALL_BACK:
        assert set(found.metrics.values()) == {None}
        assert "cryptd" in found.reason
        assert "montecarlo" in found.reason
        assert np.isnan(mean[0, 0])
        assert np.isnan(fm.analytic.sojourn_survival(both[0], policy, [1.0])).all()
    else:
        assert found.metrics == plain.metrics
        assert mean[0, 0] == mean[0, 1]


@EACH
def test_modulated_arrivals_have_their_numbers(policy):
    phases = {"rate1_per_s": 2e4, "rate2_per_s": 5e3, "mean1_us": 100.0, "mean2_us": 300.0}
    found = one(policy, {"softirq.interrupts_per_s": {"shape": "mmpp", **phases}})
    assert found["packets_per_s"] == pytest.approx(8750.0, rel=1e-9)
    assert found["sojourn_p50_us"] <= found["sojourn_p99_us"] <= found["sojourn_p999_us"]


@EACH
def test_modulation_between_equal_rates_is_none(policy):
    phases = {"rate1_per_s": 1e4, "rate2_per_s": 1e4, "mean1_us": 100.0, "mean2_us": 300.0}
    found = one(policy, {"softirq.interrupts_per_s": {"shape": "mmpp", **phases}})
    for name, value in one(policy).metrics.items():
        tolerance = 1e-4 if name.startswith("sojourn_p") else 1e-8
        if value is None:
            assert found[name] is None, name
        else:
            assert found[name] == pytest.approx(value, rel=tolerance), name


def test_other_shapes_are_fitted_and_how_well_is_said():
    gamma = {"mean": 1000.0, "shape": "gamma", "cv2": 0.25}
    fixed = {"mean": 50.0, "shape": "deterministic"}
    found = one("tracked", {"vcpu.residency_us": gamma, "vcpu.guest_run_us": fixed})
    assert found.status == "ok"
    assert "residency_us gamma: 4 phases, exact" in found.reason
    assert re.search(r"guest_run_us deterministic: \d+ phases, cv2 0.0\d+ for 0,", found.reason)
    assert "out_us" not in found.reason
    assert "\n" not in found.reason


def test_under_modulated_arrivals_they_are_exponential_and_that_is_said():
    phases = {"rate1_per_s": 2e4, "rate2_per_s": 5e3, "mean1_us": 100.0, "mean2_us": 300.0}
    bursts = {"softirq.interrupts_per_s": {"shape": "mmpp", **phases}}
    fixed = {"vcpu.out_us": {"mean": 1000.0, "shape": "deterministic"}}
    found = one("tracked", bursts | fixed)
    assert found.metrics == one("tracked", bursts).metrics
    assert "exponential" in found.reason
    assert "out_us deterministic" in found.reason


class OffInGuest(SwitchOnExit):
    """Preemption is off in the guest: a residency may still end by it in the run loop."""

    def guest_enter(self, cpu):
        super().guest_enter(cpu)
        cpu.preempt_off = True

    def guest_exit(self, cpu):
        super().guest_exit(cpu)
        cpu.preempt_off = False


class OffAfterAccess(SwitchOnExit):
    """Once the guest has used FP, preemption stays off until vcpu_put."""

    def fp_trap(self, cpu):
        super().fp_trap(cpu)
        cpu.preempt_off = True

    def vcpu_put(self, cpu):
        super().vcpu_put(cpu)
        cpu.preempt_off = False


class OffUntilPackets(SwitchOnExit):
    """Preemption is off until an interrupt is served in the exit window."""

    def vcpu_load(self, cpu):
        super().vcpu_load(cpu)
        cpu.preempt_off = True

    def softirq_pending(self, cpu):
        super().softirq_pending(cpu)
        cpu.preempt_off = False

    def vcpu_put(self, cpu):
        super().vcpu_put(cpu)
        cpu.preempt_off = False


@pytest.mark.parametrize(
    ("policy", "rate", "others", "status"),
    [
        (OffInGuest, 1e4, 0.0, "ok"),
        (OffInGuest, 0.0, 0.0, "ok"),
        (OffAfterAccess, 1e4, 0.0, "unbounded"),
        (OffUntilPackets, 1e4, 0.0, "ok"),
        (OffUntilPackets, 0.0, 1e3, "ok"),
        (OffUntilPackets, 0.0, 0.0, "unbounded"),
    ],
)
def test_a_residency_that_preemption_ends_needs_a_way_to_where_it_is_on(
    policy, rate, others, status
):
    rates = {"softirq.interrupts_per_s": rate, "softirq.other_interrupts_per_s": others}
    found = one(policy, ENDLESS | rates)
    assert found.status == status
    if status == "ok":
        assert found["puts_per_s"] > 0
    else:
        assert "preempted_share = 1" in found.reason
    assert one(policy, rates).status == "ok"


@pytest.mark.agreement
def test_a_wish_to_preempt_waits_for_the_put_even_where_preemption_is_on_again():
    scenario = changed(ENDLESS, vcpu__residency_us=200.0, vcpu__out_us=50.0, vcpu__run_loop_us=20.0)
    exact = fm.evaluate(scenario, OffInGuest)[0].metrics
    names = ("puts_per_s", "resched_delay_mean_us", "exits_per_s", "packets_per_s")
    runs = [
        fm.evaluate(scenario, OffInGuest, engine="montecarlo", seconds=2.0, seed=seed)[0].metrics
        for seed in range(12)
    ]
    for name in names:
        drawn = np.array([run[name] for run in runs])
        error = drawn.std(ddof=1) / math.sqrt(len(drawn))
        assert abs(drawn.mean() - exact[name]) < 4.5 * error, name


def test_ksoftirqd_is_left_out_and_that_is_said_or_makes_no_difference():
    """The analytic engine has no ksoftirqd: a busy period goes on beyond the budget."""
    with_it = fm.evaluate(fm.Scenario(), "busy-flag-live")[0]
    without = one("busy-flag-live").metrics
    assert {**with_it.metrics, "ksoftirqd_share": 0.0} == without
