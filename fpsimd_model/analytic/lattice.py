"""Sojourn times of M^X/D/1 in the time domain: one polynomial for each service time.

With service times of 1 and x interrupts in each, the wait W of an interrupt that a plain server
(no set-up) serves has P(W <= k - u) proportional to h(k - u), 0 < u <= 1, and

    h(k - u) = sum_j a_j(u) h(k - j),    a_j(u) = P(j packets come during u),

which needs no subtraction, unlike the series of Erlang and Crommelin (A. K. Erlang 1909;
G. J. Franx, A simple solution for the M/D/c waiting time distribution, Operations Research
Letters 29 (2001) 221-229, for batches of one).  The differences of h at whole numbers follow from
the tails of a_j(1), again by sums of positive numbers, so every digit counts; beyond a few
service times the law is geometric to the last digit.  In between it is exp(-x u) times a
polynomial in u, which Chebyshev interpolation takes to machine precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import expm1, inf, lgamma, log

import numpy as np

__all__ = ["LARGEST", "Cells", "averaged", "cells", "decay"]

LARGEST = 4096  # cells; longer laws are left to the Fourier series
_AGREE = 1e-13  # of successive ratios, where the law counts as geometric
_NOTHING = 1e-40
_START = 32


@dataclass(frozen=True, eq=False)
class Cells:
    """P(T > y) of a packet's sojourn T and its integral from y on, in service times.

    Attributes
    ----------
    tail, integral:
        (M, K) coefficients of powers of v, from the highest down: cell k is y = k + (1 + v) / 2.
    mean:
        E[T], the integral from 0.
    rate:
        Both fall by exp(-rate) with each cell after the last.
    """

    tail: np.ndarray
    integral: np.ndarray
    mean: float
    rate: float


def decay(x: float, batch: float, fixed: bool) -> float:
    """θ > 0 with x (X(e^θ) - 1) = θ: the law falls by exp(-θ) a service time in the end.

    >>> round(decay(0.5, 1.0, False), 6)
    1.256431
    """
    if fixed:
        largest = inf
    else:
        largest = log(batch / (batch - 1.0)) if batch > 1.0 else inf

    def more(theta: float) -> tuple[float, float]:
        """X(e^θ) - 1 and its derivative."""
        if fixed:
            y = expm1(batch * theta)
            return y, batch * (y + 1.0)
        y = expm1(theta)
        down = 1.0 - (batch - 1.0) * y
        if down <= 0.0:  # the pole, to the last digit
            return inf, inf
        return batch * y / down, batch * (1.0 + y) / down**2

    theta = 1.0 / batch if fixed else min(1.0, 0.5 * largest)
    while x * more(theta)[0] < theta:
        last, theta = theta, 2.0 * theta if largest == inf else 0.5 * (theta + largest)
        if theta == last:  # so few interrupts that the root is the pole
            return theta
        if fixed and batch * theta > 600.0:
            return theta
    for _ in range(200):  # convex: Newton's method falls to the root from the right
        value, slope = more(theta)
        step = (x * value - theta) / (x * slope - 1.0)
        if not step > 1e-16 * theta:
            break
        theta -= step
    return theta


def _nodes(x: float) -> int:
    """Interpolation nodes at which exp(-x u) times a polynomial is exact to rounding."""
    m = 3
    while m * log(max(0.5 * x, 1e-300)) - lgamma(m + 1.0) > log(1e-16):
        m += 1
    return m + 1


@lru_cache(maxsize=32)
def _points(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chebyshev nodes v, values there to Chebyshev coefficients, and these to powers of v.

    The last step is kept apart: its whole numbers are large, but exact.
    """
    angle = np.pi * (np.arange(m) + 0.5) / m
    series = 2.0 / m * np.cos(np.arange(m)[:, None] * angle)
    series[0] *= 0.5
    power = np.zeros((m, m))  # column k: the k-th Chebyshev polynomial, highest power first
    power[-1, 0] = power[-2, 1] = 1.0
    for k in range(2, m):
        power[:-1, k] = 2.0 * power[1:, k - 1]
        power[:, k] -= power[:, k - 2]
    return np.cos(angle), series, power


