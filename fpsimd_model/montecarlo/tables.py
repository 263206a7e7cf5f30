"""A policy and a scenario as the arrays that the compiled loop runs on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..automaton import EVENT_NAMES, Automaton, automaton
from ..parameters import Parameters
from ..policies.base import Policy
from ..scenario import Scenario
from ..scenario.arrivals import Mmpp, Recorded
from .records import CONSTANTS
from .sampling import shape_rows

__all__ = ["Model", "model_of"]

_ACCESS = EVENT_NAMES.index("access")
_OTHERS = [EVENT_NAMES.index("other"), EVENT_NAMES.index("other_softirq")]


@dataclass(frozen=True, eq=False)
class Model:
    """What does not change during a run; S states, E events.

    Attributes
    ----------
    scenario, parameters, table:
        Where it is from.
    position, live, preempt_off:
        (S * E,) of the state; `live` where an access of the guest to its registers does something.
    following, before, section, softirq:
        (S * E,) next state, seconds of masked work, kind of softirq.  The loop knows state s by
        the place s E of its first event.
    constants, shapes, samples:
        See :mod:`.records` and :mod:`.sampling`.
    gaps, packets:
        Recorded arrivals: seconds before each interrupt and its packets; empty if they are drawn.
    """

    scenario: Scenario
    parameters: Parameters
    table: Automaton
    position: np.ndarray
    live: np.ndarray
    preempt_off: np.ndarray
    following: np.ndarray
    before: np.ndarray
    section: np.ndarray
    softirq: np.ndarray
    constants: np.ndarray
    shapes: np.ndarray
    samples: np.ndarray
    gaps: np.ndarray
    packets: np.ndarray

    def arrays(self) -> tuple[np.ndarray, ...]:
        """In the order in which the compiled loop takes them."""
        return (
            self.position,
            self.following,
            self.before,
            self.section,
            self.softirq,
            self.live,
            self.preempt_off,
            self.constants,
            self.shapes,
            self.samples,
            self.gaps,
            self.packets,
        )


def model_of(scenario: Scenario, policy: type[Policy]) -> Model:
    """Everything that the loop needs to know of `policy` in `scenario`."""
    p = Parameters.of(scenario)
    table = automaton(policy, task_neon=bool(p.task_neon_rate[0] > 0))
    cost = p.costs(policy)[0]
    before, section = table.before @ cost, table.section @ cost
    before[:, _OTHERS] += p.other_cost[0]
    states, n_events = np.arange(len(table)), table.next.shape[1]
    live = (table.next[:, _ACCESS] != states) | table.before[:, _ACCESS].any(axis=1)
    vcpu = scenario.vcpu
    shapes, samples = shape_rows(
        (vcpu.residency_us, vcpu.out_us, vcpu.run_loop_us, vcpu.guest_run_us, vcpu.first_fp_us)
    )
    return Model(
        scenario,
        p,
        table,
        np.repeat(table.position.astype(np.int64), n_events),
        np.repeat(live, n_events),
        np.repeat(table.preempt_off, n_events),
        table.next.ravel().astype(np.int64) * n_events,
        before.ravel(),
        section.ravel(),
        table.softirq.ravel().astype(np.int64),
        _constants(scenario, p),
        shapes,
        samples,
        *_recorded(scenario),
    )


def _recorded(scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Seconds before each recorded interrupt, and its packets; empty where they are drawn."""
    arrivals = scenario.softirq.interrupts_per_s
    if not isinstance(arrivals, Recorded):
        return np.zeros(0), np.zeros(0, np.int64)
    gaps = np.array(arrivals.gaps_us) * (1e-6 / arrivals.scale)
    return gaps, np.array(arrivals.packets or (), np.int64)


def _constants(scenario: Scenario, p: Parameters) -> np.ndarray:
    rate, softirq, vcpu = scenario.softirq.interrupts_per_s, scenario.softirq, scenario.vcpu
    c = np.zeros(1, dtype=CONSTANTS)
    if isinstance(rate, Mmpp):
        c["gap1"], c["gap2"] = _gap(rate.rate1_per_s), _gap(rate.rate2_per_s)
        c["phase1"], c["phase2"] = rate.mean1_us * 1e-6, rate.mean2_us * 1e-6
    else:
        c["gap1"] = c["gap2"] = _gap(softirq.rate_per_s)
        c["phase1"] = c["phase2"] = math.inf
    batch = softirq.batch_mean
    if softirq.batch_shape == "recorded":
        c["batch"] = -1
    elif softirq.batch_shape == "fixed" or batch == 1.0:
        c["batch"] = round(batch)
    else:  # P(X > k) = (1 - 1/b)^k: an exponential rounded down, plus one
        c["batch_scale"] = -1.0 / math.log1p(-1.0 / batch)
    c["neon"], c["scalar"] = p.packet(False)[0], p.packet(True)[0]
    c["stack"], c["crypto"] = p.stack[0], p.crypto[0]
    c["budget"] = softirq.softirq_budget_us * 1e-6 or math.inf
    c["other_gap"], c["other_cost"] = _gap(p.other_rate[0]), p.other_cost[0]
    c["other_softirq_share"] = p.other_softirq_share[0]
    c["task_gap"] = _gap(p.task_neon_rate[0])
    c["user_share"] = vcpu.user_exit_share
    c["user_or_preempted_share"] = vcpu.user_exit_share + vcpu.preempted_share
    c["exit_put_share"] = vcpu.exit_put_share
    c["exit_put_user_share"] = scenario.user_after_own_exit_share
    c["exponential_service"] = softirq.service == "exponential"
    c["delay_limit"] = softirq.delay_limit_us * 1e-6
    c["sections"] = scenario.crypto.neon_sections_per_packet
    c["cryptd"] = softirq.fallback == "cryptd"
    c["memoryless_fp"] = vcpu.first_fp_us.shape == "exponential"
    return c


def _gap(rate: float) -> float:
    return 1.0 / rate if rate > 0 else math.inf
