"""Engines against each other, metric by metric, in standard errors."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .. import policies as _policies
from ..errors import InputError
from ..policies.base import Policy
from ..results import METRICS
from ..scenario import Scenario
from . import found as _engines
from .agreement import Agreement, Difference
from .found import ENGINES, Found, seconds_of
from .scores import score

__all__ = ["agree"]

Progress = Callable[[float, float], None]


def agree(
    scenarios: Iterable[Scenario],
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    engines: Iterable[str] = ("analytic", "montecarlo"),
    *,
    each: int | None = None,
    slow: int | None = None,
    seed: int = 0,
    seconds: float | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Agreement:
    """Evaluate each scenario with every engine and compare them in pairs.

    Parameters
    ----------
    scenarios:
        Any. Where a scenario breaks an assumption of the formula, its differences carry the
        formula's own words for that and are kept apart.
    policies:
        As for :func:`fpsimd_model.evaluate`.
    engines:
        Two or three of ``analytic``, ``montecarlo`` and ``simpy``.
    each:
        So many of the policies for each scenario, in turn, so that all come equally often; None
        for all of them.
    slow:
        SimPy gets so many of a scenario's policies; None for all that the other engines get.
    seed:
        Scenario i is simulated with `seed` + i.
    seconds:
        Modelled time of each simulation; None for some 3 million events of Monte Carlo and
        100,000 of SimPy, more where a scenario has slow bursts (of SimPy only with ksoftirqd).
    workers:
        Threads of Monte Carlo.
    progress:
        Called with the share done and the seconds left.

    Raises
    ------
    InputError
        As :func:`fpsimd_model.evaluate`; for an unknown engine, fewer than two, or the engine
        simpy without the package SimPy.

    >>> found = agree([Scenario().replace({"softirq.softirq_budget_us": 0})], "tracked", seconds=5)
    >>> bool(abs(found.scores).max() < 5), len(found.contradictions)
    (True, 0)
    """
    chosen, engines = _policies.select(policies), _checked(engines)
    for name, n, of in (("each", each, len(chosen)), ("slow", slow, each or len(chosen))):
        if n is not None and not 0 < n <= of:
            raise InputError(f"{name}: {n} of {of} policies cannot be taken")
    listed = list(scenarios)
    rows: list[Difference] = []
    begin = time.monotonic()
    for i, (scenario, some) in enumerate(zip(listed, _turns(chosen, each, seed), strict=False)):
        name = scenario.name or f"scenario {i + 1}"
        few = some if slow is None else [some[(i + k) % len(some)] for k in range(slow)]
        by_engine = _evaluate(scenario, some, few, engines, seed + i, seconds, workers)
        for policy in some:
            rows += _differences(name, policy.name, by_engine)
        if progress is not None:
            done = (i + 1) / len(listed)
            progress(done, (time.monotonic() - begin) * (1.0 - done) / done)
    return Agreement(tuple(rows), len(listed), engines, seed, seconds)


def _checked(engines: Iterable[str]) -> tuple[str, ...]:
    asked = {engines} if isinstance(engines, str) else set(engines)
    for name in sorted(asked - set(ENGINES)):
        raise InputError(f"no engine is called {name!r}; there are {', '.join(ENGINES)}")
    if len(asked) < 2:
        raise InputError(f"engines: two at least are compared, of {', '.join(ENGINES)}")
    if "simpy" in asked:
        _engines.simpy_engine.need_simpy()
    return tuple(name for name in ENGINES if name in asked)


def _turns(policies: list, each: int | None, seed: int) -> Iterator[list]:
    """Which policies each scenario gets, without end."""
    if each is None:
        yield from itertools.repeat(policies)
    rng, waiting = np.random.default_rng(seed), []
    while True:
        if len(waiting) < each:
            left = [p for p in policies if p not in waiting]
            rng.shuffle(left)
            waiting += left  # a round is over: all have come equally often
        some, waiting = waiting[:each], waiting[each:]
        yield sorted(some, key=policies.index)


def _evaluate(
    scenario: Scenario,
    policies: list[type[Policy]],
    few: list[type[Policy]],
    engines: Sequence[str],
    seed: int,
    seconds: float | None,
    workers: int | None,
) -> dict[str, dict[str, Found]]:
    """By engine and policy; Monte Carlo runs beside the others, which leave it a CPU."""
    found: dict[str, dict[str, Found]] = {}
    with ThreadPoolExecutor(1) as beside:
        if "montecarlo" in engines:
            length = seconds_of("montecarlo", scenario, seconds)
            running = beside.submit(_engines.montecarlo, scenario, policies, seed, length, workers)
        if "analytic" in engines:
            found["analytic"] = _engines.analytic(scenario, policies)
        if "simpy" in engines:
            length = seconds_of("simpy", scenario, seconds)
            found["simpy"] = _engines.simpy(scenario, few, seed, length)
        if "montecarlo" in engines:
            found["montecarlo"] = running.result()
    return found


def _differences(
    scenario: str, policy: str, by_engine: dict[str, dict[str, Found]]
) -> Iterator[Difference]:
    told = [by_engine[e][policy] for e in ENGINES if policy in by_engine.get(e, {})]
    for a, b in itertools.combinations(told, 2):
        pair = (a.engine, b.engine)
        note = (a.reason or b.reason) if "analytic" in pair else ""
        if a.status and b.status and a.status != b.status:
            different = "assumed" if note else "different"
            yield Difference(scenario, policy, "status", pair, None, None, None, different, note)
        if {a.status, b.status} - {"ok", ""}:
            continue  # no steady state to compare
        for metric in METRICS:
            if (found := score(a, b, metric)) is not None:
                values = a.metrics[metric], b.metrics[metric]
                yield Difference(scenario, policy, metric, pair, *values, *found, note)
