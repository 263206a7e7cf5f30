"""A time line of the registers: how an order of events loses state, place by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from ..errors import InputError
from .end_labels import label_of, width_of
from .picture import Picture
from .plain import WIDTH
from .reading import Reading
from .style import COLOURS, GRID, INK, PALE
from .time_line_told import FLAGS, PLACES, RUNS, VALUES, states_of, text_of, told_at

if TYPE_CHECKING:
    from ..proof import Counterexample

__all__ = ["TimeLine"]

_COLOURS = {  # of a value's box and letter
    "H": (COLOURS["tracked"], "white"),
    "h": ("#c5d8f0", INK),
    "G": (COLOURS["reload"], "white"),
    "g": ("#c5e8dc", INK),
    "K": ("#e4e4e4", INK),
}
_LOSS = "#c00000"
_SIZE, _LINE = 7.5, 0.128  # points, inches
_CELL, _FLAG, _RUN, _EDGE, _FOOT = 0.52, 0.5, 0.6, 0.1, 0.3  # inches


class TimeLine(Picture):
    """Time runs down; each line is an event and what every place holds after it.

    A letter and a colour say whose registers a place holds; the last line is the loss.  Only flags
    that change on the way are shown.

    >>> from fpsimd_model.proof import check
    >>> verdict, = check("reload-at-load")
    >>> picture = TimeLine(); picture.set_data(verdict.policy, verdict.counterexamples[0])
    >>> picture.draw(); print(picture.text())
    reload-at-load: the guest loses its registers and sees kernel scratch or
    another task's registers (K)
    <BLANKLINE>
        event                                        regs task vcpu host
                                                        H    h    G    K
     1. vcpu_load                                       G    H    G    K
     2. interrupt in the run loop; softirq:             K    H    G    K
        kernel_neon_begin(), NEON overwrites
        the registers
     3. guest entry                                     K    H    G    K
     4. guest uses FP -> the guest finds kernel        <K>   H    g    K
        scratch or another task's registers
    """

    kind = "time-line"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        super().__init__(size, dpi)
        self.policy, self.example = "", None

    @property
    def policies(self) -> tuple[str, ...]:
        """The one that is told of."""
        return (self.policy,) if self.policy else ()

    def set_data(self, policy: str, example: Counterexample) -> None:
        """Tell another story.

        Raises
        ------
        InputError
            If it comes without the states of the CPU.
        """
        if not example.states:
            raise InputError(f"{policy}: the order of events comes without the states it leads to")
        self.policy, self.example = policy, example
        self.forget_background()

    def fit(self) -> None:
        """Lay the story out anew."""
        if self.example is None:
            raise InputError("the figure has no data yet; call set_data first")
        self.figure.clear()
        self._inches = self.figure.dpi_scale_trans
        w, h = self.figure.get_size_inches()
        states = states_of(self.example)
        flags = [f for f in FLAGS if len({s.get(f) for s in states}) > 1]
        cells = w - _EDGE - _CELL * len(PLACES) - _FLAG * len(flags)
        runs = cells - _RUN
        y = self._title(w, h)
        for place, text in enumerate(PLACES.values()):
            self._text(cells + (place + 0.5) * _CELL, y, text, ha="center", va="bottom")
        for i, flag in enumerate(flags):
            x = w - _EDGE - (len(flags) - i - 0.5) * _FLAG
            self._text(x, y, FLAGS[flag], ha="center", va="bottom", size=6.5)
        self._text(runs, y, "CPU runs", va="bottom")
        told = [["(start)"]]
        for i, event in enumerate(self.example.events, 1):
            told.append(_wrapped(f"{i}. {event}", runs - _EDGE - 0.15, _SIZE))
        y -= 0.04
        foot, top, self._middles = _FOOT, y, []
        lines = sum(map(len, told))
        line = min(_LINE, (y - foot - 0.1 * len(told)) / lines)
        gap = min(0.24, (y - foot - line * lines) / len(told))
        for i, (texts, state) in enumerate(zip(told, states, strict=True)):
            height = line * len(texts) + gap
            lost = i == len(states) - 1
            self._row(texts, state, y, height, line, runs, cells, flags, lost=lost)
            self._middles.append(y - height / 2)
            y -= height
        self._span = top, y
        self._key(foot - 0.14)

    def _title(self, w: float, h: float) -> float:
        title = f"{label_of(self.policy)}: {self.example.summary}"
        lines = _wrapped(title, w - 2 * _EDGE, 8.5, "bold")
        self._text(_EDGE, h - 0.08, "\n".join(lines), va="top", size=8.5, weight="bold")
        return h - 0.08 - 0.15 * len(lines) - 0.32

    def _row(self, texts, state, y, height, line, runs, cells, flags, *, lost) -> None:
        w = self.figure.get_size_inches()[0]
        middle = y - height / 2
        self._line([_EDGE, w - _EDGE], [y, y], color=GRID, lw=0.5)
        for k, text in enumerate(texts):
            indent = 0.15 if k else 0.0
            at = middle + (len(texts) / 2 - k - 0.5) * line
            colour = _LOSS if lost else INK
            self._text(_EDGE + indent, at, text, va="center_baseline", color=colour)
        run = RUNS[state["position"]]
        self._text(runs, middle, run, va="center_baseline", color=PALE)
        for k, place in enumerate(PLACES):
            self._cell(cells + k * _CELL, y, height, str(state[place]), lost=lost and not k)
        for k, flag in enumerate(flags):
            x = w - _EDGE - (len(flags) - k - 0.5) * _FLAG
            face = INK if state.get(flag) else "white"
            self._line([x], [middle], marker="o", ms=5, mfc=face, mec=INK, mew=0.8)

    def _cell(self, x: float, y: float, height: float, value: str, *, lost: bool) -> None:
        face, ink = _COLOURS[value]
        box = Rectangle(
            (x + 0.03, y - height),
            _CELL - 0.06,
            height,
            fc=face,
            ec=_LOSS if lost else "white",
            lw=2.0 if lost else 0.6,
            transform=self._inches,
            zorder=2.5 if lost else 2.0,
        )
        self.figure.add_artist(box)
        text = f"{value}!" if lost else value
        middle = y - height / 2
        self._text(
            x + _CELL / 2,
            middle,
            text,
            ha="center",
            va="center_baseline",
            color=_LOSS if lost else ink,
            weight="bold",
        )

    def _key(self, y: float) -> None:
        x = _EDGE
        for value, meaning in VALUES.items():
            face, ink = _COLOURS[value]
            box = Rectangle((x, y - 0.07), 0.16, 0.14, fc=face, ec="none", transform=self._inches)
            self.figure.add_artist(box)
            self._text(
                x + 0.08,
                y,
                value,
                ha="center",
                va="center_baseline",
                color=ink,
                weight="bold",
                size=7.0,
            )
            self._text(x + 0.2, y, meaning, va="center_baseline", color=PALE, size=7.0)
            x += 0.2 + width_of([meaning], 7.0) + 0.16

    def _text(self, x: float, y: float, text: str, **options: object) -> None:
        options = {"size": _SIZE, "color": INK, "zorder": 3.0, **options}
        self.figure.add_artist(Text(x, y, text, transform=self._inches, **options))

    def _line(self, x: list[float], y: list[float], **options: object) -> None:
        self.figure.add_artist(Line2D(x, y, transform=self._inches, **options))

    def readings(self) -> list[Reading]:
        """What every place holds after each event, in words, where the key is."""
        w, h = self.figure.get_size_inches()
        top, bottom = self._span
        box = (_EDGE / w, 1.0 - top / h, 1.0 - 2 * _EDGE / w, (top - bottom) / h)
        y = tuple(round(float((top - m) / (top - bottom)), 4) for m in self._middles)
        states = enumerate(states_of(self.example))
        texts = tuple(told_at(self.example, i, state) for i, state in states)
        return [Reading(tuple(round(float(v), 4) for v in box), (), y, texts, (0.0, 1.0))]

    def text(self, width: int = WIDTH) -> str:
        """The same in letters: registers, task image, vCPU image and host context."""
        return text_of(self.policy, self.example, width)


def _wrapped(text: str, inches: float, size: float, weight: str = "normal") -> list[str]:
    """Lines no wider than so many inches, broken at blanks."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of([f"{lines[-1]} {word}"], size, weight) <= inches:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
