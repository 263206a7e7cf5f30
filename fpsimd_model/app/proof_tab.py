"""Which policies lose registers, and the order of events that shows it as a time line."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as w

from ..errors import InputError
from ..figures import Answer, Recipe, TimeLine
from ..proof import Verdict
from .knob import put
from .layout import classed
from .quiet import Quiet
from .sight import Sight
from .solver import Solver
from .state import State
from .tab import Pace

__all__ = ["ProofTab"]

_VICTIMS = {"guest": "the guest", "host": "the VMM"}


class ProofTab:
    """A time line of the registers for each way in which a policy shown loses them.

    `changed` is called when another story has been chosen.
    """

    name, title = "correctness", "correctness"
    tip = "the shortest order of events that loses registers, as a time line"

    def __init__(self, solver: Solver, changed: Callable[[], None]) -> None:
        self._solver, self._changed, self._quiet = solver, changed, Quiet()
        self._line = TimeLine()
        self._drawn: tuple | None = None
        self.story = classed(w.Dropdown(description="loses state"), "fm-story")
        self.story.style.description_width = "initial"
        self.story.observe(self._chosen, "value")
        self.proven = classed(w.HTML(), "fm-proven")
        self.sight = Sight("fm-time-line")
        self.widget = w.VBox([self.story, self.sight.widget, self.proven])

    @property
    def picture(self) -> TimeLine | None:
        """The story shown; None where no policy has one."""
        return self._line if self._drawn else None

    def show(self, state: State, pace: Pace) -> None:
        """Nothing moves with a slider: only other policies, or other events, change it."""
        verdicts = self._solver.verdicts(state)
        if pace is Pace.MOVING:
            self._offer(verdicts)
            put(self.proven, "value", _proven(verdicts))
        elif pace is Pace.STOPPED:
            self._draw(verdicts)

    def answer(self, state: State) -> Answer:
        """The story chosen."""
        self.show(state, Pace.MOVING)
        if (chosen := self.story.value) is None:
            raise InputError("no policy shown loses registers: there is no story to export")
        policy, number = chosen
        (shown,) = [p for p in state.policies if p.name == policy]
        return Answer(Recipe(figure="lost-state", policies=[shown], options={"number": number}))

    def _offer(self, verdicts: list[Verdict]) -> None:
        options = tuple(
            (f"{v.policy}: {_VICTIMS[e.lost]} finds {e.found}", (v.policy, i))
            for v in verdicts
            for i, e in enumerate(v.counterexamples)
        )
        if options == self.story.options:
            return
        with self._quiet:
            kept = self.story.value
            known = [value for _, value in options]
            with self.story.hold_sync():
                self.story.options = options
                self.story.value = kept if kept in known else next(iter(known), None)
        there = bool(options)
        put(self.story.layout, "visibility", None if there else "hidden")
        put(self.sight.widget.layout, "display", None if there else "none")

    def _draw(self, verdicts: list[Verdict]) -> None:
        if (chosen := self.story.value) is None:
            self._drawn = None
            return
        policy, number = chosen
        (example,) = [v.counterexamples[number] for v in verdicts if v.policy == policy]
        if self._drawn != (policy, example):
            self._line.set_data(policy, example)
            self._line.draw()
            self.sight.sharp(self._line)
            self._drawn = policy, example

    def _chosen(self, _: dict) -> None:
        if not self._quiet:
            self._changed()


def _proven(verdicts: list[Verdict]) -> str:
    right = [v for v in verdicts if v.correct]
    if not right:
        return "None of the policies shown is correct."
    rows = "".join(f"<tr><td>{escape(v.policy)}</td><td>{v.states}</td></tr>" for v in right)
    return (
        "<table><thead><tr><th>proven correct: no order of events loses registers</th>"
        f"<th>states explored</th></tr></thead><tbody>{rows}</tbody></table>"
    )
