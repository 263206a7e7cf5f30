"""Replay a trace through policies, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from .. import policies as _policies
from ..errors import InputError
from ..policies.base import Policy
from ..traces import Recording, read
from ..traces.several import added
from ..traces.understand import each_vcpu
from .together import together
from .walk import COUNTS

__all__ = ["Replay", "ReplayResult", "replay"]

_KERNEL = ("host_saves", "host_restores", "guest_saves", "guest_restores")


@dataclass(frozen=True)
class ReplayResult:
    """What one policy would have done.

    Attributes
    ----------
    policy:
        Its name.
    counts:
        By the names of ``COUNTS``, with the FP uses that the trace shows and no others.
    most:
        The same if the guest also used FP in every run of which the trace cannot tell.
    """

    policy: str
    counts: Mapping[str, int]
    most: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    @property
    def bounds(self) -> dict[str, tuple[int, int]]:
        """Counts that the trace does not settle: the smaller and the larger of the two."""
        return {
            name: (min(self.counts[name], self.most[name]), max(self.counts[name], self.most[name]))
            for name in COUNTS
            if self.counts[name] != self.most[name]
        }

    def to_dict(self) -> dict:
        """As ``fpsimd-model replay --json`` writes it."""
        return {
            "policy": self.policy,
            "counts": dict(self.counts),
            "bounds": {name: list(pair) for name, pair in self.bounds.items()},
        }


@dataclass(frozen=True)
class Replay(Sequence):
    """A trace led through several policies.

    Attributes
    ----------
    recording:
        What the trace says; of several vCPUs, of the one with the most loads.
    results:
        One for each policy, in the order asked for, added over all vCPUs.
    fp_runs, unsure_runs:
        Guest runs that used FP for certain; those of which the trace cannot tell.
    vcpus:
        Each vCPU thread's own replay, where there are several, the one with the most loads first.
        Only the first keeps the steps of its recording.
    """

    recording: Recording
    results: tuple[ReplayResult, ...]
    fp_runs: int
    unsure_runs: int
    vcpus: tuple[Replay, ...] = ()

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index):
        if not isinstance(index, str):
            return self.results[index]
        for result in self.results:
            if result.policy == index:
                return result
        raise InputError(f"no result for {index!r}; there are {', '.join(r.policy for r in self)}")

    def __iter__(self) -> Iterator[ReplayResult]:
        return iter(self.results)

    @property
    def kernel(self) -> dict[str, int | None]:
        """Register moves that the recorded kernel made itself; None where not recorded."""
        return {name: getattr(self.total.kernel, name) for name in _KERNEL}

    @property
    def total(self) -> Recording:
        """Totals over all vCPUs, without steps; with a single vCPU, its recording."""
        return added([one.recording for one in self.vcpus]) if self.vcpus else self.recording

    def off_by(self, policy: str) -> dict[str, int]:
        """Replayed minus the kernel's own count, where that was recorded."""
        counts = self[policy].counts
        return {n: counts[n] - seen for n, seen in self.kernel.items() if seen is not None}

    def to_dict(self) -> dict:
        """``{"trace": {...}, "results": [...]}``."""
        about = {**self.total.to_dict(), "fp_runs": self.fp_runs}
        value = {
            "trace": {**about, "unsure_runs": self.unsure_runs},
            "results": [result.to_dict() for result in self.results],
        }
        if self.vcpus:
            value["vcpus"] = [one.to_dict() for one in self.vcpus]
        return value


def replay(
    trace: str | os.PathLike[str] | BinaryIO | Recording,
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    *,
    cpu: int | None = None,
    strict: bool = False,
    tsc_hz: float | None = None,
    residency_from: str | None = None,
    progress: Callable[[int | None, int | None], None] | None = None,
) -> Replay:
    """What each policy would have done on the machine that recorded `trace`.

    Parameters
    ----------
    trace:
        A file (text, gzip, xz; ``-`` for standard input; a ``trace.dat`` or ``perf.data`` by its
        path), an open binary file, or a recording.
    policies:
        Names or classes; None for all sixteen.
    cpu:
        Take only vCPUs that are loaded on this CPU, on whatever CPUs they run besides; by default,
        all vCPUs of the trace. The counts of several are added, and kept in ``vcpus``.
    strict, tsc_hz, progress:
        As `fpsimd_model.traces.read` has them.
    residency_from:
        As `fpsimd_model.traces.understand` has it.

    Returns
    -------
    Replay

    Raises
    ------
    InputError
        On an unknown policy, and on a trace that cannot be read or would mislead.

    >>> from fpsimd_model.resources import data_path
    >>> done = replay(data_path("traces", "k61-vhe-busy-plain.txt.gz"), ["tracked-save-at-load"])
    >>> done["tracked-save-at-load"]["guest_saves"], done.kernel["guest_saves"]
    (8, 8)
    """
    chosen = _policies.select(policies)
    if isinstance(trace, Recording):
        return _replay(trace, chosen)
    each: list[Replay] = []
    reader = read(trace, strict=strict, tsc_hz=tsc_hz, progress=progress)
    for recording in each_vcpu(reader, cpu, residency_from):
        one = _replay(recording, chosen)
        if each:  # the steps of all of them would take too much memory
            one = replace(one, recording=replace(recording, steps=recording.steps[:0].copy()))
        each.append(one)
    if len(each) == 1:
        return each[0]
    results = tuple(map(_sum, zip(*each, strict=True)))
    return Replay(
        each[0].recording, results, sum(one.fp_runs for one in each),
        sum(one.unsure_runs for one in each), tuple(each),
    )  # fmt: skip


def _replay(recording: Recording, chosen: list[type[Policy]]) -> Replay:
    counts, sure, unsure = together(chosen, recording)
    results = tuple(
        ReplayResult(policy.name, *pair) for policy, pair in zip(chosen, counts, strict=True)
    )
    return Replay(recording, results, sure, unsure)


def _sum(results: tuple[ReplayResult, ...]) -> ReplayResult:
    """One policy's counts over several vCPUs."""
    counts = {name: sum(result.counts[name] for result in results) for name in COUNTS}
    most = {name: sum(result.most[name] for result in results) for name in COUNTS}
    return ReplayResult(results[0].policy, counts, most)
