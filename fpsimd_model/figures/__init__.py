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
    "Answer": "answer",
    "Axis": "curves",
    "CeilingDots": "ceiling_dots",
    "CostMap": "cost_map",
    "CurvePanels": "panels",
    "Curves": "curves",
    "Data": "data",
    "FORMATS": "files",
    "KINDS": "kinds",
    "LoadPanels": "load_panels",
    "MAIN": "columns",
    "OverloadStrips": "overload_strips",
    "PANELS": "panel",
    "Panel": "panel",
    "Picture": "picture",
    "PolicyMap": "maps",
    "Recipe": "recipe",
    "SavingBars": "bars",
    "SurvivalPicture": "survival_picture",
    "TimeLine": "time_lines",
    "axis_of": "curves",
    "ceilings": "latency_ready",
    "ceilings_of": "ceiling",
    "cost_map_of": "sweeps",
    "costs": "ready",
    "curves_of": "sweeps",
    "delays": "latency_ready",
    "differences": "mail",
    "export": "files",
    "html": "table_html",
    "loads": "latency_ready",
    "loads_of": "utilisation",
    "overload": "latency_ready",
    "overload_of": "overload_data",
    "plot": "ascii_plot",
    "policy_map": "ready",
    "read_parameters": "embed",
    "replay_table": "replay_text",
    "reply": "mail",
    "reproduce": "reproducing",
    "save": "answer",
    "savings": "ready",
    "show": "telling",
    "survivals_of": "survival",
    "table": "text",
    "time_line": "ready",
    "write_files": "files",
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
