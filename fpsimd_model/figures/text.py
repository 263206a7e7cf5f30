"""Results as a table of at most 72 ASCII columns, to be quoted in a mail."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .columns import MAIN, Column, columns
from .numbers import significant
from .plain import WIDTH, ascii_only, fill, tidy
from .verdicts import Verdicts, correctness

if TYPE_CHECKING:
    from ..results import Result

__all__ = ["MAIN", "cell", "half_width", "table"]

_NAME = 24  # columns of the first column at most
_HALF = "  +-"  # begins the line below a simulated result
_TOLD = "+-: half of the 95% confidence interval, or its wider side"


def table(
    results: Iterable[Result],
    verdicts: Verdicts | None = None,
    metrics: Sequence[str] | str | None = None,
    width: int = WIDTH,
) -> str:
    """A line a policy (and engine), in as many blocks as the metrics need.

    Parameters
    ----------
    results:
        As from ``evaluate``.
    verdicts:
        From ``check``, or by name; adds the column `regs`: ``kept`` or ``LOST``.
    metrics:
        Names from ``METRICS``, or one; None for all of them, :data:`MAIN` for those that decide.
    width:
        Columns of a line at most, 40 or more.

    Raises
    ------
    InputError
        On an unknown metric.

    Shares are shown in percent, ``<1e-8`` below what the formula can know.  ``-`` stands where
    there is no value; a policy without a steady state says ``unstable`` or ``unbounded``, and the
    reason is below the table.  A simulated result has a second line, ``+-``: how far its 95%
    confidence interval reaches.

    >>> from fpsimd_model.results import Result
    >>> print(table([Result("tracked", "analytic", {"switch_share": 0.00234}),
    ...              Result("defer-to-put", "analytic", {"switch_share": 0.000472})],
    ...             {"tracked": True, "defer-to-put": False}, ["switch_share", "saving"]))
                   moves,   cost
                    traps  saved
    policy          % CPU      %  regs
    ------------  -------  -----  ----
    tracked        0.2340      -  kept
    defer-to-put  0.04720      -  LOST
    """
    results, correct = list(results), correctness(verdicts)
    chosen = columns(metrics)
    rows = [(r, half) for r in results for half in ((False, True) if r.ci95 else (False,))]
    names = _names(results, rows)
    fields = _fields(chosen, rows)
    if correct:
        said = {True: "kept", False: "LOST", None: "-"}
        words = ["" if half else said[correct.get(result.policy)] for result, half in rows]
        fields.insert(_first_block(fields, names, width), ["", "", "regs", *words])
    blocks, notes = _blocks(fields, names, width), _notes(results, width)
    legend = fill(_TOLD, width) if any(half for _, half in rows) else []
    below = ["\n".join([*legend, *notes])] if legend or notes else []
    return tidy("\n\n".join([*blocks, *below]).split("\n"))


def cell(result: Result, column: Column) -> str:
    """One value as text; digits end where the 95% interval begins to doubt them.

    >>> from fpsimd_model.figures.columns import COLUMNS
    >>> from fpsimd_model.results import Result
    >>> cell(Result("tracked", "analytic", {"delayed_share": 3.5e-96}), COLUMNS["delayed_share"])
    '<1e-8'
    """
    value = result.metrics.get(column.metric)
    if value is None or not math.isfinite(value):
        return "-"
    if 0 < abs(value) < column.least:
        bound = significant(column.least * column.factor)
        return f"<{bound}" if value > 0 else f">-{bound}"
    digits = 4
    if column.metric in result.ci95:
        low, high = result.ci95[column.metric]
        digits = _certain(value, (high - low) / 2)
    return significant(value * column.factor, digits, whole=False)


def _certain(value: float, half: float) -> int:
    """Digits down to the first that the half-width reaches, between 2 and 6."""
    if not (value and half > 0 and math.isfinite(half)):
        return 4
    first, doubtful = math.log10(abs(value)), math.log10(half) + 1e-9
    return min(6, max(2, math.floor(first) - math.floor(doubtful) + 1))


def half_width(result: Result, column: Column) -> str:
    """How far the 95% interval reaches to either side, at most; nothing where there is none."""
    value = result.metrics.get(column.metric)
    if value is None or column.metric not in result.ci95:
        return ""
    low, high = result.ci95[column.metric]
    half = max(value - low, high - value) * column.factor
    return significant(half, 2, whole=False) if half > 0 and math.isfinite(half) else ""


def _names(results: list[Result], rows: list[tuple[Result, bool]]) -> list[str]:
    several = len({result.engine for result in results}) > 1
    names = []
    for result, half in rows:
        name = ascii_only(result.policy)
        name = name if len(name) <= _NAME else name[: _NAME - 3] + "..."
        name = f"{name} {ascii_only(result.engine)[:10]}" if several else name
        names.append(_HALF if half else name)
    return names


def _fields(chosen: list[Column], rows: list[tuple[Result, bool]]) -> list[list[str]]:
    """Columns from top to bottom; the first gap of a policy without a steady state says so."""
    fields = [
        [*c.words, c.unit, *((half_width if half else cell)(result, c) for result, half in rows)]
        for c in chosen
    ]
    for row, (result, half) in enumerate(rows, 3):
        gaps = [field for field in fields if field[row] == "-" and not half]
        if gaps and result.status != "ok":
            gaps[0][row] = ascii_only(result.status)[:9]
    return fields


def _first_block(fields: list[list[str]], names: list[str], width: int) -> int:
    """How many fields fit beside the names and the verdict."""
    room = width - _stub(names) - 2 - len("regs")
    for i, field in enumerate(fields):
        room -= 2 + max(map(len, field))
        if room < 0:
            return max(i, 1)
    return len(fields)


def _stub(names: list[str]) -> int:
    return max(map(len, ["policy", *names]))


def _blocks(fields: list[list[str]], names: list[str], width: int) -> list[str]:
    stub, blocks, block, used = _stub(names), [], [], 0
    for field in [*fields, None]:
        size = 2 + max(map(len, field)) if field else 0
        if block and (field is None or used + size > width):
            blocks.append(_block(block, names, stub))
            block, used = [], 0
        if field:
            used = (used or stub) + size
            block.append(field)
    return blocks


def _block(block: list[list[str]], names: list[str], stub: int) -> str:
    sizes = [max(map(len, field)) for field in block]
    rule = "  ".join(["-" * stub, *("-" * size for size in sizes)])
    stubs = ["", "", "policy", *names]
    lines = [
        "  ".join([name.ljust(stub), *(f[i].rjust(s) for f, s in zip(block, sizes, strict=True))])
        for i, name in enumerate(stubs)
        if name != _HALF or any(field[i] for field in block)
    ]
    return tidy([*lines[:3], rule, *lines[3:]])


def _notes(results: list[Result], width: int) -> list[str]:
    """Why a policy has no steady state, what is left out: each reason once, with whom it is for."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.reason or result.status != "ok":
            who = reasons.setdefault((result.status, result.reason), [])
            who += [result.policy] if result.policy not in who else []
    notes = []
    everybody = {result.policy for result in results}
    for (status, reason), who in reasons.items():
        named = "all" if set(who) == everybody and len(who) > 1 else ", ".join(who)
        what = reason if status == "ok" or reason.startswith(status) else f"{status}: {reason}"
        notes.append("\n".join(fill(f"{named}: {what.rstrip(': ')}", width, "", "  ")))
    return notes
