"""Every way an event can come about in a state, and the rate that drives it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..automaton import EVENT_NAMES, SOFTIRQ, Automaton
from ..events import GUEST, LOOP, POSITIONS, SCHED, USER
from ..parameters import Parameters

__all__ = ["HELD", "NEON", "SCALAR", "Rows", "never", "rate_index", "rates", "rows_of"]

_EVENT = {name: i for i, name in enumerate(EVENT_NAMES)}
NEON, SCALAR, HELD = (SOFTIRQ.index(kind) for kind in ("neon", "scalar", "held"))

_RATES = (
    "load",
    "enter",
    "access",
    "exit",
    "interrupt",
    "other",
    "other_softirq",
    "task_neon",
    "put_user",
    "put_sched",
    "put_sched_unpreempted",
    "end_user",
    "end_sched",
    "end_sched_unpreempted",
    "one",
    "other_share",
    "other_softirq_share",
)
rate_index = {name: i for i, name in enumerate(_RATES)}


@dataclass(frozen=True, eq=False)
class Rows:
    """m rows for an automaton of n states.

    Attributes
    ----------
    source:
        Unknown that drives the row: share of time in state s (s), interrupts waiting there
        (n + s), interrupts without crypto waiting there (2 n + s).
    rate:
        Index into the vector of :func:`rates`.
    waiting, op:
        1 if the row happens only with an interrupt waiting behind the operation `op` (flat index
        of state and event), 2 if only without, 0 if whatever happens.
    state, event:
        What happens where.
    lands:
        Thread time goes on in the next state; otherwise another row carries on at once.
    """

    source: np.ndarray
    rate: np.ndarray
    waiting: np.ndarray
    op: np.ndarray
    state: np.ndarray
    event: np.ndarray
    lands: np.ndarray


@lru_cache(maxsize=1024)
def rows_of(table: Automaton, others: bool, task_neon: bool) -> Rows:
    """The rows of `table`, with interrupts without crypto and kernel NEON in tasks if asked for."""
    found: list[tuple] = []
    n, n_events = table.next.shape

    def add(source, rate, state, event, waiting=0, op=0, lands=True):
        if table.next[state, _EVENT[event]] < 0:
            return  # left out of the automaton: it never happens
        found.append((source, rate_index[rate], waiting, op, state, _EVENT[event], lands))

    for s in range(n):
        position = POSITIONS[table.position[s]]
        sched = "sched_unpreempted" if table.preempt_off[s] else "sched"
        add(s, "interrupt", s, "interrupt")
        add(n + s, "one", s, "interrupt")
        if others:
            for kind in ("other", "other_softirq"):
                add(s, kind, s, kind)
                add(2 * n + s, f"{kind}_share", s, kind)
        if position in (USER, SCHED):
            add(s, "load", s, "load")
        elif position == LOOP:
            add(s, "enter", s, "enter")
            add(s, "put_user", s, "put_user")
            add(s, f"put_{sched}", s, "put_sched")
            if task_neon:
                add(s, "task_neon", s, "task_neon")
        elif position == GUEST:
            add(s, "access", s, "access")
            add(s, "exit", s, "exit")
            # A residency that ends in the guest exits first; an interrupt that came during the
            # exit is served before vcpu_put.
            op = s * n_events + _EVENT["exit"]
            left = table.next[s, _EVENT["exit"]]
            served = max(table.next[left, _EVENT["interrupt"]], 0)  # no interrupts: never read
            for end, put in (("end_user", "put_user"), (f"end_{sched}", "put_sched")):
                add(s, end, s, "exit", lands=False)
                add(s, end, left, put, waiting=2, op=op)
                add(s, end, left, "interrupt", waiting=1, op=op, lands=False)
                add(s, end, served, put, waiting=1, op=op)
    return Rows(*(np.array(column) for column in zip(*found, strict=True)))


@lru_cache(maxsize=16)
def rates(p: Parameters) -> np.ndarray:
    """(B, rates) per second of thread time, in the order of ``rate_index``."""
    rest = 1.0 - p.preempted_share
    put_user = np.where(rest > 0, p.user_exit_share / np.where(rest > 0, rest, 1.0), 0.0)
    put_user = np.minimum(put_user, 1.0)  # 0.2 / (1 - 0.8) is a little more
    put_exit = p.exit_put_share / p.guest_run
    blocked = np.maximum(0.0, rest - p.user_exit_share)
    end_user = p.user_exit_share / p.residency
    end_sched = (blocked + p.preempted_share) / p.residency
    unpreempted = blocked / p.residency
    plain, softirq = 1.0 - p.other_softirq_share, p.other_softirq_share
    by_name = {
        "load": 1.0 / p.out,
        "enter": 1.0 / p.run_loop,
        "access": 1.0 / p.first_fp,
        "exit": 1.0 / p.guest_run - put_exit,
        "interrupt": p.interrupt_rate,
        "other": p.other_rate * plain,
        "other_softirq": p.other_rate * softirq,
        "task_neon": p.task_neon_rate,
        "put_user": end_user,
        "put_sched": end_sched,
        "put_sched_unpreempted": unpreempted,
        "end_user": end_user + put_exit * put_user,
        "end_sched": end_sched + put_exit * (1.0 - put_user),
        "end_sched_unpreempted": unpreempted + put_exit * (1.0 - put_user),
        "one": np.ones(len(p)),
        "other_share": plain,
        "other_softirq_share": softirq,
    }
    return np.stack([by_name[name] for name in _RATES], axis=1)


_DRIVERS = {
    "put_user": ("end_user",),
    "put_sched": ("end_sched",),
    "interrupt": ("interrupt",),
    "other": ("other",),
    "other_softirq": ("other_softirq",),
}


def never(p: Parameters) -> frozenset[str]:
    """Events that happen in none of the B scenarios."""
    live = (rates(p) > 0).any(axis=0)
    return frozenset(
        event
        for event, drivers in _DRIVERS.items()
        if not any(live[rate_index[name]] for name in drivers)
    )
