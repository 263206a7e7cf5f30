"""MMPP arrivals in closed form: Poisson where they are, many digits near saturation, simulation."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model import montecarlo, policies
from fpsimd_model.analytic import evaluate, sojourn_survival
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.analytic.latency import percentiles_of
from fpsimd_model.analytic.mmpp.busy import Queue, starts_behind, starts_direct
from fpsimd_model.analytic.mmpp.phases import Phases, exponential
from fpsimd_model.analytic.solved import Solved
from fpsimd_model.parameters import Parameters

LEAVE = np.array([5000.0, 1250.0])
HOLDING = "softirqs-off"
POISSON = {
    "reference": {},
    "batches": {"softirq.packets_per_interrupt": 4.0, "vcpu.exit_put_share": 0.1},
    "exponential": {"softirq.service": "exponential", "crypto.neon_sections_per_packet": 3},
    "timer": {"softirq.other_interrupts_per_s": 2000.0, "vcpu.task_neon_per_s": 500.0},
    "slow timer": {"softirq.other_interrupts_per_s": 2e4, "softirq.other_interrupt_ns": 1e4},
}
BURSTS = {
    "on and off": {
        "softirq.interrupts_per_s": {
            "shape": "mmpp",
            "rate1_per_s": 50_000.0,
            "rate2_per_s": 0.0,
            "mean1_us": 200.0,
            "mean2_us": 800.0,
        }
    },
    "scalar overload in bursts": {
        "softirq.interrupts_per_s": {
            "shape": "mmpp",
            "rate1_per_s": 80_000.0,
            "rate2_per_s": 5000.0,
            "mean1_us": 50.0,
            "mean2_us": 300.0,
        },
        "softirq.packets_per_interrupt": 2.0,
        "crypto.slowdown": 5.0,
        "softirq.other_interrupts_per_s": 1000.0,
    },
    "exponential, slow clock": {
        "softirq.interrupts_per_s": {
            "shape": "mmpp",
            "rate1_per_s": 200_000.0,
            "rate2_per_s": 1000.0,
            "mean1_us": 30.0,
            "mean2_us": 300.0,
        },
        "softirq.service": "exponential",
        "machine.clock_ghz": 0.5,
        "crypto.slowdown": 2.0,
        "crypto.neon_sections_per_packet": 2,
    },
}


@pytest.mark.parametrize("name", POISSON)
def test_equal_rates_in_both_phases_are_poisson(name):
    p = Parameters.of(fm.Scenario().replace(POISSON[name]))
    phases = Phases(np.full(2, p.interrupt_rate[0]), LEAVE)
    for policy in policies.ALL:
        plain, bursts = Solved(policy, p), Solved(policy, p, phases)
        for metric, value in plain.metrics.items():
            assert bursts.metrics[metric] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("policy", ["busy-flag-live", HOLDING])
@pytest.mark.parametrize("others", [0.0, 20_000.0])
def test_equal_rates_in_both_phases_have_poisson_percentiles(policy, others):
    changes = {"softirq.service": "exponential", "softirq.other_interrupts_per_s": others}
    p = Parameters.of(fm.Scenario().replace(changes))
    phases = Phases(np.full(2, p.interrupt_rate[0]), LEAVE)
    policy = policies.get(policy)
    plain = percentiles_of(p, [Solved(policy, p)], [0.5, 0.99, 0.999])[policy]
    bursts = percentiles_of(p, [Solved(policy, p, phases)], [0.5, 0.99, 0.999], phases)[policy]
    np.testing.assert_allclose(bursts, plain, rtol=1e-7)


def test_an_mmpp_of_equal_rates_is_taken_as_poisson():
    table = {
        "shape": "mmpp",
        "rate1_per_s": 1e4,
        "rate2_per_s": 1e4,
        "mean1_us": 10.0,
        "mean2_us": 1.0,
    }
    bursts = evaluate(fm.Scenario().replace({"softirq.interrupts_per_s": table}), policies.ALL)
    plain = evaluate(fm.Scenario(), policies.ALL)
    for one, other in zip(bursts, plain, strict=True):
        for name, value in other.metrics.items():
            assert one[name] == (value if value is None else pytest.approx(value, rel=1e-9))


@pytest.mark.parametrize("short", [0.3, 1e-3, 1e-6])
@pytest.mark.parametrize("exponential_service", [False, True])
@pytest.mark.parametrize("waited", [0.0, 0.7])
def test_means_of_a_busy_period_keep_their_digits(short, exponential_service, waited):
    """Against φ(s) and its derivative near s = 0 in sixty digits, without expansion."""
    service, setup, batch = 1.0, 0.3, 2.0
    shape = np.array([1.7, 0.4])
    leave = np.array([0.02, 0.05])
    rates = shape * (1 - short) / (batch * service * Phases(shape, leave).rate)
    phases = Phases(rates, leave)
    queue = Queue(phases, service, exponential_service, batch, False, 0.0, 0.0)
    starts = starts_behind(queue, waited) if waited else starts_direct()
    count, end, lasting, packets, sojourns = queue.totals(starts.behind(setup, queue.u))
    with mp.workdps(60):
        l1, l2, q1, q2 = map(mp.mpf, map(float, (*rates, *leave)))
        generator = mp.matrix([[-q1, q1], [q2, -q2]])
        rate = mp.diag([l1, l2])

        def work(s):
            z = 1 / (1 + s) if exponential_service else mp.exp(-s)
            return z / (2 - z)

        def kernel(s):
            return mp.eye(2) * s + generator - rate * (1 - work(s))

        u = mp.findroot(lambda s: mp.det(kernel(s)), mp.mpf(queue.u) * (1 + mp.mpf("1e-9")))
        assert abs(queue.u / u - 1) < 1e-12
        # π of U from the kernel at u: the right null vector r has π r = 0.
        k = kernel(u)
        null = mp.matrix([-k[0, 1], k[0, 0]])
        down = mp.matrix([[null[1], -null[0]]]) / (null[1] - null[0])
        project = mp.ones(2, 1) * down

        ones, ending = mp.ones(2, 1), work(u)

        def after(length):
            return mp.expm((generator - rate) * length) * rate

        for i in range(2):
            driver = mp.zeros(1, 2)
            driver[i] = 1

            def over(f, driver=driver):  # over the first interrupt and the set-up behind it
                if not waited:
                    return f(driver, mp.mpf(setup))
                total = mp.mpf(0)
                for x, weight in zip(*map(list, np.polynomial.legendre.leggauss(20)), strict=True):
                    v = mp.mpf(waited) * (1 + mp.mpf(x)) / 2
                    part = f(driver * after(v), mp.mpf(setup) + mp.mpf(waited) - v)
                    total = total + part * (mp.mpf(weight) * mp.mpf(waited) / 2)
                return total

            last = over(
                lambda row, d: row * (project + ending * mp.exp(-u * d) * (mp.eye(2) - project))
            )

            def spent(s, over=over, last=last):
                start = over(lambda row, d: row * (mp.exp(-s * d) * work(s)))
                return (last - start) * kernel(s) ** -1

            tiny = mp.mpf("1e-18")
            zero = (spent(tiny) + spent(-tiny)) / 2
            slope = (spent(tiny) - spent(-tiny)) / (2 * tiny)
            begun = over(lambda row, d: row * ones)[0]
            ahead = over(lambda row, d: row * ones * d)[0]
            interrupts = begun + (zero * rate * ones)[0]
            waits = ahead - (slope * rate * ones)[0]
            exact = batch * waits + batch * interrupts * (service + (6 - batch) / (2 * batch))
            assert count[i] == pytest.approx(float(begun), rel=1e-12)
            assert packets[i] == pytest.approx(float(batch * interrupts), rel=1e-14 / short + 1e-12)
            assert sojourns[i] == pytest.approx(float(exact), rel=1e-14 / short + 1e-12)
            rest = ahead - setup * begun if waited else mp.mpf(0)
            assert lasting[i] == pytest.approx(
                float((zero * ones)[0] - rest), rel=1e-14 / short + 1e-12
            )
            np.testing.assert_allclose(end[i], np.array(last.tolist(), dtype=float)[0], rtol=1e-11)


def test_a_matrix_exponential_is_one():
    matrix = np.array([[-3.0, 1.0], [0.5, -0.7]])
    with mp.workdps(30):
        exact = np.array(mp.expm(mp.matrix(matrix.tolist()) * 1.3).tolist(), dtype=float)
    np.testing.assert_allclose(exponential(matrix, np.array(1.3)), exact, rtol=1e-14)


def test_bursts_make_packets_wait_longer():
    plain = fm.Scenario()
    bursts = plain.replace(BURSTS["on and off"])
    for policy in ("tracked", "busy-flag-live"):
        one, other = (fm.evaluate(s, policy)[0] for s in (plain, bursts))
        assert other["packets_per_s"] == pytest.approx(one["packets_per_s"], rel=1e-9)
        assert other["sojourn_mean_us"] > one["sojourn_mean_us"]
        assert other["sojourn_p999_us"] > one["sojourn_p999_us"]


@pytest.mark.parametrize("name", BURSTS)
def test_a_survival_function_has_the_mean_of_the_metric(name):
    scenario = fm.Scenario().replace(BURSTS[name])
    for result in evaluate(
        scenario, [policies.get(n) for n in ("tracked", "busy-flag-live", HOLDING)]
    ):
        far = result["sojourn_p999_us"]
        count = 600 if result.policy == HOLDING else 3000  # no jumps that count; but slow
        near, last = np.linspace(0.0, far, count + 1), np.geomspace(far, 30 * far, 300)
        edges = np.concatenate([near, last[1:]])
        middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        values = sojourn_survival(scenario, result.policy, middle)[0]
        assert values @ width == pytest.approx(result["sojourn_mean_us"], rel=1e-3)


def test_a_sweep_takes_bursts_and_poisson_side_by_side():
    scenarios = [fm.Scenario(), fm.Scenario().replace(BURSTS["on and off"])]
    chosen = [policies.get("tracked"), policies.get("busy-flag-live")]
    found = metrics_of(scenarios, chosen)
    for b, scenario in enumerate(scenarios):
        for i, result in enumerate(evaluate(scenario, chosen)):
            for name in ("sojourn_mean_us", "guest_saves_per_s", "saving", "max_packets_per_s"):
                assert found[name][i, b] == pytest.approx(result[name], rel=1e-10)


@pytest.mark.agreement
@pytest.mark.slow
@pytest.mark.parametrize("name", BURSTS)
def test_agrees_with_the_simulation(name):
    scenario = fm.Scenario().replace({**BURSTS[name], "softirq.softirq_budget_us": 0.0})
    names = ["switch-on-exit", "pending-check-guarded", "busy-flag-live", "nested-save", HOLDING]
    exact = evaluate(scenario, [policies.get(n) for n in names])
    found = montecarlo.simulate(scenario, names, seed=11, seconds=40.0)
    z = []
    for one, other in zip(exact, found, strict=True):
        for metric, (low, high) in other.ci95.items():
            if one[metric] is not None and high > low:
                assert metric != "sojourn_mean_us" or high - low < 0.1 * one[metric]
                z.append((other[metric] - one[metric]) / ((high - low) / 3.92))
    assert len(z) > 40
    assert np.abs(z).max() < 4.5
    assert np.std(z) < 1.4  # may be less: policies meet the same interrupts
