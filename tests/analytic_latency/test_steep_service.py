"""Exponential service far shorter than what is ahead of it: steps that a series of waves misses."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model.analytic.disturbed import disturbed
from fpsimd_model.analytic.inversion import invert, nodes
from fpsimd_model.analytic.latency import sojourn_survival
from fpsimd_model.analytic.mmpp.busy import Queue
from fpsimd_model.analytic.mmpp.cells import cells_of
from fpsimd_model.analytic.mmpp.phases import Phases
from fpsimd_model.analytic.packets import Packets, batch_transform, position_transform
from tests.analytic.worlds import changed

PERCENTILES = ("sojourn_p50_us", "sojourn_p99_us", "sojourn_p999_us")
BATCHES = [(1.0, False), (3.0, True), (2.5, False)]
BRIEF_NS = 0.8
BRIEF = {  # nanoseconds of service after operations of a microsecond
    "crypto.simd_cycles_per_byte": 0.0,
    "crypto.overhead_ns": BRIEF_NS,
    "crypto.slowdown": 1.0,
    "softirq.stack_ns": 0.0,
    "machine.save_cycles": 600.0,
    "machine.restore_cycles": 600.0,
    "machine.exit_cycles": 1200.0,
}
TIMERS = {"softirq.other_interrupts_per_s": 5e4, "softirq.other_interrupt_ns": 2000.0}
FIXED = {"softirq.packets_per_interrupt": {"mean": 4, "shape": "fixed"}}
BURSTS = {
    "softirq.interrupts_per_s": {
        "shape": "mmpp", "rate1_per_s": 2e4, "rate2_per_s": 1e3,
        "mean1_us": 200.0, "mean2_us": 800.0,
    }
}  # fmt: skip


def plain_above(packets: Packets, service: float, moves: float, times: np.ndarray) -> np.ndarray:
    """P(T > t) of a plain server by very many terms: nothing is ahead of its first step."""
    s = nodes(times, 4000 + 8 * int(times.max()))
    slower = packets.stretch(s)
    z = np.exp(-slower * moves) / (1.0 + slower * (service - moves))
    work = batch_transform(z, packets)
    free = 1.0 - packets.other_rate * packets.other_cost
    idle = 1.0 - packets.rate * packets.batch * service / free
    wait = idle * s / (s - packets.rate * (1.0 - work))
    return invert((1.0 - wait * z * position_transform(z, packets)) / s, times)


@pytest.mark.parametrize(("batch", "fixed"), BATCHES)
@pytest.mark.parametrize("load", [0.05, 0.8])
@pytest.mark.parametrize("other", [(0.0, 0.0), (0.05, 1.2), (2e-3, 150.0), (1e-4, 3000.0)])
@pytest.mark.parametrize("moves", [0.0, 0.3])
def test_a_plain_server_agrees_with_very_many_terms(batch, fixed, load, other, moves):
    nu, cost = other
    packets = Packets(load * (1.0 - nu * cost) / batch, batch, fixed, True, nu, cost)
    longest = max(batch, cost)
    times = np.array([0.7, 2.1, 5.3, 0.6 * longest, 1.1 * longest, 2.37 * longest])
    found = disturbed(packets, np.ones(1), np.array([moves])).tail(np.zeros(6, int), times, times)
    exact = plain_above(packets, 1.0, moves, times)
    np.testing.assert_allclose(found, exact, rtol=2e-5, atol=2e-8)


@pytest.mark.parametrize("service", [0.01, 0.3])
@pytest.mark.parametrize("other", [(0.0, 0.0), (0.02, 5.0)])
def test_bursts_agree_with_very_many_terms(service, other):
    """h = Z M^-1 λ and B* h, integrated, as far as they are followed."""
    nu, cost = other
    phases = Phases(np.array([0.6, 0.02]), np.array([0.05, 0.02]))
    packets = Packets(phases.rate, 1.0, False, True, nu, cost)
    queue = Queue(phases, service, True, 1.0, False, nu, cost)
    times = np.array([0.4, 3.3, 7.7]) * max(service, cost, 0.1)
    found, twice, own = cells_of(packets, queue).at(times)
    s = nodes(times, 20_000)
    z = 1.0 / (1.0 + packets.stretch(s) * service)
    matrix = s[..., None, None] * np.eye(2) + phases.generator
    matrix = matrix - (1.0 - z)[..., None, None] * np.diag(phases.rates)
    h = (
        z[..., None]
        * np.linalg.solve(matrix, phases.rates[:, None] + 0.0 * z[..., None, None])[..., 0]
    )
    for i in range(2):
        np.testing.assert_allclose(found[i], invert(h[..., i] / s, times), rtol=2e-5)
        np.testing.assert_allclose(twice[i], invert(h[..., i] * z / s, times), rtol=2e-5)
    np.testing.assert_allclose(own[0], invert(z / s, times), rtol=2e-5)


@pytest.mark.parametrize("policy", ["tracked", "switch-on-exit", "nested-save"])
@pytest.mark.parametrize("timers", [{}, TIMERS], ids=["", "timers"])
@pytest.mark.parametrize("batches", [{}, FIXED], ids=["single", "fixed"])
@pytest.mark.parametrize("bursts", [{}, BURSTS], ids=["poisson", "mmpp"])
def test_the_shape_of_a_nanosecond_of_service_hardly_matters(policy, timers, batches, bursts):
    """Deterministic service of the same mean goes another way, atoms and lattices."""
    brief = changed(BRIEF | timers | batches | bursts)
    (drawn,) = fm.evaluate(brief.replace({"softirq.service": "exponential"}), policy)
    (steady,) = fm.evaluate(brief, policy)
    assert drawn.reason == steady.reason == ""
    for name in PERCENTILES:  # a kink moves by some services, and what lies on a slope with it
        assert abs(drawn[name] - steady[name]) <= 25e-3 * BRIEF_NS, name


@pytest.mark.parametrize("batches", [{}, FIXED], ids=["single", "fixed"])
def test_a_step_is_as_steep_as_the_service(batches):
    """Right behind the cheapest set-up of all the exponential law itself is seen."""
    scenario = changed(BRIEF | TIMERS | batches | {"softirq.service": "exponential"})
    result = fm.evaluate(scenario, "tracked")[0]
    at = result["sojourn_p50_us"] + 1e-3 * BRIEF_NS * np.linspace(-30.0, 30.0, 4001)
    (above,) = sojourn_survival(scenario, "tracked", at)
    slope = -np.diff(above) / np.diff(at)
    assert (np.diff(above) <= 1e-12).all()
    assert slope.max() > 0.02 / (1e-3 * BRIEF_NS)  # per microsecond: a step of some per cent


def test_what_still_rings_is_no_number():
    """Batches too large for tables: a percentile is right, or null and there is a reason."""
    large = {"softirq.packets_per_interrupt": {"mean": 500, "shape": "fixed"}}
    large |= {"crypto.overhead_ns": 1e-3, "softirq.interrupts_per_s": 1e3}
    brief = changed(BRIEF | large)
    for drawn, steady in zip(
        fm.evaluate(brief.replace({"softirq.service": "exponential"})),
        fm.evaluate(brief),
        strict=True,
    ):
        for name in PERCENTILES:
            if drawn[name] is None:
                assert "percentiles" in drawn.reason
            else:
                assert drawn[name] == pytest.approx(steady[name], rel=3e-3), (drawn.policy, name)
    assert math.isfinite(drawn["sojourn_mean_us"])
