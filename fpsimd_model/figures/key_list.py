"""The list beside grouped curves: letter, line, names, and numbers in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from .end_labels import LABEL_SIZE, label_of, width_of
from .groups import Group, names_of
from .style import INK, PALE, Style

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from .curves import Curves
    from .picture import Picture

__all__ = ["KeyList"]

SMALL = 6.5  # points, of names that share a curve
_LINE, _SMALL_LINE, _GAP, _INDENT = 0.135, 0.115, 0.06, 0.42  # inches
_SPARE = 0.08  # inches: small letters on a screen are wider than the font says
_NUMBER = 0.5  # inches of a column of numbers


class KeyList:
    """Drawn anew with each full draw; its artists belong to the background."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self._artists: list[Artist] = []

    def show(
        self,
        groups: Sequence[Group],
        letters: Mapping[str, str],
        styles: Mapping[str, Style],
        curves: Curves,
        place: tuple[float, float, float, float],
        numbers: Mapping[str, Sequence[str]] | None = None,
        head: Sequence[str] = (),
        remarks: Sequence[str] = (),
    ) -> None:
        """Draw the list between left, bottom, right and top, in inches.

        `numbers` are by the head of a group; `head` has their unit and the names of their columns.
        The `remarks` come last.
        """
        for artist in self._artists:
            artist.remove()
        self._artists.clear()
        left, bottom, right, top = place
        room = right - left - _INDENT - _SPARE
        rows = []
        for group in groups:
            name = label_of(group.head, curves.correct.get(group.head), room=room)
            others = names_of(group, curves, first=1)
            also = _wrapped(f"and {others}" if others else "", room, SMALL)
            rows.append((group, name, also))
        notes = [
            line for remark in remarks for line in _wrapped(remark, right - left - _SPARE, SMALL)
        ]
        many = bool(numbers)
        tall = (
            sum(_LINE * (1 + many) + _SMALL_LINE * len(lines) + _GAP for _, _, lines in rows)
            + _SMALL_LINE * len(notes)
            + _LINE * bool(head)
        )
        scale = min(1.0, (top - bottom) / tall) if tall else 1.0
        y = top
        if head:
            self._text(left, y - 0.5 * _LINE * scale, head[0], PALE, LABEL_SIZE * scale)
            self._numbers(head[1:], left, y - 0.5 * _LINE * scale, PALE, scale)
            y -= _LINE * scale
        for group, name, lines in rows:
            style = styles[group.head]
            wrong = curves.wrong(group.head)
            middle = y - 0.5 * _LINE * scale
            self._text(left, middle, letters[group.head], style.colour, LABEL_SIZE * scale, "bold")
            self._sample(left + 0.13, left + 0.36, middle, style, wrong)
            self._text(left + _INDENT, middle, name, style.colour, LABEL_SIZE * scale)
            y -= _LINE * scale
            for line in lines:
                self._text(left + _INDENT, y - 0.5 * _SMALL_LINE * scale, line, PALE, SMALL * scale)
                y -= _SMALL_LINE * scale
            if numbers:
                middle = y - 0.5 * _LINE * scale
                self._numbers(numbers[group.head], left, middle, INK, scale)
                y -= _LINE * scale
            y -= _GAP * scale
        for i, line in enumerate(reversed(notes)):
            self._text(left, bottom + (i + 0.5) * _SMALL_LINE * scale, line, PALE, SMALL * scale)

    def _numbers(self, words: Sequence[str], left: float, y: float, colour: str, scale: float):
        for i, word in enumerate(words):
            at = left + _INDENT + 0.36 + _NUMBER * i
            self._text(at, y, word, colour, LABEL_SIZE * scale, ha="right")

    def _sample(self, x0: float, x1: float, y: float, style: Style, wrong: bool) -> None:
        line = Line2D(
            [x0, (x0 + x1) / 2, x1],
            [y, y, y],
            color=style.colour,
            linestyle=style.dashes,
            lw=0.8 if wrong else 1.6,
            marker="x" if wrong else None,
            markevery=[1],
            ms=4.0,
            mew=0.8,
        )
        self._add(line)

    def _text(self, x, y, text, colour, size, weight="normal", ha="left") -> None:
        figure = self.picture.figure
        self._artists.append(
            figure.text(
                x,
                y,
                text,
                color=colour,
                size=size,
                weight=weight,
                ha=ha,
                va="center_baseline",
                transform=figure.dpi_scale_trans,
            )
        )

    def _add(self, line: Line2D) -> None:
        line.set_transform(self.picture.figure.dpi_scale_trans)
        self._artists.append(self.picture.figure.add_artist(line))


def _wrapped(text: str, inches: float, size: float) -> list[str]:
    """Lines no wider than so many inches, broken at blanks."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of([f"{lines[-1]} {word}"], size) <= inches:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
