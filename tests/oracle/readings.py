"""The places where the text allows more than one reading."""

from __future__ import annotations

__all__ = ["READINGS"]

# Where the text allows several readings.  The defaults are the set that reproduces the
# reference table (README.md has the evidence); the alternatives stay as switches.
READINGS = {
    # An interrupt that arrived during the masked exit at the guest's own exit is taken
    # after preempt_enable, in the "loop", or in the exit "window".
    "exit_pending": "loop",
    # user: the reload of the task image counts as set-up "before" the service, lumped
    # with the save, or as a masked operation of its own "after" it.
    "user_restore": "before",
    # Softirqs held by softirqs-off run at vcpu_put "free" of register moves, or "before"
    # the return to user space or scheduling out with an ordinary neon_begin, or "after"
    # it, in the position that follows.
    "held_run": "free",
    # vcpu_put and the return to user space (or the scheduling out): "one" masked
    # operation, or "two" with the interrupt of the first taken between them.
    "put_and_leave": "one",
    # Time out of residency stands still during softirqs ("thread") or goes on ("wall").
    "out_clock": "thread",
    # The guest run that a residency's end cuts short: "keep" its rest, or "redraw".
    "run_across_put": "keep",
    # With an interrupt pending at the end of a trap, the access is "done" or "retried".
    "trap_access": "done",
    # The slowdown multiplies the request's fixed overhead too, or only the bytes.
    "overhead_slowed": True,
    # Does task NEON happen in the loop under softirqs-off (where it would lose state)?
    "task_neon_softirqs_off": False,
}
