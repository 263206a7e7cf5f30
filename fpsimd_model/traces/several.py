"""Several vCPU threads of one trace, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from .recording import Kernel, Recording

__all__ = ["added"]

_COUNTS = ("loads", "puts", "entries", "exits", "neon_begins", "neon_begins_task",
           "neon_begins_outside")  # fmt: skip


def added(recordings: Sequence[Recording]) -> Recording:
    """Totals over threads; CPU, name and position are those of the first, steps there are none."""
    first = recordings[0]
    cpus = [cpu for one in recordings for cpu in one.cpus]
    notes = list(dict.fromkeys(note for one in recordings for note in one.notes))
    if len(set(cpus)) < len(cpus):
        notes.append(
            "vCPU threads share CPUs: what ran outside a residency counts once for each of them"
        )
    return replace(
        first,
        comm=f"{first.comm} and {len(recordings) - 1} more",
        cpus=tuple(sorted(set(cpus))),
        **{name: sum(getattr(one, name) for one in recordings) for name in _COUNTS},
        softirqs_inside=_dicts([one.softirqs_inside for one in recordings]),
        softirqs_outside=_dicts([one.softirqs_outside for one in recordings]),
        kernel=_kernels([one.kernel for one in recordings]),
        first_partial=any(one.first_partial for one in recordings),
        last_partial=any(one.last_partial for one in recordings),
        live_known=all(one.live_known for one in recordings),
        window_known=all(one.window_known for one in recordings),
        notes=tuple(notes),
        steps=first.steps[:0].copy(),
    )


def _dicts(each: Sequence[dict[int, int]]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for one in each:
        found.update(one)
    return dict(sorted(found.items()))


def _kernels(each: Sequence[Kernel]) -> Kernel:
    def total(name: str) -> int | None:
        values = [getattr(one, name) for one in each]
        return None if None in values else sum(values)

    return Kernel(*(total(name) for name in Kernel.__dataclass_fields__))
