"""The gallery: the pictures that README and docs show, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from .. import __version__, policies
from ..grids import sweep
from ..proof import check
from ..scenario import preset
from .files import export
from .ready import costs, policy_map, time_line
from .sweeps import cost_map_of, curves_of

__all__ = ["GALLERY", "draw_all"]

_FORMATS = ("png", "svg", "pdf", "txt")


def _which_policy(stem: Path) -> None:
    """Register moves and crypto slowdown over the arrival rate, all sixteen policies."""
    scenario = preset("cortex-a57-ipsec")
    grid = sweep(scenario, {"softirq.interrupts_per_s": np.geomspace(1e3, 1e5, 49)})
    curves = curves_of(grid, check(), at=scenario.softirq.rate_per_s)
    _save(costs(curves), stem, scenario, [p.name for p in policies.ALL])


def _policy_map(stem: Path) -> None:
    """The cheapest correct policy over arrival rate and residency, for a guest with little FP."""
    scenario = preset("cortex-a57-ipsec").replace({"vcpu.first_fp_us": 300.0})
    vary = {
        "softirq.interrupts_per_s": np.geomspace(100.0, 2e4, 41),
        "vcpu.residency_us": np.geomspace(30.0, 3e4, 41),
    }
    at = scenario.softirq.rate_per_s, scenario.vcpu.residency_us.mean_us
    costs_of = cost_map_of(sweep(scenario, vary), check(), at=at)
    _save(policy_map(costs_of), stem, scenario, [p.name for p in policies.ALL])


def _lost_state(stem: Path) -> None:
    """The shortest order of events in which the thread's patch loses the guest's registers."""
    (verdict,) = check("defer-to-put")
    _save(time_line(verdict, 0), stem, None, ["defer-to-put"])


GALLERY: dict[str, Callable[[Path], None]] = {
    "which-policy": _which_policy,
    "policy-map": _policy_map,
    "lost-state": _lost_state,
}


def _save(picture, stem: Path, scenario, names: list[str]) -> None:
    export(
        picture,
        stem,
        _FORMATS,
        scenario=scenario,
        policies=names,
        version=__version__,
        command="make figures",
    )


def draw_all(folder: Path) -> Iterator[Path]:
    """Draw every picture into `folder`; the paths without endings.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in GALLERY.items():
        draw(folder / name)
        yield folder / name
