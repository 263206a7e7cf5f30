"""What waits behind a masked operation: packets, and interrupts without crypto one by one.

Interrupts without crypto that wait are taken one after another, each a masked operation in which
more may come.  Outside the guest they move no registers, so that together they are one masked
period M: the operation's length W stretched as by preemptive resume (H. Takagi, Queueing Analysis
vol. 1, 1991, section 3.4), with the transform E exp(-(s + ν (1 - Θ*(s))) W) for interrupts of
rate ν, Θ the time that one of them takes away.  A crypto interrupt is served first; those that
then still wait lengthen its set-up.  So the first packet behind a masked period waits for what is
left of M, whenever in M it came.  In the guest the first interrupt forces an exit, and what waits
behind it lengthens that operation; see :func:`rows_behind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..automaton import EVENT_NAMES, Automaton
from ..events import GUEST, POSITIONS
from .queue import Stretch, residual_moments, rest_moments, stretched
from .rows import HELD, NEON, SCALAR, Rows, rate_index, rows_of

__all__ = ["BehindRows", "Masked", "masked_of", "rows_behind"]

_EVENT = {name: i for i, name in enumerate(EVENT_NAMES)}
_KINDS = ("other", "other_softirq")
_GUEST = POSITIONS.index(GUEST)
PLAIN, FIRST, HELD_FIRST, COUNTED = range(4)


@dataclass(frozen=True, eq=False)
class BehindRows(Rows):
    """Rows, and behind each what waits there; m rows.

    Attributes
    ----------
    parent:
        (m,) the row that this one is behind; itself for a row of :func:`.rows.rows_of`.
    how:
        (m,) PLAIN for those; FIRST for an interrupt without crypto that is taken in the guest
        with the others that wait, HELD_FIRST for one with crypto that is held there while others
        wait, COUNTED for those that are taken outside, one row for all of them.
    to:
        (m,) the state that follows.
    share:
        (m,) index of the rate that tells one of the two kinds of interrupt without crypto from
        the other, -1 where that is no matter.
    joins, served:
        (m,) bool: packets are served at once, with what came during the operation; the same at an
        interrupt, where the operation is part of their busy period.
    """

    parent: np.ndarray
    how: np.ndarray
    to: np.ndarray
    share: np.ndarray
    joins: np.ndarray
    served: np.ndarray


@lru_cache(maxsize=1024)
def rows_behind(table: Automaton, others: bool, task_neon: bool) -> BehindRows:
    """Rows of :func:`.rows.rows_of` driven by thread time or packets, and those behind them."""
    rows = rows_of(table, others, task_neon)
    keep = rows.source < 2 * len(table)
    columns = [getattr(rows, name)[keep].tolist() for name in Rows.__dataclass_fields__]
    source, rate, waiting, op, state, event, lands = columns
    m = len(source)
    parent, how, share = list(range(m)), [PLAIN] * m, [-1] * m

    def add(i: int, s: int, e: int, kind: int, land: bool, which: int = -1) -> int:
        for column, value in zip(
            (source, rate, waiting, op, state, event, lands, parent, how, share),
            (source[i], rate[i], 0, 0, s, e, land, i, kind, which),
            strict=True,
        ):
            column.append(value)
        return len(source) - 1

    def taken(i: int, s: int) -> None:
        """Interrupts without crypto behind row i, outside the guest."""
        known = [_EVENT[k] for k in _KINDS if table.next[s, _EVENT[k]] >= 0]
        add(i, s, known[0], COUNTED, False)

    for i in range(m if others else 0):
        s, e = state[i], event[i]
        to = int(table.next[s, e])
        if lands[i] and table.softirq[s, e] in (NEON, SCALAR):
            continue  # packets are served, and all that came meanwhile
        if not lands[i]:
            if e == _EVENT["exit"]:  # the end of a residency in the guest
                taken(i, to)
            continue
        brief = not table.before[s, e].any() and EVENT_NAMES[e] not in _KINDS
        if brief:
            continue
        if table.position[to] != _GUEST:
            taken(i, to)
            continue
        for kind in _KINDS:
            if table.next[to, _EVENT[kind]] >= 0:
                j = add(i, to, _EVENT[kind], FIRST, True, rate_index[f"{kind}_share"])
                taken(j, int(table.next[to, _EVENT[kind]]))
        if table.softirq[to, _EVENT["interrupt"]] == HELD:
            j = add(i, to, _EVENT["interrupt"], HELD_FIRST, True)
            taken(j, int(table.next[to, _EVENT["interrupt"]]))
    ints = (np.array(c) for c in (source, rate, waiting, op, state, event))
    state, event = np.array(state), np.array(event)
    joins = np.isin(table.softirq[state, event], (NEON, SCALAR))
    return BehindRows(
        *ints,
        np.array(lands, dtype=bool),
        np.array(parent),
        np.array(how),
        table.next[state, event],
        np.array(share),
        joins,
        joins & (event == _EVENT["interrupt"]),
    )


@dataclass(frozen=True, eq=False)
class Masked:
    """What follows each of m rows until thread time goes on, in B scenarios.

    Attributes
    ----------
    often:
        (B, m) how often the row happens for one unit of what drives it at rate 1.
    quiet, caught:
        (B, m) probability that thread time goes on, and that packets wait, where the row lands.
    mean, square:
        (B, m) seconds and seconds squared of the masked period of the row.
    rest1, rest2:
        (B, m) first two moments of what is left of it at the first crypto interrupt in it.
    late:
        (B, m) interrupts without crypto that lengthen the set-up of the packets besides.
    """

    often: np.ndarray
    quiet: np.ndarray
    caught: np.ndarray
    mean: np.ndarray
    square: np.ndarray
    rest1: np.ndarray
    rest2: np.ndarray
    late: np.ndarray


def masked_of(
    table: Automaton,
    rows: BehindRows,
    before: np.ndarray,
    p,
    shares: np.ndarray,
) -> Masked:
    """The laws behind `rows`.

    `before` (B, n, E) is the masked time of each event, `shares` (B, rates) as from
    :func:`.rows.rates`.
    """
    size = len(p)
    flat = before.reshape(size, -1)
    lam = p.interrupt_rate[:, None]
    cost = flat[:, rows.state * len(EVENT_NAMES) + rows.event]
    behind = flat[:, rows.op]
    if not p.other_rate.any():
        waits = -np.expm1(-lam * behind)
        often = np.choose(rows.waiting, (np.ones(1), waits, 1.0 - waits))
        lasts = np.where(rows.joins, 0.0, cost)
        caught = -np.expm1(-lam * lasts)
        rest = residual_moments(lam, np.where(_served_behind(rows), behind, lasts))
        return Masked(often, 1.0 - caught, caught, cost, cost * cost, *rest, np.zeros_like(cost))
    return _with_others(table, rows, cost, behind, p, shares)


def _served_behind(rows: BehindRows) -> np.ndarray:
    """Interrupts that are served at the end of the operation that they came in, `op`."""
    return (rows.waiting == 1) & (rows.event == _EVENT["interrupt"])


def _with_others(table, rows, cost, behind, p, shares) -> Masked:
    lam, nu, o = (x[:, None] for x in (p.interrupt_rate, p.other_rate, p.other_cost))
    stretch = Stretch(nu, o)
    sigma = stretched(lam, nu, o)
    waits = -np.expm1(-sigma * behind)
    often = np.choose(rows.waiting, (np.ones(1), waits, 1.0 - waits))
    lasts = np.where(rows.joins, 0.0, cost)

    # Interrupts without crypto that wait already when the row begins: K of them.
    before = nu * lasts[:, rows.parent]
    k1, k2, k3, log_quiet = _waiting_already(rows, before, sigma, o)
    quiet = -(sigma * lasts - log_quiet)
    first, held = rows.how == FIRST, rows.how == HELD_FIRST
    parent = rows.parent[first]
    which = shares[:, rows.share[first]]
    often[:, first] = often[:, parent] * which * _first(lam, nu, lasts[:, parent])
    parent = rows.parent[held]
    often[:, held] = often[:, parent] * -np.expm1(-lam * lasts[:, parent])
    work1 = lasts + o * k1
    work2 = lasts**2 + 2.0 * lasts * o * k1 + o**2 * k2
    work3 = lasts**3 + 3.0 * lasts**2 * o * k1 + 3.0 * lasts * o**2 * k2 + o**3 * k3
    counted = rows.how == COUNTED
    parent = rows.parent[counted]
    often[:, counted] = often[:, parent] * (k1 + nu * work1 / stretch.free)[:, parent]

    mean, square, cube = stretch.moments(work1, work2, work3)
    caught = -np.expm1(quiet)

    # In the guest whatever waits forces an exit: a row of its own, but for packets served.
    guest = rows.lands & (table.position[rows.to] == _GUEST)
    late = np.where(guest, nu * lasts, 0.0)
    moments = [np.where(guest, lasts**n, m) for n, m in ((1, mean), (2, square), (3, cube))]
    quiet = np.where(guest, -(lam + nu) * lasts, quiet)
    caught = np.where(guest, -np.expm1(-lam * lasts), caught)
    served = _served_behind(rows)
    if served.any():
        part = behind[:, served]
        for moment, value in zip(moments, stretch.moments(part, part**2, part**3), strict=True):
            moment[:, served] = value
    rest = rest_moments(lam, np.where(served, waits, caught), *moments)
    own = moments[0].copy(), moments[1].copy()
    own[0][:, served], own[1][:, served] = cost[:, served], cost[:, served] ** 2
    is_held = table.softirq[rows.to, _EVENT["interrupt"]] == HELD
    caught = np.where(guest & is_held, 0.0, caught)
    return Masked(often, np.exp(quiet), caught, *own, *rest, late)


def _first(lam, nu, cost):
    """Probability that behind an operation only interrupts without crypto wait."""
    return np.exp(-lam * cost) * -np.expm1(-nu * cost)


def _waiting_already(rows, mean, sigma, o):
    """Moments of K, and the logarithm of E exp(-σ o K)."""
    first, held = rows.how == FIRST, rows.how == HELD_FIRST
    a = np.where(first | held, mean, 0.0)
    one, two, three = a, a + a * a, a + 3.0 * a * a + a**3  # Poisson
    some = np.where(a > 0.0, -np.expm1(-a), 1.0)
    n1, n2, n3 = one / some, two / some, three / some  # of one or more
    left = first & (a > 0.0)
    k1 = np.where(left, n1 - 1.0, one)
    k2 = np.where(left, n2 - 2.0 * n1 + 1.0, two)
    k3 = np.where(left, n3 - 3.0 * n2 + 3.0 * n1 - 1.0, three)
    x = np.broadcast_to(sigma * o, a.shape)
    safe = np.where(left, a, 1.0)
    less = safe * np.exp(-x)
    fewer = x + less - safe + np.log(np.expm1(-less) / np.expm1(-safe))
    log_quiet = np.where(left, fewer, a * np.expm1(-x))
    return k1, k2, k3, log_quiet
