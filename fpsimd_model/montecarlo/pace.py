"""How slowly a scenario forgets: what must have happened often in a run that is to be judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..scenario import Scenario
from ..scenario.arrivals import Mmpp, Recorded

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Rates per second.

    Attributes
    ----------
    packets, variance:
        Mean and variance of the number of packets per second, over a long time: for a Poisson
        process of batches rate x E[B²]; bursts add 2 b² p1 p2 (r1 - r2)² t, where t is the time
        in which they are forgotten (D. R. Cox and V. Isham, Point Processes (1980), 2.4).
    bursts:
        Cycles of the MMPP; infinite without.
    wishes:
        Wishes to preempt, per second of the vCPU thread's own time.
    budget, fast:
        Seconds of a busy period after which ksoftirqd takes over (infinite without), and its
        seconds a packet.
    """

    packets: float
    variance: float
    bursts: float
    wishes: float
    budget: float = math.inf
    fast: float = 0.0

    @classmethod
    def of(cls, scenario: Scenario) -> Pace:
        """The pace of `scenario`.

        >>> Pace.of(Scenario()).variance
        10000.0
        """
        q, v = scenario.softirq, scenario.vcpu
        b, rate = q.batch_mean, q.interrupts_per_s
        variance, bursts = q.rate_per_s * q.batch_square, math.inf
        if isinstance(rate, Recorded):  # as if its gaps knew nothing of each other
            gaps = np.array(rate.gaps_us)
            variance += q.rate_per_s * b * b * float(gaps.var() / gaps.mean() ** 2 - 1.0)
        if isinstance(rate, Mmpp):
            t1, t2 = rate.mean1_us * 1e-6, rate.mean2_us * 1e-6
            bursts = 1.0 / (t1 + t2)
            swing = (b * (rate.rate1_per_s - rate.rate2_per_s)) ** 2
            variance += 2.0 * swing * (t1 * t2) ** 2 * bursts**3
        wishes = v.preempted_share / v.residency_us.mean_s
        budget = q.softirq_budget_us * 1e-6 or math.inf
        return cls(q.rate_per_s * b, variance, bursts, wishes, budget, scenario.simd_packet_s)

    @property
    def dispersion(self) -> float:
        """Packets that come together: variance by mean."""
        return self.variance / self.packets if self.packets else 1.0

    def relaxation(self, service: float) -> float:
        """Seconds in which a queue with this time for a packet forgets: 2 v S² / (1 - ρ)².

        For M/G/1 near saturation that is J. W. Cohen's 2 S (1 + c²) / (1 - ρ)² (The Single Server
        Queue (1982), III.7.3); in general it is that of the reflected Brownian motion with the
        same drift and variance (J. M. Harrison, Brownian Motion and Stochastic Flow Systems
        (1985)).
        """
        free = max(1.0 - self.packets * service, 1e-9)
        return 2.0 * self.variance * (service / free) ** 2

    def settles(self, service: float) -> float:
        """The same with ksoftirqd, which goes on at its own pace once the budget is spent.

        >>> overload = Scenario().replace({"softirq.interrupts_per_s": 1e5})
        >>> pace = Pace.of(overload)
        >>> pace.relaxation(overload.scalar_packet_s) > 1e3 > 0.1 > pace.settles(
        ...     overload.scalar_packet_s
        ... )
        True
        """
        drained = self.budget / max(1.0 - self.packets * self.fast, 1e-9)
        return min(self.relaxation(service), drained + self.relaxation(self.fast))

    def slowest(self, scenario: Scenario) -> float:
        """Seconds of the slowest of residency, burst and queue."""
        vcpu = scenario.vcpu
        cycle = vcpu.residency_us.mean_s + vcpu.out_us.mean_s
        burst = 1.0 / self.bursts
        return max(cycle, burst, self.settles(scenario.scalar_packet_s))
