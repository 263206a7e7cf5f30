"""From a whole trace to what it says about its vCPUs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..errors import InputError
from .checks import refuse
from .event import Event, Gap
from .forms import context_of
from .meaning import Meaning
from .reader import Reader
from .recording import Kernel, Kind, Position, Recording
from .rows import ALL_CPUS, FROM_TRACER, IRQS_KNOWN, IRQS_OFF, Raw, Rows, pack
from .threads import Thread
from .walk import Walk

__all__ = ["understand", "understand_all"]

_CHUNK = 1 << 13


def understand(events: Reader | Iterable[Event | Gap], cpu: int | None = None) -> Recording:
    """What the events say about one vCPU thread, as steps that a policy can be led through.

    Parameters
    ----------
    events:
        What `read` gave (fastest), or any iterable of its events.
    cpu:
        Take the vCPU thread with the most loads on this CPU; by default, with the most of all.

    Raises
    ------
    InputError
        For what would mislead: no vcpu_load events, ``perf script`` text without the events of
        loaded vCPUs, a PREEMPT_RT recording, a clock that is no time, no CPU column, too many
        lost events; and for whatever the reader refuses.
    """
    return next(_each(events, cpu, one=True))


def understand_all(
    events: Reader | Iterable[Event | Gap], cpu: int | None = None
) -> tuple[Recording, ...]:
    """As `understand`, for every vCPU thread (of ``cpu``), the one with the most loads first."""
    return tuple(_each(events, cpu, one=False))


def _each(
    events: Reader | Iterable[Event | Gap], cpu: int | None, one: bool
) -> Iterator[Recording]:
    if isinstance(events, Reader):
        rows, about = events.rows(), events
    else:
        rows, about = _rows_of(events), None
    refuse(rows, about)
    chosen, vcpus = _choose(rows, cpu, about)
    for pid, home in chosen:
        yield _recording(rows, about, pid, home, vcpus, consume=one or len(chosen) == 1)


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


def _choose(rows: Rows, cpu: int | None, about) -> tuple[list[tuple[int, int]], tuple]:
    """Each vCPU thread (of ``cpu``) with the CPU of most of its loads, and all such threads."""
    loads = rows.select(Raw.LOAD)
    vcpus = tuple(
        (pid, rows.comms.get(pid, ""), count) for pid, count in _most_common(loads["pid"])
    )
    here = loads
    if cpu is not None:
        here = loads[loads["cpu"] == cpu]
        if not len(here):
            others = ", ".join(str(c) for c in np.unique(loads["cpu"]))
            raise InputError(
                f"{about.name if about else 'the trace'}: no vCPU is loaded on CPU {cpu}; "
                f"vCPUs are loaded on CPU {others}"
            )
    pids = [pid for pid, _ in _most_common(here["pid"])]
    return [(pid, _most_common(here["cpu"][here["pid"] == pid])[0][0]) for pid in pids], vcpus


def _most_common(values: np.ndarray) -> list[tuple[int, int]]:
    found, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [(int(found[i]), int(counts[i])) for i in order]


def _recording(rows: Rows, about, pid: int, home: int, vcpus: tuple, consume: bool) -> Recording:
    thread = Thread(rows, pid)
    walk = Walk(pid, thread.recorded, thread.has, thread.images, rows.arm)
    begun = False
    for part in thread.rows(consume):
        if not begun:
            walk.begin(thread.first)
            begun = True
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
        residency_from="kvm_arch_vcpu_load and kvm_arch_vcpu_put",
        reasons=tuple(rows.reasons),
        unread=about.unread if about else 0,
        gaps=int(rows.counts[Raw.GAP]),
        lost=about.lost if about else 0,
        notes=(about.notes if about else ()) + _notes(steps),
        steps=steps,
    )


def _notes(steps: np.ndarray) -> tuple[str, ...]:
    """Steps that the trace ought to show and does not, told in one line."""
    kinds = steps["kind"][steps["inferred"]]
    kinds = kinds[(kinds != Kind.RETURN_TO_USER) & (kinds != Kind.PREEMPT_ENABLE)]
    if not len(kinds):
        return ()
    missing = ", ".join(f"{n} {Kind(k).name}" for k, n in _most_common(kinds))
    return (f"events are missing that must have been: {missing}",)
