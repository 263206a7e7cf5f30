"""Curves drawn with letters: a plot that can be quoted in a mail."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .numbers import brief, linear_ticks, log_ticks
from .panel import Panel, panel_of
from .plain import WIDTH, ascii_only, fill, tidy
from .scales import fraction, is_nought, limits, usual_policies

if TYPE_CHECKING:
    from .curves import Curves

__all__ = ["letters", "plot", "under"]

_ENDS = 5  # columns right of the frame for the letters of curves that end there


def letters(policies: Sequence[str]) -> dict[str, str]:
    """A letter for each policy: the first of its words if free, else another of its own.

    >>> letters(["tracked", "tracked-save-at-load", "busy-flag-live", "busy"])
    {'tracked': 'T', 'tracked-save-at-load': 'S', 'busy-flag-live': 'B', 'busy': 'U'}
    """
    free = dict.fromkeys(string.ascii_uppercase + string.digits)
    found = {}
    for policy in policies:
        name = ascii_only(policy).upper()
        wishes = [word[0] for word in name.replace("_", "-").split("-") if word]
        letter = next((c for c in (*wishes, *name, *free) if c in free), "?")
        free.pop(letter, None)
        found[policy] = letter
    return found


def plot(
    curves: Curves,
    metric: str = "switch_share",
    width: int = WIDTH,
    height: int = 18,
    logx: bool | None = None,
    logy: bool | None = None,
    panel: Panel | None = None,
    marks: Mapping[str, str] | None = None,
) -> str:
    """One metric of all policies, a letter a curve.

    Parameters
    ----------
    curves:
        What to draw.
    metric, panel:
        A metric with a panel of its own, or the panel.
    width, height:
        Columns of a line at most (40 or more), and rows inside the frame.
    logx, logy:
        Scales; by default those of the axis and of the panel.
    marks:
        Letters by policy, where others than those of :func:`letters` are wanted.

    Where curves meet, their letters take turns, so that each appears.  ``:`` marks the scenario
    itself, a small letter a policy that loses state; the letters right of the frame are the curves
    that end there.

    >>> from .curves import Curves, axis_of
    >>> print(plot(Curves(axis_of("crypto.slowdown"), [1, 10], {"tracked": {"saving": [0, 1]}}),
    ...            "saving", width=40, height=5))
    time in moves and traps saved, against
    switch-on-exit [%]
      100 |.                       TTTT T
          |.                TTTTTTT   .
       50 |.          TTTTTT          .
          |.   TTTTTTT                .
        0 |TTTT                       .
          +----------------------------
           1                         10
           crypto without NEON takes [times
           as long]
      T=tracked
    """
    panel = panel or panel_of(metric)
    logx = curves.axis.log if logx is None else logx
    logy = panel.log if logy is None else logy
    values = {p: curves.y(p, panel.metric) * panel.factor for p in curves.policies}
    shared = usual_policies(values, panel)
    low, high, _ = limits(values.values(), panel, logy)
    ticks = (log_ticks if logy else linear_ticks)(low, high, max(2, height // 2 + 1))
    names = [brief(t) for t in ticks]
    margin = max([5, *map(len, names)])
    frame = _Frame(width - margin - 2 - _ENDS, height)

    marks = letters(curves.policies) if marks is None else marks
    rows: dict[tuple[int, ...], list[str]] = {}
    nought = {p for p, y in values.items() if logy and is_nought(y)}
    for policy, y in values.items():
        at = tuple(_rows(curves.x, y, frame, (low, high), logx, logy).tolist())
        if policy not in shared:
            rows.setdefault(at, []).append(policy)
    if shared:
        first = next(p for p in values if p in shared)
        frame.curve(_rows(curves.x, values[first], frame, (low, high), logx, logy).tolist(), "*")
    for at, policies in rows.items():
        frame.curve(at, _mark(curves, marks, policies[0]))
    covered = frame.draw()
    xlow, xhigh = float(curves.x[0]), float(curves.x[-1])
    if xhigh > xlow:
        xticks = (log_ticks if logx else linear_ticks)(xlow, xhigh, max(2, frame.width // 8))
    else:
        xticks = [xlow]
    places = [round(fraction(t, xlow, xhigh, logx) * (frame.width - 1)) for t in xticks]
    if curves.at is not None and xlow <= curves.at <= xhigh:
        frame.upright(round(fraction(curves.at, xlow, xhigh, logx) * (frame.width - 1)), ":")
    for place in places:
        frame.upright(place, ".")

    labels = {}
    for tick, name in zip(ticks, names, strict=True):
        labels.setdefault(frame.row(fraction(tick, low, high, logy)), name)
    lines = [*fill(panel.title, width)]
    for row in range(height):
        lines.append(f"{labels.get(row, ''):>{margin}} |{frame.line(row)}")
    lines.append(" " * margin + " +" + "-" * frame.width)
    lines.append(under(places, [brief(t) for t in xticks], margin + 2, width))
    lines += fill(curves.axis.title, width, " " * (margin + 2))
    lines += _legend(curves, rows, marks, shared, panel, frame.met, covered, nought, width)
    return tidy(lines)


class _Frame:
    """Rows and columns of characters."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(width, 8), height
        self.cells = np.full((height, self.width), " ")
        self.ends: dict[int, str] = {}
        self.met = False
        self.curves: list[tuple[Sequence[int], str]] = []

    def row(self, up: float) -> int:
        """The row at a height from 0 to 1."""
        return round((1.0 - up) * (self.height - 1))

    def curve(self, rows: Sequence[int], mark: str) -> None:
        """A curve to draw, given its row in each column (-1: none)."""
        self.curves.append((rows, mark))

    def draw(self) -> set[str]:
        """Draw all curves, those that meet in turn; returns marks that others cover throughout."""
        # the column where each was seen last; before that, the shortest curve comes first
        last = {m: (-1, sum(row >= 0 for row in rows)) for rows, m in self.curves}
        for column in range(self.width):
            here: dict[int, list[str]] = {}
            for rows, mark in self.curves:
                if rows[column] >= 0:
                    here.setdefault(rows[column], []).append(mark)
            for row, marks in here.items():
                self.met |= len(set(marks)) > 1
                chosen = min(marks, key=last.get)
                self.cells[row, column], last[chosen] = chosen, (column, 0)
        for rows, mark in self.curves:
            self._steep(rows, mark)
        return {m for rows, m in self.curves if max(rows) >= 0 and not (self.cells == m).any()}

    def _steep(self, rows: Sequence[int], mark: str) -> None:
        """Fill what is free between the points of a steep part, and remember where it ends."""
        before = -1
        for column, row in enumerate(rows):
            step = 1 if row > before else -1
            for between in range(before + step, row, step) if min(before, row) >= 0 else ():
                if self.cells[between, column] == " ":
                    self.cells[between, column] = mark
            before = row
        if before >= 0:
            self.ends[before] = self.ends.get(before, "") + mark

    def upright(self, column: int, mark: str) -> None:
        """A vertical line behind everything."""
        free = self.cells[:, column] == " "
        self.cells[free, column] = mark

    def line(self, row: int) -> str:
        ends = self.ends.get(row, "")
        if len(ends) > _ENDS - 1:
            ends = ends[: _ENDS - 2] + "+"
        return "".join(self.cells[row]) + (f" {ends}" if ends else "")


