"""A slider with a field beside it and a way back: one quantity, never changed by being shown."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from ..errors import InputError
from ..scenario import Scenario
from .controls import Control
from .grid import exact_of, number_of, text_of, with_values
from .quiet import Quiet
from .state import State

__all__ = ["Knob", "put"]


class Knob:
    """The widgets of one control, in `box`.

    Parameters
    ----------
    control:
        What it stands for.
    changed:
        Called with the control and a value, or None for its reset; may raise.
    failed:
        Told of input that cannot be.
    """

    def __init__(
        self,
        control: Control,
        changed: Callable[[Control, float | None], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.control, self._changed, self._failed = control, changed, failed
        self.grid: tuple[float, ...] = ()
        self.value = 0.0  # exact; the field shows it with fewer digits
        self._base: Scenario | None = None
        self._quiet = Quiet()
        self.slider = w.SelectionSlider(
            options=["-"], description=control.title, readout=False, continuous_update=True
        )
        self.slider.style.description_width = "initial"
        self.entry = w.Text(continuous_update=False)
        self.back = w.Button(description="↺")
        self.box = w.HBox([self.slider, self.entry, self.back])
        for widget, name in (
            (self.slider, "fm-slider"),
            (self.entry, "fm-entry"),
            (self.back, "fm-reset"),
            (self.box, "fm-knob"),
            (self.box, f"fm-{control.name}"),
        ):
            widget.add_class(name)
        self.slider.observe(self._slid, "index")
        self.entry.observe(self._typed, "value")
        self.back.on_click(lambda _: self._tell(None))

    def show(self, state: State) -> None:
        """Show a state's value; widgets that show it already are left alone."""
        value, base = self.control.value(state.scenario), self.control.value(state.base)
        with self._quiet:
            grid = with_values(self.grid or self.control.grid, (value, base))
            if grid != self.grid:
                # The browser knows the new notches only after the message that brings them: an
                # index that comes with it and is beyond the old ones would be sent back cut off.
                kept = min(self.slider.index, len(grid) - 1)
                self.grid = grid
                with self.slider.hold_sync():
                    self.slider.options = [(exact_of(v), v) for v in grid]
                    self.slider.index = kept
            put(self.slider, "index", grid.index(value))
            if state.base is not self._base:
                self._base = state.base
                put(self.slider, "tooltip", self.control.tooltip(state.base))
            self.entry.remove_class("fm-bad")
            self._write(value)
            put(self.back, "disabled", not state.changed(self.control))
            put(self.back, "tooltip", f"{self.control.label}: back to {exact_of(base)}")

    def _write(self, value: float) -> None:
        """Into the field, and what does not fit there into its tooltip, in one message."""
        text, exact, self.value = text_of(value), exact_of(value), value
        with self.entry.hold_sync():
            put(self.entry, "value", text)
            now = "" if text == exact else f"{exact}; "
            put(self.entry, "tooltip", f"{self.control.title}: {now}type another value")

    def forget(self) -> None:
        """Only the common grid again, without notches that were added for other values."""
        self.grid = ()

    def _slid(self, change: dict) -> None:
        if not self._quiet:
            self._tell(self.grid[change["new"]])

    def _typed(self, change: dict) -> None:
        if self._quiet:
            return
        text = change["new"].strip()
        try:  # what stands there already is no rounded value
            value = self.value if text == text_of(self.value) else number_of(text)
        except InputError as error:
            self._refuse(error)
        else:
            self._tell(value)

    def _tell(self, value: float | None) -> None:
        try:
            self._changed(self.control, value)
        except Exception as error:
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        self.entry.add_class("fm-bad")
        self._failed(error)


def put(widget: w.Widget, name: str, value: object) -> None:
    """Assign what differs: whatever is assigned travels to the browser."""
    if getattr(widget, name) != value:
        setattr(widget, name, value)
