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
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
