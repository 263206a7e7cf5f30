"""Sojourns under a plain server that interrupts without crypto stop now and then.

Such an interrupt takes the time c, and others may come meanwhile; Θ is the whole stop.  Under
deterministic service the wait W of an interrupt has

    P(W <= t) = 1 - ρ + λ (K(t) - E[K(t - B)]),    K(t) = ∫_0^t P(W <= u) du,

with B the work of an interrupt, stops included: whole service times and stops, a lattice of atoms
(the renewal equation of Pollaczek and Khinchine, integrated).  It looks back only, so it is solved
panel by panel between the kinks, by collocation, to rounding; far out the law is exponential.
Exponential service is :mod:`.drawn`'s.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .drawn import drawn
from .lattice import decay
from .packets import Packets
from .panels import NODES, Panels, evaluate, rule

__all__ = ["Disturbed", "disturbed", "lattice", "stops"]

_ROUNDING = 1e-12  # as in curves
_CELLS, _LARGEST = 48, 1500  # service times of a batch to begin with; panels that are too many
_KINKS = 12  # batches after which no kink but that of a batch shows
_AGREE, _NOTHING = 1e-11, 1e-12
_SMALLEST = 1e-15


class Disturbed:
    """Curves like those of :mod:`.curves`; `laws` one for each service time."""

    def __init__(self, laws: list[Panels]) -> None:
        self._laws = laws

    def tail(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """P(T > t) of curve `curve` (n,) at times `t` (n,)."""
        out = np.empty(len(t))
        for i, law in enumerate(self._laws):
            mine = np.flatnonzero(curve == i)
            out[mine] = law.tail(t[mine], _ROUNDING * scale[mine])
        return out

    def integral(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """E[(T - t)+], seconds."""
        out = np.empty(len(t))
        for i, law in enumerate(self._laws):
            mine = np.flatnonzero(curve == i)
            out[mine] = law.integral(t[mine])
        return out


def disturbed(
    packets: Packets, service: np.ndarray, moves: np.ndarray | None = None
) -> Disturbed | None:
    """The curves of `service` (R,) seconds of one packet's work; None if one is too long.

    Under exponential service `moves` (R,) of it are fixed in any case; none if not given.

    >>> one = disturbed(Packets(1e4, 1.0, False, False, 1000.0, 2e-6), np.array([1e-6]))
    >>> here, time = np.array([0]), np.array([0.999e-6])
    >>> float(one.tail(here, time, time)[0])
    1.0
    """
    if packets.exponential:
        steady = np.zeros(len(service)) if moves is None else moves
        laws = [drawn(packets, *one) for one in zip(service.tolist(), steady.tolist(), strict=True)]
    else:
        laws = [_fixed(packets, float(one)) for one in service]
    return None if None in laws else Disturbed(laws)


def _fixed(packets: Packets, service: float) -> Panels | None:
    """Deterministic service, batches fixed or geometric."""
    batch, cost = packets.batch, packets.other_cost
    cells = int(_CELLS * max(1.0, batch, cost / service))
    fall = _fall(packets, service)
    while cells <= _LARGEST:
        edges, first = lattice(packets, service, cells)
        if len(edges) > 2 * _LARGEST:
            return None
        below = _renewal(packets, service, edges, first, fall)
        if below is not None:
            return Panels(edges[: below.shape[1] + 1], below, fall)
        cells *= 2
    return None


def lattice(packets: Packets, service: float, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges of panels, and of them the first ones of cells of a service time."""
    whole = service * np.arange(cells + 1)
    # A kink weighs less with each batch that makes it up, a jump with each packet.
    batch = packets.batch
    most = min(cells, int(_KINKS * (batch if packets.fixed else 1.0)))
    if not packets.fixed and batch > 1.0:
        most = min(cells, max(most, int(np.log(1e-10) / np.log1p(-1.0 / batch))))
    often = packets.interruptions(whole[:most])
    if not packets.fixed and batch > 1.0:
        often = often * np.maximum((1.0 - 1.0 / batch) ** np.arange(most), 1e-3)[:, None]
    k, m = np.nonzero(often[:, 1:] > 1e-10)
    at = whole[k] + packets.other_cost * (m + 1.0)
    at = at[at < whole[-1]]
    at = at[abs(at / service - np.round(at / service)) > 1e-7]
    edges = np.sort(np.concatenate([whole, at]))
    keep = np.append(True, np.diff(edges) > 1e-7 * service) | np.isin(edges, whole)
    edges = edges[keep]
    return edges, np.searchsorted(edges, whole)


