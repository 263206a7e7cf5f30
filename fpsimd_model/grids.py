"""Vary a scenario over a grid: every metric of every policy, as a labelled array."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np

from . import policies as _policies
from .errors import InputError
from .policies.base import Policy
from .results import METRICS
from .scenario import Scenario

__all__ = ["grid_of", "sweep"]


def grid_of(
    scenario: Scenario | str | os.PathLike[str], vary: Mapping[str, Sequence[float]]
) -> list[Scenario]:
    """The scenarios of a grid: `scenario` with the values of `vary`, the last key fastest.

    Raises
    ------
    InputError
        On an unknown key, a value out of its domain, or nothing to vary.
    """
    if not vary or any(not hasattr(v, "__len__") or len(v) == 0 for v in vary.values()):
        raise InputError("nothing to vary: give at least one key with a list of values")
    keys, scenario = list(vary), Scenario.of(scenario)
    return [
        scenario.replace(dict(zip(keys, values, strict=True)))
        for values in itertools.product(*vary.values())
    ]


def sweep(
    scenario: Scenario | str | os.PathLike[str],
    vary: Mapping[str, Sequence[float]],
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    *,
    engine: str = "analytic",
    executor: Executor | None = None,
    seed: int = 0,
    seconds: float | None = None,
    workers: int | None = None,
):
    """Metrics of each policy over a grid of scenarios.

    Parameters
    ----------
    scenario, vary:
        What stays (a preset's name or a .toml file will do), and the values of what does not:
        ``{"softirq.interrupts_per_s": rates}``.
    policies:
        Names or classes; None for all sixteen.
    engine:
        ``analytic`` solves the whole grid at once and leaves out percentiles (``sojourn_p99_us``
        and the like are no variables then; :func:`fpsimd_model.evaluate` has them, point by
        point); ``montecarlo`` simulates point after point, percentiles included.
    executor:
        Any :class:`concurrent.futures.Executor` for the simulated points.
    seed, seconds, workers:
        For the simulation, as :func:`fpsimd_model.evaluate` takes them; the same at every point.

    Returns
    -------
    xarray.Dataset
        A variable for each metric over ``policy`` and the keys of `vary`, with units; not a number
        where a policy has no steady state.  ``attrs`` name the engine and, under ``note``, the
        metrics that it leaves out.

    Raises
    ------
    InputError
        As :func:`grid_of` and :func:`fpsimd_model.evaluate`; a sweep has one engine, not both.

    >>> grid = sweep(Scenario(), {"softirq.interrupts_per_s": [1e3, 1e4]}, ["tracked"])
    >>> grid.scalar_share.dims
    ('policy', 'softirq.interrupts_per_s')
    """
    import xarray

    chosen = _policies.select(policies)
    if engine not in ("analytic", "montecarlo"):
        raise InputError(f"no engine of a sweep is called {engine!r}; analytic, montecarlo are")
    scenarios = grid_of(scenario, vary)
    if engine == "analytic":
        from .analytic.grid import metrics_of

        columns = metrics_of(scenarios, chosen)
    else:
        options = {"seed": seed, "seconds": seconds, "workers": workers}
        columns = _simulated(scenarios, chosen, engine, executor, options)
    shape = (len(chosen), *(len(values) for values in vary.values()))
    dims = ("policy", *vary)
    return xarray.Dataset(
        {
            name: (dims, values.reshape(shape), _attributes(name))
            for name, values in columns.items()
        },
        coords={"policy": [p.name for p in chosen], **{k: list(v) for k, v in vary.items()}},
        attrs=_about(engine, columns),
    )


def _about(engine: str, columns: Mapping[str, np.ndarray]) -> dict[str, str]:
    """What the whole array says of itself: who made it, and what is not in it."""
    absent = [name for name in METRICS if name not in columns]
    if not absent:
        return {"engine": engine}
    note = f"the formula's grid leaves out {', '.join(absent)}; evaluate() has them, point by point"
    return {"engine": engine, "note": note}


def _attributes(name: str) -> dict[str, str]:
    return {"units": METRICS[name].unit, "long_name": METRICS[name].meaning}


def _one(scenario: Scenario, policies: list[type[Policy]], engine: str, options: dict) -> list:
    from .engines import evaluate

    results = evaluate(scenario, policies, engine, **options)
    return [[r.metrics.get(name) for name in METRICS] for r in results]


def _simulated(scenarios, policies, engine, executor, options) -> dict[str, np.ndarray]:
    jobs = (scenarios, *map(itertools.repeat, (policies, engine, options)))
    found = list((executor.map if executor else map)(_one, *jobs))
    values = np.array(found, dtype=float)  # point, policy, metric
    return {name: values[:, :, i].T for i, name in enumerate(METRICS)}
