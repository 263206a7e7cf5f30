"""How long a packet waits, in two sentences."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ..figures.numbers import significant

if TYPE_CHECKING:
    from ..results import Results
    from .state import State

__all__ = ["upshot"]


def upshot(state: State, results: Results) -> str:
    """The load, the 99th percentile of each policy from the shortest up, and who is overloaded.

    >>> from ..engines import evaluate
    >>> from .state import State
    >>> state = State.of("reference", ["softirqs-off", "tracked"])
    >>> upshot(state, evaluate(state.scenario, state.policies)).split(". ")[1]
    '99% of packets take less than 2.48 us with <b>tracked</b>, 8.48 ms with <b>softirqs-off</b>.'
    """
    scenario = state.scenario
    gbps = 8e-9 * scenario.offered_packets_per_s * scenario.softirq.packet_bytes
    said = (
        f"{significant(gbps, 3)} Gb/s: packets need {_percent(scenario.simd_load)} of the CPU with "
        f"NEON, {_percent(scenario.scalar_load)} without. "
    )
    late = {r.policy: r["sojourn_p99_us"] for r in results if r["sojourn_p99_us"] is not None}
    if late:
        ranked = sorted(late, key=late.__getitem__)
        told = (f"{_time(late[p])} with <b>{escape(p)}</b>" for p in ranked)
        said += f"99% of packets take less than {', '.join(told)}."
    lost = [r.policy for r in results if r.status != "ok"]
    if lost:
        told = ", ".join(f"<b>{escape(p)}</b>" for p in lost)
        said += f" No steady state without ksoftirqd's help: {told}."
    return said


def _percent(share: float) -> str:
    return f"{significant(100.0 * share, 2)}%"


def _time(us: float) -> str:
    unit, value = ("us", us) if us < 1000.0 else ("ms", us / 1000.0)
    return f"{significant(value, 3)} {unit}"
