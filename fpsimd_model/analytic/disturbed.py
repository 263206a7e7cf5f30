"""Sojourns under a plain server that interrupts without crypto stop now and then.

What they add is small and smooth beside the law without them, but for atoms, which are known.
So the difference alone is inverted numerically, on a grid, and read off by linear interpolation;
far out the law is exponential.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .curves import Deterministic, Exponential
from .inversion import invert, nodes
from .lattice import decay
from .packets import Packets, batch_transform, position_transform

__all__ = ["Disturbed"]

_STEPS, _SPAN = 16, 20  # grid steps in a service time; services of a batch until the law is smooth
_TERMS = 24
_ROUNDING = 1e-12  # as in curves


class Disturbed:
    """Curves like those of :mod:`.curves`, from the ones without interrupts (`plain`).

    Parameters
    ----------
    packets:
        Arrivals, with the interrupts without crypto.
    service:
        (R,) seconds of one packet's work.
    plain:
        The R curves without them.
    """

    def __init__(
        self, packets: Packets, service: Sequence[float], plain: Deterministic | Exponential
    ) -> None:
        self._plain = plain
        self._tables = [_Table(packets, float(one), i, plain) for i, one in enumerate(service)]

    def tail(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """P(T > t) of curve `curve` (n,) at times `t` (n,)."""
        out = self._plain.tail(curve, t, scale)
        for i, table in enumerate(self._tables):
            mine = np.flatnonzero(curve == i)
            out[mine] = table.tail(t[mine], out[mine], scale[mine])
        return out

    def integral(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """E[(T - t)+], seconds."""
        out = self._plain.integral(curve, t, scale)
        for i, table in enumerate(self._tables):
            mine = np.flatnonzero(curve == i)
            out[mine] = table.integral(t[mine], out[mine])
        return out


class _Table:
    def __init__(self, packets: Packets, service: float, curve: int, plain) -> None:
        b = packets.batch
        step = service / _STEPS * max(1.0, 0.5 * b)
        grid = step * np.arange(1, 2 + int(_SPAN * service * b / step))
        self._end = grid[-1]
        s = nodes(grid, _TERMS)
        with_, mean, load = _plain_server(packets, s, packets.stretch(s), service)
        without, mean0, load0 = _plain_server(packets, s, s, service)
        change = without[0] - with_[0]
        area = (mean - mean0) - change / s
        self._atoms, first = None, 0.0
        if not packets.exponential:
            change = change + (1.0 - load) * (with_[1] - 1.0) - (1.0 - load0) * (without[1] - 1.0)
            self._atoms = _atoms(packets, service, 1.0 - load, 1.0 - load0)
            first = -self._atoms[1][0]
        self._step = step
        self._tail = np.append(first, invert(change / s, grid))
        self._area = np.append(mean - mean0, invert(area / s, grid))
        self._fall = _fall(packets, service)
        last = np.array([self._end * (1.0 - 1e-12)])
        here = np.array([curve]), last, last
        self._at_end = (
            self.tail(last, plain.tail(*here), last),
            self.integral(last, plain.integral(*here)),
        )

    def _between(self, values: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Cubic through four neighbours; constant before the first."""
        x = np.clip(t / self._step, 0.0, len(values) - 1.0)
        i = np.clip(x.astype(np.intp), 1, len(values) - 3)
        v = x - i
        left, right = v * (v - 1.0), (v + 1.0) * (v - 2.0)
        return (
            left * ((v + 1.0) * values[i + 2] - (v - 2.0) * values[i - 1]) / 6.0
            + right * ((v - 1.0) * values[i] - v * values[i + 1]) / 2.0
        )

    def tail(self, t: np.ndarray, plain: np.ndarray, scale: np.ndarray) -> np.ndarray:
        out = plain + self._between(self._tail, t)
        if self._atoms is not None:
            at, above = self._atoms
            out += above[np.searchsorted(at, t + _ROUNDING * scale, side="right")]
        out[t <= 0.0] = 1.0
        far = t >= self._end
        if far.any():
            out[far] = self._at_end[0] * np.exp(-self._fall * (t[far] - self._end))
        return out

    def integral(self, t: np.ndarray, plain: np.ndarray) -> np.ndarray:
        out = plain + self._between(self._area, t)
        far = t >= self._end
        if far.any():
            out[far] = self._at_end[1] * np.exp(-self._fall * (t[far] - self._end))
        return out


def _plain_server(packets: Packets, s, slower, service):
    """E[exp(-s T)] and the part of a packet's own batch alone, E[T], and the load."""
    stopped = slower is not s
    stretch = 1.0 / (1.0 - packets.other_rate * packets.other_cost) if stopped else 1.0
    z = 1.0 / (1.0 + slower * service) if packets.exponential else np.exp(-slower * service)
    work = batch_transform(z, packets)
    own = z * position_transform(z, packets)
    b, lam, mean = packets.batch, packets.rate, service * stretch
    load = lam * b * mean
    more = packets.other_rate * packets.other_cost**2 * stretch**3 if stopped else 0.0
    variance = packets.exponential * mean**2 + service * more
    square = b * b if packets.fixed else 2.0 * b * b - b
    wait = lam * (b * variance + square * mean**2) / (2.0 * (1.0 - load))
    total = wait + (square - b) / (2.0 * b) * mean + mean
    return ((1.0 - load) * s * own / (s - lam + lam * work), own), total, load


def _atoms(packets: Packets, service: float, idle: float, idle0: float):
    """Atoms with interrupts less those without: places, and what lies above each."""
    places = packets.places()
    at = service * np.arange(1, len(places) + 1)
    often = packets.interruptions(at)
    mass = idle * places[:, None] * often
    mass[:, 0] -= idle0 * places
    at = at[:, None] + packets.other_cost * np.arange(often.shape[1])
    order = np.argsort(at, axis=None)
    mass = mass.ravel()[order]
    return at.ravel()[order], np.append(mass[::-1].cumsum()[::-1], 0.0)


def _fall(packets: Packets, service: float) -> float:
    """The law falls like exp(-fall t) in the end: Newton's method from the right."""
    b, lam = packets.batch, packets.rate
    if packets.exponential:
        fall = (1.0 - lam * b * service) / (b * service)
    else:
        fall = decay(lam * service, b, packets.fixed) / service
    if packets.other_rate * packets.other_cost * np.exp(min(50.0, fall * packets.other_cost)) > 0.1:
        return fall  # so steep that nothing is left where it matters

    def more(theta: complex) -> complex:
        slower = packets.stretch(np.asarray(-theta))
        z = 1.0 / (1.0 + slower * service) if packets.exponential else np.exp(-slower * service)
        return complex(lam * (batch_transform(z, packets) - 1.0) - theta)

    for _ in range(100):
        tiny = 1e-20 * fall
        value = more(complex(fall, tiny))
        step = value.real / (value.imag / tiny)
        if not (step > 1e-14 * fall and step < fall):
            break
        fall -= step
    return fall
