"""The rows that concern one thread, in order of time, and whose register images are whose."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .recording import Image
from .rows import ALL_CPUS, ROW, Raw, Rows

__all__ = ["Thread"]

_LOOK = 4096  # own rows in which the first that tells a position is sought


class Thread:
    """One thread of a trace.

    ``cpus`` is where it ran, ``recorded`` the kinds of row that the file has at all and ``has``
    those that this thread has; ``images`` maps the index of a register image to `Image`;
    ``first`` has its first rows and the switches to it.
    """

    def __init__(self, rows: Rows, pid: int) -> None:
        self.pid, self._rows = pid, rows
        self.recorded = frozenset(np.flatnonzero(rows.counts).tolist())
        self._loads_by_call = Raw.LOADED_FP in self.recorded and Raw.RESTORE not in self.recorded
        if self._loads_by_call:  # no probe at the move itself: the call is all there is
            self.recorded |= {int(Raw.RESTORE)}
        cpus, kinds, images = set(), set(), _Images(pid)
        for part in rows.parts():
            own = part[self._own(part)]
            cpus.update(np.unique(own["cpu"][own["pid"] == pid]).tolist())
            kinds.update(np.unique(own["kind"]).tolist())
            images.see(own)
        self.cpus = tuple(sorted(cpus))
        self.has = frozenset(kinds)
        self.images = images.owners()
        self._here = np.zeros(ALL_CPUS + 1, dtype=bool)
        self._here[[*self.cpus, ALL_CPUS]] = True
        self._by_cpu = self._cpus_come_one_after_the_other()
        found = np.empty(0, dtype=ROW)
        for part in self.rows():
            found = np.concatenate([found, part[self._own(part)][: _LOOK - len(found)]])
            if len(found) == _LOOK:
                break
        self.first = found

    def _own(self, part: np.ndarray) -> np.ndarray:
        """Which rows the thread printed, and which are switches to it."""
        to_it = (part["kind"] == Raw.SWITCH) & (part["value"] >> 1 == self.pid)
        return (part["pid"] == self.pid) | to_it

    def rows(self) -> Iterator[np.ndarray]:
        """Its rows and those of the CPUs that it runs on, by time and as printed on equal ones.

        A gap has no time of its own and keeps its place in the file.
        """
        if not self._by_cpu:
            return self._as_printed()
        whole = np.concatenate(list(self._as_printed()))
        return iter([whole[np.argsort(whole["time"], kind="stable")]])

    def _as_printed(self) -> Iterator[np.ndarray]:
        last = None
        for part in self._rows.parts():
            mine = part[self._own(part) | self._here[part["cpu"]]]
            if not len(mine):
                continue
            last = _fill_gaps(mine, last)
            if self._loads_by_call:
                calls = mine["kind"] == Raw.LOADED_FP
                mine["kind"][calls], mine["value"][calls] = Raw.RESTORE, -1
            yield mine

    def _cpus_come_one_after_the_other(self) -> bool:
        """Whether time steps back in the file, and on no single CPU, so that sorting helps."""
        if self._rows.in_order:
            return False
        latest: dict[int, int] = {}
        last, ordered = 0, True
        for part in self._as_printed():
            times = part["time"]
            ordered &= int(times[0]) >= last and not (np.diff(times) < 0).any()
            last = int(times[-1])
            part = part[part["kind"] != Raw.GAP]
            for cpu in np.unique(part["cpu"]).tolist():
                times = part["time"][part["cpu"] == cpu]
                if times[0] < latest.get(cpu, 0) or (np.diff(times) < 0).any():
                    return False  # it would tear that CPU's own order
                latest[cpu] = int(times[-1])
        return not ordered


def _fill_gaps(part: np.ndarray, last: int | None) -> int:
    """Give each gap the time of the row before it (of the first row, at the very start)."""
    gaps = part["kind"] == Raw.GAP
    times = part["time"]
    if gaps.any():
        at = np.where(gaps, -1, np.arange(len(part)))
        at = np.maximum.accumulate(at)
        told = np.flatnonzero(~gaps)
        before = last if last is not None else (int(times[told[0]]) if len(told) else 0)
        part["time"] = np.where(at >= 0, times[np.maximum(at, 0)], before)
    return int(part["time"][-1])


class _Images:
    """Whose image is whose: bound at an exit, or saved by a put, is the vCPU's.

    What the thread loads while it runs is its own; what it only saves is a scratch area of the
    kernel, or its own if it loads nothing at all.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.bound: set[int] = set()
        self.loaded: set[int] = set()
        self.saved: set[int] = set()
        self.put: set[int] = set()
        self._running, self._last = True, -1

    def see(self, own: np.ndarray) -> None:
        """Take the next rows of the thread, switches to it among them."""
        own = own[np.isin(own["kind"], _MOVES)]
        if not len(own):
            return
        kinds, values, at = own["kind"], own["value"], np.arange(len(own))
        switch = kinds == Raw.SWITCH
        left = np.maximum.accumulate(np.where(switch & (own["pid"] == self.pid), at, -1))
        came = np.maximum.accumulate(np.where(switch & (own["pid"] != self.pid), at, -1))
        running = np.where(left == came, self._running, came > left)
        before = np.concatenate([[self._last], kinds[:-1]])
        self.bound |= _told(values[kinds == Raw.BIND])
        self.saved |= _told(values[kinds == Raw.SAVE])
        self.put |= _told(values[(kinds == Raw.SAVE) & (before == Raw.PUT)])
        # a load while switched out is for the task that comes
        self.loaded |= _told(values[(kinds == Raw.RESTORE) & running])
        self._running, self._last = bool(running[-1]), int(kinds[-1])

    def owners(self) -> dict[int, int]:
        """`Image` by index."""
        bound = self.bound
        if self.saved and not bound & self.saved:  # no bind, or its argument is no image
            bound = self.put - self.loaded
            if not bound:
                return {image: int(Image.TASK) for image in self.loaded}
        other = Image.UNKNOWN if self.loaded else Image.TASK
        images = {image: int(other) for image in self.saved}
        images.update({image: int(Image.TASK) for image in self.loaded})
        images.update({image: int(Image.VCPU) for image in bound})
        return images


_MOVES = [Raw.PUT, Raw.SAVE, Raw.RESTORE, Raw.BIND, Raw.SWITCH]


def _told(values: np.ndarray) -> set[int]:
    return set(np.unique(values).tolist()) - {-1}
