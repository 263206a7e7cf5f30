"""One overload as it goes: who has the CPU, and how many packets wait, policy above policy."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from ..errors import InputError
from .end_labels import label_of, width_of
from .numbers import brief, linear_ticks
from .overload_data import KINDS, Overload, shares_of
from .overload_told import longest_queue, steps_told
from .picture import Picture
from .plain import WIDTH, fill, tidy
from .reading import Reading, box_of, places
from .style import INK, PALE
from .trace_lines import trace_lines

__all__ = ["OverloadStrips"]

_LEFT, _EDGE, _TOP, _BOTTOM = 0.66, 0.1, 0.42, 0.4  # inches
_HEAD, _GAP = 0.17, 0.1
_TICK = 0.12  # inches between labels of an axis, at least
_LOOKS = {  # face, hatch, words
    "scalar": ("#f6b26b", "//////", "softirq without NEON"),
    "neon": ("#2f7fd6", None, "softirq with NEON"),
    "ksoftirqd": ("#000000", None, "ksoftirqd (NEON)"),
    "guest": ("#dcdcdc", None, "guest"),
}
_ELSE = "white: run loop, moves, other tasks"
_MARKS = (
    ({"lw": 1.6}, "vCPU loaded"),
    ({"lw": 0.0, "marker": "v", "markevery": [0]}, "softirq budget spent"),
)
_SERVICE = ("scalar", "neon", "ksoftirqd")
_SIZE = 7.0
_BIN_PX = 2.0
_NAME = {"size": 8.5, "weight": "bold"}
_READ = 140  # steps that are read off: about two of those that are drawn


class OverloadStrips(Picture):
    """A strip a policy over one time axis: shares of the CPU above, packets in the system below.

    Bars say what share of each step each has; service of packets stands on the ground, the guest
    hangs from above.  The line on top of a strip is drawn where the vCPU is loaded, and a triangle
    where a softirq has spent its budget and leaves the rest to ksoftirqd.

    >>> from fpsimd_model.figures.overload_data import overload_of
    >>> from fpsimd_model.scenario import preset
    >>> picture = OverloadStrips()
    >>> picture.set_data(overload_of(preset("reference"), ["tracked"], window_ms=(0.0, 2.0)))
    >>> picture.draw(); picture.pixels().shape
    (420, 640, 4)
    """

    kind = "overload"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        super().__init__(size, dpi)
        self.data: Overload | None = None
        self._strips: dict[str, tuple[Axes, Axes]] = {}

    @property
    def policies(self) -> tuple[str, ...]:
        """Those shown."""
        return tuple(self.data.lines) if self.data else ()

    def set_data(self, data: Overload) -> None:
        """Show other simulations."""
        self.data = data
        self.forget_background()

    def fit(self) -> None:
        """Lay everything out anew."""
        if self.data is None:
            raise InputError("the figure has no data yet; call set_data first")
        self.figure.clear()
        self._strips.clear()
        self._key()
        data, n = self.data, max(1, len(self.data.lines))
        w, h = self.figure.get_size_inches()
        width = w - _LEFT - _EDGE
        each = (h - _TOP - _BOTTOM + _GAP) / n
        most = max([1, *(int(self._queue(p)[1].max()) for p in data.lines)])
        for row, policy in enumerate(data.lines):
            bottom = h - _TOP - (row + 1) * each + _GAP
            room = h - _TOP - row * each - _HEAD - bottom
            cpu = self.axes(_LEFT, bottom + 0.44 * room, width, 0.56 * room)
            queue = self.axes(_LEFT, bottom, width, 0.38 * room)
            self._strips[policy] = cpu, queue
            self._cpu(cpu, policy)
            self._waiting(queue, policy, most, last=row == n - 1)

    def _key(self) -> None:
        _, h = self.figure.get_size_inches()
        x, inches = _EDGE, self.figure.dpi_scale_trans
        for face, hatch, words in _LOOKS.values():
            box = Rectangle((x, h - 0.17), 0.17, 0.1, fc=face, ec=INK, lw=0.4, hatch=hatch,
                            transform=inches)  # fmt: skip
            self.figure.add_artist(box)
            self._words(x + 0.22, h - 0.12, words)
            x += 0.22 + width_of([words], _SIZE) + 0.13
        self._words(x, h - 0.12, _ELSE)
        x = _EDGE
        for look, words in _MARKS:
            line = Line2D([x, x + 0.17], [h - 0.29] * 2, color=INK, mfc="white", mec=INK, mew=0.8,
                          ms=4.5, transform=inches, **look)  # fmt: skip
            self.figure.add_artist(line)
            self._words(x + 0.22, h - 0.29, words)
            x += 0.22 + width_of([words], _SIZE) + 0.13
        without = "; ".join(f"{policy}: {why}" for policy, why in self.data.without.items())
        self._words(x, h - 0.29, f"{self.data.about}{'; ' if without else ''}{without}")

    def _words(self, x: float, y: float, words: str, **options: object) -> None:
        options = {"size": _SIZE, "color": PALE, "va": "center_baseline", **options}
        self.figure.text(x, y, words, transform=self.figure.dpi_scale_trans, **options)

    def _edges(self) -> np.ndarray:
        w, _ = self.figure.get_size_inches()
        bins = int((w - _LEFT - _EDGE) * 100.0 / _BIN_PX)
        return np.linspace(self.data.start_s, self.data.end_s, bins + 1)

    def _cpu(self, axes: Axes, policy: str) -> None:
        line, edges = self.data.lines[policy], self._edges()
        # In whole percent: finer steps are seen by nobody and make large files.
        shares = dict(zip(KINDS, np.round(100.0 * shares_of(line, edges)), strict=True))
        self._frame(axes, (0.0, 100.0), [100], ["100%"])
        axes.yaxis.get_ticklabels()[0].set_verticalalignment("top")  # clear of the name above
        ground = np.zeros(len(edges) - 1)
        ms = 1e3 * edges
        for kind in _SERVICE:
            face, hatch, _ = _LOOKS[kind]
            top = ground + shares[kind]
            _fill(axes, top, ms, ground, fc=face, hatch=hatch, ec=INK if hatch else face, zorder=2)
            ground = top
        full = np.full(len(ground), 100.0)
        _fill(axes, full, ms, full - shares["guest"], fc=_LOOKS["guest"][0], zorder=1.9)
        loaded = line.position >= line.POSITIONS.index("loop")
        edge = np.flatnonzero(np.diff(loaded.astype(int), prepend=0, append=0))
        ends = np.append(line.time_s, line.seconds)[edge].reshape(-1, 2)
        axes.hlines(np.full(len(ends), 108.0), *(1e3 * ends.T), colors=INK, lw=1.6, zorder=3.0)
        axes.set_ylim(0.0, 112.0)
        over = 1e3 * line.time_s[line.at("handed_over")]
        axes.plot(over, np.full(len(over), 108.0), "v", ms=4.5, mfc="white", mec=INK, mew=0.8,
                  zorder=3.1, clip_on=False)  # fmt: skip
        box = axes.get_position()
        w, h = self.figure.get_size_inches()
        self._words(_EDGE, box.y1 * h + 0.09, label_of(policy, room=4.0), color=INK, **_NAME)
        self._words(w - _EDGE, box.y1 * h + 0.09, self._said(policy), ha="right")
        self._words(_EDGE, box.y1 * h - 0.065, "CPU")

    def _said(self, policy: str) -> str:
        """The strip in numbers."""
        data = self.data
        edges = np.array([data.start_s, data.end_s])
        shares = dict(zip(KINDS, shares_of(data.lines[policy], edges)[:, 0], strict=True))
        served = sum(shares[kind] for kind in _SERVICE)
        most = int(self._queue(policy)[1].max())
        return (
            f"packets take {served:.0%} of the CPU, the guest {shares['guest']:.0%}; "
            f"up to {most} in the queue"
        )

    def _queue(self, policy: str) -> tuple[np.ndarray, np.ndarray]:
        """Times in ms and packets in the system from each on, in the window."""
        line, data = self.data.lines[policy], self.data
        times = np.concatenate([[0.0], line.time_s])
        queue = np.concatenate([[0], line.queue])
        first = int(np.searchsorted(times, data.start_s, side="right")) - 1
        last = int(np.searchsorted(times, data.end_s, side="right"))
        return 1e3 * np.maximum(times[first:last], data.start_s), queue[first:last]

    def _waiting(self, axes: Axes, policy: str, most: int, *, last: bool) -> None:
        """The longest queue of each step, on a scale that has both 1 and 1000."""
        longest = longest_queue(self.data.lines[policy], self._edges())
        edges = 1e3 * self._edges()
        _fill(axes, np.log10(1.0 + longest), edges, 0.0 * longest, fc=PALE, zorder=2.0)
        ticks = [t for t in (1, 10, 100, 1000, 10_000, 100_000) if t <= 1.5 * most]
        top = np.log10(1.0 + most) * 1.08
        height = axes.get_position().height * self.figure.get_figheight()
        if len(ticks) * _TICK > height * np.log10(1.0 + ticks[-1]) / top:
            apart = height * np.log10((1.0 + ticks[-1]) / 2.0) / top
            ticks = [ticks[0], ticks[-1]] if apart > _TICK else ticks[-1:]
        self._frame(axes, (0.0, top), [np.log10(1.0 + t) for t in ticks], map(brief, ticks))
        box = axes.get_position()
        h = self.figure.get_size_inches()[1]
        highest = np.log10(1.0 + ticks[-1]) / top if ticks else 0.5
        self._words(_EDGE, (box.y0 + highest * (box.y1 - box.y0)) * h, "queue")
        if last:
            ticks = linear_ticks(*axes.get_xlim(), 9)
            axes.xaxis.set_major_formatter(FixedFormatter([brief(t) for t in ticks]))
            axes.set_xlabel("time [ms]; queue [packets] on a logarithmic scale", labelpad=2.0)

    def _frame(self, axes: Axes, limits, ticks, words) -> None:
        low, high = 1e3 * self.data.start_s, 1e3 * self.data.end_s
        axes.set_xlim(low, high)
        axes.set_ylim(*limits)
        at = linear_ticks(low, high, 9)
        for axis, where, names in ((axes.xaxis, at, [""] * len(at)), (axes.yaxis, ticks, words)):
            axis.set_major_locator(FixedLocator(list(where)))
            axis.set_major_formatter(FixedFormatter(list(names)))
            axis.set_minor_locator(NullLocator())

    def readings(self) -> list[Reading]:
        """What happens at a time under every policy, each said above its own strip."""
        if not self._strips:
            return []
        box = box_of(*(ax for pair in self._strips.values() for ax in pair))
        w, h = self.figure.get_size_inches()
        edges = np.linspace(self.data.start_s, self.data.end_s, _READ + 1)
        x = places((edges[0], edges[-1]), (edges[1:] + edges[:-1]) / 2)
        found = []
        for policy, (cpu, _) in self._strips.items():
            right = _EDGE + width_of([label_of(policy, room=4.0)], *_NAME.values()) + 0.08
            at = right / w, 1.0 - cpu.get_position().y1 - (_HEAD - 0.01) / h
            told = steps_told(self.data.lines[policy], edges)
            found.append(Reading(box, x, (), tuple(told), tuple(round(v, 4) for v in at)))
        return found

    def text(self, width: int = WIDTH) -> str:
        """For each policy what the strip says, and the trace around its longest queue."""
        lines = fill(self.data.about, width)
        for policy, line in self.data.lines.items():
            lines += ["", *fill(f"{policy}: {self._said(policy)}", width)]
            lines += trace_lines(line, self.data.start_s, self.data.end_s, width)
        for policy, why in self.data.without.items():
            lines += ["", *fill(f"{policy}: {why}", width)]
        return tidy(lines)


def _fill(axes: Axes, top: np.ndarray, edges: np.ndarray, ground: np.ndarray, **options) -> None:
    """Steps from `ground` up to `top`; neighbours alike are one, and what is empty is left out."""
    change = np.any(np.diff(np.stack([top, ground])) != 0.0, axis=0)
    first = np.flatnonzero(np.append(True, change))
    spans = np.append(edges[first], edges[-1])
    filled = np.append(np.append(False, top[first] > ground[first]), False).astype(int)
    for begin, end in np.flatnonzero(np.diff(filled)).reshape(-1, 2):
        part = first[begin:end]
        axes.stairs(top[part], spans[begin : end + 1], baseline=ground[part], fill=True, lw=0.0,
                    **options)  # fmt: skip
