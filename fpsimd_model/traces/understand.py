"""From a whole trace to what it says about its vCPUs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from ..errors import InputError
from .checks import refuse, refuse_form
from .event import Event, Gap
from .forms import context_of
from .meaning import Meaning
from .proxies import LOAD_PUT, TIMERS, bias
from .reader import Reader
from .recording import Kernel, Kind, Position, Recording
from .rows import ALL_CPUS, FROM_TRACER, IRQS_KNOWN, IRQS_OFF, Raw, Rows, pack
from .spool import blocks_of
from .threads import Thread
from .walk import Walk

__all__ = ["each_vcpu", "understand", "understand_all"]

_CHUNK = 1 << 13


def understand(
    events: Reader | Iterable[Event | Gap],
    cpu: int | None = None,
    residency_from: str | None = None,
) -> Recording:
    """What the events say about one vCPU thread, as steps that a policy can be led through.

    Parameters
    ----------
    events:
        What `read` gave (fastest), or any iterable of its events.
    cpu:
        Take the vCPU thread with the most loads on this CPU; by default, with the most of all.
    residency_from:
        What to take in place of ``kvm_arch_vcpu_load`` and ``kvm_arch_vcpu_put`` where a trace
        has neither: ``"kvm_timer"`` or ``"sched_switch"`` (then kvm_entry, kvm_userspace_exit
        too). The recording's notes tell the bias.

    Raises
    ------
    InputError
        For what would mislead: no vcpu_load events, ``perf script`` text without the events of
        loaded vCPUs, a PREEMPT_RT recording, a clock that is no time, no CPU column, too many
        lost events; and for whatever the reader refuses.
    """
    return next(each_vcpu(events, cpu, residency_from))


def understand_all(
    events: Reader | Iterable[Event | Gap],
    cpu: int | None = None,
    residency_from: str | None = None,
) -> tuple[Recording, ...]:
    """As `understand`, for every vCPU thread (of ``cpu``), the one with the most loads first."""
    return tuple(each_vcpu(events, cpu, residency_from))


def each_vcpu(
    events: Reader | Iterable[Event | Gap],
    cpu: int | None = None,
    residency_from: str | None = None,
) -> Iterator[Recording]:
    """As `understand_all`, one after another, so that not all need be in memory at once."""
    if isinstance(events, Reader):
        rows, about = events.rows(look=refuse_form), events
    else:
        rows, about = _rows_of(events), None
    refuse(rows, about, residency_from)
    proxy = residency_from or ""
    chosen, vcpus = _choose(rows, cpu, about, proxy)
    for pid, home in chosen:
        yield _recording(rows, about, pid, home, vcpus, proxy)


def _rows_of(events: Iterable[Event | Gap]) -> Rows:
    rows = Rows()
    meaning = Meaning(rows.reasons, rows.images)
    flat: list[int] = []
    for event in events:
        if isinstance(event, Gap):
            where = ALL_CPUS if event.cpu is None else event.cpu
            flat += (0, pack(Raw.GAP, 0, where, -1), -1)
        else:
            got = meaning.of(event.name, event.text, event.caller)
            rows.comms.setdefault(event.pid, event.comm)
            rows.saw(event.time_ns)
            if got is not None and got[0] != Raw.SKIP:
                context, irqs_off = context_of(event.flags)
                where = context | (0 if irqs_off is None else IRQS_KNOWN | irqs_off * IRQS_OFF)
                where |= FROM_TRACER if event.caller else 0
                flat += (event.time_ns, pack(got[0], where, event.cpu, event.pid), got[1])
        if len(flat) > 3 * _CHUNK:
            rows.add(flat)
            flat = []
    rows.add(flat)
    rows.arm = meaning.arm
    return rows


def _choose(rows: Rows, cpu: int | None, about, proxy: str) -> tuple[list[tuple[int, int]], tuple]:
    """Each vCPU thread (of ``cpu``) with the CPU of most of its loads, and all such threads."""
    loads = rows.tally(Raw.TIMER_LOAD if proxy == TIMERS else Raw.ENTRY if proxy else Raw.LOAD)
    by_pid: Counter[int] = Counter()
    for (pid, where), count in loads.items():
        by_pid[pid] += count if cpu is None or where == cpu else 0
    every: Counter[int] = Counter()
    for (pid, _), count in loads.items():
        every[pid] += count
    vcpus = tuple(
        (pid, rows.comms.get(pid, ""), 0 if proxy else count) for pid, count in every.most_common()
    )
    chosen = [pid for pid, count in by_pid.most_common() if count]
    if not chosen:
        others = ", ".join(str(c) for c in sorted({where for _, where in loads}))
        raise InputError(
            f"{about.name if about else 'the trace'}: no vCPU is loaded on CPU {cpu}; "
            f"vCPUs are loaded on CPU {others}"
        )
    homes = {
        pid: max(((n, -c) for (p, c), n in loads.items() if p == pid and cpu in (None, c)))
        for pid in chosen
    }
    return [(pid, -homes[pid][1]) for pid in chosen], vcpus


def _recording(rows: Rows, about, pid: int, home: int, vcpus: tuple, proxy: str) -> Recording:
    thread = Thread(rows, pid)
    walk = Walk(pid, thread.recorded, thread.has, thread.images, rows.arm, proxy)
    walk.begin(thread.first)
    for part in thread.rows():
        for at in range(0, len(part), _CHUNK):
            walk.take(part[at : at + _CHUNK])
            walk.settle()
    steps = walk.steps()
    return Recording(
        name=about.name if about else "<events>",
        form=about.form if about else "events",
        cpu=home,
        cpus=thread.cpus,
        pid=pid,
        comm=rows.comms.get(pid, ""),
        vcpus=vcpus,
        seconds=max((rows.last_ns or 0) - (rows.first_ns or 0), 0) / 1e9,
        start=Position(walk.start),
        first_partial=walk.start in (Position.LOOP, Position.WINDOW, Position.GUEST),
        last_partial=walk.position >= Position.LOOP,
        loads=walk.loads,
        puts=walk.puts,
        entries=walk.entries,
        exits=walk.exits,
        neon_begins=walk.neon["softirq"],
        neon_begins_task=walk.neon["task"],
        neon_begins_outside=walk.neon["outside"],
        softirqs_inside=dict(sorted(walk.inside.items())),
        softirqs_outside=dict(sorted(walk.outside.items())),
        kernel=Kernel(**walk.kernel()),
        live_known=walk.knows_live,
        window_known=walk.has_exit,
        residency_from=proxy or LOAD_PUT,
        reasons=tuple(rows.reasons),
        unread=about.unread if about else 0,
        gaps=int(rows.counts[Raw.GAP]) + walk.unmarked,
        lost=about.lost if about else 0,
        notes=(
            ((bias(proxy),) if proxy else ())
            + (about.notes if about else ())
            + _unmarked(walk.unmarked)
            + _notes(steps)
        ),
        steps=steps,
        recorded=_kinds(thread.recorded),
    )


_SHOWS = {
    Raw.GAP: Kind.GAP, Raw.LOAD: Kind.LOAD, Raw.PUT: Kind.PUT, Raw.FLUSH: Kind.ENTER,
    Raw.ENTRY: Kind.ENTER, Raw.SYNC: Kind.EXIT, Raw.KEXIT: Kind.EXIT,
    Raw.USER_EXIT: Kind.USER_EXIT, Raw.NEON_BEGIN: Kind.NEON_BEGIN, Raw.NEON_END: Kind.NEON_END,
    Raw.SOFTIRQ_RAISE: Kind.SOFTIRQ_RAISE, Raw.SOFTIRQ_ENTRY: Kind.SOFTIRQ_ENTRY,
    Raw.SOFTIRQ_EXIT: Kind.SOFTIRQ_EXIT, Raw.IRQ_ENTRY: Kind.IRQ, Raw.SAVE: Kind.SAVE,
    Raw.RESTORE: Kind.RESTORE, Raw.RETURN: Kind.RETURN_TO_USER, Raw.WAKEUP: Kind.WAKEUP,
    Raw.PACKET: Kind.PACKET,
}  # fmt: skip


def _kinds(recorded: frozenset[int]) -> frozenset[Kind]:
    """What kinds of step these rows can show."""
    kinds = {kind for raw, kind in _SHOWS.items() if raw in recorded}
    return frozenset(kinds | ({Kind.SCHED_IN, Kind.SCHED_OUT} if Raw.SWITCH in recorded else set()))


def _unmarked(number: int) -> tuple[str, ...]:
    if not number:
        return ()
    return (f"{number} times the order of events is impossible: some were lost without a mark",)


def _notes(steps: np.ndarray) -> tuple[str, ...]:
    """Steps that the trace ought to show and does not, told in one line."""
    found = np.zeros(len(Kind), dtype=np.int64)
    for block in blocks_of(steps):
        found += np.bincount(block["kind"][block["inferred"]], minlength=len(Kind))
    found[[Kind.RETURN_TO_USER, Kind.PREEMPT_ENABLE]] = 0
    if not found.any():
        return ()
    order = np.argsort(-found, kind="stable")
    missing = ", ".join(f"{found[k]} {Kind(k).name}" for k in order.tolist() if found[k])
    return (f"events are missing that must have been: {missing}",)
