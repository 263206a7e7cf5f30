"""Which situation, machine and algorithm: three drop-downs."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from ..scenario import describe, presets
from .quiet import Quiet
from .state import State

__all__ = ["Presets"]

_KINDS = {
    "situation": ("situations", "situation"),
    "machine": ("machines", "machine.preset"),
    "algorithm": ("algorithms", "crypto.algorithm"),
}
OWN = "of its own"


class Presets:
    """The drop-downs, in `box`; `changed` is called with a key and a name ("" for one's own)."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed, self._quiet = changed, Quiet()
        self.drops: dict[str, w.Dropdown] = {}
        for name, (_, key) in _KINDS.items():
            drop = w.Dropdown(description=name)
            drop.style.description_width = "initial"
            drop.add_class(f"fm-{name}")
            drop.observe(lambda change, key=key: self._chosen(key, change["new"]), "value")
            self.drops[name] = drop
        self.box = w.HBox(list(self.drops.values()))
        self.box.add_class("fm-presets")

    def show(self, state: State, start: State) -> None:
        """Show the state's presets; what `start` has that is no preset can be chosen too."""
        shown = {
            "situation": (_situation(state), _situation(start)),
            "machine": (state.scenario.machine_preset, state.origin.machine_preset),
            "algorithm": (state.scenario.algorithm, state.origin.algorithm),
        }
        with self._quiet:
            for name, (now, first) in shown.items():
                kind, drop = _KINDS[name][0], self.drops[name]
                own = [] if now and first else [(OWN, "")]
                options = (*own, *((each, each) for each in presets(kind)))
                if drop.options != options:
                    with drop.hold_sync():
                        drop.options = options
                        drop.value = now
                elif drop.value != now:
                    drop.value = now
                tooltip = describe(kind, now).title if now else OWN
                if drop.tooltip != tooltip:
                    drop.tooltip = tooltip

    def _chosen(self, key: str, name: str) -> None:
        if not self._quiet:
            self._changed(key, name)


def _situation(state: State) -> str:
    return state.origin.name if state.origin.name in presets() else ""
