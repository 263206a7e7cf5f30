"""How many events a second the Monte Carlo engine makes, beside SimPy and plain Python.

An event is a transition of the vCPU thread (load, entry, FP access that does something, exit, put),
an interrupt, or a packet served; a masked operation is part of the event that causes it.  All
three run the reference scenario on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from fpsimd_model import policies
from fpsimd_model.montecarlo import run
from fpsimd_model.scenario import Scenario
from tests.oracle import simpy_model, simulator

__all__ = ["events_per_second", "report"]

POLICIES = ("switch-on-exit", "busy-flag-resident", "tracked")
REFERENCE = Scenario().replace({"softirq.softirq_budget_us": 0})


def events_per_second(policy: str, seconds: float = 200.0, repeats: int = 3) -> float:
    """Of the Monte Carlo engine on one core, warm-up and statistics included; best of `repeats`."""
    run(REFERENCE, policy, seconds=0.1, workers=1)  # compiles, or loads what was compiled

    def simulate() -> float:
        found = run(REFERENCE, policy, seconds=seconds, workers=1)
        return found.events.sum() * found.plan.total / seconds

    return _best(simulate, repeats)


def _best(simulate: Callable[[], float], repeats: int) -> float:
    speeds = []
    for _ in range(repeats):
        start = time.process_time()
        events = simulate()
        speeds.append(events / (time.process_time() - start))
    return max(speeds)


def report() -> str:
    """Million events a second of CPU time, by policy."""
    lines = [f"{'million events/s':24}{'this engine':>12}{'plain Python':>14}{'SimPy':>8}"]
    tables = {name: REFERENCE.to_dict()[name] for name in ("vcpu", "softirq", "crypto", "machine")}
    for policy in POLICIES:
        speeds = [
            events_per_second(policy),
            _best(lambda p=policy: simulator.simulate(tables, p, 2.0, 1)["events"], 2),
            _best(lambda p=policy: simpy_model.simulate(tables, p, 1.0, 1)["events"], 2),
        ]
        ours, plain, simpy = (speed / 1e6 for speed in speeds)
        lines.append(f"{policy:24}{ours:12.1f}{plain:14.2f}{simpy:8.2f}")
    others = [p.name for p in policies.ALL if p.name not in POLICIES]
    slowest = min(others, key=lambda p: events_per_second(p, 50.0, 1))
    speed = events_per_second(slowest, 100.0) / 1e6
    lines.append(f"the slowest of the others: {slowest}, {speed:.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