def _arrivals(xu: np.ndarray, batch: float, fixed: bool, count: int) -> np.ndarray:
    """(U, count) probability of 0, 1, ... packets when `xu` (U,) interrupts come on average."""
    most = count if batch == 1.0 else min(count, 48)
    i = np.arange(1, most)
    poisson = np.ones((len(xu), most))
    poisson[:, 1:] = np.cumprod(xu[:, None] / i, axis=1)
    poisson *= np.exp(-xu)[:, None]
    if batch == 1.0:
        return poisson
    out = np.zeros((len(xu), count))
    if fixed:
        step = round(batch)
        filled = out[:, : step * most : step]
        filled[:] = poisson[:, : filled.shape[1]]
        return out
    out[:, 0] = poisson[:, 0]
    stay = 1.0 - 1.0 / batch
    for n in range(1, most):  # n interrupts: their packets are negative binomial from n
        if (poisson[:, n] < 1e-30).all():
            break
        ratio = stay * np.arange(n, count - 1) / np.arange(1, count - n)
        law = np.concatenate([[1.0], np.cumprod(ratio)]) / batch**n
        out[:, n:] += poisson[:, [n]] * law
    return out


def _places(batch: float, fixed: bool, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(count,) probability that a random packet has 0, 1, ... ahead in its batch, or as many."""
    place = np.arange(count)
    if fixed:
        return (place < round(batch)) / batch, np.maximum(0.0, 1.0 - place / batch)
    return (1.0 - 1.0 / batch) ** place / batch, (1.0 - 1.0 / batch) ** place


@lru_cache(maxsize=256)
def cells(x: float, batch: float, fixed: bool) -> Cells | None:
    """The sojourn of a random packet, `x` interrupts a service time; None if it is too long.

    >>> two = cells(0.5, 1.0, False)
    >>> round(two.mean, 12)  # Pollaczek and Khinchine: 1 + 0.5 / (2 (1 - 0.5))
    1.5
    """
    fixed = fixed or batch == 1.0
    theta = decay(x, batch, fixed)
    k = _START * max(1, round(batch))
    while k <= LARGEST:
        found = _cells(x, batch, fixed, theta, k)
        if found is not None:
            return found
        k *= 2
    return None


def _cells(x: float, batch: float, fixed: bool, theta: float, k: int) -> Cells | None:
    m = _nodes(x)
    v, series, power = _points(m)
    far = k + 1 + (0 if batch == 1.0 else round(40.0 * batch)) + 40
    law = _arrivals(x * np.append(0.5 - 0.5 * v, 1.0), batch, fixed, far)
    exceeds = law[-1, ::-1].cumsum()[::-1]  # P(A >= j)
    q = np.zeros(k + 1)  # differences of h
    above, free = exceeds[1:], law[-1, 0]
    q[1] = 1.0 / free
    for n in range(2, k + 1):
        q[n] = above[1:n] @ q[n - 1 : 0 : -1] / free
    ratio = np.exp(-theta)
    rest = q[k] * ratio / -expm1(-theta)
    sure = q[k] < _NOTHING * q[1]
    if not sure and abs(q[k] - q[k - 1] * ratio) > _AGREE * q[k]:
        return None
    sums = (rest + np.append(0.0, q[:0:-1].cumsum()))[::-1]
    wait = sums[1:] / sums[0]  # P(W > 1), P(W > 2), ...; the whole sum is 1 / (1 - load)

    tilt = np.exp(min(theta, 600.0 / k) * np.arange(k + 1))  # so that FFTs keep small digits
    crossed = law[:-1, ::-1].cumsum(axis=1)[:, ::-1][:, 1 : k + 1]
    tail = _behind(law[:-1, :k], wait, tilt) + crossed

    # The packet's own service and those ahead in its batch: whole service times.
    if batch == 1.0:
        tail = np.concatenate([np.ones((m, 1)), tail[:, :-1]], axis=1)
    else:
        place, ahead = _places(batch, fixed, k)
        tail = np.concatenate([np.zeros((m, 1)), _behind(tail, place, tilt)[:, :-1]], axis=1)
        tail += ahead
        last = tail[:, -1]
        if not sure and (abs(last - tail[:, -2] * ratio) > 1e3 * _AGREE * last).any():
            return None
    tail = power @ (series @ tail)

    return _whole(tail, theta)


def averaged(x: float, batch: int) -> Cells:
    """Fixed batches of any size: customers as long as a batch, and a place in it.

    The sum over places runs over neighbouring cells, so that it is a difference of sums.

    >>> one, other = averaged(0.25, 2), cells(0.25, 2.0, True)
    >>> bool(np.allclose(one.mean, other.mean, rtol=1e-12))
    True
    """
    customers = cells(x * batch, 1.0, True)
    if customers is None:
        raise ValueError(f"no law of M/D/1 at {x * batch} a service time")
    theta, many = customers.rate / batch, customers.tail.shape[1]
    m = _nodes(x)
    v, series, power = _points(m)
    y = 1.0 + (np.arange(many * batch) + 0.5 * (1.0 + v[:, None])) / batch  # W and one customer
    whole = np.minimum(y.astype(np.intp), many - 1)
    far = y >= many
    place = 2.0 * (np.where(far, 0.5, y - whole)) - 1.0
    wait = customers.tail[0][whole]
    for row in customers.tail[1:]:
        wait = wait * place + row[whole]
    last = 2.0 * (y - np.floor(y)) - 1.0  # the last cell again and again, ever smaller
    beyond = customers.tail[0][-1]
    for row in customers.tail[1:]:
        beyond = beyond * last + row[-1]
    wait = np.where(far, beyond * np.exp(-customers.rate * (np.floor(y) - many + 1.0)), wait)
    after = wait[:, -batch:].sum(axis=1, keepdims=True) * np.exp(-customers.rate)
    after = after / -np.expm1(-customers.rate)
    sums = np.concatenate([wait, after], axis=1)[:, ::-1].cumsum(axis=1)[:, ::-1]
    tail = np.empty_like(wait)
    tail[:, batch:] = (sums[:, : -batch - 1] - sums[:, batch:-1]) / batch
    early = np.arange(batch)
    tail[:, :batch] = (sums[:, :1] - sums[:, :batch] + (batch - early)) / batch
    return _whole(power @ (series @ tail), theta)


def _whole(tail: np.ndarray, theta: float) -> Cells:
    """With the integral, of `tail` (M, K)."""
    m, k = tail.shape
    ratio = np.exp(-theta)
    order = np.arange(m, 0, -1)[:, None]
    integral = np.zeros((m + 1, k))
    integral[:-1] = -0.5 * tail / order
    ends = (integral[:-1].sum(axis=0), (integral[:-1] * (-1.0) ** order).sum(axis=0))
    own = ends[1] - ends[0]
    beyond = own[-1] * ratio / -expm1(-theta)
    left = beyond + np.append(0.0, own[::-1].cumsum())[::-1]  # integral from each cell's start
    integral[-1] = left[1:] - ends[0]
    return Cells(tail, integral, float(left[0]), theta)


def _behind(one: np.ndarray, other: np.ndarray, tilt: np.ndarray) -> np.ndarray:
    """(M, K) convolution of `one` (M, K) with `other` (K,), weighted while in Fourier space."""
    k = len(other)
    size = 1 << (2 * k - 1).bit_length()
    weight = tilt[:k]
    product = np.fft.rfft(one * weight, size) * np.fft.rfft(other * weight, size)
    return np.fft.irfft(product, size)[:, :k] / weight
