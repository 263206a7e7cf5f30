"""Bursts at the edges of what a scenario may hold: free operations, long ones, fast phases."""

from __future__ import annotations

import pytest

import fpsimd_model as fm
from fpsimd_model.results import METRICS

from .worlds import FREE, changed

LEFT_OUT = ("sojourn_p50_us", "delayed_share")  # jump between atoms


def bursts(rate1: float, rate2: float, mean1: float, mean2: float) -> dict[str, object]:
    table = {"rate1_per_s": rate1, "rate2_per_s": rate2, "mean1_us": mean1, "mean2_us": mean2}
    return {"softirq.interrupts_per_s": {"shape": "mmpp", **table}}


def alike(one: fm.Result, other: fm.Result, rel: float) -> None:
    for name in METRICS:
        if name in LEFT_OUT:
            continue
        if other[name] is None:
            assert one[name] is None, name
        else:
            assert one[name] == pytest.approx(other[name], rel=rel, abs=1e-9), (one.policy, name)


@pytest.mark.parametrize("key", [*FREE, "softirq.other_interrupt_ns"])
@pytest.mark.parametrize("others", [0.0, 5000.0])
def test_an_operation_without_a_cost_catches_nobody(key, others):
    """Costs of nothing are the limit of little costs, and every packet that comes is served."""
    base = bursts(20e3, 1e3, 200.0, 800.0) | {"softirq.other_interrupts_per_s": others}
    free, nearly = (changed(base | {key: cost}) for cost in (0.0, 1e-7))
    for one, other in zip(fm.evaluate(free), fm.evaluate(nearly), strict=True):
        assert one["packets_per_s"] == pytest.approx(free.offered_packets_per_s, rel=1e-7)
        alike(one, other, 1e-7)


@pytest.mark.parametrize("cycles", [1e5, 1e7])
@pytest.mark.parametrize("operation", ["exit", "trap", "entry"])
def test_packets_that_come_in_a_long_operation_are_all_served(operation, cycles):
    scenario = changed(bursts(20e3, 5e3, 200.0, 800.0) | {f"machine.{operation}_cycles": cycles})
    for result in fm.evaluate(scenario):
        assert result["packets_per_s"] == pytest.approx(scenario.offered_packets_per_s, rel=1e-8)


@pytest.mark.parametrize("others", [0.0, 5000.0])
def test_phases_may_be_shorter_than_an_operation(others):
    """Switched so fast, arrivals are nearly Poisson of their mean rate."""
    base = {"softirq.other_interrupts_per_s": others, "machine.exit_cycles": 1e4}
    fast = changed(base | bursts(4e4, 0.0, 0.02, 0.02))
    plain = changed(base | {"softirq.interrupts_per_s": 2e4})
    for one, other in zip(fm.evaluate(fast), fm.evaluate(plain), strict=True):
        assert one["packets_per_s"] == pytest.approx(2e4, rel=1e-7)
        for name in ("exits_per_s", "guest_share", "switch_share", "sojourn_mean_us"):
            assert one[name] == pytest.approx(other[name], rel=1e-3), (one.policy, name)
