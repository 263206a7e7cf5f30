"""Sojourns under a plain server and exponential service, tabulated; see :mod:`.march`."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

import numpy as np

from .march import Drawn, March, kinks, mesh
from .packets import Packets
from .panels import Panels

__all__ = ["drawn", "fall"]

_MOST = 3000  # panels that are too many
_LARGEST = 200  # packets of a fixed batch that are too many
_AGREE, _NOTHING = 1e-8, 1e-9


@lru_cache(maxsize=64)
def drawn(packets: Packets, service: float, moves: float) -> Panels | None:
    """The law of packets that take `service` seconds, `moves` of it fixed; None if too long.

    >>> law = drawn(Packets(0.5, 1.0, False, True), 1.0, 0.0)
    >>> t = np.array([0.5, 3.0, 30.0])
    >>> bool(np.allclose(law.tail(t, 0.0 * t), np.exp(-0.5 * t), rtol=1e-10))
    True
    """
    batch = packets.batch
    if packets.fixed and batch > _LARGEST:
        return None
    one = Drawn.of(packets, service, moves)
    rate = np.array([packets.rate])
    idle = 1.0 - rate * batch * service / (1.0 - packets.other_rate * packets.other_cost)
    march = March(one, np.zeros(1), rate, idle, np.diag(rate))
    falls, steady, last, begin = fall(packets, service, moves), 0, np.ones(2), 0.0
    enough = 3.0 * max(batch * service, one.longest)
    rough = kinks(one, falls)
    ends = list(islice(mesh(one, rough, one.longest), _MOST))
    if rough and ends[-1] < rough[-1][0]:
        return None
    for end in ends:
        march.to(end)
        if end - begin < one.longest:
            continue
        left = 1.0 - np.array([march.last[0, 0], march.last[1:, 0].mean()])
        drop = abs(left - last * np.exp(-falls * (end - begin)))
        same = drop <= _AGREE * left + _NOTHING
        steady, last, begin = steady + 1 if same.all() else 0, left, end
        if steady >= 3 and end >= enough:
            return Panels(march.edges[: march.count + 1], march.table[:, 1:, 0].mean(axis=1), falls)
    return None


def fall(packets: Packets, service: float, moves: float) -> float:
    """The law falls like exp(-fall t) in the end.

    Where work counts exp(growth) a second, λ (E[exp(growth B)] - 1) = growth - ν (exp(growth c) -
    1) and this is the fall; the equation is convex, its root bracketed.
    """
    rate, batch, nu, cost = packets.rate, packets.batch, packets.other_rate, packets.other_cost
    drawn_ = service - moves

    def above(growth: float) -> float:
        if growth * drawn_ >= 1.0:
            return np.inf
        one = growth * moves - np.log1p(-growth * drawn_)
        if packets.fixed:
            more = np.expm1(batch * one) if batch * one < 700.0 else np.inf
        else:
            value = np.expm1(one) if one < 700.0 else np.inf
            down = 1.0 - (batch - 1.0) * value
            more = batch * value / down if down > 0.0 else np.inf
        return rate * more - growth + (nu * np.expm1(growth * cost) if nu * cost else 0.0)

    low, high = 0.0, 1.0 / drawn_
    if nu * cost > 0.0:
        high = min(high, -np.log(nu * cost) / cost)  # beyond it no stop ends
    if above(high) > 0.0:
        for _ in range(1100):
            middle = 0.5 * (low + high)
            if not low < middle < high or high - low <= 1e-16 * high:
                break
            low, high = (low, middle) if above(middle) > 0.0 else (middle, high)
    return high - (nu * np.expm1(high * cost) if nu * cost else 0.0)
