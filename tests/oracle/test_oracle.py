"""The oracle against closed formulas and against the reference table of the model."""

from __future__ import annotations

import math

import pytest

from . import simpy_model
from .cpu import POLICIES
from .simulator import replicate, simulate

FREE = dict.fromkeys(
    ["save_cycles", "restore_cycles", "trap_cycles", "trap_c_cycles", "exit_cycles"], 0.0
) | {"entry_cycles": 0.0}
NEVER = 1e12  # microseconds


def queue(packets=1.0, rate=100_000.0, service="deterministic", machine=FREE):
    """Always in position user: a plain queue, with a set-up when moves cost something."""
    return {
        "vcpu": {"out_us": {"mean": NEVER, "shape": "deterministic"}},
        "softirq": {
            "interrupts_per_s": rate,
            "packets_per_interrupt": packets,
            "service": service,
            "stack_ns": 3000.0,
            "softirq_budget_us": 0.0,
        },
        "crypto": {"simd_cycles_per_byte": 0.0, "overhead_ns": 1000.0},
        "machine": machine,
    }


def agrees(found, expected):
    mean, error = found
    return abs(mean - expected) < 4.5 * error + 1e-9 * abs(expected)


def test_deterministic_service_waits_as_pollaczek_and_khinchine_say():
    found = replicate(queue(), "tracked", 0.5, range(16))
    assert agrees(found["sojourn_mean_us"], 4.0 + 0.4 * 4.0 / (2 * 0.6))
    assert agrees(found["softirq_share"], 0.4)


def test_exponential_service_has_the_percentiles_of_an_exponential_sojourn():
    found = replicate(queue(service="exponential"), "tracked", 0.5, range(16))
    mean = 4.0 / 0.6
    assert agrees(found["sojourn_mean_us"], mean)
    assert agrees(found["sojourn_p50_us"], mean * math.log(2))
    assert agrees(found["sojourn_p99_us"], mean * math.log(100))


@pytest.mark.parametrize(
    ("packets", "second_moment"),
    [({"mean": 4, "shape": "fixed"}, 16.0), (4.0, 2 * 16.0 - 4.0)],
    ids=["fixed", "geometric"],
)
def test_batches_wait_for_earlier_batches_and_for_packets_ahead(packets, second_moment):
    found = replicate(queue(packets, rate=25_000.0), "tracked", 0.5, range(16))
    first = 0.025 * second_moment * 16.0 / (2 * 0.6)
    ahead = (second_moment / 4.0 - 1.0) / 2 * 4.0
    assert agrees(found["sojourn_mean_us"], 4.0 + first + ahead)


def test_a_set_up_delays_as_in_section_5():
    machine = FREE | {"save_cycles": 2000.0, "restore_cycles": 2000.0}  # 1 us each
    found = replicate(queue(machine=machine), "tracked", 0.5, range(16))
    d, rate = 2.0, 0.1
    setup = (2 * d + rate * d * d) / (2 * (1 + rate * d))
    assert agrees(found["sojourn_mean_us"], 4.0 + 0.4 * 4.0 / (2 * 0.6) + setup)
    # Busy periods: packets each (1 + rate d) / (1 - rho).
    assert agrees(found["host_saves_per_s"], 100_000 * 0.6 / (1 + rate * d))


def resident(**vcpu):
    """All time in one long residency, nearly all of it in the guest."""
    return {
        "vcpu": {"residency_us": NEVER, "out_us": 1.0, "run_loop_us": 0.001, **vcpu},
        "softirq": {"interrupts_per_s": 1000.0},
        "machine": FREE,
    }


@pytest.mark.parametrize(
    ("first_fp", "live"),
    [
        (2000.0, 1 / 3),
        ({"mean": 2000.0, "shape": "gamma", "cv2": 1.0}, 1 / 3),
        ({"mean": 2000.0, "shape": "deterministic"}, (1 - math.exp(-2)) / 2),
    ],
    ids=["exponential", "gamma", "deterministic"],
)
def test_fp_accesses_are_a_renewal_stream_that_exits_do_not_restart(first_fp, live):
    scenario = resident(guest_run_us=NEVER, first_fp_us=first_fp)
    found = replicate(scenario, "tracked", 40.0, range(6))
    saves, error = found["guest_saves_per_s"]
    assert abs(saves / 1000.0 - live) < 4.5 * error / 1000.0 + 0.002  # a softirq may be joined


