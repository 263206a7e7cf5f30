"""Results as a table for notebooks: every metric, its meaning on hover, the wrong ones struck."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from .columns import columns
from .style import styles_of
from .text import cell
from .verdicts import Verdicts, correctness

if TYPE_CHECKING:
    from ..results import Result

__all__ = ["html"]

_CELL = 'style="text-align:right;white-space:nowrap;padding:0 .5em"'
_NAME = 'style="text-align:left;white-space:nowrap;padding:0 .5em;border-left:4px solid {colour}"'


def html(
    results: Iterable[Result],
    verdicts: Verdicts | None = None,
    metrics: Sequence[str] | str | None = None,
) -> str:
    """An HTML table that needs no style sheet, in light and dark themes alike.

    Parameters
    ----------
    results, verdicts, metrics:
        As for :func:`~fpsimd_model.figures.text.table`.

    Raises
    ------
    InputError
        On an unknown metric.

    >>> from fpsimd_model.results import Result
    >>> text = html([Result("defer-to-put", "analytic", {"saving": 0.912})],
    ...             {"defer-to-put": False}, ["saving"])
    >>> "<s>defer-to-put</s> loses state" in text, "91.20" in text
    (True, True)
    """
    results, correct, chosen = list(results), correctness(verdicts), columns(metrics)
    several = len({result.engine for result in results}) > 1
    styles = styles_of(list(dict.fromkeys(result.policy for result in results)))
    head = ["<th>policy</th>", *(["<th>engine</th>"] if several else [])]
    for column in chosen:
        words = escape(" ".join(column.words))
        tip = escape(f"{column.metric}: {column.meaning}", quote=True)
        head.append(f'<th {_CELL} title="{tip}">{words}<br><small>{column.unit}</small></th>')
    rows = []
    for result in results:
        wrong = correct.get(result.policy) is False
        name = escape(result.policy)
        name = f"<s>{name}</s> loses state" if wrong else name
        colour = styles[result.policy].colour
        cells = [f"<th {_NAME.format(colour=colour)}>{name}</th>"]
        cells += [f"<td>{escape(result.engine)}</td>"] if several else []
        cells += [f"<td {_CELL}>{_value(result, column)}</td>" for column in chosen]
        tip = f' title="{escape(result.reason, quote=True)}"' if result.reason else ""
        rows.append(f"<tr{tip}>{''.join(cells)}</tr>")
    return (
        '<div class="fm-table" style="overflow-x:auto"><table>'
        f"<thead><tr>{''.join(head)}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _value(result: Result, column) -> str:
    text = escape(cell(result, column))
    if text == "-" and result.status != "ok":
        return f"<i>{escape(result.status)}</i>"
    if column.metric in result.ci95:
        low, high = (v * column.factor for v in result.ci95[column.metric])
        return f'<span title="95%: {low:.6g} to {high:.6g}">{text}</span>'
    return text
