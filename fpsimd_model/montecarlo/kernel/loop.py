"""One CPU, one vCPU thread and its interrupts, turn by turn, until a given time.

The loop allocates nothing; packets wait in no queue where the next arrival is all that
first-come-first-served needs, otherwise in a ring.

Each turn does the first of these that applies: a busy period goes on; an interrupt with packets is
taken; one without is taken; vcpu_put; thread time passes until the next event or interrupt.
Whatever takes wall time with interrupts masked only advances the clock, so that what arrived
meanwhile is found at the top of the next turn, in the state that the operation led to.
"""

from __future__ import annotations

from .codes import AT_GUEST, AT_LOOP
from .compiling import part
from .elsewhere import in_kworker, out
from .interrupts import with_packets, without_packets
from .notes import full
from .pointers import ints
from .put import put
from .residency import in_guest, in_run_loop
from .service import serve

__all__ = ["turn_by_turn"]


@part
def turn_by_turn(cpu, log, until):
    """Up to the first event at or after `until` seconds; False if a ring or the log is full."""
    kept = cpu.kept
    kept.late = 0
    fits = True
    while fits and kept.now < until:
        if full(cpu, log):
            fits = False
        elif kept.busy:
            fits = serve(cpu, log, until)
        elif kept.urgent == 0 and (kept.next_irq <= kept.now or kept.ready):
            fits = with_packets(cpu, log, until)
        elif kept.urgent == 0 and kept.next_other <= kept.now:
            without_packets(cpu, log)
        elif kept.put_to:
            put(cpu, log)
        else:
            _thread_time(cpu, log, until)
    if kept.thread_since >= 0.0:  # what of it belongs to this stretch
        cpu.total.thread_time += kept.now - kept.thread_since
        kept.thread_since = kept.now
    return fits


@part
def _thread_time(cpu, log, until):
    where = ints(cpu.position)[cpu.kept.state]
    if where == AT_GUEST:
        in_guest(cpu, log)
    elif where == AT_LOOP:
        in_run_loop(cpu, log)
    elif cpu.kept.crypto_length > 0:
        in_kworker(cpu, log, until)
    else:
        out(cpu, log)
