"""What the compiled loop is given, carries from call to call, and adds up: records by name.

Times are seconds on the run's own clock, `_left` what is left of a duration.
"""

from __future__ import annotations

import numpy as np

__all__ = ["CONSTANTS", "LOG", "NOTES", "SHAPES", "STATE", "SUMS"]


def _record(floats: str, ints: str) -> np.dtype:
    return np.dtype([(n, "f8") for n in floats.split()] + [(n, "i8") for n in ints.split()])


#: One scenario.  Mean gaps between interrupts in either phase and mean phases (one phase only:
#: ``phase1`` is infinite); packets of an interrupt, ``batch`` or, if that is 0, geometric with
#: scale ``batch_scale`` of the exponential that is rounded up, or, if -1, as recorded; service of
#: one packet with NEON, scalar, its part outside crypto and the crypto alone; the sojourn above
#: which a packet counts as delayed.  Shares are cumulative where they say so.
CONSTANTS = _record(
    "gap1 gap2 phase1 phase2 batch_scale neon scalar stack crypto budget other_gap other_cost "
    "other_softirq_share task_gap user_share user_or_preempted_share exit_put_share "
    "exit_put_user_share delay_limit",
    "batch exponential_service sections cryptd memoryless_fp",
)

#: Where a run is: clocks, the automaton's state, the busy period in progress, who waits for what.
#: ``put_to`` is a vcpu_put that is due (1 user, 2 sched); it is ``urgent`` if a worker has taken
#: the CPU, so that nothing comes before it; ``deferred`` if ksoftirqd waits for it; ``ready`` if
#: packets that waited are to be served now; ``released`` is when held ones last were; ``wishes``
#: to preempt are being ignored; ksoftirqd has been running since ``thread_since`` (if not
#: negative).  ``wait_`` and ``crypto_`` belong to the rings, ``logged`` counts lines of the log;
#: ``late`` counts what was in the system at the time to stop at and left it at the event after.
STATE = _record(
    "now next_irq next_other phase_end out_left residency_left loop_left run_left fp_left "
    "task_left batch_arrival deadline thread_since service own held_arrivals released wish_times "
    "crypto_left",
    "state phase batch_left busy queued_crypto busy_key put_to urgent deferred ready held wishes "
    "wait_head wait_length crypto_head crypto_length logged late",
)

#: Sums over a measurement: seconds in the guest, serving packets, of sojourns, in ksoftirqd, of
#: packets in the system (each second times their number); packets that
#: cryptd finished; interrupts (but those that struck as an event of the automaton); those held
#: back and for how long; wishes to preempt that were ignored and for how long; busy periods
#: handed to ksoftirqd; FP accesses that changed nothing; packets delayed past the limit; packets
#: in the system at the end; the
#: bins of the histogram that were used.
SUMS = _record(
    "guest_time serving sojourn held_time wish_delay thread_time queue_time",
    "cryptd_packets interrupts held wishes handed_over skipped delayed backlog first_bin last_bin",
)

#: A line of the log: when, which of :data:`NOTES`, and its number (packets, kind of softirq, place
#: of the automaton's event).
LOG = np.dtype([("time", "f8"), ("what", "i8"), ("value", "i8")])
NOTES = ("arrival", "packet_done", "busy_start", "busy_end", "handed_over", "thread", "event")

#: Shapes of durations as the loop knows them, by name as in a scenario file.
SHAPES = {
    name: code
    for code, name in enumerate(
        ("deterministic", "exponential", "gamma", "lognormal", "hyperexponential", "empirical")
    )
}
