"""What moves between the positions of a vCPU thread, clock by clock, with all phases kept apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .phases_clocks import RESIDENCY, Clocks
from .phases_drive import Drive

__all__ = ["Inside", "Parts", "advance", "each", "plus"]


_NOISE = 1e-9  # of the whole: what may be negative


@dataclass(frozen=True, eq=False)
class Inside:
    """Something in each state of a residency and each combination of phases.

    `loop` (B, n, F, G, L, R) and `guest` (B, n, F, G, R): phases of the gap between FP accesses,
    of the guest run, of the run loop's segment and of the residency.
    """

    loop: np.ndarray
    guest: np.ndarray

    def positive(self) -> Inside:
        """Less what rounding makes negative; LinAlgError where that is more than a last digit."""
        above, below = (
            Inside(np.maximum(sign * self.loop, 0.0), np.maximum(sign * self.guest, 0.0))
            for sign in (1.0, -1.0)
        )
        if (below.total() > _NOISE * above.total()).any():
            raise np.linalg.LinAlgError("negative times: lost in rounding")
        return above

    def total(self) -> np.ndarray:
        """(B,) sums over all states and phases."""
        return sum(x.reshape(len(x), -1).sum(axis=1) for x in (self.loop, self.guest))


def plus(one: Inside, other: Inside) -> Inside:
    """Run loop to run loop, guest to guest."""
    return Inside(one.loop + other.loop, one.guest + other.guest)


def each(weight: np.ndarray, x: np.ndarray) -> np.ndarray:
    """`x` (B, n, ...) times a weight (B, n) of each state."""
    return weight.reshape(*weight.shape, *(1,) * (x.ndim - 2)) * x


class Parts:
    """The matrices of a drive between positions, and the clocks' rates."""

    def __init__(self, drive: Drive, clocks: Clocks, ignored: np.ndarray) -> None:
        self.drive, self.clocks = drive, clocks
        self.done, self.onward = clocks.done, clocks.onward
        off = drive.table.preempt_off
        self.ignored = ignored[:, None] * off if self.done[RESIDENCY].shape[1] > 1 else None
        self._where = {"o": drive.out, "l": drive.loop, "g": drive.guest}

    def __call__(self, kind: int, to: str, here: str) -> np.ndarray:
        """(B, to, from) of one kind."""
        rows, columns = self._where[to], self._where[here]
        return self.drive.matrix[kind][:, rows[:, None], columns]

    def goes_on(self, here: str) -> np.ndarray | None:
        """(B, n) residencies that go on where preemption would have ended them."""
        return None if self.ignored is None else self.ignored[:, self._where[here]]


def advance(matrix: np.ndarray, onward: np.ndarray, view: str) -> None:
    """Add phases that follow each other; `view` names the axes, k the one that advances."""
    target, source = view.split(",")
    for k in range(onward.shape[1] - 1):
        index = tuple(k + 1 if c == "k" else slice(None) for c in target)
        index += tuple(k if c == "k" else slice(None) for c in source)
        same = target.replace("k", "")
        both = "z" + same + source.replace("k", "")
        some = np.einsum(f"{both}->z{same}", matrix[(slice(None), *index)])
        some += onward[:, k].reshape(-1, *(1,) * len(same))
