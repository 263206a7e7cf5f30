"""Where everything stands: sliders beside the figure, the table with them, the rest folded."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as w

from .controls import CONTROLS, GROUPS
from .looks import CSS

__all__ = ["classed", "lay_out"]


def classed(widget: w.DOMWidget, *names: str) -> w.DOMWidget:
    """A widget with classes: every one has a name of its own for style and tests."""
    for name in names:
        widget.add_class(name)
    return widget


def lay_out(
    presets: w.Widget,
    reset: w.Widget,
    knobs: Mapping[str, w.Widget],
    tabs: w.Widget,
    files: w.Widget,
    choice: w.Widget,
    paste: w.Widget,
    html: Mapping[str, w.HTML],
) -> list[w.Widget]:
    """The children of the app, from top to bottom."""
    groups = []
    for group in GROUPS:
        members = [knobs[c.name] for c in CONTROLS.values() if c.group == group]
        head = classed(w.HTML(group), "fm-head")
        groups.append(classed(w.VBox([head, *members]), "fm-group", f"fm-of-{group.lower()}"))
    sliders = classed(w.VBox(groups), "fm-knobs")
    figure = classed(w.VBox([tabs, html["upshot"], files]), "fm-show")
    side = classed(w.VBox([html["table"], html["note"]]), "fm-side")
    more = w.Accordion(
        [choice, html["events"], classed(w.VBox([html["line"], paste]), "fm-share")],
        titles=(
            "Policies shown",
            "Orders of events that lose registers",
            "This state as a line; load a line or a file",
        ),
    )
    return [
        classed(w.HTML(CSS), "fm-style"),
        w.HBox([presets, reset], layout=w.Layout(flex_flow="row wrap", overflow="visible")),
        html["about"],
        classed(w.Box([sliders, figure, side]), "fm-main"),
        classed(more, "fm-more"),
    ]
