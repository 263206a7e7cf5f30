"""The register machine and the analytic engine: CPU time of a proof, a scenario, a grid.

What is aimed at: a proof under 50 ms for each policy, all sixteen policies of one scenario under
20 ms.  Milliseconds depend on the machine, so each also stands as a multiple of a fixed piece of
plain Python that is timed beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.automaton import automaton, explore

__all__ = ["milliseconds", "report"]

ROUNDS = 9
POINTS = 500


def milliseconds(work: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """CPU time of the fastest of several rounds; ``work`` is given the round's number."""
    best = float("inf")
    for i in range(rounds):
        start = time.process_time()
        work(i)
        best = min(best, time.process_time() - start)
    return best * 1e3


def yardstick(_: int) -> int:
    """A hundred thousand additions: what a millisecond of this machine is worth."""
    total = 0
    for i in range(100_000):
        total += i
    return total


def scenario(i: int) -> fm.Scenario:
    """A scenario that no round before had, so that nothing is kept from the last."""
    return fm.preset("reference").replace({"softirq.interrupts_per_s": 1e4 + i})


def report() -> str:
    """A table of times and of multiples of the yardstick."""
    unit = milliseconds(yardstick)
    proofs = {
        p.name: milliseconds(lambda _, p=p: explore(p, task_neon=True), 3) for p in policies.ALL
    }
    slowest = max(proofs, key=proofs.get)
    fm.evaluate(scenario(-1))  # tables are made once
    grid = [scenario(i) for i in range(POINTS)]
    rows = {
        "100,000 additions in Python": unit,
        f"explore {slowest}, the slowest": proofs[slowest],
        "explore all sixteen": sum(proofs.values()),
        "check all sixteen": milliseconds(lambda _: fm.check(), 3),
        "explore and lump all sixteen": milliseconds(
            lambda _: [automaton.__wrapped__(p) for p in policies.ALL], 3
        ),
        "evaluate one policy": milliseconds(lambda i: fm.evaluate(scenario(i), "tracked")),
        "evaluate all sixteen": milliseconds(lambda i: fm.evaluate(scenario(i))),
        f"grid of {POINTS}, all sixteen": milliseconds(lambda _: metrics_of(grid, policies.ALL), 3),
    }
    lines = [f"{'':36}{'ms':>10}{'yardsticks':>12}"]
    lines += [f"{name:36}{ms:10.2f}{ms / unit:12.2f}" for name, ms in rows.items()]
    per_point = rows[f"grid of {POINTS}, all sixteen"] / POINTS
    lines.append(f"{'a point of the grid':36}{per_point:10.2f}{per_point / unit:12.2f}")
    states = np.array([automaton(p).explored for p in policies.ALL])
    lines.append(f"states of a policy: {states.min()} to {states.max()}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
