"""Percentiles of the engine against known laws, in many digits or by simulation."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from mpmath import mpf

import fpsimd_model as fm

from .worlds import plain_queue, resident

SHARES = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.99, "sojourn_p999_us": 0.999}
SERVICE = 4.0
LOADS = pytest.mark.parametrize("load", [1e-4, 0.1, 0.5, 0.9, 0.99])


def percentiles(scenario: fm.Scenario, policy: str = "tracked") -> dict[str, float]:
    (found,) = fm.evaluate(scenario, policy)
    assert found.status == "ok"
    return {name: found[name] for name in SHARES}


def smallest(survival, share: float, high: float) -> float:
    """Smallest t with P(T > t) <= 1 - share, by bisection; `survival` is right-continuous."""
    low = 0.0
    while survival(high) > 1 - share:
        high *= 2
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if survival(middle) > 1 - share else (low, middle)
    return high


def wait_md1(load: float, t: float) -> float:
    """P(W <= t) of M/D/1 in service times (A. K. Erlang 1909; C. D. Crommelin 1932)."""
    if t < 0:
        return 0.0
    with mpmath.workdps(50 + int(2 * t)):
        x, k = mpf(load), int(mpmath.floor(mpf(t)))
        terms = (
            (-1) ** j * (x * (mpf(t) - j)) ** j / mpmath.factorial(j) * mpmath.exp(x * (mpf(t) - j))
            for j in range(k + 1)
        )
        return float((1 - x) * mpmath.fsum(terms))


@LOADS
def test_exponential_service_has_an_exponential_sojourn(load):
    for name, found in percentiles(plain_queue(load, exponential=True)).items():
        mean = SERVICE / (1 - load)
        assert found == pytest.approx(-mean * math.log(1 - SHARES[name]), rel=1e-6)


@pytest.mark.parametrize("batch", [1.5, 4.0, 64.0])
@pytest.mark.parametrize("load", [0.01, 0.5, 0.95])
def test_so_have_geometric_batches_of_exponential_packets(load, batch):
    mean = batch * SERVICE / (1 - load)
    for name, found in percentiles(plain_queue(load, exponential=True, batch=batch)).items():
        assert found == pytest.approx(-mean * math.log(1 - SHARES[name]), rel=1e-6)


@pytest.mark.parametrize("load", [1e-4, 0.1, 0.5, 0.8, 0.95])
def test_deterministic_service_waits_as_erlang_and_crommelin_say(load):
    for name, found in percentiles(plain_queue(load)).items():
        t = smallest(lambda t: 1 - wait_md1(load, t - 1), SHARES[name], 2.0)
        assert found == pytest.approx(SERVICE * t, rel=1e-6)


@pytest.mark.parametrize(("load", "k"), [(0.01, 30), (0.5, 2), (0.5, 8), (0.9, 3)])
def test_fixed_batches_are_customers_of_the_length_of_a_batch(load, k):
    def survival(t):  # in packets; packet j of the batch leaves (j + 1) after the batch's wait
        ends = [1 - wait_md1(load, (t - j - 1) / k) for j in range(k)]
        return math.fsum(ends) / k

    found = percentiles(plain_queue(load, batch={"mean": k, "shape": "fixed"}))
    for name, value in found.items():
        t = smallest(survival, SHARES[name], 4.0 * k)
        assert value == pytest.approx(SERVICE * t, rel=1e-6), name


def lindley(load: float, batch: float, setup: float, n: int, seed: int) -> np.ndarray:
    """Sojourns (in services of 1) of a batch M/D/1 queue with a set-up before busy periods."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(batch / load, n)
    sizes = rng.geometric(1 / batch, n)
    work, out = 0.0, np.empty(n)
    for i, (gap, size) in enumerate(zip(gaps.tolist(), sizes.tolist(), strict=True)):
        work -= gap
        if work <= 0.0:
            work = setup
        out[i] = work
        work += size
    place = np.arange(sizes.sum()) - np.repeat(sizes.cumsum() - sizes, sizes)
    return np.repeat(out, sizes) + place + 1.0


@pytest.mark.agreement
@pytest.mark.parametrize(
    ("load", "batch", "free"),
    [(0.3, 4.0, True), (0.8, 3.0, True), (0.02, 20.0, True), (0.5, 1.0, False), (0.2, 3.0, False)],
)
def test_a_simulation_has_as_many_packets_above_each_percentile(load, batch, free):
    scenario = plain_queue(load, batch=batch, free=free)
    setup = 0.0 if free else (141 + 155) / 2e3 / SERVICE  # a save and a reload
    found = percentiles(scenario)
    over = {name: [] for name in found}
    for seed in range(20):
        times = lindley(load, batch, setup, 20_000, seed)
        for name, value in found.items():
            at = value / SERVICE
            over[name].append(((times > at * (1 + 1e-9)).mean(), (times >= at * (1 - 1e-9)).mean()))
    for name, pairs in over.items():
        above, at_least = np.array(pairs).T
        margin = 4.5 / math.sqrt(20)
        target = 1 - SHARES[name]
        assert above.mean() - margin * above.std(ddof=1) <= target
        assert at_least.mean() + margin * at_least.std(ddof=1) >= target


