"""What is refused rather than answered wrongly, each with the way out."""

from __future__ import annotations

from collections import Counter

from ..errors import InputError
from .advice import GUEST_CODE, RECORD
from .proxies import PROXIES, available
from .rows import Raw, Rows

__all__ = ["refuse", "refuse_form"]

_LOSS = 0.05  # share of lost events above which counts mean nothing
_THREADS = ("ksoftirqd/", "ktimers/", "irq/", "ktimersoftd/")


def refuse(rows: Rows, about, proxy: str | None = None) -> None:
    """Raise `InputError` for a trace whose answer would mislead.

    ``proxy`` is what the user accepts in place of loads and puts, see `proxies`.
    """
    name = about.name if about else "the trace"
    if about is not None:
        refuse_form(about)
        _refuse_counter(rows, about)
    counts = rows.counts
    if about is not None and about.form == "perf script":
        of_kvm = counts[[Raw.LOAD, Raw.PUT, Raw.ENTRY, Raw.KEXIT]].sum()
        if not of_kvm and counts[[Raw.USER_EXIT, Raw.WAKEUP]].sum():
            raise InputError(
                f"{name}: perf script has left out every event of a loaded vCPU (it takes them "
                f"for the guest's on kernels up to 6.12); print it again with: {GUEST_CODE}"
            )
    _refuse_unloaded(rows, name, proxy, about is not None and about.form == "perf script")
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


def _refuse_unloaded(rows: Rows, name: str, proxy: str | None, perf: bool) -> None:
    counts, offered = rows.counts, available(rows.counts)
    if proxy is not None:
        if proxy not in PROXIES:
            raise InputError(f"residency_from: {proxy!r} is none of {', '.join(PROXIES)}")
        if counts[Raw.LOAD]:
            raise InputError(
                f"{name}: has vcpu_load events, so nothing weaker is needed: leave "
                f"--residency-from {proxy} out"
            )
        if proxy not in offered:
            raise InputError(
                f"{name}: no residency can be told from {proxy}, as not all of its events are "
                f"recorded; record vcpu_load with: {RECORD}"
            )
        return
    missing = [] if counts[Raw.LOAD] else ["vcpu_load"]
    if not counts[Raw.PUT] and counts[Raw.LOAD] != 1:  # a single load may await its put
        missing.append("vcpu_put")
    if not missing:
        return
    hint = ""
    if perf:
        hint = f"if they were recorded, print them with: {GUEST_CODE}; else "
    weaker = ""
    if offered and len(missing) == 2:
        weaker = f" (or take a weaker sign, with its bias told: --residency-from {offered[0]})"
    raise InputError(
        f"{name}: no {missing[0]} events, so no residency can be told; {hint}record "
        f"them with: {RECORD}{weaker}"
    )


def refuse_form(about) -> None:
    """What the first lines tell already, so that nobody waits for the rest."""
    if about.clock == "ticks":
        raise InputError(
            f"{about.name}: its times are bare counts (trace clock counter, uptime or x86-tsc), "
            "which are no times; if they are the TSC's, give its rate with --tsc-hz (dmesg | grep "
            "-i 'tsc.*MHz'), else record with: echo mono > /sys/kernel/tracing/trace_clock"
        )
    if about.tick_hz and about.events and not about.counted:
        raise InputError(f"{about.name}: its times are seconds: read it without --tsc-hz")
    if about.form == "perf script, no thread":
        raise InputError(
            f"{about.name}: no thread column, so no vCPU can be told from another; print it with: "
            f"{GUEST_CODE}"
        )
    if about.form == "perf script, no CPU":
        raise InputError(
            f"{about.name}: no CPU column, so no residency can be told; record with perf record "
            f"-a and print with: {GUEST_CODE}"
        )


def _refuse_counter(rows: Rows, about) -> None:
    """The clocks counter (events) and uptime (jiffies) print bare counts too, but small ones."""
    if about.counted and rows.last_ns is not None:
        ticks = (rows.last_ns - rows.first_ns) * about.tick_hz // 1_000_000_000
        if about.events > 10 and ticks < 10 * about.events:
            raise InputError(
                f"{about.name}: {about.events} events in {ticks} ticks: that is no TSC, but the "
                "trace clock counter or uptime, which are no times; record with: echo mono > "
                "/sys/kernel/tracing/trace_clock"
            )


def _refuse_threaded(rows: Rows, name: str) -> None:
    """PREEMPT_RT and threadirqs run softirqs in threads: none ever meets a resident vCPU."""
    entries: Counter[int] = Counter()
    for (pid, _), count in rows.tally(Raw.SOFTIRQ_ENTRY).items():
        entries[pid] += count
    comms = {pid: rows.comms.get(pid, "") for pid in entries}
    total = entries.total()
    threaded = sum(n for pid, n in entries.items() if comms[pid].startswith(_THREADS))
    timers = any(comm.startswith(("ktimers/", "ktimersoftd/")) for comm in comms.values())
    if total and (timers or (total >= 20 and threaded == total)):
        raise InputError(
            f"{name}: softirqs run in threads here ({threaded} of {total} in "
            "ksoftirqd, ktimers or irq threads: PREEMPT_RT or threadirqs), so none of them "
            "meets a loaded vCPU: the model does not apply to this machine"
        )
