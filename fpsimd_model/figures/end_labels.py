"""A column of labels right of a panel, each led to from the end of its curve.

Labels and the samples of their lines stay in the background, so that they stand still while a
slider moves; only the leaders from the curves' ends to the samples follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from matplotlib.collections import LineCollection
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from .labels import spread
from .style import INK, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .picture import Picture

__all__ = ["LABEL_SIZE", "EndLabels", "Entry", "label_of", "width_of"]

LABEL_SIZE = 7.5  #: points


@lru_cache(maxsize=1024)
def label_of(
    policy: str,
    correct: bool | None = None,
    *,
    drawn: bool = True,
    zero: bool = False,
    ended: bool = False,
    room: float = 2.2,
) -> str:
    """A policy's label: its name, cut to so many inches, and what its curve cannot say.

    `zero` is a curve that a logarithmic axis cannot show, `ended` one that stops before others.

    >>> label_of("defer-to-put", correct=False), label_of("busy-flag-live", drawn=False)
    ('defer-to-put: loses state', 'busy-flag-live: unstable')
    >>> label_of("reload-at-entry", zero=True), label_of("busy-flag-live", ended=True)
    ('reload-at-entry: 0', 'busy-flag-live |')
    """
    name = "".join(c if c.isprintable() and _has(c) else "?" for c in policy)
    said = ": 0" if zero else "" if drawn else ": unstable"
    said = (": loses state" if correct is False else said) + (" |" if ended else "")
    if width_of([name + said], LABEL_SIZE) <= room:
        return name + said
    while len(name) > 3 and width_of([f"{name}...{said}"], LABEL_SIZE) > room:
        name = name[:-1]
    return f"{name}...{said}"


@lru_cache(maxsize=512)
def _width(text: str, size: float, weight: str) -> float:
    font = FontProperties(size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, False)[0]


@lru_cache(maxsize=1024)
def _has(character: str) -> bool:
    """Whether the font can draw it."""
    return get_font(findfont("DejaVu Sans")).get_char_index(ord(character)) > 0


def width_of(texts: Sequence[str], size: float, weight: str = "normal") -> float:
    """Inches that the widest of some texts takes, the same at every resolution."""
    return max((_width(text, size, weight) for text in texts), default=0.0) / 72.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A label: whose (empty for the common one), its curve's last height, and if that is its end.

    `height` runs from 0 to 1; a curve that stops inside the panel is not `connected`, one without
    any value not `drawn`.
    """

    policy: str
    text: str
    height: float
    connected: bool
    drawn: bool = True


class EndLabels:
    """The labels of one panel; positions in inches, so that every resolution shows the same."""

    LEADER: ClassVar[float] = 0.12  # inches from the panel to the sample
    TEXT: ClassVar[float] = 0.38  # and to the text
    PITCH: ClassVar[float] = 1.2  # line to line, in font sizes
    OVER: ClassVar[float] = 0.07  # inches by which the column may exceed the panel

    def __init__(self, picture: Picture, axes: Axes, size: float) -> None:
        self.picture, self.axes, self.size = picture, axes, size
        self.samples: dict[str, Line2D] = {}
        self.texts: dict[str, Text] = {}
        self.styles: dict[str, Style] = {}
        self.thin: set[str] = set()
        self.right, self.bottom, self.height = 1.0, 0.0, 1.0
        self.at: dict[str, float] = {}
        self._linked: list[str] | None = None  # whose leaders have their colours
        self.leaders = LineCollection([], clip_on=False, zorder=4.0)

    def build(
        self, policies: Sequence[str], styles: Mapping[str, Style], correct: Mapping[str, bool]
    ) -> None:
        """Make the artists: a text and a sample of its line for each policy and the common line."""
        inches = self.axes.get_figure().dpi_scale_trans
        self.leaders.set_transform(inches)
        self.axes.add_artist(self.leaders)
        self.picture.move(self.leaders)
        for policy in (*policies, ""):
            style = self.styles[policy] = styles.get(policy) or Style(INK, (0, ()))
            wrong = correct.get(policy) is False
            self.thin |= {policy} if wrong else set()
            self.samples[policy] = Line2D(
                [],
                [],
                color=style.colour,
                linestyle=style.dashes,
                lw=0.8 if wrong else 1.6,
                marker="x" if wrong else None,
                markevery=[1],
                ms=4.0,
                mew=0.8,
                transform=inches,
                clip_on=False,
                zorder=2.9,
            )
            self.texts[policy] = Text(
                0,
                0,
                "",
                size=self.size,
                color=style.colour,
                va="center_baseline",
                transform=inches,
                clip_on=False,
                zorder=2.9,
            )
            self.axes.add_artist(self.samples[policy])
            self.axes.add_artist(self.texts[policy])

    def place(self, right: float, bottom: float, height: float) -> None:
        """Where the panel ends, in inches."""
        self.right, self.bottom, self.height = right, bottom, height

    def width(self, entries: Sequence[Entry]) -> float:
        """Inches that the column takes, the text of the widest label included."""
        return self.TEXT + width_of([entry.text for entry in entries], self.size)

    def arrange(self, entries: Sequence[Entry]) -> None:
        """Put each label as near to its curve's height as the others leave room for."""
        room, size = self.height + 2 * self.OVER, self.size
        if len(entries) > 1:
            size = min(size, 72.0 * room / (len(entries) - 1) / self.PITCH)
        wanted = [entry.height * self.height for entry in entries]
        placed = spread(wanted, self.PITCH * size / 72.0, -self.OVER, self.height + self.OVER)
        self.at = {e.policy: self.bottom + y for e, y in zip(entries, placed, strict=True)}
        for entry in entries:
            text, sample = self.texts[entry.policy], self.samples[entry.policy]
            text.set_text(entry.text)
            text.set_fontsize(size)
            y, x = self.at[entry.policy], self.right + self.LEADER
            text.set_position((self.right + self.TEXT, y))
            sample.set_data([x, (x + self.right + self.TEXT - 0.05) / 2, x + 0.21], [y, y, y])
        drawn = {entry.policy for entry in entries if entry.drawn}
        for policy, text in self.texts.items():
            text.set_visible(policy in self.at)
            self.samples[policy].set_visible(policy in drawn)
        self.lead(entries)

    def lead(self, entries: Sequence[Entry]) -> bool:
        """Lead from the curves to the labels where these are; False if others are wanted."""
        linked = [entry for entry in entries if entry.connected]
        self.leaders.set_segments(
            [
                [
                    (self.right, self.bottom + entry.height * self.height),
                    (self.right + self.LEADER, self.at.get(entry.policy, 0.0)),
                ]
                for entry in linked
            ]
        )
        if self._linked != (led := [entry.policy for entry in linked]):
            self._linked = led
            self.leaders.set_color([self.styles[policy].colour for policy in led])
            self.leaders.set_linewidth([0.6 if policy in self.thin else 0.9 for policy in led])
        wanted = {entry.policy: entry.text for entry in entries}
        return wanted == {policy: self.texts[policy].get_text() for policy in self.at}
