"""From a recipe to a figure: what the kinds of :mod:`~fpsimd_model.figures.kinds` name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .rates import RATE, rates_in, span_of

if TYPE_CHECKING:
    from ..calibration.figures import CalibrationPicture
    from .ceiling_dots import CeilingDots
    from .interval_picture import IntervalPicture
    from .load_panels import LoadPanels
    from .maps import PolicyMap
    from .overload_strips import OverloadStrips
    from .panels import CurvePanels
    from .recipe import Recipe
    from .survival_picture import SurvivalPicture
    from .time_lines import TimeLine

__all__ = [
    f"{name}{end}"
    for name in (
        "calibration",
        "curves",
        "latency_over_load",
        "lost_state",
        "overload",
        "packet_delay",
        "policy_map",
        "simulation",
        "throughput_ceiling",
    )
    for end in ("", "_options")
]

RESIDENCY = "vcpu.residency_us"

_PANELS = {
    "which-policy": ["switch_share", "crypto_slowdown"],
    "what-it-saves": ["saving", "scalar_share"],
    "curves": ["sojourn_mean_us", "softirq_share"],
}
_POINTS = {"analytic": 25, "both": 25, "montecarlo": 7}  # a simulated point takes a second
_CELLS = {"analytic": 41, "both": 41, "montecarlo": 5}
_PREDICTED_S = 60.0  # modelled, for a prediction from a trace


def curves(recipe: Recipe) -> CurvePanels:
    """Panels of curves over the interrupt rate."""
    from .panels import CurvePanels
    from .sweeps import curves_of

    options, scenario = recipe.options, recipe.scenario
    rates = rates_in(options["low"], options["high"], scenario, options["points"])
    grid = _sweep(recipe, {RATE: rates})
    picture = CurvePanels(options["panels"])
    picture.set_data(curves_of(grid, recipe.verdicts(), at=scenario.softirq.rate_per_s or None))
    return picture


def curves_options(recipe: Recipe) -> dict[str, object]:
    """The whole span of rates; the panels that belong to the figure's name."""
    low, high = span_of(recipe.scenario)
    points, panels = _POINTS[recipe.engine], _PANELS[recipe.figure]
    return {"low": low, "high": high, "points": points, "panels": panels}


def policy_map(recipe: Recipe) -> PolicyMap:
    """The map over interrupt rate and residency."""
    from .commands import in_short
    from .maps import PolicyMap
    from .sweeps import cost_map_of

    options, scenario = recipe.options, recipe.scenario
    x, y = (
        np.geomspace(*(options[f"{axis}{end}"] for end in ("low", "high", "points")))
        for axis in "xy"
    )
    grid = _sweep(recipe, {RATE: x, RESIDENCY: y})
    at = scenario.softirq.rate_per_s, scenario.vcpu.residency_us.mean_us
    inside = x[0] <= at[0] <= x[-1] and y[0] <= at[1] <= y[-1]
    picture = PolicyMap()
    found = cost_map_of(grid, recipe.verdicts(), at=at if inside else None)
    picture.set_data(replace(found, about=in_short(scenario, (RATE, RESIDENCY))))
    return picture


def policy_map_options(recipe: Recipe) -> dict[str, object]:
    """Three decades of residencies around the scenario's, and the whole span of rates."""
    low, high = span_of(recipe.scenario)
    mean = recipe.scenario.vcpu.residency_us.mean_us
    cells = _CELLS[recipe.engine]
    return {"xlow": low, "xhigh": high, "xpoints": cells,
            "ylow": mean / 30.0, "yhigh": mean * 30.0, "ypoints": cells}  # fmt: skip


def lost_state(recipe: Recipe) -> TimeLine:
    """The story of the first policy that loses state."""
    from .ready import time_line

    wrong = [verdict for verdict in recipe.verdicts() if not verdict.correct]
    if not wrong:
        raise InputError(
            f"lost-state: {', '.join(recipe.names)}: no order of events loses state; none to draw"
        )
    return time_line(wrong[0], recipe.options["number"])


