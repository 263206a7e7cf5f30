"""Results with names, units and intervals: what every engine returns and every figure takes."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import InputError
from .resources import write_text

if TYPE_CHECKING:
    from .scenario import Scenario

__all__ = ["METRICS", "Metric", "Result", "Results"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's `name` as in JSON, its `unit` and its `meaning`."""

    name: str
    unit: str
    meaning: str


METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("host_saves_per_s", "1/s", "host register files saved"),
        Metric("host_restores_per_s", "1/s", "host register files restored"),
        Metric("guest_saves_per_s", "1/s", "guest register files saved"),
        Metric("guest_restores_per_s", "1/s", "guest register files restored"),
        Metric("traps_per_s", "1/s", "FP traps"),
        Metric("exits_per_s", "1/s", "exits from the guest for any reason"),
        Metric("puts_per_s", "1/s", "residencies ended"),
        Metric("switch_share", "share", "wall time in FPSIMD saves, restores and traps"),
        Metric("saving", "share", "of switch_share, against switch-on-exit"),
        Metric("softirq_share", "share", "wall time serving packets"),
        Metric("ksoftirqd_share", "share", "wall time in ksoftirqd"),
        Metric("guest_share", "share", "wall time in guest mode"),
        Metric("packets_per_s", "1/s", "packets completed"),
        Metric("throughput_gbps", "Gb/s", "the same, in bits of packets"),
        Metric("scalar_share", "share", "packets whose crypto ran without NEON"),
        Metric("crypto_slowdown", "x", "mean crypto time, against NEON always allowed"),
        Metric("sojourn_mean_us", "us", "packet time from interrupt to completion, mean"),
        Metric("sojourn_p50_us", "us", "the same, median"),
        Metric("sojourn_p99_us", "us", "the same, 99th percentile"),
        Metric("sojourn_p999_us", "us", "the same, 99.9th percentile"),
        Metric("delayed_share", "share", "packets that take longer than delay_limit_us"),
        Metric("queue_mean_packets", "packets", "packets in the system, mean over time"),
        Metric("queue_end_packets", "packets", "packets in the system when a run ends, mean"),
        Metric("max_packets_per_s", "1/s", "largest packet rate at which busy periods end"),
        Metric("max_gbps", "Gb/s", "the same, in bits of packets"),
        Metric("guest_corruptions_per_s", "1/s", "guest state lost"),
        Metric("host_corruptions_per_s", "1/s", "host state lost"),
        Metric("softirq_held_mean_us", "us", "how long a softirq of a residency is held back"),
        Metric("softirq_held_max", "us", "the longest it can be; null if nothing bounds it"),
        Metric("resched_delay_mean_us", "us", "how long a wish to preempt is ignored"),
    )
}


@dataclass(frozen=True, repr=False)
class Result:
    """One policy under one engine.

    Attributes
    ----------
    policy, engine:
        Names.
    metrics:
        Value for each name in :data:`METRICS`; None where there is none (no packets, no bound).
    ci95:
        95% confidence interval for each metric that was simulated.
    status:
        ``ok``, ``unstable`` (packets come faster than some kind of busy period serves them) or
        ``unbounded`` (a residency never ends).
    reason:
        Why the status is not ``ok``, or what an ``ok`` result leaves out.
    """

    policy: str
    engine: str
    metrics: Mapping[str, float | None]
    ci95: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    status: str = "ok"
    reason: str = ""

    def __getitem__(self, metric: str) -> float | None:
        try:
            return self.metrics[metric]
        except KeyError:
            raise InputError(
                f"no metric is called {metric!r}; there are {', '.join(METRICS)}"
            ) from None

    def __repr__(self) -> str:
        known = sum(value is not None for value in self.metrics.values())
        return f"<Result {self.policy}, {self.engine}: {self.status}, {known} metrics>"

    def to_dict(self) -> dict:
        """Ready for JSON: finite numbers or None."""
        return {
            "policy": self.policy,
            "engine": self.engine,
            "metrics": {name: _json(self.metrics.get(name)) for name in METRICS},
            "ci95": {name: [_json(a), _json(b)] for name, (a, b) in self.ci95.items()},
            "status": self.status,
            "reason": self.reason,
        }