@pytest.mark.parametrize(
    ("residency", "held"),
    [
        (1000.0, 1000.0),
        ({"mean": 1000.0, "shape": "deterministic"}, 500.0),
        ({"mean": 1000.0, "shape": "gamma", "cv2": 0.5}, 750.0),
    ],
    ids=["exponential", "deterministic", "gamma"],
)
def test_softirqs_off_holds_for_the_residual_residency(residency, held):
    scenario = {
        "vcpu": {"residency_us": residency, "user_exit_share": 0.0, "preempted_share": 0.0},
        "machine": FREE,
    }
    found = replicate(scenario, "softirqs-off", 5.0, range(6))
    assert agrees(found["softirq_held_mean_us"], held)
    assert found["resched_delay_mean_us"][0] == 0.0


def test_a_wish_to_preempt_waits_for_a_draw_that_ends_for_another_reason():
    scenario = {"machine": FREE, "softirq": {"interrupts_per_s": 0.0}}
    found = replicate(scenario, "neon-begin-at-load", 10.0, range(6))
    assert agrees(found["resched_delay_mean_us"], 2000.0)
    assert agrees(found["puts_per_s"], 1e6 / 3000.0)


def test_a_residency_that_only_preemption_would_end_never_ends():
    scenario = {"vcpu": {"preempted_share": 1.0, "user_exit_share": 0.0}}
    assert simulate(scenario, "softirqs-off", 0.5, 1)["puts_per_s"] == 0.0
    assert simulate(scenario, "tracked", 0.5, 1)["puts_per_s"] > 0.0


def test_own_exits_may_end_the_residency():
    vcpu = {"residency_us": NEVER, "exit_put_share": 0.25, "first_fp_us": NEVER}
    scenario = {"vcpu": vcpu, "softirq": {"interrupts_per_s": 0.0}}
    found = replicate(scenario, "tracked", 5.0, range(4))
    puts, exits = found["puts_per_s"][0], found["exits_per_s"][0]
    assert puts / exits == pytest.approx(0.25, rel=0.03)
    assert found["traps_per_s"][0] == 0.0


def test_other_interrupts_force_exits_and_fool_only_the_pending_check():
    softirq = {"interrupts_per_s": 0.0, "other_interrupts_per_s": 10_000.0}
    quiet = simulate({"softirq": {"interrupts_per_s": 0.0}}, "pending-check", 3.0, 1)
    some = simulate({"softirq": softirq | {"other_softirq_share": 0.5}}, "pending-check", 3.0, 1)
    none = simulate({"softirq": softirq | {"other_softirq_share": 0.0}}, "pending-check", 3.0, 1)
    assert some["exits_per_s"] > 1.3 * quiet["exits_per_s"]
    assert some["guest_saves_per_s"] > 4 * none["guest_saves_per_s"]
    assert none["guest_saves_per_s"] == pytest.approx(quiet["guest_saves_per_s"], rel=0.1)
    assert some["guest_corruptions_per_s"] == some["host_corruptions_per_s"] == 0.0


def test_sve_makes_the_guest_s_moves_dearer_by_its_bytes():
    wide = simulate({"vcpu": {"vector_bits": 512}}, "flush-hook", 2.0, 1)
    cycles = 2184 / 520 * (141 * wide["guest_saves_per_s"] + 155 * wide["guest_restores_per_s"])
    cycles += 141 * wide["host_saves_per_s"] + 155 * wide["host_restores_per_s"]
    cycles += 376 * wide["traps_per_s"]
    assert wide["switch_share"] == pytest.approx(cycles / 2e9, rel=1e-6)


def test_ksoftirqd_bounds_what_a_slow_fallback_does():
    scenario = {
        "crypto": {"slowdown": 100.0},
        "softirq": {"interrupts_per_s": 30_000.0, "softirq_budget_us": 0.0},
    }
    endless = simulate(scenario, "busy-flag-resident", 2.0, 1)
    assert endless["packets_per_s"] < 20_000
    scenario["softirq"]["softirq_budget_us"] = 2000.0
    bounded = simulate(scenario, "busy-flag-resident", 2.0, 1)
    assert bounded["packets_per_s"] == pytest.approx(30_000, rel=0.02)
    assert bounded["sojourn_p999_us"] < 10_000


def test_cryptd_preempts_and_leaves_nothing_without_neon():
    scenario = {"softirq": {"fallback": "cryptd"}}
    scalar = simulate({}, "busy-flag-live", 2.0, 1)
    queued = simulate(scenario, "busy-flag-live", 2.0, 1)
    assert queued["scalar_share"] == 0.0 < scalar["scalar_share"]
    assert queued["puts_per_s"] > 5 * scalar["puts_per_s"]
    assert queued["packets_per_s"] == pytest.approx(10_000, rel=0.03)
    waits = simulate(scenario, "neon-begin-at-load", 2.0, 1)  # for the put
    assert waits["sojourn_mean_us"] > 500.0


