"""Levels of the residency: its phases, run loop and guest together on each."""

from __future__ import annotations

import numpy as np

from .blocks import product
from .phases_clocks import FIRST_FP, GUEST_RUN, RESIDENCY, RUN_LOOP
from .phases_drive import FP, NONE, OWN, STAY
from .phases_levels import Levels
from .phases_parts import Inside, Parts, advance

__all__ = ["ResidencyLevels"]


class ResidencyLevels:
    """Levels of the residency: run loop (n, F, G, L) and guest (n, F, G) together on each."""

    def __init__(self, parts: Parts, load: np.ndarray | None) -> None:
        self.parts = part = parts
        done, onward, drive, b = part.done, part.onward, part.drive, len(part.done[0])
        gaps, runs, segments = (done[c].shape[1] for c in (FIRST_FP, GUEST_RUN, RUN_LOOP))
        self._loop = len(drive.loop), gaps, runs, segments
        self._guest = len(drive.guest), gaps, runs
        sizes = [int(np.prod(shape)) for shape in (self._loop, self._guest)]
        shapes = {"l": self._loop, "g": self._guest}
        self._cut = cut = sizes[0]

        def block(to: str, here: str) -> np.ndarray:
            return np.zeros((b, *shapes[to], *shapes[here]))

        def whole(ll, lg, gl=None, gg=None) -> np.ndarray:
            out = np.zeros((b, sum(sizes), sum(sizes)))
            for part_, rows, columns in (
                (ll, slice(cut), slice(cut)), (lg, slice(cut), slice(cut, None)),
                (gl, slice(cut, None), slice(cut)), (gg, slice(cut, None), slice(cut, None)),
            ):  # fmt: skip
                if part_ is not None:
                    target = out[:, rows, columns]
                    target += part_.reshape(target.shape)
            return out

        ll, lg, gl, gg = block("l", "l"), block("l", "g"), block("g", "l"), block("g", "g")
        run, gap, own = done[GUEST_RUN], done[FIRST_FP], done[RUN_LOOP]
        np.einsum("bipgljpgl->bpglij", ll)[:] += part(NONE, "l", "l")[:, None, None, None]
        again = part(OWN, "l", "l")[:, None, None, None] * own[:, None, None, :, None, None]
        np.einsum("bipgjpgl->bpglij", ll[:, :, :, :, 0])[:] += again
        advance(ll, onward[RUN_LOOP], "ipgk,ipgk")
        enters = part(OWN, "g", "l")[:, None, None, None] * own[:, None, None, :, None, None]
        np.einsum("bipgjpgl->bpglij", gl)[:] += enters
        first = lg[:, :, :, :, 0]
        np.einsum("bipgjpg->bpgij", first)[:] += part(NONE, "l", "g")[:, None, None]
        exits = part(OWN, "l", "g")[:, None, None] * run[:, None, :, None, None]
        np.einsum("bipjpg->bpgij", first[:, :, :, 0])[:] += exits
        accesses = gap[:, :, None, None, None]
        some = np.einsum("bigjpg->bpgij", first[:, :, 0])
        some += part(FP, "l", "g")[:, None, None] * accesses
        np.einsum("bipgjpg->bpgij", gg)[:] += part(NONE, "g", "g")[:, None, None]
        some = np.einsum("bigjpg->bpgij", gg[:, :, 0])
        some += part(FP, "g", "g")[:, None, None] * accesses
        advance(gg, onward[GUEST_RUN], "ipk,ipk")
        advance(gg, onward[FIRST_FP], "ikg,ikg")

        leave, also = np.zeros((b, sum(sizes))), None
        reset_ll, reset_lg, reset_gg = block("l", "l"), block("l", "g"), None
        at_exit = part(OWN, "o", "g")
        if load is None:
            lost = at_exit.sum(axis=1)[:, :, None, None] * run[:, None, None]
            leave[:, cut:] += np.broadcast_to(lost, (b, *self._guest)).reshape(b, -1)
        else:
            puts = product(load, part(STAY, "o", "l"))[:, None, None, None]
            np.einsum("bipgjpgl->bpglij", reset_ll[:, :, :, :, 0])[:] += puts
            puts = product(load, part(STAY, "o", "g"))[:, None, None]
            np.einsum("bipgjpg->bpgij", reset_lg[:, :, :, :, 0])[:] += puts
            if at_exit.any():
                other = block("l", "g")
                some = np.einsum("bipjpg->bpgij", other[:, :, :, 0, 0])
                some += product(load, at_exit)[:, None, None] * run[:, None, :, None, None]
                also = whole(None, other)
        ends = gone = [part(STAY, "o", here).sum(axis=1) for here in "lg"]
        if part.ignored is not None:
            reset_gg = block("g", "g")
            kept = [part.goes_on(here) for here in "lg"]
            some = np.einsum("bipglipgl->bpgli", reset_ll)
            some += kept[0][:, None, None, None]
            some = np.einsum("bipgipg->bpgi", reset_gg)
            some += kept[1][:, None, None]
            ends = [a + k for a, k in zip(ends, kept, strict=True)]
        reset = whole(reset_ll, reset_lg, None, reset_gg)
        ends, gone = (
            [np.repeat(e, size // e.shape[1], axis=1) for e, size in zip(each, sizes, strict=True)]
            for each in (ends, gone)
        )
        self.levels = Levels(
            whole(ll, lg, gl, gg), leave, onward[RESIDENCY], done[RESIDENCY],
            np.concatenate(ends, axis=1), reset, also,
            None if load is not None else np.concatenate(gone, axis=1),
        )  # fmt: skip

    def _unfolded(self, x: np.ndarray) -> Inside:
        loop, guest = x[:, :, : self._cut], x[:, :, self._cut :]
        return Inside(
            np.moveaxis(loop.reshape(*loop.shape[:2], *self._loop), 1, -1),
            np.moveaxis(guest.reshape(*guest.shape[:2], *self._guest), 1, -1),
        )

    def stationary(self) -> Inside:
        return self._unfolded(self.levels.stationary())

    def until_put(self, comes: Inside) -> Inside:
        """Time in each state until vcpu_put, from what begins anywhere."""
        parts = [np.moveaxis(x, -1, 1) for x in (comes.loop, comes.guest)]
        flat = [x.reshape(*x.shape[:2], -1) for x in parts]
        return self._unfolded(self.levels.until_left(np.concatenate(flat, axis=2)))