@dataclass(frozen=True, repr=False)
class Results(Sequence):
    """The `results` of several policies and engines for one `scenario`, in the order asked for.

    A sequence of :class:`Result`; ``results["tracked"]["saving"]`` is one number.  All of them
    leave as :meth:`to_text` (a table for a mail), :meth:`to_dict` (for JSON), :meth:`to_csv` (for
    a spreadsheet) and :meth:`to_dataset` (``xarray``, with units); a notebook shows a table.
    """

    scenario: Scenario
    results: tuple[Result, ...]

    def __repr__(self) -> str:
        about = f" in {self.scenario.name}" if getattr(self.scenario, "name", "") else ""
        engines = " and ".join(dict.fromkeys(r.engine for r in self.results))
        policies = len({r.policy for r in self.results})
        by = f" by {engines}" if engines else ""
        return f"<Results{about}: {policies} policies{by}; to_text, to_dict, to_csv, to_dataset>"

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index):
        return self.get(index) if isinstance(index, str) else self.results[index]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def get(self, policy: str, engine: str | None = None) -> Result:
        """The result of `policy` (of the first engine, unless one is named).

        Raises
        ------
        InputError
            If there is none.
        """
        for result in self.results:
            if result.policy == policy and engine in (None, result.engine):
                return result
        have = ", ".join(dict.fromkeys(r.policy for r in self.results))
        raise InputError(f"no result for {policy!r}; there are {have}")

    def to_dict(self) -> dict:
        """``{"scenario": ..., "results": [...]}``, as ``evaluate --json`` writes it."""
        return {
            "scenario": self.scenario.to_dict(),
            "results": [result.to_dict() for result in self.results],
        }

    def to_csv(self, file: str | os.PathLike[str] | None = None) -> str:
        """A line a policy and engine, the metrics with their units in the header.

        Numbers have all their digits; a metric without a value is empty.  Where there are
        confidence intervals, two columns follow their metric: its lower and its upper end.

        Parameters
        ----------
        file:
            Written there as well: the whole file or nothing.

        Raises
        ------
        InputError
            If the file cannot be written.

        >>> from fpsimd_model import evaluate
        >>> evaluate("reference", "tracked").to_csv().split(",")[:5]
        ['policy', 'engine', 'status', 'reason', 'host_saves_per_s [1/s]']
        """
        text = _csv(self.results)
        if file is not None:
            write_text(file, text)
        return text

    def to_text(self, metrics: Sequence[str] | str | None = None) -> str:
        """A table of at most 72 ASCII columns; `metrics` as :func:`fpsimd_model.figures.table`."""
        from .figures import table

        return table(self, metrics=metrics)

    def _repr_html_(self) -> str:
        """The metrics that decide, as a notebook shows them."""
        from .figures import MAIN, html

        return html(self, metrics=MAIN)

    def to_dataset(self):
        """As an ``xarray.Dataset``: one variable a metric, over policy and engine, with units."""
        import xarray

        policies = list(dict.fromkeys(r.policy for r in self.results))
        engines = list(dict.fromkeys(r.engine for r in self.results))
        by_key = {(r.policy, r.engine): r for r in self.results}

        def value(policy: str, engine: str, name: str) -> float:
            result = by_key.get((policy, engine))
            found = result.metrics.get(name) if result else None
            return math.nan if found is None else found

        return xarray.Dataset(
            {
                name: (
                    ("policy", "engine"),
                    [[value(p, e, name) for e in engines] for p in policies],
                    {"units": metric.unit, "long_name": metric.meaning},
                )
                for name, metric in METRICS.items()
            },
            coords={"policy": policies, "engine": engines},
        )


def _json(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _csv(results: Sequence[Result]) -> str:
    doubted = {name for name in METRICS for result in results if name in result.ci95}
    head, out = ["policy", "engine", "status", "reason"], io.StringIO()
    for metric in METRICS.values():
        ends = ("", " low", " high") if metric.name in doubted else ("",)
        head += [f"{metric.name}{end} [{metric.unit}]" for end in ends]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for result in results:
        row: list[object] = [result.policy, result.engine, result.status, result.reason]
        for name in METRICS:
            row.append(_json(result.metrics.get(name)))
            if name in doubted:
                row += map(_json, result.ci95.get(name, (None, None)))
        writer.writerow(row)
    return out.getvalue()