def lost_state_options(recipe: Recipe) -> dict[str, object]:
    """The first of a policy's orders of events."""
    return {"number": 0}


def packet_delay(recipe: Recipe) -> SurvivalPicture:
    """The distribution of packet times."""
    from .survival import survivals_of
    from .survival_picture import SurvivalPicture

    options = {**recipe.options, "simulated": bool(recipe.options["simulated"])}
    picture = SurvivalPicture()
    picture.set_data(
        survivals_of(
            recipe.scenario, recipe.policies, recipe.verdicts(), **options, **recipe.simulation
        )
    )
    return picture


def packet_delay_options(recipe: Recipe) -> dict[str, object]:
    """With the dots of a simulation."""
    return {"points": 600, "simulated": 1}


def latency_over_load(recipe: Recipe) -> LoadPanels:
    """Each policy up to where it saturates."""
    from .load_panels import LoadPanels
    from .utilisation import loads_of

    picture = LoadPanels()
    data = loads_of(recipe.scenario, recipe.policies, recipe.verdicts(), **recipe.options)
    picture.set_data(data)
    return picture


def latency_over_load_options(recipe: Recipe) -> dict[str, object]:
    """So many loads."""
    return {"points": 41}


def throughput_ceiling(recipe: Recipe) -> CeilingDots:
    """By cipher and policy."""
    from .ceiling import ceilings_of
    from .ceiling_dots import CeilingDots

    picture = CeilingDots()
    data = ceilings_of(recipe.scenario, recipe.policies, recipe.verdicts(), **recipe.options)
    picture.set_data(data)
    return picture


def throughput_ceiling_options(recipe: Recipe) -> dict[str, object]:
    """Every algorithm there is."""
    from ..scenario import presets

    return {"ciphers": presets("algorithms")}


def overload(recipe: Recipe) -> OverloadStrips:
    """The time line of one simulation of each policy."""
    from .overload_data import overload_of
    from .overload_strips import OverloadStrips

    window = recipe.options["start_ms"], recipe.options["end_ms"]
    picture = OverloadStrips()
    picture.set_data(
        overload_of(recipe.scenario, recipe.policies, seed=recipe.seed, window_ms=window)
    )
    return picture


def overload_options(recipe: Recipe) -> dict[str, object]:
    """From the start."""
    return {"start_ms": 0.0, "end_ms": 8.0}


def simulation(recipe: Recipe) -> IntervalPicture:
    """Both engines at the scenario."""
    from ..engines import evaluate
    from .interval_picture import IntervalPicture

    picture = IntervalPicture()
    picture.set_data(evaluate(recipe.scenario, recipe.policies, "both", **recipe.simulation))
    return picture


def simulation_options(recipe: Recipe) -> dict[str, object]:
    """None."""
    return {}


def calibration(recipe: Recipe) -> CalibrationPicture:
    """What a trace shows over the scenario that the rest is kept from."""
    from ..calibration import calibrate, predict

    options = dict(recipe.options)
    predicted = options.pop("predicted")
    found = calibrate(recipe.data.found().path, recipe.scenario, **options)
    if not predicted:
        return found.figure()
    return found.figure(predict(found, seed=recipe.seed, seconds=recipe.seconds or _PREDICTED_S))


def calibration_options(recipe: Recipe) -> dict[str, object]:
    """The busiest vCPU, with a prediction."""
    return {"cpu": None, "sections": None, "predicted": 1, "arrivals": "fitted",
            "durations": "fitted", "residency_from": None, "tsc_hz": None}  # fmt: skip


def _sweep(recipe: Recipe, vary: dict[str, np.ndarray]):
    from ..grids import sweep

    engine = "montecarlo" if recipe.engine == "montecarlo" else "analytic"
    options = recipe.simulation if engine == "montecarlo" else {}
    return sweep(recipe.scenario, vary, recipe.policies, engine=engine, **options)
