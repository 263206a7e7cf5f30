"""Where a replication begins: the thread and every clock as a random moment would find them."""

from __future__ import annotations

import numpy as np

from ..automaton import EVENT_NAMES
from ..durations import Duration
from .kernel import next_arrival
from .records import STATE
from .sampling import sample
from .tables import Model

__all__ = ["start_of"]

_LOAD, _TO_USER, _TO_SCHED = (EVENT_NAMES.index(e) for e in ("load", "put_user", "put_sched"))
_CANDIDATES = 64


def start_of(model: Model, rng: np.random.Generator) -> np.ndarray:
    """The record that the compiled loop carries, at time 0, with no packets.

    The thread is resident, in user space or scheduled out as often as it is in the long run (but
    for the time that interrupts take), with what is left of a duration found at a random moment;
    the registers are as just after vcpu_load or vcpu_put, which a short while mends.
    """
    vcpu, given, table = model.scenario.vcpu, model.constants[0], model.table
    carried = np.zeros(1, dtype=STATE)
    loaded = table.next[table.start, _LOAD]
    stays = 1.0 - vcpu.preempted_share if table.preempt_off[loaded] else 1.0
    ends = stays / vcpu.residency_us.mean_s + vcpu.exit_put_share / vcpu.guest_run_us.mean_s
    resident, to_user = rng.random() * (1.0 + ends * vcpu.out_us.mean_s) < 1.0, rng.random()
    carried["residency_left"] = _left(rng, vcpu.residency_us)
    carried["out_left"] = _left(rng, vcpu.out_us)
    carried["loop_left"] = _left(rng, vcpu.run_loop_us)
    carried["run_left"] = _left(rng, vcpu.guest_run_us)
    carried["fp_left"] = _left(rng, vcpu.first_fp_us)
    put = _TO_USER if to_user < vcpu.user_exit_share else _TO_SCHED
    state = loaded if resident else table.next[loaded, put]
    carried["state"] = state * table.next.shape[1]

    carried["next_irq"], carried["phase"], carried["phase_end"] = _first_arrival(model, rng)
    carried["next_other"] = given["other_gap"] * rng.standard_exponential()
    carried["task_left"] = given["task_gap"] * rng.standard_exponential()
    carried["released"] = carried["crypto_left"] = carried["thread_since"] = -1.0
    return carried


def _first_arrival(model: Model, rng: np.random.Generator) -> tuple[float, int, float]:
    """The first interrupt after 0, its phase, when that ends; a recording is met at any moment."""
    given, gaps = model.constants[0], model.gaps
    if len(gaps):
        ends = np.cumsum(gaps)
        moment = rng.random() * ends[-1]
        phase = min(int(np.searchsorted(ends, moment, "right")), len(gaps) - 1)
        return float(ends[phase] - moment), phase, np.inf
    both = given["phase1"] + given["phase2"]
    phase = int(np.isfinite(both) and rng.random() * both >= given["phase1"])
    ends_at = given["phase2" if phase else "phase1"] * rng.standard_exponential()
    return next_arrival(rng, given, gaps, 0.0, phase, float(ends_at))


def _left(rng: np.random.Generator, duration: Duration) -> float:
    """Rest of a duration in seconds: a random part of one that was met because it is long."""
    if duration.shape == "exponential":
        return duration.mean_s * rng.standard_exponential()
    lengths = sample(rng, duration, _CANDIDATES)
    met = np.searchsorted(np.cumsum(lengths), rng.random() * lengths.sum())
    return float(lengths[min(met, _CANDIDATES - 1)] * rng.random())
