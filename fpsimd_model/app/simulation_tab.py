"""The same put to the simulation: in the background, with intervals, beside the formula."""

from __future__ import annotations

import os
from collections.abc import Callable
from html import escape

import ipywidgets as w

from ..errors import InputError
from ..figures import Answer
from ..figures.columns import COLUMNS
from ..figures.interval_picture import SHOWN, IntervalPicture, measured
from ..figures.numbers import significant
from ..results import Result, Results
from .background import Background
from .knob import put
from .layout import classed
from .saving import recipe_of
from .sight import Sight
from .simulating import Simulated, Simulations, simulate
from .solver import Solver
from .state import State
from .tab import Pace

__all__ = ["SimulationTab"]

# One CPU is left for whoever moves a slider meanwhile.
WORKERS = max(1, (os.cpu_count() or 1) - 1)
METRICS = (*SHOWN, "crypto_slowdown")


class SimulationTab:
    """A button, progress, points with intervals and their table.

    Parameters
    ----------
    solver:
        For the formula's numbers.
    shown:
        Gives the newest state.
    failed:
        Told of what goes wrong.
    """

    name, title = "simulation", "simulation"
    tip = "Monte Carlo in the background: the same numbers with 95% intervals"

    def __init__(
        self, solver: Solver, shown: Callable[[], State], failed: Callable[[Exception], None]
    ) -> None:
        self._solver, self._shown, self._failed = solver, shown, failed
        self._known, self._seen = Simulations(), None
        self._picture = IntervalPicture()
        self.seconds: float | None = None  # modelled; None for what the engine finds long enough
        self.button = classed(
            w.Button(description="simulate", tooltip="every policy shown, in the background"),
            "fm-simulate",
        )
        self.button.on_click(lambda _: self.start())
        self.background = Background("simulation")
        self.words = classed(w.HTML(_NOTHING), "fm-simulated")
        self.sight = Sight("fm-rows")
        self.numbers = classed(w.HTML(), "fm-numbers")
        self.widget = w.VBox(
            [
                w.HBox([self.button, self.background.widget]),
                self.words,
                self.sight.widget,
                self.numbers,
            ]
        )
        self.sight.widget.layout.display = "none"

    @property
    def picture(self) -> IntervalPicture | None:
        """Points and intervals, once there are any of the state that is shown."""
        current = self._seen is not None and self._seen.of(self._shown())
        return self._picture if current else None

    def start(self) -> None:
        """Simulate what is shown; a simulation that is under way is stopped."""
        state = self._shown()
        self.background.start(
            lambda tell: simulate(state, tell, WORKERS, self.seconds), self._done, self._failed
        )

    def show(self, state: State, pace: Pace) -> None:
        """Points of this state, or those there were, pale and called old."""
        found = self._known.get(state)
        if found is not None and found is not self._seen and pace is not Pace.MOVING:
            self._draw(found)
        if self._seen is None:
            return
        old = not self._seen.of(state)
        self.sight.pale(old)
        (self.numbers.add_class if old else self.numbers.remove_class)("fm-stale")
        put(self.words, "value", _OLD if old else _of(self._seen))

    def answer(self, state: State) -> Answer:
        """Points and intervals; they are not simulated a second time for that."""
        if self._seen is None or not self._seen.of(state):
            raise InputError("this state has not been simulated: press simulate, then Export")
        answer = Answer(recipe_of(state, self.name, seconds=self.seconds))
        vars(answer).update(picture=self._picture, results=self._picture.results)
        return answer

    def _done(self, found: Simulated) -> None:
        self._known.keep(found)
        self._draw(found)
        self.show(self._shown(), Pace.STOPPED)

    def _draw(self, found: Simulated) -> None:
        state = State(found.scenario, policies=found.policies)
        try:
            formula = tuple(self._solver.results(state))
        except Exception as error:  # the engine refuses: points without a line
            self._failed(error)
            formula = ()
        paired = zip(formula, found.results, strict=True) if formula else [found.results]
        both = Results(found.scenario, tuple(result for pair in paired for result in pair))
        self._picture.set_data(both)
        self._picture.draw()
        self.sight.sharp(self._picture)
        put(self.sight.widget.layout, "display", None)
        put(self.numbers, "value", _table(self._picture.pairs()))
        self._seen = found


_NOTHING = (
    "Not simulated yet. The simulation runs beside the app; move sliders meanwhile if you like."
)
_OLD = (
    '<span class="fm-old-points">These points are of an earlier state. '
    "Press <b>simulate</b> for the present one.</span>"
)


def _of(found: Simulated) -> str:
    reasons = dict.fromkeys(r.reason for r in found.results if r.status != "ok" and r.reason)
    said = "Simulated with seed 0: dots with 95% intervals; the vertical line is the formula."
    return escape(" ".join([said, *(f"{reason}." for reason in reasons)]))


def _table(pairs: list[tuple[Result, Result | None]]) -> str:
    heads = "".join(
        f'<th colspan="2" title="{escape(COLUMNS[m].meaning)}">'
        f"{'<br>'.join(map(escape, COLUMNS[m].words))}<span>{escape(COLUMNS[m].unit)}</span></th>"
        for m in METRICS
    )
    rows = "".join(
        f'<tr data-policy="{escape(s.policy)}"><td>{escape(s.policy)}</td>'
        + "".join(_cells(s, a, m) for m in METRICS)
        + "</tr>"
        for s, a in pairs
    )
    return (
        '<div class="fm-pairs"><table><thead><tr><th>simulated<span>and by formula</span></th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(simulated: Result, analytic: Result | None, metric: str) -> str:
    formula = None if analytic is None else analytic.metrics.get(metric)
    said = " ".join(measured(simulated, metric, 1)).replace("±", "± ")
    by = significant(formula and formula * COLUMNS[metric].factor)
    return f"<td>{said}</td><td>{by}</td>"
