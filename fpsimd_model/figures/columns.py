"""How each metric stands in a table: the words above it, its unit there, and the factor to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import InputError, shown
from ..results import METRICS

__all__ = ["COLUMNS", "LEAST_SHARE", "MAIN", "Column", "columns"]

#: The formula's shares are good to about this (docs/model.md, section 5).  Text and tables say
#: that one is smaller; JSON and CSV keep the number, as 0 would claim that it never happens.
LEAST_SHARE = 1e-10


@dataclass(frozen=True, slots=True)
class Column:
    """A metric's column; shares are shown in percent."""

    metric: str
    words: tuple[str, str]
    unit: str
    factor: float = 1.0

    @property
    def meaning(self) -> str:
        """What the metric means, for a tooltip."""
        return METRICS[self.metric].meaning

    @property
    def least(self) -> float:
        """What is nearer to 0 than this is not known, only that it is so small."""
        return LEAST_SHARE if METRICS[self.metric].unit == "share" else 0.0


COLUMNS: dict[str, Column] = {
    c.metric: c
    for c in (
        Column("switch_share", ("moves,", "traps"), "% CPU", 100.0),
        Column("saving", ("cost", "saved"), "%", 100.0),
        Column("crypto_slowdown", ("crypto", "slowdown"), "x"),
        Column("scalar_share", ("packets", "scalar"), "%", 100.0),
        Column("sojourn_mean_us", ("delay,", "mean"), "us"),
        Column("sojourn_p50_us", ("delay,", "median"), "us"),
        Column("sojourn_p99_us", ("delay,", "99%"), "us"),
        Column("sojourn_p999_us", ("delay,", "99.9%"), "us"),
        Column("delayed_share", ("packets", "delayed"), "%", 100.0),
        Column("queue_mean_packets", ("queue,", "mean"), "packets"),
        Column("queue_end_packets", ("queue,", "at end"), "packets"),
        Column("packets_per_s", ("packets", "done"), "1/s"),
        Column("throughput_gbps", ("link", "carried"), "Gb/s"),
        Column("max_packets_per_s", ("packets", "at most"), "1/s"),
        Column("max_gbps", ("link", "at most"), "Gb/s"),
        Column("guest_corruptions_per_s", ("guest", "lost"), "1/s"),
        Column("host_corruptions_per_s", ("host", "lost"), "1/s"),
        Column("host_saves_per_s", ("host", "saves"), "1/s"),
        Column("host_restores_per_s", ("host", "restores"), "1/s"),
        Column("guest_saves_per_s", ("guest", "saves"), "1/s"),
        Column("guest_restores_per_s", ("guest", "restores"), "1/s"),
        Column("traps_per_s", ("FP", "traps"), "1/s"),
        Column("exits_per_s", ("guest", "exits"), "1/s"),
        Column("puts_per_s", ("vcpu_put", "calls"), "1/s"),
        Column("softirq_share", ("packet", "service"), "% CPU", 100.0),
        Column("ksoftirqd_share", ("ksoft-", "irqd"), "% CPU", 100.0),
        Column("guest_share", ("guest", "runs"), "% CPU", 100.0),
        Column("softirq_held_mean_us", ("softirq", "held"), "us"),
        Column("softirq_held_max", ("held", "at most"), "us"),
        Column("resched_delay_mean_us", ("preempt", "ignored"), "us"),
    )
}

#: What decides: the cost in moves, what crypto and packets suffer, what is lost.
MAIN = ("switch_share", "saving", "crypto_slowdown", "sojourn_mean_us", "sojourn_p99_us")


def columns(metrics: object = None) -> list[Column]:
    """The columns of some metrics, or of one; None for all, in the order of importance.

    Raises
    ------
    InputError
        On an unknown metric.

    >>> [c.unit for c in columns(MAIN)]
    ['% CPU', '%', 'x', 'us', 'us']
    """
    if metrics is None:
        return list(COLUMNS.values())
    if isinstance(metrics, str):
        metrics = [metrics]
    if not isinstance(metrics, Iterable):
        raise InputError(f"metrics: {shown(metrics)} is no list of names")
    chosen = list(metrics)
    for name in chosen:
        if not isinstance(name, str) or name not in COLUMNS:
            raise InputError(f"no metric is called {name!r}; there are {', '.join(COLUMNS)}")
    return [COLUMNS[name] for name in chosen]
