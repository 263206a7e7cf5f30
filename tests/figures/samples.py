"""Data for figures: curves, results and verdicts of every kind, none of them computed."""

from __future__ import annotations

import numpy as np

from fpsimd_model.figures import CostMap, Curves, PolicyMap, SavingBars, axis_of, costs, time_line
from fpsimd_model.figures.picture import Picture
from fpsimd_model.figures.style import STYLES
from fpsimd_model.proof import check

NAMES = tuple(STYLES)
WRONG = ("defer-to-put", "pending-check", "reload-at-load")
CORRECT = {name: name not in WRONG for name in NAMES}
RATES = np.geomspace(1e3, 1e5, 61)
SCALAR = ("neon-begin-at-load", "busy-flag-resident", "busy-flag-live", "neon-begin-per-entry")


def curves(policies=NAMES, *, shift: float = 1.0, at: float | None = 1e4, correct=None) -> Curves:
    """Sixteen curves like the real ones; four of them have no steady state above 40,000/s."""
    values = {}
    for i, name in enumerate(policies):
        scalar = name in SCALAR
        moves = shift * 1e-4 * (1 + i) * (RATES / 1e4) ** (0.1 + 0.05 * i)
        values[name] = {
            "switch_share": np.where(scalar & (RATES > 4e4), np.nan, moves),
            "crypto_slowdown": (
                np.where(RATES > 4e4, np.nan, 5.0 + i + RATES / 1e4)
                if scalar
                else np.ones_like(RATES)
            ),
        }
    checked = CORRECT if correct is None else correct
    return Curves(axis_of("softirq.interrupts_per_s"), RATES, values, checked, at)


def cost_map(shift: float = 0.0) -> CostMap:
    """A map with three regions and a place where nothing is stable."""
    x, y = np.geomspace(1e3, 1e5, 24), np.geomspace(50.0, 5000.0, 18)
    a, b = np.meshgrid(np.log10(x), np.log10(y))
    stable = np.where((a > 4.7) & (b > 3.3), np.nan, 0.0)
    planes = {
        "tracked": a + shift,
        "reload-at-entry": 7.4 - b - 0.2 * a,
        "flush-hook": 3.4 + 0.4 * b,
        "defer-to-put": 0.9 * a,
        "softirqs-off": 0.1 * a,
    }
    return CostMap(
        axis_of("softirq.interrupts_per_s"),
        axis_of("vcpu.residency_us"),
        x,
        y,
        {name: plane + stable for name, plane in planes.items()},
        correct=CORRECT,
        late={"softirqs-off": "holds softirqs back"},
        at=(1e4, 500.0),
    )


def pictures() -> dict[str, Picture]:
    """One of every kind, with data."""
    made = {"costs": costs(curves())}
    made["policy-map"] = PolicyMap()
    made["policy-map"].set_data(cost_map())
    made["bars"] = SavingBars()
    savings = {name: 0.95 - 0.1 * i for i, name in enumerate(NAMES)}
    made["bars"].set_data({**savings, "nested-save": None}, CORRECT)
    made["time-line"] = time_line(check("defer-to-put")[0])
    return made


def boxes(artists, renderer) -> list[tuple[str, object]]:
    """What visible texts say and where they are, in pixels."""
    shown = [a for a in artists if a.get_visible() and a.get_text()]
    return [(a.get_text(), a.get_window_extent(renderer)) for a in shown]


def collisions(found: list[tuple[str, object]]) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share more than a pixel's edge."""
    return [
        (one, other)
        for i, (one, a) in enumerate(found)
        for other, b in found[:i]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]
