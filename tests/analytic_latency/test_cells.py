"""Tables of MMPP arrivals: against the integrals that define them, and against long series."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic.inversion import invert, nodes
from fpsimd_model.analytic.latency import Laws
from fpsimd_model.analytic.mmpp.busy import Queue
from fpsimd_model.analytic.mmpp.cells import cells_of
from fpsimd_model.analytic.mmpp.phases import Phases
from fpsimd_model.analytic.packets import Packets
from fpsimd_model.analytic.solved import Solved, phases_of
from fpsimd_model.parameters import Parameters

BURSTS = {
    "on and off": {},
    "scalar overload": {"rate1_per_s": 80_000.0, "rate2_per_s": 5000.0, "mean1_us": 50.0},
}
CHANGES = {
    "single": {},
    "timers": {"softirq.other_interrupts_per_s": 3e4, "softirq.other_interrupt_ns": 7000.0},
    "fixed batches": {
        "softirq.packets_per_interrupt": {"mean": 4, "shape": "fixed"},
        "crypto.slowdown": 3.0,
    },
    "geometric batches": {"softirq.packets_per_interrupt": 2.5, "crypto.slowdown": 3.0},
}


@pytest.mark.parametrize("rates", [(0.9, 0.0), (2.5, 0.1)])
def test_two_services_against_the_integrals(rates):
    """c = ∫ exp(G x) λ dx, and from one service on less what comes behind another."""
    leave = np.array([0.2, 0.05])
    phases = Phases(np.array(rates), leave)
    packets = Packets(phases.rate, 1.0, False, False)
    queue = Queue(phases, 1.0, False, 1.0, False, 0.0, 0.0)
    t = np.array([1.3, 1.8, 2.2, 2.7])
    found, twice, _ = cells_of(packets, queue).at(t)
    generator = mp.matrix(np.diag(phases.rates) - phases.generator)
    rate = mp.matrix(phases.rates)

    def first(x):
        """∫_0^x exp(G v) dv λ, by the power series."""
        term, total = rate * x, rate * x
        for k in range(2, 40):
            term = generator * term * x / k
            total += term
        return total

    def c(x):
        total = first(x)
        for i in range(2) if x > 1 else ():
            total[i] -= mp.quad(lambda v, i=i: (grown(x - 1 - v) * first(v))[i], [0, x - 1])
        return total

    def grown(x):
        return mp.expm(generator * x) * mp.diag(list(phases.rates))

    for i, x in enumerate(t):
        exact = c(mp.mpf(float(x)) - 1)
        np.testing.assert_allclose(found[:, i], [float(v) for v in exact], rtol=1e-11)
        exact = c(mp.mpf(float(x)) - 2) if x > 2 else mp.zeros(2, 1)
        np.testing.assert_allclose(twice[:, i], [float(v) for v in exact], rtol=1e-11)


@pytest.mark.parametrize("burst", BURSTS)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("policy", ["busy-flag-live", "nested-save"])
def test_percentiles_are_those_of_a_long_series(burst, change, policy):
    arrivals = {"shape": "mmpp", "rate1_per_s": 20_000.0, "rate2_per_s": 0.0}
    arrivals |= {"mean1_us": 200.0, "mean2_us": 800.0} | BURSTS[burst]
    batch = CHANGES[change].get("softirq.packets_per_interrupt", 1.0)
    mean = batch["mean"] if isinstance(batch, dict) else batch
    arrivals |= {key: arrivals[key] / mean for key in ("rate1_per_s", "rate2_per_s")}
    scenario = fm.Scenario().replace({"softirq.interrupts_per_s": arrivals, **CHANGES[change]})
    p, phases = Parameters.of(scenario), phases_of(scenario)
    one = Solved(policies.get(policy), p, phases)
    law = Laws(p, [one], phases).single[one.policy]
    t = law.percentiles([0.5, 0.9, 0.99, 0.999], one.metrics["sojourn_mean_us"] * 1e-6)[0]
    ends = np.array([group._cells.end for group in law._groups])
    t = np.concatenate([t * (1 + 1e-3), ends * (1 - 1e-3), ends * (1 + 1e-3)])
    series = law._atoms.above(t, np.zeros(len(t), dtype=int))
    for group in law._groups:
        smooth = group._interrupts - sum(number for _, number in group.direct())
        s = nodes(t, 6000)
        series += law._share * invert((smooth - group._transform(s)) / s, t)
    np.testing.assert_allclose(law.survival(t), series, rtol=0, atol=1e-6)
