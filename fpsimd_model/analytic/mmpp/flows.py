"""What is read off the chain under MMPP arrivals, summed over phases; as :mod:`..flows`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...automaton import Automaton
from ..behind import BehindRows
from .busy import Queue

__all__ = ["Burst", "BurstFlows", "Periods"]


@dataclass(frozen=True, eq=False)
class Periods:
    """Means over k kinds of busy period, (1, k); names as in :class:`..queue.BusyPeriods`."""

    packets: np.ndarray
    duration: np.ndarray
    service: np.ndarray
    sojourn: np.ndarray


@dataclass(frozen=True, eq=False)
class Burst:
    """One kind of busy period.

    Attributes
    ----------
    driver:
        (2,) how often, by phase of what drives it.
    ends:
        (2,) phases at its end.
    packets:
        How many are served in it.
    state, queue:
        Where it starts, and the queue of its packets.
    setup:
        Fixed work ahead of the packets, seconds.
    waited, guest, law:
        How the first interrupt came, as in :func:`.busy.starts_behind`; `waited` 0 in thread time.
    """

    driver: np.ndarray
    ends: np.ndarray
    packets: float
    state: int
    queue: Queue
    setup: float
    waited: float
    guest: bool
    law: np.ndarray


@dataclass(frozen=True, eq=False)
class BurstFlows:
    """As :class:`..chain.Flows` of one scenario, summed over phases.

    `joint` (n, 2) is the share of thread time by state and phase; `bursts` the kinds of busy
    period; `matrix` and `reward` the balance of all unknowns and the wall time that one unit of
    each takes; `by_phase` (m, 2) how often each row happens, by phase of its driver.
    """

    table: Automaton
    pi: np.ndarray
    rows: BehindRows
    flow: np.ndarray
    before: np.ndarray
    period_flow: np.ndarray
    period_state: np.ndarray
    periods: Periods
    joint: np.ndarray
    bursts: list[Burst]
    matrix: np.ndarray
    reward: np.ndarray
    by_phase: np.ndarray
