"""What is refused rather than answered wrongly, each with the way out."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .advice import GUEST_CODE, RECORD
from .rows import Raw, Rows

__all__ = ["refuse"]

_LOSS = 0.05  # share of lost events above which counts mean nothing
_THREADS = ("ksoftirqd/", "ktimers/", "irq/", "ktimersoftd/")


def refuse(rows: Rows, about) -> None:
    """Raise `InputError` for a trace whose answer would mislead."""
    name = about.name if about else "the trace"
    if about is not None and about.clock == "ticks":
        raise InputError(
            f"{name}: its times are bare counts (trace clock counter, uptime or x86-tsc), which "
            "are no times; record with: echo mono > /sys/kernel/tracing/trace_clock"
        )
    if about is not None and about.form == "perf script, no CPU":
        raise InputError(
            f"{name}: no CPU column, so no residency can be told; record with perf record -a and "
            f"print with: {GUEST_CODE}"
        )
    counts = rows.counts
    if about is not None and about.form == "perf script":
        of_kvm = counts[[Raw.LOAD, Raw.PUT, Raw.ENTRY, Raw.KEXIT]].sum()
        if not of_kvm and counts[[Raw.USER_EXIT, Raw.WAKEUP]].sum():
            raise InputError(
                f"{name}: perf script has left out every event of a loaded vCPU (it takes them "
                f"for the guest's on kernels up to 6.12); print it again with: {GUEST_CODE}"
            )
    if not counts[Raw.LOAD]:
        hint = ""
        if about is not None and about.form == "perf script":
            hint = f"if they were recorded, print them with: {GUEST_CODE}; else "
        raise InputError(
            f"{name}: no vcpu_load events, so no residency can be told; {hint}record them with: "
            f"{RECORD}"
        )
    wrong = rows.backwards
    if wrong > 2 and wrong > 0.001 * counts.sum():
        raise InputError(
            f"{name}: times run backwards on one CPU {wrong} times, so they are not the times of "
            "one recording (differences, or several traces in one file?)"
        )
    _refuse_threaded(rows, name)
    if about is not None and about.lost > _LOSS * (about.events + about.lost):
        share = 100 * about.lost / (about.events + about.lost)
        raise InputError(
            f"{name}: {about.lost} events ({share:.0f}%) were lost while recording, too many for "
            "counts; record with larger buffers (trace-cmd record -b 16384)"
        )


def _refuse_threaded(rows: Rows, name: str) -> None:
    """PREEMPT_RT and threadirqs run softirqs in threads: none ever meets a resident vCPU."""
    entries = rows.select(Raw.SOFTIRQ_ENTRY)
    pids, counts = np.unique(entries["pid"], return_counts=True)
    comms = [rows.comms.get(int(pid), "") for pid in pids]
    total = int(counts.sum())
    threaded = sum(int(n) for n, comm in zip(counts, comms, strict=True)
                   if comm.startswith(_THREADS))  # fmt: skip
    timers = any(comm.startswith(("ktimers/", "ktimersoftd/")) for comm in comms)
    if total and (timers or (total >= 20 and threaded == total)):
        raise InputError(
            f"{name}: softirqs run in threads here ({threaded} of {total} in "
            "ksoftirqd, ktimers or irq threads: PREEMPT_RT or threadirqs), so none of them "
            "meets a loaded vCPU: the model does not apply to this machine"
        )