def _renewal(packets: Packets, service: float, edges, first, fall: float) -> np.ndarray | None:
    """P(T <= t) as powers of v, up to where it is exponential; None if it never is."""
    v, to_powers, integrals, whole, end = rule()
    rate, batch, cost = packets.rate, packets.batch, packets.other_cost
    fixed = packets.fixed or batch == 1.0
    half = 0.5 * np.diff(edges)
    times = edges[:-1, None] + half[:, None] * (v + 1.0)
    order = np.arange(NODES, 0, -1)
    load = rate * batch * service / (1.0 - packets.other_rate * cost)
    inverse = np.linalg.inv(np.eye(NODES) - rate * half[:, None, None] * integrals)
    # Rows: K, P(W <= t), the law of T, and K behind the work of a geometric batch.
    table = np.zeros((NODES + 1, 4, len(half)))
    one, all_, more = (stops(packets, count * service) for count in (1, batch, batch + 1))
    start, steady, last = 0.0, 0, np.ones(2)
    enough = 2 + int(np.ceil(max(batch, cost / service)))
    ratio = np.exp(-fall * service)
    for cell, (low, high) in enumerate(pairwise(first)):
        here, t = np.s_[low:high], times[low:high]

        def behind(count, law, row, t=t, until=high):
            """Of `row`, after `count` services with stops of that law."""
            at = t[..., None] - count * service - cost * np.arange(len(law))
            panel = np.clip(np.searchsorted(edges[:until], at, side="right") - 1, 0, None)
            place = (at - edges[panel]) / half[panel] - 1.0
            return (evaluate(table[:, row], panel, place) * (at >= 0.0)) @ law

        if batch == 1.0:
            after, law = behind(1, one, np.s_[:2])
        elif fixed:
            after = behind(batch, all_, 0)
            wait, law = behind(1, one, np.s_[1:3])
            law = law + (wait - behind(batch + 1, more, 1)) / batch
        else:
            area, wait, law, after = behind(1, one, np.s_[:])
            after, law = ((own + (batch - 1.0) * rest) / batch
                          for own, rest in ((area, after), (wait, law)))  # fmt: skip
        right = np.einsum("kij,kj->ki", inverse[here], 1.0 - load - rate * after)
        ones = rate * inverse[here].sum(axis=2)
        value = np.empty_like(right)
        began = np.empty(high - low)
        for i in range(high - low):  # K goes on from panel to panel
            began[i] = start
            value[i] = right[i] + start * ones[i]
            start += half[low + i] * (whole @ value[i])
        powers = value @ to_powers.T
        table[:-1, 0, here] = (powers * half[here, None] / order).T
        table[-1, 0, here] = began - table[:-1, 0, here].T @ (-1.0) ** order
        table[1:, 1, here] = powers.T
        table[1:, 2, here] = to_powers @ law.T
        if not fixed:
            table[1:, 3, here] = to_powers @ after.T
        left = 1.0 - np.array([end @ value[-1], end @ law[-1]])  # P(W > t), P(T > t) at its end
        same = (left <= _NOTHING) | (abs(left - last * ratio) <= _AGREE * left + 0.01 * _NOTHING)
        steady, last = steady + 1 if same.all() else 0, left
        if cell >= enough and steady >= 3:
            return table[1:, 2, :high]
    return None


def stops(packets: Packets, work: float) -> np.ndarray:
    """Probability of 0, 1, ... stops in `work`, as far as they count."""
    often = packets.interruptions(np.array([work]))[0]
    return often[: int((often > _SMALLEST).sum())]


def _fall(packets: Packets, service: float) -> float:
    """The law falls like exp(-fall t) in the end.

    With x = exp(y) the growth of a stop, work grows by y / c a second: the equation is convex in
    y, and Newton's method falls to its root from the right.
    """
    rate, often, cost, batch = packets.rate, packets.other_rate, packets.other_cost, packets.batch
    y = decay(rate * service, batch, packets.fixed) * cost / service

    def more(growth: float) -> tuple[float, float]:
        if packets.fixed or batch == 1.0:
            value = np.expm1(batch * service * growth)
            return value, batch * service * (value + 1.0)
        value = np.expm1(service * growth)
        down = 1.0 - (batch - 1.0) * value
        return batch * value / down, batch * service * (1.0 + value) / down**2

    largest = np.log(1.0 / (often * cost))  # beyond it no stop ends
    if y > 600.0:
        y = min(600.0, largest)
    for _ in range(1000):
        value, slope = more(y / cost)
        above = rate * value - y / cost + often * np.expm1(y)
        step = above / ((rate * slope - 1.0) / cost + often * np.exp(y))
        if not step > 1e-15 * y:
            break
        y -= step
    y = min(y, largest)
    return y / cost - often * np.expm1(y)