def _rows(x, y, frame: _Frame, bounds, logx: bool, logy: bool) -> np.ndarray:
    """The row of a curve in each column, -1 where it has none; straight between points."""
    low, high = bounds
    y = np.where(y > 0.0, y, math.nan) if logy else y  # a logarithmic axis has no place for 0
    up = np.array([math.nan if math.isnan(v) else fraction(v, low, high, logy) for v in y])
    place = np.array([fraction(v, x[0], x[-1], logx) for v in x]) * (frame.width - 1)
    columns = np.arange(frame.width)
    if len(x) > 1:
        found = np.interp(columns, place, up)
    else:
        found = np.full(frame.width, math.nan)
    own = np.isfinite(up)
    found[np.round(place[own]).astype(int)] = up[own]
    return np.array([-1 if math.isnan(v) else frame.row(v) for v in found.tolist()])


def under(places: list[int], names: list[str], margin: int, width: int) -> str:
    line = ""
    for place, name in zip(places, names, strict=True):
        start = min(margin + place - len(name) // 2, width - len(name))
        if start > len(line) or not line:
            line = line.ljust(start) + name
    return line


def _mark(curves: Curves, marks: Mapping[str, str], policy: str) -> str:
    """A policy's letter, small where it loses state."""
    return marks[policy].lower() if curves.wrong(policy) else marks[policy]


def _legend(curves, rows, marks, shared, panel, met, covered, nought, width) -> list[str]:
    words = []
    for policies in rows.values():
        first = _mark(curves, marks, policies[0])
        for policy in policies:
            mark, said = _mark(curves, marks, policy), ascii_only(policy)
            remarks = ["loses state"] if curves.wrong(policy) else []
            if policy in nought:
                remarks.append("0")
            elif policy != policies[0]:
                remarks.append(f"as {first}")
            remarks += ["covered by others"] if mark in covered else []
            words.append(f"{mark}={said}" + (f" ({', '.join(remarks)})" if remarks else ""))
    if shared:
        words.append(f"*={panel.usual_label(len(shared), len(curves.policies))}")
    if met:
        words.append("letters in turn: curves that meet")
    if curves.at is not None:
        words.append(f":=the scenario, {brief(curves.at)}")
    lines, now = [], ""
    for word in words:
        word = word[: width - 2]
        if now and len(now) + 2 + len(word) > width:
            lines.append(now)
            now = ""
        now = f"{now}  {word}" if now else f"  {word}"
    return [*lines, now] if now else lines
