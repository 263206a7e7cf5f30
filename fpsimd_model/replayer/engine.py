"""Replay a trace through policies, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from .. import policies as _policies
from ..errors import InputError
from ..policies.base import Policy
from ..traces import Recording, read, understand
from .script import accesses, script_of
from .walk import COUNTS, walk

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
        What the trace says.
    results:
        One for each policy, in the order asked for.
    fp_runs, unsure_runs:
        Guest runs that used FP for certain; those of which the trace cannot tell.
    """

    recording: Recording
    results: tuple[ReplayResult, ...]
    fp_runs: int
    unsure_runs: int

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
        return {name: getattr(self.recording.kernel, name) for name in _KERNEL}

    def off_by(self, policy: str) -> dict[str, int]:
        """Replayed minus the kernel's own count, where that was recorded."""
        counts = self[policy].counts
        return {n: counts[n] - seen for n, seen in self.kernel.items() if seen is not None}

    def to_dict(self) -> dict:
        """``{"trace": {...}, "results": [...]}``."""
        about = {**self.recording.to_dict(), "fp_runs": self.fp_runs}
        return {
            "trace": {**about, "unsure_runs": self.unsure_runs},
            "results": [result.to_dict() for result in self.results],
        }


def replay(
    trace: str | os.PathLike[str] | BinaryIO | Recording,
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    *,
    cpu: int | None = None,
    strict: bool = False,
) -> Replay:
    """What each policy would have done on the machine that recorded `trace`.

    Parameters
    ----------
    trace:
        A file (text, gzip, xz; ``-`` for standard input), an open binary file, or a recording.
    policies:
        Names or classes; None for all sixteen.
    cpu:
        Take the vCPU with the most loads on this CPU; by default, with the most of all.
    strict:
        Stop at the first line that cannot be read.

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
    if not isinstance(trace, Recording):
        trace = understand(read(trace, strict=strict), cpu=cpu)
    before, calls = script_of(trace)
    results = tuple(
        ReplayResult(
            policy.name,
            walk(policy, before, calls, maybe=False),
            walk(policy, before, calls, maybe=True),
        )
        for policy in chosen
    )
    return Replay(trace, results, *accesses(calls))
