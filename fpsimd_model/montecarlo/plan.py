"""How long to simulate, in how many replications, and what to throw away at their start."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError
from ..scenario import Scenario
from .pace import Pace

__all__ = ["REPLICATIONS", "Plan", "events_per_s", "plan_of"]

REPLICATIONS = 40
_LONGEST = 1e7  # modelled seconds, four months
_CYCLES, _EVENTS = 1e5, 3e7  # of a run whose length is not asked for
_CHUNK_EVENTS = 5e6  # between two looks at the clock: a fraction of a second


@dataclass(frozen=True)
class Plan:
    """Seconds of modelled wall time in each replication: measured, thrown away before that, and
    simulated at a stretch."""

    replications: int
    measured: float
    warm_up: float
    chunk: float

    @property
    def seconds(self) -> float:
        """What is measured, over all replications."""
        return self.replications * self.measured

    @property
    def total(self) -> float:
        """Everything that is simulated."""
        return self.replications * (self.measured + self.warm_up)


def plan_of(scenario: Scenario, seconds: float | None, *, cold: bool = False) -> Plan:
    """The plan for `seconds` of measured wall time over all replications.

    By default as long as 100,000 residencies take (which makes intervals of about 1%), but no
    longer than some 30 million events.  Replications start where the vCPU thread is likely to be
    (:mod:`.start`); three times residency and out time and ten relaxation times of the queue,
    2 S (1 + c²) / (1 - ρ)² (J. W. Cohen, The Single Server Queue (1982), III.7.3) or what bursts
    make of it (:mod:`.pace`), are thrown away, but no more than is measured.  With `cold` nothing
    is: in overload the beginning is what there is to see.

    Raises
    ------
    InputError
        If `seconds` is no number above 0.

    >>> plan_of(Scenario(), 200.0).measured
    5.0
    """
    vcpu = scenario.vcpu
    cycle = vcpu.residency_us.mean_s + vcpu.out_us.mean_s
    rate = events_per_s(scenario)
    if seconds is None:
        seconds = min(_CYCLES * cycle, _EVENTS / rate)
    elif isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise InputError(f"seconds: {seconds!r} is no number")
    elif not (0.0 < seconds < math.inf):
        raise InputError(f"seconds: {seconds:g} is not a time above 0")
    elif seconds > _LONGEST:
        raise InputError(f"seconds: {seconds:g} is too long; at most {_LONGEST:g} can be simulated")
    measured = seconds / REPLICATIONS
    relaxation, pace = 0.0, Pace.of(scenario)
    for service in (scenario.simd_packet_s, scenario.scalar_packet_s):
        left = 1.0 - scenario.offered_packets_per_s * service
        if left > 0.0:
            plain = 4.0 * service * scenario.softirq.batch_mean / left**2
            relaxation = max(relaxation, plain, pace.relaxation(service))
    warm_up = 0.0 if cold else min(3.0 * cycle + 10.0 * relaxation, measured)
    return Plan(REPLICATIONS, measured, warm_up, _CHUNK_EVENTS / rate)


def events_per_s(scenario: Scenario) -> float:
    """Roughly how many events a second of modelled wall time has, at most."""
    v, q = scenario.vcpu, scenario.softirq
    runs = 1.0 / (v.run_loop_us.mean_s + v.guest_run_us.mean_s)
    share = v.residency_us.mean_s / (v.residency_us.mean_s + v.out_us.mean_s)
    cut = q.rate_per_s + q.other_interrupts_per_s
    fp = share / v.first_fp_us.mean_s
    if v.first_fp_us.shape == "exponential":
        fp = min(fp, share * (runs + cut))
    return share * (2.0 * runs + 2.0 * cut + fp) + cut + scenario.offered_packets_per_s + 1.0
