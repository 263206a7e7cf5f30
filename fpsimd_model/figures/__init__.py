"""Figures, tables and files: what is on the screen, in a paper and in a mail.

Nothing heavy is imported before it is used; plain text needs no matplotlib.

>>> import fpsimd_model as fm
>>> print(fm.figures.table(fm.evaluate(fm.Scenario(), ["tracked"]), metrics=["traps_per_s"]))
            FP
         traps
policy     1/s
-------  -----
tracked   4694
"""

from __future__ import annotations

from importlib import import_module

_WHERE = {
    "AXES": "curves",
    "Axis": "curves",
    "CostMap": "cost_map",
    "CurvePanels": "panels",
    "Curves": "curves",
    "FORMATS": "files",
    "MAIN": "columns",
    "PANELS": "panel",
    "Panel": "panel",
    "Picture": "picture",
    "PolicyMap": "maps",
    "SavingBars": "bars",
    "TimeLine": "time_lines",
    "axis_of": "curves",
    "cost_map_of": "sweeps",
    "costs": "ready",
    "curves_of": "sweeps",
    "differences": "mail",
    "export": "files",
    "html": "table_html",
    "plot": "ascii_plot",
    "policy_map": "ready",
    "read_parameters": "embed",
    "replay_table": "replay_text",
    "reply": "mail",
    "savings": "ready",
    "table": "text",
    "time_line": "ready",
}

__all__ = list(_WHERE)


def __getattr__(name: str) -> object:
    """Load what is asked for when it is asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
