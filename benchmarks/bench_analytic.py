"""CPU time of the analytic engine: all policies, one scenario, nothing cached from the last one.

    python benchmarks/bench_analytic.py

One thread (set OMP_NUM_THREADS=1 to keep BLAS to it too); the best of several rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic import evaluate, sojourn_survival
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.figures.rates import RATE, rates_in, span_of
from fpsimd_model.resources import data_path

BURSTS = {
    "shape": "mmpp",
    "rate1_per_s": 50_000.0,
    "rate2_per_s": 0.0,
    "mean1_us": 200.0,
    "mean2_us": 800.0,
}
CASES = {
    "plain": {},
    "exponential service": {"softirq.service": "exponential"},
    "batches of 4": {"softirq.packets_per_interrupt": 4.0},
    "batches of 16": {
        "softirq.packets_per_interrupt": 16.0,
        "softirq.interrupts_per_s": 1000.0,
    },
    "timer": {"softirq.other_interrupts_per_s": 250.0},
    "bursts": {"softirq.interrupts_per_s": BURSTS},
}
ROUNDS = 9
TIMES = [0.5 + 0.1 * i for i in range(1000)]


def best(work: Callable[[float], object]) -> float:
    """Milliseconds of the fastest of several rounds; each has a scenario of its own."""
    found = []
    for i in range(ROUNDS):
        start = time.process_time()
        work(1.0 + 1e-5 * i)
        found.append(time.process_time() - start)
    return min(found[1:]) * 1e3


def report() -> str:
    """A line for each scenario."""
    lines = [f"{'scenario':24}{'evaluate, ms':>14}{'1000 times, ms':>16}"]
    for name, changes in CASES.items():
        scenario = fm.Scenario().replace(changes)
        slow = scenario.machine.clock_ghz

        def other(factor: float, scenario=scenario, slow=slow):
            return scenario.replace({"machine.clock_ghz": slow * factor})

        whole = best(lambda f: evaluate(other(f), policies.ALL))
        curve = best(lambda f: sojourn_survival(other(f), "tracked", TIMES))
        lines.append(f"{name:24}{whole:14.1f}{curve:16.1f}")
    return "\n".join([*lines, "", *curves()])


def curves() -> list[str]:
    """The explorer's curves of all policies, of machines calibrated from traces; as ratios."""
    exponential = {"exponential": fm.Scenario()}
    traces = {
        name: fm.calibrate(data_path("traces", f"k61-vhe-{name}.txt.gz")).scenario
        for name in ("busy-plain", "busy-ipsec", "mmio-ipsec")
    }
    lines, base = [f"{'curves of all policies':24}{'ms':>14}{'ratio':>16}"], 0.0
    for name, scenario in {**exponential, **traces}.items():
        rates = rates_in(*span_of(scenario), scenario, 25)

        def solve(factor: float, scenario=scenario, rates=rates):
            metrics_of([scenario.replace({RATE: rate * factor}) for rate in rates], policies.ALL)

        took = best(solve)
        base = base or took
        lines.append(f"{name:24}{took:14.1f}{took / base:16.1f}")
    return lines


if __name__ == "__main__":
    print(report())
