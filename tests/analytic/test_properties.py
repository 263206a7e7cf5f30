"""What must hold in any scenario, whatever the numbers."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.parameters import DURATIONS
from fpsimd_model.results import METRICS

from .worlds import changed

NAMES = [p.name for p in policies.ALL]
WRONG = {"defer-to-put", "pending-check", "reload-at-load"}
PERCENTILES = ("sojourn_p50_us", "sojourn_p99_us", "sojourn_p999_us")
SHARES = ("switch_share", "softirq_share", "guest_share", "scalar_share")


def spread(low: float, high: float):
    """Numbers over orders of magnitude."""
    return st.floats(math.log10(low), math.log10(high)).map(lambda x: 10.0**x)


def or_zero(numbers):
    return st.one_of(st.just(0.0), numbers)


@st.composite
def endings(draw):
    preempted = draw(st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0]))
    user = draw(st.sampled_from([0.0, 0.5, 1.0])) * (1.0 - preempted)
    return {"vcpu.preempted_share": preempted, "vcpu.user_exit_share": min(user, 1.0 - preempted)}


@st.composite
def scenarios(draw, others: bool = False):
    load = draw(or_zero(spread(1e-6, 0.999)))
    stack = draw(or_zero(spread(1.0, 1e4)))
    slowdown = draw(st.sampled_from([1.0, 2.0, 20.0]))
    ghz = draw(spread(0.05, 4.0))
    crypto = draw(spread(1.0, 1e5))
    batch = draw(st.sampled_from([1.0, 1.5, 4.0, 32.0, {"mean": 1, "shape": "fixed"},
                                  {"mean": 5, "shape": "fixed"}]))  # fmt: skip
    mean = batch["mean"] if isinstance(batch, dict) else batch
    slowest = draw(st.booleans())  # near the limit of the scalar kind, or of the fast one
    service = (stack + crypto * (slowdown if slowest else 1.0)) * 1e-9
    # an operation of 3000 cycles catches at most 6 interrupts on average
    rate = min(load / (mean * service), 2e6 * ghz)
    return changed(
        {
            "vcpu.residency_us": draw(spread(1.0, 1e5)),
            "vcpu.out_us": draw(spread(0.1, 1e5)),
            "vcpu.run_loop_us": draw(spread(0.01, 1e3)),
            "vcpu.guest_run_us": draw(spread(0.1, 1e5)),
            "vcpu.first_fp_us": draw(spread(0.01, 1e6)),
            "vcpu.exit_put_share": draw(st.sampled_from([0.0, 0.0, 0.3, 1.0])),
            "vcpu.vector_bits": draw(st.sampled_from([128, 256, 2048])),
            "vcpu.task_neon_per_s": draw(or_zero(spread(1.0, 1e6))),
            "softirq.interrupts_per_s": rate,
            "softirq.packets_per_interrupt": batch,
            "softirq.stack_ns": stack,
            "softirq.service": draw(st.sampled_from(["deterministic", "exponential"])),
            "softirq.other_interrupts_per_s": draw(or_zero(spread(1.0, 2e4))) if others else 0.0,
            "softirq.other_softirq_share": draw(st.sampled_from([0.0, 0.5, 1.0])),
            "crypto.simd_cycles_per_byte": 0.0,
            "crypto.overhead_ns": crypto,
            "crypto.slowdown": slowdown,
            "crypto.neon_sections_per_packet": draw(st.sampled_from([1, 3])),
            "machine.clock_ghz": ghz,
            **draw(endings()),
        }
    )


@st.composite
def shapes(draw):
    """Some of the durations of another shape, of few phases and of many."""
    each = {"gamma": [0.3, 9.0], "lognormal": [0.1, 2.0], "hyperexponential": [30.0]}
    each |= {"deterministic": [None], "exponential": [None]}
    kinds = st.sampled_from([(shape, cv2) for shape, all_cv2 in each.items() for cv2 in all_cv2])
    return {clock: draw(kinds) for clock in draw(st.sets(st.sampled_from(DURATIONS), min_size=1))}


few = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)


def sound(scenario: fm.Scenario, result: fm.Result) -> None:
    """All that holds for one result by itself."""
    found = result.metrics
    assert list(found) == list(METRICS)
    assert all(value is None or math.isfinite(value) for value in found.values())
    assert found["max_packets_per_s"] >= 0
    if result.status != "ok":
        assert result.status in ("unstable", "unbounded")
        assert result.reason
        assert {k for k, v in found.items() if v is not None} == {"max_packets_per_s", "max_gbps"}
        return
    for name in SHARES:
        assert found[name] is None or -1e-12 <= found[name] <= 1 + 1e-9
    for name, value in found.items():
        if name != "saving" and value is not None:
            assert value >= 0, name
    assert found["saving"] is None or found["saving"] <= 1 + 1e-12
    offered = scenario.offered_packets_per_s
    assert offered <= found["max_packets_per_s"]
    assert found["packets_per_s"] == pytest.approx(offered, rel=1e-9)
    apart = ["softirq_share", "guest_share"]
    if result.policy != "nested-save":  # whose moves are part of service
        apart.append("switch_share")
    assert sum(found[name] for name in apart) <= 1 + 1e-9
    packets(scenario, result)
    registers(scenario, result)


def packets(scenario: fm.Scenario, result: fm.Result) -> None:
    found, offered = result.metrics, scenario.offered_packets_per_s
    if not offered:
        for name in ("sojourn_mean_us", "scalar_share", "crypto_slowdown", *PERCENTILES):
            assert found[name] is None
        return
    slowdown = found["crypto_slowdown"]
    assert 1 <= slowdown <= scenario.crypto.slowdown * (1 + 1e-12)
    share = found["scalar_share"]
    assert slowdown == pytest.approx(1 + share * (scenario.crypto.slowdown - 1), rel=1e-12)
    service = scenario.stack_s + slowdown * scenario.simd_crypto_s
    if result.policy != "nested-save":
        assert found["softirq_share"] == pytest.approx(offered * service, rel=1e-9)
    assert found["sojourn_mean_us"] >= service * 1e6 * (1 - 1e-9)
    p50, p99, p999 = (found[name] for name in PERCENTILES)
    if p50 is None:
        assert "too many phases for percentiles" in result.reason
        return
    assert 0 < p50 <= p99 <= p999
    assert p50 * 0.5 + p99 * 0.01 <= found["sojourn_mean_us"] * (1 + 1e-6) + p99 * 0.01
    if scenario.softirq.service == "deterministic":
        assert p50 >= scenario.simd_packet_s * 1e6 * (1 - 1e-9)


def registers(scenario: fm.Scenario, result: fm.Result) -> None:
    found, policy = result.metrics, policies.get(result.policy)
    per_s = {name: found[f"{name}_per_s"] for name in COSTLY}
    cost = {
        "host_saves": scenario.host_save_s,
        "host_restores": scenario.host_restore_s,
        "guest_saves": scenario.guest_save_s,
        "guest_restores": scenario.guest_restore_s,
        "traps": scenario.trap_c_s if policy.trap_through_c else scenario.trap_s,
    }
    moves = sum(per_s[name] * cost[name] for name in COSTLY)
    assert found["switch_share"] == pytest.approx(moves, rel=1e-9, abs=1e-15)
    lost = found["guest_corruptions_per_s"] + found["host_corruptions_per_s"]
    if result.policy not in WRONG:
        assert lost == 0.0
    near = {"rel": 1e-6, "abs": 1e-6 * max(per_s.values()) + 1e-9}
    assert per_s["host_saves"] == pytest.approx(per_s["host_restores"], **near)
    if result.policy != "reload-at-load":  # whose guest is saved and not reloaded
        assert per_s["guest_saves"] == pytest.approx(per_s["guest_restores"], **near)
    if policy.name.startswith("reload"):
        assert per_s["traps"] == 0.0


COSTLY = ("host_saves", "host_restores", "guest_saves", "guest_restores", "traps")


@settings(max_examples=120)
@given(scenarios(), few)
def test_any_scenario_has_sound_numbers_or_says_why_not(scenario, names):
    results = fm.evaluate(scenario, names)
    assert [r.policy for r in results] == names
    for result in results:
        sound(scenario, result)


@settings(max_examples=25)
@given(scenarios(others=True), few)
def test_so_has_one_with_interrupts_without_crypto(scenario, names):
    for result in fm.evaluate(scenario, names):
        if result.status == "ok":
            found, offered = result.metrics, scenario.offered_packets_per_s
            assert found["packets_per_s"] == pytest.approx(offered, rel=1e-9)
            assert all(v is None or math.isfinite(v) for v in found.values())
            if offered:
                assert (
                    found["sojourn_p50_us"]
                    <= found["sojourn_p99_us"]
                    <= 1e4 * found["sojourn_mean_us"]
                )


@settings(max_examples=25)
@given(scenarios(), shapes(), few)
def test_so_has_one_with_other_shapes(scenario, kinds, names):
    changes = {}
    for clock, (shape, cv2) in kinds.items():
        mean = getattr(scenario.vcpu, clock).mean_us
        changes[f"vcpu.{clock}"] = {"mean": mean, "shape": shape} | ({"cv2": cv2} if cv2 else {})
    scenario = scenario.replace(changes)
    for result in fm.evaluate(scenario, names):
        sound(scenario, result)


EXTREMES = {
    "vcpu.residency_us": [1e-3, 1e12],
    "vcpu.out_us": [1e-9, 1e15],
    "vcpu.run_loop_us": [1e-9, 1e9],
    "vcpu.guest_run_us": [1e-9, 1e15],
    "vcpu.first_fp_us": [1e-9, 1e15],
    "vcpu.task_neon_per_s": [1e-9, 1e9],
    "softirq.interrupts_per_s": [1e-9, 68e3],
    "softirq.stack_ns": [0.0],
    "crypto.slowdown": [1.0, 1e4],
    "crypto.neon_sections_per_packet": [1000],
    "machine.clock_ghz": [1e6],
    "machine.exit_cycles": [0.0, 1e6],
    "machine.trap_cycles": [0.0, 1e9],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in EXTREMES.items() for value in values]
)
def test_a_value_at_the_edge_of_its_domain_breaks_nothing(key, value):
    scenario = changed({key: value})
    for result in fm.evaluate(scenario):
        if result.status == "ok":
            assert result["packets_per_s"] == pytest.approx(
                scenario.offered_packets_per_s, rel=1e-9
            )
        assert all(v is None or math.isfinite(v) for v in result.metrics.values())


SECONDS = ["vcpu.residency_us", "vcpu.out_us", "vcpu.run_loop_us", "vcpu.guest_run_us",
           "vcpu.first_fp_us", "softirq.stack_ns", "crypto.overhead_ns",
           "softirq.other_interrupt_ns", "softirq.delay_limit_us"]  # fmt: skip
RATES = ["vcpu.task_neon_per_s", "softirq.interrupts_per_s", "softirq.other_interrupts_per_s",
         "machine.clock_ghz"]  # fmt: skip


def value(scenario: fm.Scenario, key: str) -> float:
    table, name = key.split(".")
    found = getattr(getattr(scenario, table), name)
    return found.mean_us if isinstance(found, fm.durations.Duration) else found


@settings(max_examples=30)
@given(scenarios(), few, st.sampled_from([0.25, 8.0]))
def test_a_clock_that_runs_slower_changes_units_alone(scenario, names, factor):
    """All times longer, all rates lower by a power of two: the same world, film in slow motion."""
    slow = scenario.replace(
        {key: value(scenario, key) * factor for key in SECONDS}
        | {key: value(scenario, key) / factor for key in RATES}
    )
    for one, other in zip(fm.evaluate(scenario, names), fm.evaluate(slow, names), strict=True):
        assert one.status == other.status
        for name, metric in METRICS.items():
            scale = {"1/s": 1 / factor, "Gb/s": 1 / factor, "us": factor}.get(metric.unit, 1.0)
            expected = None if one[name] is None else one[name] * scale
            if expected is None:
                assert other[name] is None
            else:
                assert other[name] == pytest.approx(expected, rel=1e-6, abs=1e-6), name


def rates(result: fm.Result) -> dict[str, float]:
    left_out = {"saving", "max_packets_per_s"}
    return {k: v for k, v in result.metrics.items() if v is not None and k not in left_out}


NEARLY = {
    "interrupts": ({"softirq.interrupts_per_s": 1e-7}, {"softirq.interrupts_per_s": 0.0}),
    "other": ({"softirq.other_interrupts_per_s": 1e-7}, {}),
    "task": ({"vcpu.task_neon_per_s": 1e-7}, {}),
    "own-puts": ({"vcpu.exit_put_share": 1e-10}, {}),
    "batch": ({"softirq.packets_per_interrupt": 1 + 1e-9}, {}),
    "user": ({"vcpu.user_exit_share": 1e-11}, {"vcpu.user_exit_share": 0.0}),
    "preempted": ({"vcpu.preempted_share": 1e-10}, {"vcpu.preempted_share": 0.0}),
    "stack": ({"softirq.stack_ns": 1e-7}, {"softirq.stack_ns": 0.0}),
}


@pytest.mark.parametrize("case", NEARLY)
def test_almost_nothing_is_almost_as_nothing(case):
    """Every metric is continuous where an event stops to happen (medians jump between atoms)."""
    near, at = (fm.evaluate(changed(x)) for x in NEARLY[case])
    for one, other in zip(near, at, strict=True):
        expected, found = rates(other), rates(one)
        for name, number in expected.items():
            if name.startswith(("sojourn_p", "softirq_held")):
                continue  # medians jump; without interrupts there is nobody to hold
            assert found[name] == pytest.approx(number, rel=1e-5, abs=1e-5), (one.policy, name)


def test_a_fixed_batch_of_one_is_a_geometric_one_of_mean_one():
    fixed = changed({"softirq.packets_per_interrupt": {"mean": 1, "shape": "fixed"}})
    for one, other in zip(fm.evaluate(fixed), fm.evaluate(changed()), strict=True):
        for name in METRICS:
            expected = other[name]
            same = None if expected is None else pytest.approx(expected, rel=1e-9)
            assert one[name] == same


LADDER = [5e2, 5e3, 2e4, 4e4, 6e4]


@pytest.mark.parametrize("policy", [n for n in NAMES if n not in ("softirqs-off",)])
def test_more_interrupts_make_packets_wait_longer_and_cost_guest_time(policy):
    found = [fm.evaluate(changed(softirq__interrupts_per_s=r), policy)[0] for r in LADDER]
    guest = [r["guest_share"] for r in found]
    assert guest == sorted(guest, reverse=True)
    if policy in ("tracked", "flush-hook", "switch-on-exit", "busy-flag-resident"):
        tail = [r["sojourn_p999_us"] for r in found]
        assert tail == sorted(tail)


@pytest.mark.parametrize("policy", ["busy-flag-resident", "neon-begin-at-load", "busy-flag-live"])
def test_a_slower_fallback_catches_more_packets(policy):
    """Slow busy periods catch more packets: scalar_share is no share of time."""
    found = [fm.evaluate(changed(crypto__slowdown=s), policy)[0] for s in (1.0, 2.0, 10.0, 20.0)]
    for name in ("scalar_share", "crypto_slowdown", "sojourn_mean_us", "softirq_share"):
        values = [r[name] for r in found]
        assert all(a < b for a, b in pairwise(values)), name
    most = [r["max_packets_per_s"] for r in found]
    assert most == sorted(most, reverse=True)


def test_dearer_moves_make_no_policy_cheaper_in_moves_per_second_of_thread():
    for result, dear in zip(
        fm.evaluate(changed()), fm.evaluate(changed(machine__save_cycles=1410.0)), strict=True
    ):
        assert dear["switch_share"] > result["switch_share"]
        assert dear["guest_share"] < result["guest_share"]


@pytest.mark.parametrize("load", [0.9, 0.99, 0.999, 0.9999])
def test_near_saturation_the_queue_grows_as_one_over_what_is_left(load):
    service = 1.675e-6
    s = changed(softirq__interrupts_per_s=load / service)
    for policy in ("tracked", "flush-hook", "switch-on-exit", "reload-at-entry"):
        (found,) = fm.evaluate(s, policy)
        queue = load * service * 1e6 / (2 * (1 - load))
        assert queue < found["sojourn_mean_us"] - service * 1e6 < queue + 1.0
        tail = found["sojourn_p999_us"]
        assert tail == pytest.approx(queue * math.log(1000), rel=0.5 * (1 - load) + 0.06)


@pytest.mark.parametrize("always", [False, True])
def test_the_adaptive_policy_is_between_the_two_that_it_chooses_from(always):
    """A guest that always uses FP is reloaded for, one that hardly ever does is not."""
    s = changed(vcpu__first_fp_us=1e-3 if always else 1e6)
    trap, reload, adaptive = fm.evaluate(
        s, ["tracked-save-at-load", "reload-at-entry", "adaptive-reload"]
    )
    if always:
        assert adaptive["traps_per_s"] == pytest.approx(trap["traps_per_s"] / 7, rel=0.01)
        assert adaptive["guest_restores_per_s"] == pytest.approx(
            reload["guest_restores_per_s"], rel=0.01
        )
    else:
        assert adaptive["guest_restores_per_s"] < 1.1 * trap["guest_restores_per_s"]
        assert adaptive["guest_restores_per_s"] < 0.1 * reload["guest_restores_per_s"]
