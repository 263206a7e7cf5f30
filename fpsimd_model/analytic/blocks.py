"""Linear algebra of many matrices at once, in blocks that BLAS takes without starting threads.

OpenBLAS shares a matrix of 100 rows out among its threads, which then wait for each other in a
loop: for hundreds of such matrices, one after another, that takes many times as long as one thread,
and the last digits depend on how many there are.
Inverses are made for M-matrices, whose blocks can be eliminated in any order.
"""

from __future__ import annotations

import numpy as np

__all__ = ["ROWS", "inverse", "product", "solved", "times"]

ROWS = 90  # of a matrix that is taken as a whole
_PRODUCTS = 250_000  # multiplications of one call; a complex one is four
_AT_ONCE = 32  # large matrices whose blocks are in memory


def product(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(B, m, q) of (B, m, k) and (B, k, q)."""
    most = _PRODUCTS // 4 if np.iscomplexobj(one) else _PRODUCTS
    width = max(1, most // max(1, one.shape[1] * one.shape[2]))
    q = other.shape[2]
    if q <= width:
        return one @ other
    return np.concatenate([one @ other[:, :, i : i + width] for i in range(0, q, width)], axis=2)


def times(matrix: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(B, r, ...) of matrices (B, r, c) and x (B, c, ...)."""
    found = product(matrix, x.reshape(*x.shape[:2], -1))
    return found.reshape(*found.shape[:2], *x.shape[2:])


def inverse(matrix: np.ndarray) -> np.ndarray:
    """(B, m, m) of M-matrices (B, m, m).

    >>> large = 3.0 * np.eye(200) - np.eye(200, k=1) - np.eye(200, k=-1)
    >>> bool(np.allclose(inverse(large[None])[0] @ large, np.eye(200)))
    True
    """
    n = matrix.shape[1]
    if n <= ROWS:
        return np.linalg.inv(matrix)
    h = n // 2
    right, below = matrix[:, :h, h:], matrix[:, h:, :h]
    first = inverse(matrix[:, :h, :h])
    through = product(first, right)
    out = np.empty_like(matrix)
    out[:, h:, h:] = rest = inverse(matrix[:, h:, h:] - product(below, through))
    out[:, h:, :h] = -product(rest, product(below, first))
    out[:, :h, h:] = -product(through, rest)
    out[:, :h, :h] = first - product(through, out[:, h:, :h])
    return out


def solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(B, m, q) of M-matrices (B, m, m) and right-hand sides (B, m, q)."""
    n = matrix.shape[1]
    if n <= ROWS:
        return np.linalg.solve(matrix, right)
    if len(matrix) > _AT_ONCE:
        parts = range(0, len(matrix), _AT_ONCE)
        return np.concatenate(
            [solved(matrix[i : i + _AT_ONCE], right[i : i + _AT_ONCE]) for i in parts]
        )
    h = n // 2
    both = np.concatenate([matrix[:, :h, h:], right[:, :h]], axis=2)
    both = solved(matrix[:, :h, :h], both)
    through, first = both[:, :, : n - h], both[:, :, n - h :]
    below = matrix[:, h:, :h]
    rest = matrix[:, h:, h:] - product(below, through)
    last = solved(rest, right[:, h:] - product(below, first))
    return np.concatenate([first - product(through, last), last], axis=1)
