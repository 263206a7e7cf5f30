"""The chain with phases, solved by the order of its phases.

In the run loop and outside residencies the phases of the guest's clocks stand still: what happens
there is the same for all of them, and is eliminated once.  What is left is the guest, whose longest
clock makes levels (:mod:`.phases_levels`); where the residency has most phases, these are levels of
run loop and guest together.  The same levels tell how long until vcpu_put from any beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from .blocks import product, times
from .phases_clocks import FIRST_FP, GUEST_RUN, OUT, RESIDENCY, RUN_LOOP, Clocks
from .phases_drive import FP, NONE, OWN, STAY, Drive, Driven
from .phases_guest import GuestLevels
from .phases_levels import Levels
from .phases_parts import Inside, Parts, plus
from .phases_stay import ResidencyLevels

__all__ = ["Phased", "level_of"]

_LARGEST = 300  # unknowns that are solved for at once


def level_of(drive: Drive, clocks: Clocks) -> int | None:
    """The clock whose phases are taken as levels; None if too much is left on each, or nothing.

    Where interrupts come in every entry, to the last digit, no guest ever runs.
    """
    stay, _, loop, run, fp = (done.shape[1] for done in clocks.done)
    n_loop, n_guest = len(drive.loop), len(drive.guest)
    if not n_loop or not n_guest:
        return None
    sizes = {
        GUEST_RUN: (n_loop * loop * stay, n_guest * stay * fp),
        FIRST_FP: (n_loop * loop * stay, n_guest * stay * run),
        RESIDENCY: (fp * run * (n_loop * loop + n_guest),),
    }
    best = min(sizes, key=lambda clock: sum(size**3 for size in sizes[clock]))
    return best if max(sizes[best]) <= _LARGEST else None


class Phased:
    """The solved chain with phases of one policy in B scenarios.

    Attributes
    ----------
    out, inside:
        Shares of thread time: (B, n, F, G, O) outside residencies, and in them.
    """

    def __init__(self, drive: Drive, clocks: Clocks, preempted: np.ndarray, level: int) -> None:
        self.drive, self.clocks, self.level = drive, clocks, level
        self._parts = part = Parts(drive, clocks, preempted)
        done, n = clocks.done, len(drive.out)
        outside = Levels(
            part(NONE, "o", "o"),
            np.zeros((len(preempted), n)),
            clocks.onward[OUT],
            done[OUT],
            part(OWN, "l", "o").sum(axis=1),
        )
        one = np.broadcast_to(np.eye(n), (len(preempted), n, n))
        load = product(part(OWN, "l", "o"), outside.ended(one))
        inside = self._levels(load).stationary().positive()
        puts = self.puts(inside)
        out = outside.spread(puts.reshape(*puts.shape[:2], -1))
        out = np.moveaxis(out, 1, -1).reshape(*puts.shape, -1)
        total = out.reshape(len(out), -1).sum(axis=1) + inside.total()

        def share(x: np.ndarray) -> np.ndarray:
            return x / total.reshape(-1, *(1,) * (x.ndim - 1))

        self.out, self.inside = share(out), Inside(share(inside.loop), share(inside.guest))

    def _levels(self, load: np.ndarray | None) -> GuestLevels | ResidencyLevels:
        if self.level == RESIDENCY:
            return ResidencyLevels(self._parts, load)
        return GuestLevels(self._parts, self.level, load)

    @cached_property
    def _absorbed(self) -> GuestLevels | ResidencyLevels:
        return self._levels(None)

    def puts(self, x: Inside) -> np.ndarray:
        """(B, n, F, G) ends of residencies."""
        part, stay, run = self._parts, self.clocks.done[RESIDENCY], self.clocks.done[GUEST_RUN]
        found = times(part(STAY, "o", "l"), np.einsum("br,bnfglr->bnfg", stay, x.loop))
        found += times(part(STAY, "o", "g"), np.einsum("br,bnfgr->bnfg", stay, x.guest))
        exits = np.einsum("bg,bnfgr->bnf", run, x.guest)
        found[..., 0] += times(part(OWN, "o", "g"), exits)
        return found

    def driven(self, x: Inside, out: np.ndarray | None = None) -> Driven:
        """What drives rows, where `x` and `out` are times in each state."""
        stay, outside, loop, run, fp = self.clocks.done
        f, b = self.drive, len(stay)
        found = [np.zeros((b, self.drive.size)) for _ in range(4)]
        found[NONE][:, f.loop] = x.loop.sum(axis=(2, 3, 4, 5))
        found[OWN][:, f.loop] = np.einsum("bl,bnfglr->bn", loop, x.loop)
        found[STAY][:, f.loop] = np.einsum("br,bnfglr->bn", stay, x.loop)
        found[NONE][:, f.guest] = x.guest.sum(axis=(2, 3, 4))
        found[OWN][:, f.guest] = np.einsum("bg,bnfgr->bn", run, x.guest)
        found[STAY][:, f.guest] = np.einsum("br,bnfgr->bn", stay, x.guest)
        found[FP][:, f.guest] = np.einsum("bf,bnfgr->bn", fp, x.guest)
        if out is not None:
            found[NONE][:, f.out] = out.sum(axis=(2, 3, 4))
            found[OWN][:, f.out] = np.einsum("bo,bnfgo->bn", outside, out)
        return found

    def lands(self, carried: Sequence[np.ndarray]) -> Inside:
        """Where the matrices `carried` of each kind lead within residencies, from all the time."""
        (none, own, _, fp), done, f = carried, self.clocks.done, self.drive
        x, there = self.inside, self.leads_to(none, self.inside)
        entered = np.einsum("bl,bnfglr->bnfgr", done[RUN_LOOP], x.loop)
        run = np.einsum("bg,bnfgr->bnfr", done[GUEST_RUN], x.guest)
        gap = np.einsum("bf,bnfgr->bngr", done[FIRST_FP], x.guest)
        loads = np.einsum("bo,bnfgo->bnfg", done[OUT], self.out)
        guest, begins = there.guest, there.loop[..., 0, :]
        guest += _between(own, f.guest, f.loop, entered)
        guest[:, :, 0] += _between(fp, f.guest, f.guest, gap)
        begins += _between(own, f.loop, f.loop, entered)
        begins[:, :, :, 0] += _between(own, f.loop, f.guest, run)
        begins[:, :, 0] += _between(fp, f.loop, f.guest, gap)
        begins[..., 0] += _between(own, f.loop, f.out, loads)
        return there

    @cached_property
    def waiting(self) -> Inside:
        """Packets that wait within residencies."""
        found, again = self.lands(self.drive.caught), self.drive.again
        return found if again is None else plus(found, self.leads_to(again, found))

    def leads_to(self, matrix: np.ndarray, x: Inside) -> Inside:
        """Where what no clock drives leads within residencies."""
        f = self.drive
        loop = _between(matrix, f.loop, f.loop, x.loop)
        loop[..., 0, :] += _between(matrix, f.loop, f.guest, x.guest)
        return Inside(loop, _between(matrix, f.guest, f.guest, x.guest))

    def wishes(self) -> tuple[Inside, np.ndarray]:
        """Where residencies go on in spite of a wish to preempt, and (B, 1) how often.

        With an exponential clock a wish may come at any time, and nothing changes.
        """
        x, off, f = self.inside, self.drive.table.preempt_off, self.drive
        loop = x.loop * off[f.loop].reshape(-1, 1, 1, 1, 1)
        guest = x.guest * off[f.guest].reshape(-1, 1, 1, 1)
        if self._parts.ignored is not None:
            stay, first = self.clocks.done[RESIDENCY], np.eye(1, loop.shape[-1])[0]
            loop = np.einsum("br,bnfglr->bnfgl", stay, loop)[..., None] * first
            guest = np.einsum("br,bnfgr->bnfg", stay, guest)[..., None] * first
        total = sum(part.reshape(len(part), -1).sum(axis=1) for part in (loop, guest))
        return Inside(loop, guest), total[:, None]

    def until_put(self, pays: np.ndarray, lasts: np.ndarray, begins: Inside) -> np.ndarray:
        """(B, r) sums up to the end of vcpu_put, over all that `begins` in thread time.

        `pays` (B, m, r) is what each row adds, `lasts` (r,) what a second of thread time adds.
        """
        return self._sums(pays, lasts, begins, np.zeros((len(pays), self.drive.size)))

    def until_put_waiting(self, pays: np.ndarray, lasts: np.ndarray, waits: Inside) -> np.ndarray:
        """The same of packets that wait, and lead on at once."""
        drive = f = self.drive
        if drive.again is not None:
            waits = plus(waits, self.leads_to(drive.again, waits))
        waiting = np.zeros((len(pays), drive.size))
        waiting[:, f.loop] = waits.loop.sum(axis=(2, 3, 4, 5))
        waiting[:, f.guest] = waits.guest.sum(axis=(2, 3, 4))
        return self._sums(pays, lasts, self.leads_to(drive.released, waits), waiting)

    def _sums(self, pays, lasts, begins: Inside, waiting: np.ndarray) -> np.ndarray:
        driven = self.driven(self._absorbed.until_put(begins))
        more = self.drive.waits(driven)
        more[:, self.drive.out] = 0.0
        flow = self.drive.flow(driven, waiting + more)
        return np.einsum("bm,bmr->br", flow, pays) + driven[NONE].sum(axis=1)[:, None] * lasts


def _between(matrix: np.ndarray, to: np.ndarray, here: np.ndarray, x: np.ndarray) -> np.ndarray:
    return times(matrix[:, to[:, None], here], x)
