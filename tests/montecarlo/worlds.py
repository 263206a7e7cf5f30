"""Scenarios in which something is known in closed form, and the compiled loop by hand."""

from __future__ import annotations

import numpy as np

from fpsimd_model import policies
from fpsimd_model.montecarlo.histogram import empty
from fpsimd_model.montecarlo.kernel import advance
from fpsimd_model.montecarlo.plan import REPLICATIONS
from fpsimd_model.montecarlo.records import SUMS
from fpsimd_model.montecarlo.run import Rings
from fpsimd_model.montecarlo.start import start_of
from fpsimd_model.montecarlo.statistics import student
from fpsimd_model.montecarlo.streams import streams
from fpsimd_model.montecarlo.tables import model_of
from fpsimd_model.scenario import Scenario

__all__ = ["FREE", "LIMIT", "REFERENCE", "Driven", "queue", "score"]

LIMIT = 4.5
REFERENCE = Scenario().replace({"softirq.softirq_budget_us": 0})
SERVICE = 1.675e-6  # of a packet with NEON, by default

#: Nothing that the policies do takes time.
FREE = {
    f"machine.{name}_cycles": 0 for name in ("save", "restore", "trap", "trap_c", "exit", "entry")
}


def queue(load: float, **softirq: object) -> Scenario:
    """A CPU whose vCPU thread sleeps: only packets, at a utilisation of `load`."""
    rate = load / SERVICE
    return REFERENCE.replace(
        {
            "vcpu.out_us": 1e9,
            "vcpu.residency_us": 1.0,
            "vcpu.user_exit_share": 0,
            "vcpu.preempted_share": 0,
            "softirq.interrupts_per_s": rate,
            **{f"softirq.{key}": value for key, value in softirq.items()},
        }
    )


def score(value: float, estimate: float, interval: tuple[float, float]) -> float:
    """How far an estimate is from a value, in standard errors."""
    return (estimate - value) / (interval[1] - interval[0]) * 2.0 * student(REPLICATIONS)


class Driven:
    """One run of the compiled loop, stopped wherever one likes."""

    def __init__(self, scenario: Scenario, policy: str, seed: int = 0, ring: int = 1024) -> None:
        self.model = model_of(scenario, policies.get(policy))
        *self.rngs, start = streams(seed, 0)
        self.carried = start_of(self.model, start)
        self.rings = Rings(ring)
        size = len(self.model.following)
        self.counts, self.served = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.sums, self.histogram = np.zeros(1, SUMS), empty()
        self.log: np.ndarray | None = None

    def to(self, until: float) -> Driven:
        """On to a time on the run's clock."""
        totals = (self.counts, self.served, self.sums, self.histogram)
        while not advance(
            until,
            *self.model.arrays(),
            self.carried,
            *self.rings.arrays,
            *totals,
            *self.rngs,
            self.log,
        ):
            self.rings = self.rings.grown(self.carried)
        return self

    def __getitem__(self, name: str) -> float:
        return (self.sums if name in SUMS.names else self.carried)[name][0].item()

    @property
    def packets(self) -> int:
        """Served by now."""
        return int(self.served.sum()) + self["cryptd_packets"]

    @property
    def waiting(self) -> int:
        """Packets of interrupts that were taken, not served yet."""
        found = self["batch_left"]
        for name, ring in (("wait", self.rings.arrays[1]), ("crypto", self.rings.arrays[3])):
            where = self[f"{name}_head"] + np.arange(self[f"{name}_length"])
            found += int(ring[where % len(ring)].sum())
        return found