LOSERS = {"defer-to-put", "pending-check", "reload-at-load"}


@pytest.mark.parametrize("policy", POLICIES)
def test_only_three_policies_lose_state_and_moves_balance(policy):
    scenario = {
        "vcpu": {"task_neon_per_s": 20_000.0, "exit_put_share": 0.02, "guest_run_us": 10.0},
        "softirq": {
            "interrupts_per_s": 30_000.0,
            "packets_per_interrupt": 3.0,
            "other_interrupts_per_s": 5_000.0,
            "softirq_budget_us": 100.0,
        },
    }
    found = simulate(scenario, policy, 1.0, 1)
    lost = found["guest_corruptions_per_s"] + found["host_corruptions_per_s"]
    assert (lost > 0) == (policy in LOSERS)
    assert found["host_saves_per_s"] == pytest.approx(found["host_restores_per_s"], abs=2)
    if policy != "reload-at-load":  # its NEON saves have no restore
        assert found["guest_saves_per_s"] == pytest.approx(found["guest_restores_per_s"], abs=2)


# Section 10 of the model: host saves, guest saves, guest restores, traps, exits, scalar
# share, mean sojourn, p99, corruptions of both kinds.
COLUMNS = (
    "host_saves_per_s",
    "guest_saves_per_s",
    "guest_restores_per_s",
    "traps_per_s",
    "exits_per_s",
    "scalar_share",
    "sojourn_mean_us",
    "sojourn_p99_us",
    "corruptions_per_s",
)
REFERENCE = {
    "switch-on-exit": (12169, 10570, 10570, 10570, 13867, 0, 1.834, 2.50, 0),
    "defer-to-put": (2094, 483, 483, 483, 13898, 0, 1.781, 2.45, 4380),
    "softirqs-off": (2357, 324, 324, 324, 18227, 0, 1347, 8458, 0),
    "neon-begin-at-load": (1949, 294, 294, 294, 16575, 0.6988, 11.62, 28.8, 0),
    "busy-flag-resident": (1909, 449, 449, 449, 12922, 0.5368, 9.320, 28.4, 0),
    "busy-flag-live": (1922, 449, 449, 449, 12932, 0.5297, 9.220, 28.4, 0),
    "pending-check": (6080, 4470, 4470, 4470, 13876, 0, 1.843, 2.51, 250),
    "pending-check-guarded": (6064, 4459, 4459, 4459, 13840, 0.0294, 2.256, 14.5, 0),
    "neon-begin-per-entry": (1505, 9899, 9899, 9899, 12985, 0.4945, 8.753, 28.2, 0),
    "flush-hook": (1607, 10572, 10572, 10572, 13870, 0, 1.805, 2.48, 0),
    "tracked": (1612, 4696, 4696, 4696, 13892, 0, 1.812, 2.48, 0),
    "tracked-save-at-load": (1611, 4688, 4688, 4688, 13871, 0, 1.811, 2.48, 0),
    "reload-at-entry": (1617, 5244, 5244, 0, 13888, 0, 1.815, 2.48, 0),
    "reload-at-load": (1615, 5238, 489, 0, 13884, 0, 1.815, 2.48, 4301),
}


@pytest.mark.slow
@pytest.mark.agreement
@pytest.mark.parametrize("policy", REFERENCE)
def test_the_reference_table(policy):
    found = replicate({"softirq": {"softirq_budget_us": 0.0}}, policy, 6.0, range(8))
    for name, reference in zip(COLUMNS, REFERENCE[policy], strict=True):
        mean, error = found[name]
        if reference == 0:
            assert mean == 0, name
        else:  # the table's own half-width is up to 0.6%
            assert abs(mean - reference) < 4 * error + 0.006 * reference, name


@pytest.mark.slow
@pytest.mark.agreement
@pytest.mark.parametrize("policy", simpy_model.POLICIES)
def test_simpy_is_of_the_same_opinion(policy):
    scenario = {
        "vcpu": {"guest_run_us": 10.0},
        "softirq": {
            "interrupts_per_s": 8_000.0,
            "packets_per_interrupt": 3.0,
            "service": "exponential",
            "softirq_budget_us": 0.0,
        },
    }
    runs = range(6)
    found = replicate(scenario, policy, 4.0, runs)
    other = replicate(scenario, policy, 2.0, runs, simulate=simpy_model.simulate)
    for name in other:
        if name == "events":
            continue
        difference = found[name][0] - other[name][0]
        assert abs(difference) <= 5 * math.hypot(found[name][1], other[name][1]), name
