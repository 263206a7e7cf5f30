"""How fast sojourns of batches fall in the end, at next to no load too: multi-precision."""

from __future__ import annotations

import mpmath
import pytest
from mpmath import mpf

import fpsimd_model as fm
from fpsimd_model.analytic.lattice import decay

from .worlds import changed


def root(x: float, batch: float) -> mpf:
    """The root of x (X(e^θ) - 1) = θ below the pole of X, by its distance 1 - (b - 1) (e^θ - 1)."""
    x, less = mpf(x), mpf(batch) - 1

    def theta(distance: mpf) -> mpf:
        return mpmath.log1p((1 - distance) / less)

    low, high = mpmath.log(mpf("1e-400")), mpf("-1e-40")
    for _ in range(500):
        middle = (low + high) / 2
        d = mpmath.exp(middle)
        if x * (1 + less) * (1 - d) / (less * d) > theta(d):
            low = middle
        else:
            high = middle
    return theta(mpmath.exp(low))


@pytest.mark.parametrize("batch", [1.0 + 2.0**-52, 1.0 + 1e-9, 1.001, 1.5, 64.0, 1000.0])
@pytest.mark.parametrize("load", [1e-300, 1e-30, 1e-17, 1e-12, 1e-3, 0.3])
def test_decay_is_the_root_below_the_pole(load, batch):
    x = load / batch
    with mpmath.workdps(80):
        right = float(root(x, batch))

    assert decay(x, batch, False) == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize("mean", [1.0 + 1e-9, 1.5, 64.0])
def test_next_to_no_interrupts_come_to_an_end(mean):
    scenario = changed(softirq__interrupts_per_s=1e-12, softirq__packets_per_interrupt=mean)
    (found,) = fm.evaluate(scenario, ["tracked"])
    alone = scenario.simd_packet_s * 1e6
    assert alone <= found["sojourn_p50_us"] <= found["sojourn_p999_us"] < 10.0 * mean * alone + 10.0