@pytest.mark.parametrize("load", [0.001, 0.5, 0.95])
def test_held_softirqs_wait_for_an_exponential_time_and_for_the_queue(load):
    """Vacations of mean v: the rest of one, and an M/M/1 sojourn of mean m, independent."""
    s = resident(
        {
            "softirq.interrupts_per_s": load / 1.675e-6,
            "softirq.service": "exponential",
            "vcpu.residency_us": 20.0,
        }
    )
    v, m = 20.0, 1.675 / (1 - load)
    for name, found in percentiles(s, "softirqs-off").items():
        t = smallest(
            lambda t: (v * math.exp(-t / v) - m * math.exp(-t / m)) / (v - m), SHARES[name], 100.0
        )
        assert found == pytest.approx(t, rel=2e-4)


@pytest.mark.parametrize("policy", [p.name for p in fm.policies.ALL])
def test_at_a_vanishing_rate_packets_meet_nobody(policy):
    """λ -> 0 on a free machine: the service itself, fast or slow, or the rest of a residency."""
    s = resident({"softirq.interrupts_per_s": 1e-9, "vcpu.residency_us": 500.0})
    found = percentiles(s, policy)
    (result,) = fm.evaluate(s, policy)
    if policy == "softirqs-off":
        for name, value in found.items():
            wait = -500.0 * math.log(1 - SHARES[name])
            assert value == pytest.approx(wait + 1.675, rel=1e-4)
        return
    scalar = result["scalar_share"]
    for name, value in found.items():
        slow = scalar > 1 - SHARES[name]
        assert value == pytest.approx(1 + 13.5 if slow else 1.675, rel=1e-6)


@pytest.mark.parametrize("policy", ["tracked", "softirqs-off", "busy-flag-live"])
@pytest.mark.parametrize("service", ["deterministic", "exponential"])
def test_a_percentile_does_not_depend_on_the_company_it_is_asked_in(policy, service):
    s = fm.preset("reference").replace({"softirq.service": service})
    alone, among = fm.evaluate(s, policy)[0], fm.evaluate(s)[policy]
    for name in SHARES:
        assert alone[name] == pytest.approx(among[name], rel=1e-7)


SLOW = {  # masked operations of many services
    "machine.clock_ghz": 0.02,
    "softirq.interrupts_per_s": 2e4,
    "crypto.slowdown": 2.0,
    "crypto.simd_cycles_per_byte": 2e-4,
}
OTHER = {"softirq.other_interrupts_per_s": 2e4}


@pytest.mark.parametrize(
    "changes",
    [
        SLOW,
        OTHER,
        OTHER | {"softirq.other_interrupt_ns": 15e3, "softirq.interrupts_per_s": 5e3},
        OTHER | {"softirq.service": "exponential", "softirq.packets_per_interrupt": 3.0},
        {"softirq.packets_per_interrupt": 1000.0, "softirq.interrupts_per_s": 10.0},
        {"softirq.stack_ns": 0.0, "crypto.simd_cycles_per_byte": 1e-6},
    ],
    ids=["slow", "other", "other-heavy", "other-batches", "large-batches", "tiny-packets"],
)
def test_percentiles_bound_the_mean_as_any_law_must(changes):
    """E[T] lies between what three percentiles allow at least and the mean's own Markov bound."""
    s = fm.preset("reference").replace(changes)
    for result in fm.evaluate(s):
        p50, p99, p999 = (result[name] for name in SHARES)
        mean = result["sojourn_mean_us"]
        service = 1e6 * s.simd_packet_s
        assert service * (1 - 1e-9) <= p50 <= p99 <= p999 or s.softirq.service == "exponential"
        assert 0 < p50 <= p99 <= p999
        assert p50 <= 2 * mean * (1 + 1e-9)  # Markov: t P(T >= t) <= E[T]
        assert p99 <= 100 * mean * (1 + 1e-9)
        assert p999 <= 1000 * mean * (1 + 1e-9)
        assert mean >= (p50 * 0.49 + p99 * 0.009 + p999 * 0.001) * (1 - 1e-9)
