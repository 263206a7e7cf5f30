"""Panels of curves in which policies that share a curve share its letter and its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..errors import InputError
from .ascii_plot import letters as letters_of
from .ascii_plot import plot
from .curves import Curves
from .groups import Group, groups_of, names_of
from .key_list import KeyList
from .panel import Panel
from .picture import Picture
from .plain import WIDTH, fill, tidy
from .reading import Reading, of_panels
from .style import fixed, styles_of
from .tagged_lines import TaggedLines

__all__ = ["GroupedPanels"]

LEFT, TOP, BOTTOM, GAP, EDGE, KEY = 0.44, 0.24, 0.44, 0.34, 0.08, 2.16  # inches


class GroupedPanels(Picture):
    """One panel a metric over a common axis; a list beside them names what each curve is.

    Each curve carries the letter that its label in the list begins with, so that neither colour
    nor dashes are needed to tell them apart.  A policy that loses state is drawn thin, unless a
    correct one has the same curve.

    >>> from .curves import axis_of
    >>> from .panel import panel_of
    >>> picture = GroupedPanels([panel_of("switch_share")])
    >>> picture.set_curves(Curves(axis_of("crypto.slowdown"), [1, 20],
    ...                           {"tracked": {"switch_share": [0.1, 0.2]},
    ...                            "flush-hook": {"switch_share": [0.1, 0.2]}}))
    >>> picture.draw(); [group.policies for group in picture.groups]
    [('tracked', 'flush-hook')]
    """

    kind = "grouped-curves"

    def __init__(
        self,
        panels: Sequence[Panel],
        size: tuple[float, float] = (6.4, 4.2),
        dpi: float = 100.0,
    ) -> None:
        super().__init__(size, dpi)
        self.panels = tuple(panels)
        self.curves: Curves | None = None
        self.groups: list[Group] = []
        self._layout: tuple = ()
        self._drawn: list[TaggedLines] = []

    @property
    def policies(self) -> tuple[str, ...]:
        """Those shown."""
        return self.curves.policies if self.curves else ()

    def set_curves(self, curves: Curves) -> None:
        """Show other values; where other policies coincide, the next blit is a full draw."""
        self.curves = curves
        self.groups = self.ranked(
            groups_of(curves, [panel.metric for panel in self.panels], self.reach())
        )
        correct = tuple(curves.correct.get(policy) for policy in curves.policies)
        layout = (curves.axis, curves.policies, correct, tuple(self.groups))
        if layout != self._layout:
            with fixed():
                self._build()
        self._layout = layout
        for drawn in self._drawn:
            drawn.follow(curves)

    def letters(self) -> dict[str, str]:
        """The letter of each group, by its head; small where the policy loses state."""
        marks = letters_of(self.curves.policies)
        heads = [group.head for group in self.groups]
        return {p: marks[p].lower() if self.curves.wrong(p) else marks[p] for p in heads}

    # -- for subclasses --------------------------------------------------------------------------

    def reach(self) -> int:
        """Points along the axis by which curves that count as one may differ."""
        return 1

    def ranked(self, groups: list[Group]) -> list[Group]:
        """The groups in the order of the list."""
        return groups

    def numbers(self) -> Mapping[str, Sequence[str]] | None:
        """Numbers for the list, by the head of a group."""
        return None

    def heads(self) -> Sequence[str]:
        """What stands above the letters, and above each column of numbers."""
        return ()

    def facts(self) -> list[str]:
        """Sentences below the list, in the picture as in the text."""
        return []

    def remarks(self) -> list[str]:
        """What in the picture means what."""
        return ["vertical line: the scenario"] if self.curves.at is not None else []

    def decorate(self, drawn: TaggedLines) -> None:
        """Add to a new panel what its curves alone do not say."""

    # -- drawing ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self.figure.clear()
        self.forget()
        marks = self.letters()
        self._drawn = [TaggedLines(self, panel, self.curves, marks) for panel in self.panels]
        for drawn in self._drawn:
            self.decorate(drawn)
        self._key = KeyList(self)

    def fit(self) -> None:
        """Limits, ticks, a place for each letter, and the list beside the panels."""
        if self.curves is None:
            raise InputError("the figure has no data yet; set its data first")
        w, h = self.figure.get_size_inches()
        width = w - LEFT - KEY - EDGE - 0.14
        room, top = h - TOP - BOTTOM - GAP * (len(self.panels) - 1), h - TOP
        for drawn in self._drawn:
            height = room * drawn.panel.weight / sum(p.weight for p in self.panels)
            self.place(drawn.axes, LEFT, top - height, width, height)
            drawn.fit(self.curves, width, height, last=drawn is self._drawn[-1])
            top -= height + GAP
        self._key.show(
            self.groups,
            self.letters(),
            styles_of([group.head for group in self.groups]),
            self.curves,
            (w - KEY - EDGE, 0.05, w - EDGE, h - 0.08),
            self.numbers(),
            self.heads(),
            [*self.facts(), *self.remarks()],
        )

    def gone(self) -> str:
        """What is said where a curve has ended."""
        return ""

    def readings(self) -> list[Reading]:
        """Every policy's own value along the axis, of groups as well, panel by panel."""
        axes = [drawn.axes for drawn in self._drawn]
        return of_panels(axes, self.panels, self.curves, self.gone())

    def text(self, width: int = WIDTH) -> str:
        """The panels as plots of letters, then numbers and names of each group."""
        marks, numbers = self.letters(), self.numbers() or {}
        heads = {p: v for p, v in self.curves.values.items() if p in marks}
        curves, lines = replace(self.curves, values=heads), []
        for panel in self.panels if self.groups else ():
            alike = replace(panel, usual=None)  # those that share a line are one group
            lines += [plot(curves, panel.metric, width=width, panel=alike, marks=marks), ""]
        if numbers:
            unit, *names = self.heads()
            head = "    " + "".join(f"{name:>9}" for name in names)
            lines.append(unit + head[len(unit) :])
        for group in self.groups:
            values = "".join(f"{value:>9}" for value in numbers.get(group.head, ()))
            told = f"   {marks[group.head]}{values}  "
            lines += fill(names_of(group, self.curves), width, told, " " * len(told))
        for fact in self.facts():
            lines += fill(fact, width)
        return tidy(lines)
