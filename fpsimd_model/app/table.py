"""The table beside the figure, as HTML that keeps its size while its numbers change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ..figures.columns import COLUMNS
from ..figures.numbers import significant
from ..figures.style import Style, styles_of
from ..policies import Policy
from ..proof import Verdict
from ..results import Results

__all__ = ["Row", "rows_of", "table"]

MOVES = ("host_saves_per_s", "host_restores_per_s", "guest_saves_per_s", "guest_restores_per_s")


@dataclass(frozen=True, slots=True)
class Row:
    """One policy's numbers; those of `stale` belong to an earlier moment of a moving slider."""

    policy: type[Policy]
    verdict: Verdict
    metrics: Mapping[str, float | None]
    status: str = "ok"
    reason: str = ""
    stale: frozenset[str] = frozenset()

    @property
    def solved(self) -> bool:
        """Whether the formula has numbers: it has a steady state and leaves nothing out."""
        share = self.metrics.get("switch_share")
        return self.status == "ok" and share is not None and not math.isnan(share)


@dataclass(frozen=True, slots=True)
class _Field:
    head: str
    unit: str
    meaning: str
    metrics: tuple[str, ...]
    factor: float = 1.0

    def text(self, row: Row) -> str:
        values = [row.metrics.get(name) for name in self.metrics]
        if any(value is None or math.isnan(value) for value in values):
            return "–"
        return significant(sum(values) * self.factor, 3)


def _field(metric: str, head: str) -> _Field:
    column = COLUMNS[metric]
    return _Field(head, column.unit, column.meaning, (metric,), column.factor)


FIELDS = (
    _Field("moves", "1/s", "register files saved and restored, of host and guest", MOVES),
    _field("switch_share", "cost"),
    _field("saving", "saving"),
    _field("scalar_share", "scalar"),
    _field("crypto_slowdown", "crypto"),
    _field("sojourn_mean_us", "delay"),
    _field("sojourn_p99_us", "99%"),
)


def rows_of(
    policies: Sequence[type[Policy]],
    verdicts: Sequence[Verdict],
    point: Mapping[str, Mapping[str, float]],
    results: Results | None,
    before: Mapping[str, Row],
) -> list[Row]:
    """Rows from whatever has been solved; what has not is shown as it was before, and pale."""
    rows = []
    for policy, verdict in zip(policies, verdicts, strict=True):
        if results is not None:
            found = results.get(policy.name)
            rows.append(Row(policy, verdict, found.metrics, found.status, found.reason))
            continue
        metrics: dict[str, float | None] = dict(point[policy.name])
        old = before.get(policy.name)
        steady = not math.isnan(metrics["switch_share"])
        if not steady:
            said = old if old is not None and not old.solved else None
            status, reason = (said.status, said.reason) if said else ("unstable", "")
            rows.append(Row(policy, verdict, metrics, status, reason))
            continue
        missing = {} if old is None else {k: v for k, v in old.metrics.items() if k not in metrics}
        rows.append(Row(policy, verdict, {**metrics, **missing}, stale=frozenset(missing)))
    return rows


def table(rows: Sequence[Row], shown: str) -> str:
    """HTML; `shown` says in an attribute which change the numbers belong to."""
    styles = styles_of([row.policy.name for row in rows])
    heads = "".join(
        f'<th title="{escape(f.meaning)}">{f.head}<span>{escape(f.unit)}</span></th>'
        for f in FIELDS
    )
    body = "".join(_row(row, styles[row.policy.name]) for row in rows)
    return (
        f'<table data-shown="{escape(shown)}"><thead><tr><th>policy</th>'
        '<th title="does any order of events lose registers?">check</th>'
        f"{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(row: Row, style: Style) -> str:
    cells = [_name(row, style), _verdict(row.verdict)]
    if row.solved:
        cells += [_number(row, field) for field in FIELDS]
    else:
        words = ": ".join(filter(None, ("" if row.status == "ok" else row.status, row.reason)))
        cells.append(
            f'<td class="fm-no" colspan="{len(FIELDS)}" title="{escape(words)}">'
            f"{escape(_in_short(row))}</td>"
        )
    return f'<tr data-policy="{escape(row.policy.name)}">{"".join(cells)}</tr>'


def _in_short(row: Row) -> str:
    """Why there are no numbers, in words that fit beside a name; all of it is in the tooltip."""
    if row.status == "ok":
        return f"no formula: {row.reason.partition(',')[0]}"
    most = row.metrics.get("max_packets_per_s")
    if row.status != "unstable" or most is None or math.isnan(most):
        return row.status
    return f"unstable: serves at most {significant(most, 4)} packets/s"


def _number(row: Row, field: _Field) -> str:
    stale = ' class="fm-old"' if row.stale.intersection(field.metrics) else ""
    return f"<td{stale}>{field.text(row)}</td>"


def _name(row: Row, style: Style) -> str:
    about = f"{row.policy.title}\n({row.policy.kernel})"
    dashes = " ".join(f"{2 * length:g}" for length in style.dashes[1])
    line = f'<path d="M0 4H24" stroke="{style.colour}" stroke-dasharray="{dashes}"/>'
    return (
        f'<td title="{escape(about)}"><svg width="24" height="8" aria-hidden="true">{line}</svg>'
        f"{escape(row.policy.name)}</td>"
    )


def _verdict(verdict: Verdict) -> str:
    if verdict.correct:
        said = f"correct: none of {verdict.states} states loses registers"
        return f'<td class="fm-kept" title="{said}">correct</td>'
    return f'<td class="fm-lost" title="{escape(str(verdict))}">LOSES STATE</td>'
