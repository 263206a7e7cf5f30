"""What a solved chain holds: flows of events, and the chain itself with its phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..automaton import Automaton
from .behind import BehindRows, Masked
from .phases_lift import Lift
from .queue import BusyPeriods

__all__ = ["Chain", "Flows", "summed"]


@dataclass(frozen=True, eq=False)
class Chain:
    """The solved chain itself, phases of durations included: what first passages are solved on.

    Attributes
    ----------
    lift:
        N states and M rows, each made from one without phases.
    x:
        (B, 2 N) share of thread time in each state, and packets that wait there, per second.
    coef, quiet, caught:
        (B, M) rows for one unit of what drives them, and their parts that go on in thread time
        or with packets that wait.
    moves:
        (B, K) rates of the moves from phase to phase.
    """

    lift: Lift
    x: np.ndarray
    coef: np.ndarray
    quiet: np.ndarray
    caught: np.ndarray
    moves: np.ndarray


@dataclass(frozen=True, eq=False)
class Flows:
    """Events per second of thread time in B scenarios; m rows, n states, k busy periods.

    Attributes
    ----------
    pi:
        (B, n) share of thread time in each state.
    rows, flow:
        What each row is, and (B, m) how often it happens.
    before:
        (B, n, E) seconds of masked work of each event, ahead of its packets if there are any.
    masked:
        What follows each row until thread time goes on.
    period_row, period_share:
        (k,) the row that each busy period follows, and (B, k) how many follow one row.
    period_flow, period_state, periods:
        (B, k) busy periods that start at an interrupt, (k,) the state they start in, and their
        queue.
    chain:
        The chain with phases.
    """

    table: Automaton
    pi: np.ndarray
    rows: BehindRows
    flow: np.ndarray
    before: np.ndarray
    masked: Masked
    period_row: np.ndarray
    period_share: np.ndarray
    period_flow: np.ndarray
    period_state: np.ndarray
    periods: BusyPeriods
    chain: Chain


def summed(values: np.ndarray, where: np.ndarray, size: int) -> np.ndarray:
    """(B, size) sums of `values` (B, m) by place (m,).

    >>> summed(np.array([[1.0, 2.0, 4.0]]), np.array([0, 2, 0]), 3).tolist()
    [[5.0, 0.0, 2.0]]
    """
    out = np.empty((len(values), size))  # of nothing at all bincount gives integers
    for total, row in zip(out, values, strict=True):
        total[:] = np.bincount(where, row, minlength=size)
    return out
