"""From a sweep (labelled arrays) to figures; imports no labelled arrays itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .cost_map import CostMap
from .curves import Curves, axis_of
from .verdicts import Verdicts, correctness

if TYPE_CHECKING:
    from xarray import Dataset

__all__ = ["cost_map_of", "curves_of"]

#: Longer than this, and a policy takes no part in a map: microseconds.
LATE = {"softirq_held_mean_us": 100.0, "resched_delay_mean_us": 100.0}
_WHY = {"softirq_held_mean_us": "holds softirqs back", "resched_delay_mean_us": "bars preemption"}


def curves_of(grid: Dataset, verdicts: Verdicts | None = None, at: float | None = None) -> Curves:
    """Curves of a sweep over one key.

    Parameters
    ----------
    grid:
        From :func:`fpsimd_model.sweep`.
    verdicts:
        From :func:`fpsimd_model.check`; by default of those of the sixteen that are in the grid.
    at:
        Where the scenario itself stands.

    Raises
    ------
    InputError
        If the sweep is over another number of keys.
    """
    (key,) = _keys(grid, 1)
    policies, values = _arrays(grid, ("policy", key))
    return Curves(
        axis_of(key),
        np.asarray(grid[key].values, dtype=float),
        {p: {name: v[i] for name, v in values.items()} for i, p in enumerate(policies)},
        _correct(policies, verdicts),
        at,
    )


def cost_map_of(
    grid: Dataset,
    verdicts: Verdicts | None = None,
    at: tuple[float, float] | None = None,
    late: Mapping[str, float] | None = None,
) -> CostMap:
    """The map of a sweep over two keys, by CPU time: register moves, traps, and packets.

    Packets cost the same under every policy as long as their crypto has NEON; so the sum weighs
    moves against crypto that has to do without.  Time that packets or tasks have to wait is no CPU
    time: policies that make them wait longer than `late` anywhere on the map are left out.

    Parameters
    ----------
    grid, verdicts, at:
        As for :func:`curves_of`; `at` in the order of the sweep's keys.
    late:
        Largest value by metric; by default 100 us of softirqs held back or preemption ignored.

    Raises
    ------
    InputError
        If the sweep is over another number of keys, or `late` names no metric.
    """
    x_key, y_key = _keys(grid, 2)
    policies, values = _arrays(grid, ("policy", y_key, x_key))
    bounds = LATE if late is None else late
    left_out: dict[str, str] = {}
    for metric, most in bounds.items():
        if metric not in values:
            raise InputError(f"no metric is called {metric!r}; there are {', '.join(values)}")
        for policy, array in zip(policies, values[metric], strict=True):
            if (array > most).any():
                left_out.setdefault(policy, _WHY.get(metric, f"{metric} above {most:g}"))
    costs = values["switch_share"] + values["softirq_share"]
    return CostMap(
        axis_of(x_key),
        axis_of(y_key),
        np.asarray(grid[x_key].values, dtype=float),
        np.asarray(grid[y_key].values, dtype=float),
        dict(zip(policies, costs, strict=True)),
        "CPU time in moves and packets",
        _correct(policies, verdicts),
        left_out,
        at,
    )


def _keys(grid: Dataset, wanted: int) -> list[str]:
    dims = next(iter(grid.data_vars.values())).dims if len(grid.data_vars) else ()
    keys = [name for name in dims if name != "policy"]
    if len(keys) != wanted or "policy" not in dims:
        raise InputError(
            f"a sweep over {wanted} key{'s' * (wanted > 1)} is wanted, not over "
            f"{', '.join(keys) or 'none'}"
        )
    return keys


def _arrays(grid: Dataset, dims: tuple[str, ...]) -> tuple[list[str], dict[str, np.ndarray]]:
    policies = [str(name) for name in grid["policy"].values]
    return policies, {str(k): np.asarray(v.transpose(*dims).values) for k, v in grid.items()}


def _correct(policies: list[str], verdicts: Verdicts | None) -> dict[str, bool]:
    if verdicts is not None:
        return correctness(verdicts)
    from ..policies import ALL
    from ..proof import check

    known = [policy for policy in ALL if policy.name in policies]
    return correctness(check(*known)) if known else {}
