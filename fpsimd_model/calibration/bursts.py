"""A two-phase MMPP from the gaps between busy periods, and the gaps that it gives."""

from __future__ import annotations

import math

import numpy as np

from ..scenario import Mmpp

__all__ = ["fit_mmpp", "mmpp_survival"]


def mmpp_survival(mmpp: Mmpp, us: np.ndarray, mean_us: float) -> np.ndarray:
    """Share of gaps between interrupts that are longer; time is scaled to a mean of `mean_us`.

    A mixture of two exponentials: the phase that an interrupt leaves behind, then exp((Q - R) t)
    (W. Fischer and K. Meier-Hellstern, Performance Evaluation 18 (1993) 149-171).

    >>> plain = Mmpp(1000.0, 1000.0, 50.0, 70.0)
    >>> mmpp_survival(plain, np.array([0.0, 1000.0]), 1000.0).round(4).tolist()
    [1.0, 0.3679]
    """
    rates = np.array([mmpp.rate1_per_s, mmpp.rate2_per_s]) * 1e-6
    leave = 1.0 / np.array([mmpp.mean1_us, mmpp.mean2_us])
    begin = rates * leave[::-1] / (rates @ leave[::-1])
    values, vectors = np.linalg.eig(
        [[-leave[0] - rates[0], leave[0]], [leave[1], -leave[1] - rates[1]]]
    )
    weights = (begin @ vectors) * np.linalg.solve(vectors, np.ones(2))
    fitted = -float((weights / values).sum())  # the mean of this mixture
    return np.exp(np.outer(us * fitted / mean_us, values)) @ weights


def fit_mmpp(gaps: np.ndarray, stay: np.ndarray) -> tuple[Mmpp | None, float]:
    """The likeliest MMPP of two phases, and its BIC less that of Poisson."""
    from scipy.optimize import minimize

    mean = float(gaps.mean())
    if mean <= 0:
        return None, 0.0
    plain = len(gaps) * (math.log(mean) + 1.0)
    best = None
    for quick, slow, share, length in ((3.0, 0.3, 0.3, 10.0), (1.5, 0.6, 0.5, 30.0)):
        guess = np.log([quick / mean, slow / mean, mean * length * share,
                        mean * length * (1.0 - share)])  # fmt: skip
        found = minimize(
            lambda x: _cost(x, gaps, stay), guess, method="Nelder-Mead",
            options={"maxfev": 300, "xatol": 1e-3, "fatol": 1e-2},
        )  # fmt: skip
        if best is None or found.fun < best.fun:
            best = found
    rate1, rate2, mean1, mean2 = np.exp(np.clip(best.x, -60.0, 60.0))
    number = len(gaps)
    bic = 2.0 * (best.fun - plain) + 3.0 * math.log(number)
    if not 1e-3 < min(mean1, mean2) <= max(mean1, mean2) < 1e12:
        return None, bic
    return Mmpp(rate1 * 1e6, rate2 * 1e6, float(mean1), float(mean2)), float(bic)


def _cost(x: np.ndarray, gaps: np.ndarray, stay: np.ndarray) -> float:
    """Minus the log-likelihood of the gaps; x are logarithms of rates and mean phases."""
    if np.abs(x).max() > 60.0:
        return 1e12
    r1, r2, m1, m2 = np.exp(x)
    a, b = 1.0 / m1, 1.0 / m2
    # exp((Q - R) g) in closed form: eigenvalues of a 2x2 matrix
    p, q = -(a + r1), -(b + r2)
    root = math.sqrt(((p - q) / 2.0) ** 2 + a * b)
    centre = (p + q) / 2.0
    u, v = np.exp((centre + root) * gaps), np.exp((centre - root) * gaps)
    c = (u + v) / 2.0
    s = (u - v) / (2.0 * root) if root > 0 else gaps * u
    e11, e12, e21, e22 = c + s * (p - q) / 2.0, s * a, s * b, c - s * (p - q) / 2.0
    fade = np.exp(-(a + b) * stay)
    to1, to2 = b / (a + b), a / (a + b)
    w1 = to1 * r1 / (to1 * r1 + to2 * r2)
    total = 0.0
    rows = (e11, e12, e21, e22, fade)
    for g11, g12, g21, g22, f in zip(*(row.tolist() for row in rows), strict=True):
        w1 = to1 + (w1 - to1) * f  # phases change unseen within the busy period
        w2 = 1.0 - w1
        n1, n2 = (w1 * g11 + w2 * g21) * r1, (w1 * g12 + w2 * g22) * r2
        both = n1 + n2
        if both <= 1e-300:
            return 1e12
        total -= math.log(both)
        w1 = n1 / both
    return total
