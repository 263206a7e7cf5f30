"""One question, either engine or both: what does each policy cost, and how slow is crypto?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from . import policies as _policies
from .errors import InputError
from .policies.base import Policy
from .results import Results
from .scenario import Scenario

__all__ = ["ENGINES", "compare", "evaluate"]

ENGINES = ("analytic", "montecarlo", "both")


def evaluate(
    scenario: Scenario | str | os.PathLike[str],
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    engine: str = "analytic",
    *,
    seed: int = 0,
    seconds: float | None = None,
    workers: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Results:
    """Metrics of each policy in `scenario`.

    Parameters
    ----------
    scenario:
        The machine and its load; a preset's name or a .toml file will do.
    policies:
        Names or classes, one or several; None for all sixteen.
    engine:
        ``analytic`` (a formula, milliseconds), ``montecarlo`` (a simulation, with 95% confidence
        intervals) or ``both``.
    seed, seconds, workers, progress:
        For the simulation: same seed, same result on any number of workers; modelled wall time;
        threads; called with the share done and the seconds left.

    Returns
    -------
    Results
        In the order of the policies, the analytic one first.

    Raises
    ------
    InputError
        On an unknown policy or engine, or a scenario that the engine does not cover.

    >>> results = evaluate(Scenario(), ["tracked", "switch-on-exit"])
    >>> round(results["tracked"]["saving"], 2)
    0.56
    """
    scenario = Scenario.of(scenario)
    chosen = _policies.select(policies)
    if engine not in ENGINES:
        raise InputError(f"no engine is called {engine!r}; there are {', '.join(ENGINES)}")
    found: dict[str, list] = {}
    if engine in ("analytic", "both"):
        from . import analytic

        found["analytic"] = analytic.evaluate(scenario, chosen)
    if engine in ("montecarlo", "both"):
        from . import montecarlo

        found["montecarlo"] = montecarlo.simulate(
            scenario, chosen, seed=seed, seconds=seconds, workers=workers, progress=progress
        )
    paired = zip(*found.values(), strict=True)
    return Results(scenario, tuple(result for pair in paired for result in pair))


def compare(
    scenario: Scenario | str | os.PathLike[str], policies: Iterable[str | type[Policy]], **options
) -> Results:
    """:func:`evaluate` of `scenario` for a list of `policies`; same `options`, same errors."""
    return evaluate(scenario, policies, **options)
