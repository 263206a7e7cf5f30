"""A queue of exponential packets, followed in time panel by panel.

A packet takes `moves` and an exponential time of mean β; interrupts without crypto of rate ν stop
it, Θ a whole stop.  What stands behind one more packet, S x of a function x of time, solves

    β y' + (1 + βν) y - βν E[y(t - Θ)] = x(t - moves, stops included),

and looks back only.  So does a queue with phases of arrivals, x its start and S_B the work of one
interrupt (`batch` times S, or a geometric sum):

    x' = source + G x - R (S_B x),

P(W <= t) of a plain server among them (the renewal equation of Pollaczek and Khinchine), and
what :mod:`.mmpp.cells` tabulates.  Each panel is one set of linear equations, by collocation; a
panel may be far longer than a packet where nothing steep is left (β y' does not count there).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .packets import Packets
from .panels import NODES, evaluate, rule

__all__ = ["Drawn", "March", "kinks", "mesh"]

_SMALLEST = 1e-16
_MANY = 60  # fixed parts that are told one by one at most
_KINKS = 12  # fixed parts after which no kink shows if each is short
_WIDER = 0.6  # panels grow with the distance from the last kink
_STEEP, _EDGE = 1e-9, 1e-12  # probability of a kink that needs short panels, and an edge


@dataclass(frozen=True)
class Drawn:
    """A packet: an exponential time of `mean` seconds behind fixed `moves`, and what stops it."""

    mean: float
    moves: float
    packets: Packets

    @property
    def count(self) -> int:
        """Packets of a fixed batch; 1 of a geometric one, which is one step."""
        return round(self.packets.batch) if self.packets.fixed else 1

    @property
    def longest(self) -> float:
        """Of panels."""
        stop = self.packets.other_cost if self.packets.disturbed else 0.0
        many = np.sqrt(self.count) if self.packets.fixed else 0.5 + 0.5 * self.packets.batch
        return max(many * (self.mean + self.moves), stop)

    @classmethod
    def of(cls, packets: Packets, service: float, moves: float) -> Drawn:
        """`service` seconds in all; a geometric sum of exponential times is one longer packet."""
        if packets.fixed or moves > 0.0:
            return cls(service - moves, moves, packets)
        single = replace(packets, batch=1.0)
        return cls(packets.batch * service, 0.0, single)

    @property
    def stopped(self) -> float:
        """How often, a second."""
        return self.packets.other_rate if self.packets.disturbed else 0.0

    def delays(self) -> tuple[np.ndarray, np.ndarray]:
        """Times that the fixed part takes, and their probability."""
        often = self.packets.interruptions(np.array([self.moves]))[0]
        often = often[: int(np.flatnonzero(often > _SMALLEST).max()) + 1]
        return self.moves + self.packets.other_cost * np.arange(len(often)), often

    def stops(self) -> tuple[np.ndarray, np.ndarray]:
        """Times that one stop takes, and their probability."""
        law = self.packets.borel() if self.packets.disturbed else np.zeros(0)
        return self.packets.other_cost * np.arange(1, len(law) + 1), law


class March:
    """x and what stands behind packets, from time 0 on.

    Parameters
    ----------
    one:
        A packet.
    source, rates, start:
        (p,) of each phase.
    matrix:
        (p, p) G.
    batches:
        How many batches to follow: S_B x, S_B S_B x, ...
    """

    def __init__(self, one: Drawn, source, rates, start, matrix, batches: int = 1) -> None:
        self._one, self._source, self._rates, self._matrix = one, source, rates, matrix
        self._steps = one.count * batches
        self._share = 1.0 if one.packets.fixed else 1.0 / one.packets.batch
        self._stops, self._delays = one.stops(), one.delays()
        self.edges, self._half = np.zeros(65), np.zeros(64)
        self._table = np.zeros((NODES, self._steps + 1, len(source), 64))
        self.count = 0
        self.last = np.zeros((self._steps + 1, len(source)))  # values at the last edge
        self.last[0] = start
        self._own: dict[tuple[int, float], np.ndarray] = {}

    @property
    def table(self) -> np.ndarray:
        """(NODES, steps + 1, p, panels) powers of the place in each panel, highest first."""
        return self._table[..., : self.count]

    def to(self, end: float) -> None:
        """One more panel, up to the time `end`."""
        v, to_powers, integrals, _, last = rule()
        one, i, eye = self._one, self.count, np.eye(NODES)
        self._room()
        begin = self.edges[i]
        h = 0.5 * (end - begin)
        self.edges[i + 1], self._half[i] = end, h
        t, step, often = begin + h * (v + 1.0), h * integrals, one.stopped
        stopped, again = self._behind(t, h, 0, self._stops, np.s_[1:])
        forward = one.mean * eye + (1.0 + one.mean * often) * step
        inverse = np.linalg.inv(forward - one.mean * often * step @ again)
        passes = inverse @ step
        began = (inverse @ np.full(NODES, one.mean)) * self.last[1:, :, None]
        known = began + one.mean * often * stopped @ passes.T
        if one.moves > 0.0:
            past, here = self._behind(t, h, 1, self._delays, np.s_[:])
            before = self._share * past[:-1] + (1.0 - self._share) * past[1:]
            known, passes = known + before @ passes.T, passes @ here
        if self._share < 1.0:
            more = np.linalg.inv(eye - (1.0 - self._share) * passes)
            known, passes = known @ more.T, self._share * more @ passes

        # S_B x = (power of `passes`) x + behind
        power, behind = np.linalg.matrix_power(passes, one.count), np.zeros_like(known[0])
        for row in known[: one.count]:
            behind = behind @ passes.T + row
        p = len(self._source)
        left = np.eye(p * NODES) - np.kron(self._matrix, step)
        left += np.kron(np.diag(self._rates), step @ power)
        right = self._source[:, None] - self._rates[:, None] * behind
        right = self.last[0][:, None] + right @ step.T
        values = np.empty((self._steps + 1, p, NODES))
        values[0] = np.linalg.solve(left, right.ravel()).reshape(p, NODES)
        for j, row in enumerate(known):
            values[j + 1] = values[j] @ passes.T + row
        self._table[..., i] = np.moveaxis(values @ to_powers.T, -1, 0)
        self.last = values @ last
        self.count += 1

    def _behind(self, t, h, which, delays, rows) -> tuple[np.ndarray, np.ndarray]:
        """E[x(t - delay)] of `rows`: what earlier panels give, and a matrix for this one's own."""
        delay, law = delays
        begin, seen = self.edges[self.count], delay < t[-1]
        delay, law = delay[seen], law[seen]
        at = t[:, None] - delay
        past = np.zeros((*self.last[rows].shape, NODES))
        old = np.flatnonzero((at.min(axis=0, initial=0.0) < begin) & (delay <= t[-1]))
        if len(old) and self.count:
            back = at[:, old]
            panel = np.searchsorted(self.edges[: self.count + 1], back, side="right") - 1
            inside = (panel >= 0) & (panel < self.count)
            panel = np.clip(panel, 0, self.count - 1)
            place = (back - self.edges[panel]) / self._half[panel] - 1.0
            found = evaluate(self._table[:, rows], panel, np.where(inside, place, 0.0))
            past = (found * inside) @ law[old]
        near = delay < 2.0 * h
        if not near.any():
            return past, np.zeros((NODES, NODES))
        if (which, h) not in self._own:
            v, to_powers, *_ = rule()
            back = v[:, None] - delay[near] / h
            weight = np.where(back >= -1.0, law[near], 0.0)
            powers = np.where(back >= -1.0, back, 0.0)[..., None] ** np.arange(NODES - 1, -1, -1)
            self._own[which, h] = np.einsum("ik,ikj->ij", weight, powers) @ to_powers
        return past, self._own[which, h]

    def _room(self) -> None:
        if self.count < len(self._half):
            return
        more = np.zeros(len(self._half))
        self.edges, self._half = np.append(self.edges, more), np.append(self._half, more)
        self._table = np.concatenate([self._table, np.zeros_like(self._table)], axis=-1)


