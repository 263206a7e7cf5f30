"""A chain whose phases follow each other in order: solved level by level, not as a whole.

One clock, of K phases, runs in all of m states.  Its phases are levels: a state leads to states of
its own level, to itself on the next one, or, where the clock ends, back to the first.  So what is
on a level follows from the one before it, and all of it from what begins on the first: m unknowns
in place of K m.  The diagonals are sums of what leaves, as in the elimination of Grassmann, Taksar
and Heyman (:mod:`.stationary`).
"""

from __future__ import annotations

import numpy as np

from .absorption import if_seldom
from .blocks import inverse, product, solved, times
from .stationary import stationary

__all__ = ["Levels", "drained"]

_SAME = 1e-15
_MANY = 90  # states: see :mod:`.blocks`


def drained(inner: np.ndarray, leave: np.ndarray) -> np.ndarray:
    """(B, m, m) of what leaves each state, less where it leads within; `inner` is overwritten.

    `leave` (B, m) is what leaves for elsewhere.
    """
    m = np.arange(inner.shape[1])
    inner[:, m, m] = 0.0
    out = inner.sum(axis=1) + leave
    np.negative(inner, out=inner)
    inner[:, m, m] = out
    return inner


class Levels:
    """K levels of m states in B scenarios.

    Parameters
    ----------
    inner, leave:
        (B, m, m) rates to the first index from the second on the same level, their diagonal not
        read, and (B, m) to elsewhere, those of the clock apart.
    onward, done, ends:
        (B, K) rates at which a phase is followed by the next one, or is the last; (B, m) how many
        of its ends leave a state.
    reset, also:
        (B, m, m) what leads to the first level at the clock's end, and at any time; None if
        nothing does.
    gone:
        (B, m) how many of the clock's ends leave for elsewhere; None if none do.
    """

    def __init__(self, inner, leave, onward, done, ends, reset=None, also=None, gone=None) -> None:
        self.onward, self.done, self.reset, self.also = onward, done, reset, also
        self._left, self._gone = leave, gone
        self.m, self.k = inner.shape[1], onward.shape[1]
        if also is not None:
            leave = leave + also.sum(axis=1)
        clock = onward[:, :, None] + done[:, :, None] * ends[:, None]  # (B, K, m)
        self._even = bool((abs(clock - clock[:, :1]) <= _SAME * clock[:, :1]).all())
        if self._even:  # as an Erlang's
            self._inverse = _inverse(inner, leave + clock[:, 0])[:, None]
            first = np.where(onward[:, :1] > 0.0, onward[:, :1], 1.0)
            self._squares = [first[:, :, None] * self._inverse[:, 0]]
            step = np.append(np.ones_like(first), onward[:, :-1] / first, axis=1)
            self._scale = step.cumprod(axis=1)  # of a power of the first square
        else:
            flat = np.repeat(inner, self.k, axis=0)
            found = _inverse(flat, (leave[:, None] + clock).reshape(-1, self.m))
            self._inverse = found.reshape(-1, self.k, self.m, self.m)

    def _at(self, level: int) -> np.ndarray:
        return self._inverse[:, 0 if self._even else level]

    def _square(self, j: int) -> np.ndarray:
        """(B, m, m) of 2^j levels."""
        while len(self._squares) <= j:
            self._squares.append(product(self._squares[-1], self._squares[-1]))
        return self._squares[j]

    def spread(self, begin: np.ndarray) -> np.ndarray:
        """(B, K, m, q) time on each level, where `begin` (B, m, q) comes to the first."""
        if not self._even:
            return self._walk(begin[:, None])
        x, j = product(self._at(0), begin)[:, None], 0
        while x.shape[1] < self.k:
            more = times(self._square(j), x.swapaxes(1, 2)).swapaxes(1, 2)
            x = np.concatenate([x, more], axis=1)
            j += 1
        return x[:, : self.k] * self._scale[:, :, None, None]

    def _walk(self, comes: np.ndarray) -> np.ndarray:
        """(B, K, m, q) level by level, where `comes` (B, 1 or K, m, q) comes to each."""
        x = np.empty((len(comes), self.k, *comes.shape[2:]))
        for k in range(self.k):
            into = comes[:, k] if k < comes.shape[1] else 0.0
            if k:
                into = into + self.onward[:, k - 1, None, None] * x[:, k - 1]
            x[:, k] = product(self._at(k), into)
        return x

    def ended(self, begin: np.ndarray) -> np.ndarray:
        """(B, m, q) ends of the clock, where `begin` comes to the first level."""
        if not self._even:
            return np.einsum("bk,bkmq->bmq", self.done, self.spread(begin))
        ends = self.done * self._scale
        some = np.flatnonzero(ends.any(axis=0))
        x, low = product(self._at(0), begin), int(some[0])
        for j in range(low.bit_length()):
            if low >> j & 1:
                x = product(self._square(j), x)
        total = ends[:, low, None, None] * x
        for k in range(low + 1, int(some[-1]) + 1):
            x = product(self._square(0), x)
            total += ends[:, k, None, None] * x
        return total

    def _returns(self, begin: np.ndarray) -> np.ndarray:
        """(B, m, q) what comes back to the first level, where `begin` comes to it."""
        if self.also is None:
            return product(self.reset, self.ended(begin))
        x = self.spread(begin)
        found = product(self.also, x.sum(axis=1))
        if self.reset is not None:
            found += product(self.reset, np.einsum("bk,bkmq->bmq", self.done, x))
        return found

    def _firsts(self) -> np.ndarray:
        """States that something leads to on the first level."""
        parts = [part.any(axis=(0, 2)) for part in (self.reset, self.also) if part is not None]
        return np.flatnonzero(np.logical_or.reduce(parts))

    def stationary(self) -> np.ndarray:
        """(B, K, m) shares of time, up to a factor, where nothing leaves for elsewhere."""
        first = self._firsts()
        begin = np.zeros((len(self.done), self.m, len(first)))
        begin[:, first, np.arange(len(first))] = 1.0
        law = _law(self._returns(begin)[:, first])
        return self.spread(begin @ law[:, :, None])[..., 0]

    def until_left(self, comes: np.ndarray) -> np.ndarray:
        """(B, K, m) time on each level until all has left, where `comes` (B, K, m) comes."""
        x = self._walk(comes[..., None])
        if self.reset is None or not (first := self._firsts()).size:
            return x[..., 0]
        begin = np.zeros((len(self.done), self.m, len(first)))
        begin[:, first, np.arange(len(first))] = 1.0
        back = product(self.reset, np.einsum("bk,bkmq->bmq", self.done, x))[:, first]
        once = self.spread(begin)
        ends = np.einsum("bk,bkmq->bmq", self.done, once)
        returns = product(self.reset, ends)[:, first]
        leave = np.einsum("bm,bkmq->bq", self._left, once)
        if self._gone is not None:
            leave = leave + np.einsum("bm,bmq->bq", self._gone, ends)
        y = _absorbed(returns, leave, back)
        return (x + self.spread(product(begin, y)))[..., 0]


