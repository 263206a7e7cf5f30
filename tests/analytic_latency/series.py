"""Sojourn times in fifty digits and more, from alternating series in the time domain.

Under deterministic service the transform of Welch (1964) expands into powers of the delay of one
service time (A. K. Erlang 1909; C. D. Crommelin 1932).  The terms cancel, which enough digits
mend; nothing here is shared with the package.
"""

from __future__ import annotations

import mpmath as mp

__all__ = ["batch_powers", "renewal", "sojourn_above"]


def batch_powers(batch, fixed, most):
    """c[k][n]: probability that k interrupts bring n packets, n up to `most`."""
    c = [[mp.mpf(0)] * (most + 1) for _ in range(most + 1)]
    p, q = 1 / mp.mpf(batch), 1 - 1 / mp.mpf(batch)
    for k in range(most + 1):
        for n in range(k, most + 1):
            if k == 0:
                c[k][n] = mp.mpf(n == 0)
            elif fixed:
                c[k][n] = mp.mpf(n == k * batch)
            else:
                c[k][n] = mp.binomial(n - 1, k - 1) * p**k * q ** (n - k)
    return c


def _powers(x, u, most):
    """u^k exp(x u) / k! for k up to `most`, and the integral of each from 0."""
    at, areas, area = mp.e ** (x * u), [], mp.mpf(0)
    values = []
    for k in range(most + 1):
        values.append(at)
        area = (at - (area if k else 1)) / x
        areas.append(area)
        at = at * u / (k + 1)
    return values, areas


def renewal(x, y, powers, integral=False):
    """h(y), or its integral from 0: a multiple of P(wait of a batch <= y) under a plain server.

    Service times are 1; x interrupts come in each.
    """
    total = mp.mpf(0)
    for n in range(int(mp.floor(y)) + 1 if y >= 0 else 0):
        terms = _powers(x, y - n, n)[1 if integral else 0]
        total += sum(powers[k][n] * (-x) ** k * terms[k] for k in range(n + 1) if powers[k][n])
    return total


def sojourn_above(x, batch, fixed, setup, y):
    """P(sojourn > y): x interrupts a service time of 1, a fixed set-up, all by Welch's formula.

    With f the share of first batches the transform is f (λ - (λ - s) exp(-s d)) Z / (s - λ + λ B),
    Z the transform of the services ahead in the batch and the packet's own.
    """
    most = int(mp.ceil(y)) + 1
    powers = batch_powers(batch, fixed, most)
    x, batch = mp.mpf(x), mp.mpf(batch)
    setup, y = mp.mpf(setup), mp.mpf(y)

    def place(j):
        if fixed:
            return 1 / batch if j <= batch else mp.mpf(0)
        return (1 - 1 / batch) ** (j - 1) / batch

    def behind(u, integral=False):  # h convolved with the place in the batch
        places = range(1, int(mp.floor(u)) + 1)
        return sum(place(j) * renewal(x, u - j, powers, integral) for j in places)

    first = (1 - x * batch) / (1 + x * setup)
    return 1 - first * (x * (behind(y, True) - behind(y - setup, True)) + behind(y - setup))
