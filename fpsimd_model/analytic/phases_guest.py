"""Levels of the guest: its longest clock's phases, the run loop eliminated.

In the run loop and outside residencies the phases of the guest's clocks stand still, so that what
happens there is the same for all of them, and is solved for once.
"""

from __future__ import annotations

import numpy as np

from .blocks import product, solved, times
from .phases_clocks import FIRST_FP, GUEST_RUN, RESIDENCY, RUN_LOOP
from .phases_drive import FP, NONE, OWN, STAY
from .phases_levels import Levels, drained
from .phases_parts import Inside, Parts, advance

__all__ = ["GuestLevels"]


class GuestLevels:
    """Levels of the guest: the run loop is solved for once, whatever the guest's phases."""

    def __init__(self, parts: Parts, clock: int, load: np.ndarray | None) -> None:
        self.parts, self.clock, self.load = parts, clock, load
        self._solve_loop()
        self._solve_guest()

    def _solve_loop(self) -> None:
        """Unknowns (n, L, R)."""
        part, stay, own = self.parts, self.parts.done[RESIDENCY], self.parts.done[RUN_LOOP]
        b, n = len(stay), len(part.drive.loop)
        shape = n, own.shape[1], stay.shape[1]
        inner = np.zeros((b, *shape, *shape))
        np.einsum("bilrjlr->blrij", inner)[:] += part(NONE, "l", "l")[:, None, None]
        again = part(OWN, "l", "l")[:, None, None] * own[:, :, None, None, None]
        np.einsum("birjlr->blrij", inner[:, :, 0])[:] += again
        advance(inner, part.onward[RUN_LOOP], "ikr,ikr")
        advance(inner, part.onward[RESIDENCY], "irk,irk")
        if (kept := part.goes_on("l")) is not None:
            some = np.einsum("bililr->bilr", inner[:, :, :, 0])
            some += kept[:, :, None, None] * stay[:, None, None]
        leave = part(OWN, "g", "l").sum(axis=1)[:, :, None, None] * own[:, None, :, None]
        puts = part(STAY, "o", "l")
        if self.load is None:
            leave = leave + puts.sum(axis=1)[:, :, None, None] * stay[:, None, None]
        else:
            inner[:, :, 0, 0] += (
                product(self.load, puts)[..., None, None] * stay[:, None, None, None]
            )
        leave = np.broadcast_to(leave, (b, *shape)).reshape(b, -1)
        size = leave.shape[1]
        self._loop = drained(inner.reshape(b, size, size), leave)
        first = np.eye(size).reshape(*shape, size)[:, 0].reshape(-1, size).T
        spent = solved(self._loop, np.broadcast_to(first, (b, *first.shape)))
        self._spent = spent  # (B, n L R, n R) where segments begin
        spent = spent.reshape(b, *shape, -1)
        self._enters = self._enter(spent)  # (B, guest, R, n R)
        ends = (spent * stay[:, None, None, :, None]).sum(axis=(2, 3))
        self._lost = product(puts, ends).sum(axis=1).reshape(b, n, -1)  # puts from there, (B, n, R)

    def _enter(self, spent: np.ndarray) -> np.ndarray:
        """Into the guest, from time spent (B, n, L, ...) in the run loop."""
        done = self.parts.done[RUN_LOOP]
        ended = np.einsum("bl,bil...->bi...", done, spent)
        return times(self.parts(OWN, "g", "l"), ended)

    def _through(self, kind: int) -> tuple[np.ndarray, np.ndarray]:
        """(B, n, R, n, R) from guest to guest through the run loop, and (B, n, R) puts there."""
        into = self.parts(kind, "l", "g")
        b, n, stay = len(into), into.shape[2], self.parts.done[RESIDENCY].shape[1]
        enters = self._enters.reshape(b, n, stay, -1, stay)
        found = product(enters.transpose(0, 1, 2, 4, 3).reshape(b, -1, into.shape[1]), into)
        found = found.reshape(b, n, stay, stay, n).transpose(0, 1, 2, 4, 3)
        return found, np.einsum("blr,blj->bjr", self._lost, into)

    def _solve_guest(self) -> None:
        """Unknowns (n, D, R) on each level, D the other clock of the guest."""
        part, stay = self.parts, self.parts.done[RESIDENCY]
        b, n, r = len(stay), len(part.drive.guest), stay.shape[1]
        plain, lost = self._through(NONE)
        np.einsum("birjr->brij", plain)[:] += part(NONE, "g", "g")[:, None]
        advance(plain, part.onward[RESIDENCY], "ik,ik")
        if (kept := part.goes_on("g")) is not None:
            some = np.einsum("biir->bir", plain[:, :, 0])
            some += kept[:, :, None] * stay[:, None]
        run, run_lost = self._through(OWN)
        fp, fp_lost = self._through(FP)
        np.einsum("birjr->brij", fp)[:] += part(FP, "g", "g")[:, None]
        puts, at_exit = part(STAY, "o", "g"), part(OWN, "o", "g")
        if self.load is None:
            lost = lost + puts.sum(axis=1)[:, :, None] * stay[:, None]
            run_lost = run_lost + at_exit.sum(axis=1)[:, :, None]
        else:
            anew = product(self._enters.reshape(b, n * r, -1, r)[..., 0], self.load)
            plain += product(anew, puts).reshape(b, n, r, n, 1) * stay[:, None, None, None]
            run += product(anew, at_exit).reshape(b, n, r, n, 1)
        ends = [
            (part(kind, "l", "g").sum(axis=1) + part(kind, "g", "g").sum(axis=1))
            for kind in (OWN, FP)
        ]
        ends[0] = ends[0] + at_exit.sum(axis=1)
        if self.clock == GUEST_RUN:
            (reset, gone, other, lost_d, ends), clock = (
                (run, run_lost, fp, fp_lost, ends[0]),
                FIRST_FP,
            )
        else:
            (reset, gone, other, lost_d, ends), clock = (
                (fp, fp_lost, run, run_lost, ends[1]),
                GUEST_RUN,
            )
        done = part.done[clock]
        d = done.shape[1]
        shape = n, d, r
        inner, back = np.zeros((2, b, *shape, *shape))
        np.einsum("bidrjds->bdirjs", inner)[:] += plain[:, None]
        inner[:, :, 0] += other[:, :, :, :, None] * done[:, None, None, None, :, None]
        advance(inner, part.onward[clock], "ikr,ikr")
        np.einsum("bidrjds->bdirjs", back)[:] += reset[:, None]
        leave = lost[:, :, None] + done[:, None, :, None] * lost_d[:, :, None]
        ends = np.broadcast_to(ends[:, :, None, None], (b, *shape))
        gone = np.broadcast_to(gone[:, :, None], (b, *shape))
        if self.load is not None:
            leave, gone = np.zeros_like(leave), np.zeros_like(gone)
        size = n * d * r
        self.levels = Levels(
            inner.reshape(b, size, size),
            np.broadcast_to(leave, (b, *shape)).reshape(b, size),
            part.onward[self.clock],
            part.done[self.clock],
            ends.reshape(b, size),
            back.reshape(b, size, size),
            gone=gone.reshape(b, size),
        )
        self._shape = shape

    def _unfolded(self, x: np.ndarray) -> np.ndarray:
        """(B, n, F, G, R) from (B, K, m)."""
        x = x.reshape(*x.shape[:2], *self._shape)  # b k n d r
        order = (0, 2, 3, 1, 4) if self.clock == GUEST_RUN else (0, 2, 1, 3, 4)
        return x.transpose(order)

    def _folded(self, x: np.ndarray) -> np.ndarray:
        order = (0, 3, 1, 2, 4) if self.clock == GUEST_RUN else (0, 2, 1, 3, 4)
        x = x.transpose(order)
        return x.reshape(*x.shape[:2], -1)

    def _begins(self, guest: np.ndarray) -> np.ndarray:
        """(B, n, R, F G) segments that begin in the run loop as the guest is left."""
        part, done = self.parts, self.parts.done
        run = np.einsum("bg,bnfgr->bnfr", done[GUEST_RUN], guest)
        found = times(part(NONE, "l", "g"), guest)
        found[:, :, :, 0] += times(part(OWN, "l", "g"), run)
        gap = np.einsum("bf,bnfgr->bngr", done[FIRST_FP], guest)
        found[:, :, 0] += times(part(FP, "l", "g"), gap)
        if self.load is not None:
            stay = np.einsum("br,bnfgr->bnfg", done[RESIDENCY], guest)
            puts = times(part(STAY, "o", "g"), stay)
            puts[..., 0] += times(part(OWN, "o", "g"), run.sum(axis=-1))
            found[..., 0] += times(self.load, puts)
        return found

    def _in_loop(self, begins: np.ndarray) -> np.ndarray:
        """(B, n, F, G, L, R) time in the run loop."""
        b, n, f, g, r = begins.shape
        columns = begins.transpose(0, 1, 4, 2, 3).reshape(b, n * r, f * g)
        return self._as_loop(product(self._spent, columns), f, g)

    def _as_loop(self, spent: np.ndarray, f: int, g: int) -> np.ndarray:
        orders = [self.parts.done[clock].shape[1] for clock in (RUN_LOOP, RESIDENCY)]
        return spent.reshape(len(spent), -1, *orders, f, g).transpose(0, 1, 4, 5, 2, 3)

    def stationary(self) -> Inside:
        guest = self._unfolded(self.levels.stationary())
        return Inside(self._in_loop(self._begins(guest)), guest)

    def until_put(self, comes: Inside) -> Inside:
        """Time in each state until vcpu_put, from what begins anywhere."""
        b, _, f, g, *_ = comes.loop.shape
        columns = comes.loop.transpose(0, 1, 4, 5, 2, 3).reshape(b, -1, f * g)
        loop = self._as_loop(solved(self._loop, columns), f, g)
        enters = self._enter(loop.transpose(0, 1, 4, 2, 3, 5))
        guest = self._unfolded(self.levels.until_left(self._folded(comes.guest + enters)))
        return Inside(loop + self._in_loop(self._begins(guest)), guest)