def _absorbed(flow: np.ndarray, leave: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """(B, n, r) as :func:`.absorption.times_from`; by LU where that keeps the digits."""
    try:
        found = solved(drained(flow.copy(), leave), begin)
    except np.linalg.LinAlgError:
        found = None
    return if_seldom(found, flow, leave, begin)


def _inverse(flow: np.ndarray, leave: np.ndarray) -> np.ndarray:
    """(B, n, n) the same from each state by itself."""
    try:
        found = inverse(drained(flow.copy(), leave))
    except np.linalg.LinAlgError:
        found = None
    one = np.broadcast_to(np.eye(flow.shape[1]), flow.shape)
    return if_seldom(found, flow, leave, one)


def _law(moves: np.ndarray) -> np.ndarray:
    """(B, n) as :func:`.stationary.stationary`, of many states up to a factor."""
    n = moves.shape[1]
    if n <= _MANY:
        return stationary(moves)
    one = int(moves.sum(axis=2).min(axis=0).argmax())  # none that is seldom come to
    rest = np.delete(np.arange(n), one)
    matrix = drained(moves[:, rest[:, None], rest], moves[:, one, rest])
    out = np.ones(moves.shape[:2])
    out[:, rest] = solved(matrix, moves[:, rest, one, None])[:, :, 0]
    return out
