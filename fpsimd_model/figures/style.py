"""What every figure shares: colours and line styles of the policies, and fixed settings.

Colour stands for a policy's family, the line style for its member; a label at the line's end says
the name, so that neither colour nor grey has to.  The seven colours (and the eighth, for policies
of one's own) have a contrast of at least 3 to white, and stay apart (CIE76 distance of 19 and
more) for protanopes, deuteranopes and tritanopes by Machado, Oliveira and Fernandes, A
Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE TVCG 15 (2009) 1291.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

__all__ = ["COLOURS", "GRID", "INK", "OWN", "PALE", "STYLES", "Style", "fixed", "styles_of"]

INK = "#222222"  #: text
PALE = "#666666"  #: remarks
GRID = "#dddddd"

SOLID, DASHED, DOTTED = (0, ()), (0, (5.0, 1.8)), (0, (1.2, 1.5))
FINE_DASHED = (0, (2.7, 1.35))  # whole pixels at a line's width, which a PNG packs better
DASH_DOT = (0, (6.0, 1.6, 1.2, 1.6))
DASH_DOT_DOT = (0, (4.0, 1.2, 1.2, 1.2, 1.2, 1.2))

COLOURS = {
    "world switch": "#000000",
    "deferred": "#5c5c5c",
    "neon begin": "#b0489e",
    "busy flag": "#e8590c",
    "pending check": "#661100",
    "tracked": "#0057b8",
    "reload": "#009e73",
}
OWN = "#7f00ff"  #: policies that are none of the sixteen


@dataclass(frozen=True, slots=True)
class Style:
    """How one policy is drawn: its colour, and dashes in units of the line's width."""

    colour: str
    dashes: tuple


def _family(family: str, **members: tuple) -> dict[str, Style]:
    return {
        name.replace("_", "-"): Style(COLOURS[family], dashes) for name, dashes in members.items()
    }


STYLES: dict[str, Style] = {
    **_family("world switch", switch_on_exit=SOLID),
    **_family("deferred", softirqs_off=SOLID, defer_to_put=DASHED, nested_save=DOTTED),
    **_family(
        "neon begin",
        neon_begin_at_load=FINE_DASHED,
        neon_begin_per_entry=DASHED,
        flush_hook=DOTTED,
    ),
    **_family("busy flag", busy_flag_resident=DASH_DOT, busy_flag_live=DASH_DOT_DOT),
    **_family("pending check", pending_check_guarded=SOLID, pending_check=DASHED),
    **_family("tracked", tracked=SOLID, tracked_save_at_load=DASHED),
    **_family("reload", reload_at_entry=SOLID, adaptive_reload=DASHED, reload_at_load=DOTTED),
}
_OWN_DASHES = (SOLID, DASHED, DOTTED, DASH_DOT)


def styles_of(policies: Sequence[str]) -> dict[str, Style]:
    """The style of each policy; those of one's own share a colour and take turns in dashes.

    >>> styles_of(["tracked", "mine"])["mine"].colour
    '#7f00ff'
    """
    own = [name for name in policies if name not in STYLES]
    turns = {name: _OWN_DASHES[i % len(_OWN_DASHES)] for i, name in enumerate(own)}
    return {name: STYLES.get(name) or Style(OWN, turns[name]) for name in policies}


_SETTINGS = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 7.5,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 5.0,
    "axes.titlecolor": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": "#888888",
    "ytick.color": "#888888",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.major.width": 0.6,
    "ytick.major.pad": 2.5,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
    "lines.solid_capstyle": "butt",
    "lines.dash_capstyle": "butt",
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "fpsimd_model",
    "pdf.fonttype": 42,
    "pdf.compression": 9,
}


@cache
def _settings() -> dict[str, object]:
    """All of matplotlib's settings, its defaults but for ours; the backend is left alone."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcParams.update(
            {k: v for k, v in dict.items(matplotlib.rcParamsDefault) if "backend" not in k}
        )
        matplotlib.rcParams.update(_SETTINGS)
        return {k: v for k, v in dict.items(matplotlib.rcParams) if "backend" not in k}


@contextmanager
def fixed() -> Iterator[None]:
    """Draw with the package's settings, whatever a user's matplotlibrc or notebook says.

    Values are validated once and then put past the validation, which takes longer than a blit.
    """
    import matplotlib

    ours, theirs = _settings(), dict(dict.items(matplotlib.rcParams))
    dict.update(matplotlib.rcParams, ours)
    try:
        yield
    finally:
        dict.update(matplotlib.rcParams, theirs)
