"""Numerical inversion of Laplace transforms by Fourier series with Euler summation.

J. Abate and W. Whitt, Numerical inversion of Laplace transforms of probability distributions,
ORSA Journal on Computing 7 (1995) 36-43.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np

__all__ = ["FINER", "SMOOTH", "TERMS", "delay", "invert", "nodes"]

_A = 19.1  # the discretisation error is about exp(-A)
TERMS, _EULER = 40, 12
SMOOTH = 16  # terms that are enough where there is neither jump nor kink
FINER = 2  # times the terms, to see whether they were enough


@lru_cache(maxsize=8)
def _weights(terms: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes for t = 1 and their weights: a half first term, signs, Euler's binomial average."""
    k = np.arange(terms + _EULER + 1)
    tail = np.array([comb(_EULER, j) for j in range(_EULER + 1)], dtype=float) / 2.0**_EULER
    share = np.ones(len(k))
    share[terms:] = tail[::-1].cumsum()[::-1]
    weight = np.where(k % 2 == 0, 1.0, -1.0) * share * np.exp(_A / 2.0)
    weight[0] *= 0.5
    return (_A + 2j * np.pi * k) / 2.0, weight


def nodes(t: np.ndarray, terms: int = TERMS) -> np.ndarray:
    """(..., N) complex points at which the transform is wanted, for times `t` (...), t > 0."""
    return _weights(terms)[0] / t[..., None]


def delay(t: np.ndarray, by: np.ndarray, size: int = TERMS + _EULER + 1) -> np.ndarray:
    """(..., N) exp(-s `by`) at ``nodes(t)``, `size` of them: the transform of a fixed time.

    The nodes of one t differ by a constant, so their exponentials are powers: one `exp` for all.

    >>> t, by = np.array([0.5, 2.0]), np.array([0.3, 0.7])
    >>> bool(np.allclose(delay(t, by), np.exp(-nodes(t) * by[:, None]), rtol=1e-12))
    True
    """
    ratio = by / t
    out = np.empty((*ratio.shape, size), dtype=complex)
    out[...] = np.exp(-1j * np.pi * ratio)[..., None]
    out[..., 0] = np.exp(-0.5 * _A * ratio)
    return np.multiply.accumulate(out, axis=-1, out=out)


def invert(transform: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The function at times `t` (...) from its transform at ``nodes(t)`` (..., N).

    >>> t = np.array([0.5, 2.0])
    >>> bool(np.allclose(invert(1.0 / (1.0 + nodes(t)), t), np.exp(-t), rtol=1e-7))
    True
    """
    weight = _weights(transform.shape[-1] - _EULER - 1)[1]
    return (transform.real @ weight) / t