def mesh(one: Drawn, kinks_: Sequence[tuple[float, bool]], longest: float) -> Iterator[float]:
    """Ends of panels, without end: short behind each steep kink, ever longer after it."""
    packet, size = one.mean + one.moves, np.sqrt(one.count)
    t = begin = 0.0
    for kink, steep in [*kinks_, (np.inf, True)]:
        while t < kink:
            x = t - begin
            h = max(_WIDER * x, one.mean)
            if x < 3.0 * one.count * packet:
                h = min(h, 0.7 * size * packet)
            h = min(h, longest)
            t = kink if t + 1.5 * h >= kink else t + h
            yield t
        if steep:
            begin = kink


def kinks(one: Drawn, falls: float = 0.0) -> list[tuple[float, bool]]:
    """Where whole numbers of fixed parts and stops end, as far as it shows, and if it is steep.

    `falls` is how fast what is followed falls off, a second.
    """
    packets, many = one.packets, 0
    if one.moves > 0.0:
        steep = int(min((one.moves / one.mean) ** 2, 1e6))  # packets whose spread is below a move
        many = max(_KINKS, min(steep, _MANY))
    count = np.arange(many + 1)
    often = packets.interruptions(one.moves * count + 3.0 * one.count * one.mean)
    often = often * np.exp(-falls * one.moves * np.maximum(count - one.count, 0))[:, None]
    j, k = np.nonzero(often > _EDGE)
    steep = (often[j, k] > _STEEP) & ((j == 0) | (np.sqrt(j) * one.mean < one.moves))
    at = one.moves * j + packets.other_cost * k
    last, found, order = 0.0, [], np.argsort(at)
    for kink, short in zip(at[order].tolist(), steep[order].tolist(), strict=True):
        if kink > last + 1e-6 * one.mean:
            found.append((kink, short))
            last = kink
    return found
