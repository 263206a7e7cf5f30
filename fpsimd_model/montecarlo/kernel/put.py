"""vcpu_put: workers and held softirqs get their turn, wishes to preempt are granted."""

from __future__ import annotations

from .codes import FRESH, NEON, PUT_SCHED, PUT_USER, SCALAR
from .compiling import compiled
from .happening import noted_before
from .pointers import ints
from .service import begin

__all__ = ["put"]


@compiled
def put(cpu, log):
    """Put the vCPU, to user space or to the scheduler."""
    given, kept, total = cpu.given, cpu.kept, cpu.total
    key = kept.state + (PUT_USER if kept.put_to == 1 else PUT_SCHED)
    noted_before(cpu, log, key)
    kind = ints(cpu.softirq)[key]
    # To a worker the thread only lends the CPU: it is loaded again when the work is done.
    kept.out_left = 0.0 if kept.urgent else FRESH
    kept.put_to, kept.urgent, kept.deferred = 0, 0, 0
    total.wishes += kept.wishes
    total.wish_delay += kept.now * kept.wishes - kept.wish_times
    kept.wishes, kept.wish_times = 0, 0.0
    if kind in (NEON, SCALAR):  # softirqs were held back until here
        total.held += kept.held
        total.held_time += kept.held * kept.now - kept.held_arrivals
        kept.held, kept.held_arrivals, kept.released = 0, 0.0, kept.now
        kept.busy_key, kept.own = key, 0.0
        kept.queued_crypto = given.cryptd and kind == SCALAR
        begin(cpu, log, kind, False)
    else:
        kept.ready = kept.batch_left > 0 or kept.wait_length > 0
