"""The Monte Carlo engine: policies in, results with 95% intervals out."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from ..errors import InputError
from ..policies import SwitchOnExit, select
from ..policies.base import Policy
from ..results import METRICS, Result
from ..scenario import Scenario
from .estimates import metrics_of
from .limits import overload, unbounded
from .plan import Plan, plan_of
from .reasons import ended, relieved
from .run import Run, replicate
from .streams import checked_seed
from .tables import Model, model_of

__all__ = ["run", "simulate"]

ENGINE = "montecarlo"
SAY_EVERY = 0.1  # seconds between two calls of `progress`
Progress = Callable[[float, float], None]


def simulate(
    scenario: Scenario,
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    *,
    seed: int = 0,
    seconds: float | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Simulate `policies` and estimate every metric.

    Parameters
    ----------
    scenario:
        Any; nothing of it is refused.
    policies:
        Names or classes; None for all sixteen.
    seed:
        A whole number from 0 up.  The same seed gives the same results, whatever `workers` is,
        and every policy the same interrupts, residencies and guest runs.
    seconds:
        Modelled wall time that is measured, over all replications; see :func:`.plan.plan_of` for
        the default.
    workers:
        Threads; None for as many as there are CPUs.
    progress:
        Called now and then with the fraction that is done and the seconds that are left.

    Returns
    -------
    list of Result
        In the order of `policies`.  ``unbounded``: a residency never ends, nothing was simulated.
        ``unstable``: some queue grows without bound; the metrics are those of the first
        `seconds` / 40 from an empty queue, the reason says how long the queue became.

    Raises
    ------
    InputError
        For an unknown policy, a bad seed, a length or a number of workers that is none.

    >>> result, = simulate(Scenario(), "tracked", seed=1, seconds=2.0)
    >>> low, high = result.ci95["puts_per_s"]
    >>> low < result["puts_per_s"] < high
    True
    """
    chosen = select(policies)
    runs = _runs(scenario, chosen, seed, seconds, workers, progress, reference=SwitchOnExit)
    reference = runs.get(SwitchOnExit.name)
    return [_result(policy, runs[policy.name], reference) for policy in chosen]


def _result(policy: type[Policy], found: Run | str, reference: Run | str | None) -> Result:
    if isinstance(found, str):
        return Result(policy.name, ENGINE, dict.fromkeys(METRICS), {}, "unbounded", found)
    values, intervals = metrics_of(found, reference if isinstance(reference, Run) else None)
    why = overload(found.model)
    status, reason = ("unstable", ended(found, why)) if why else ("ok", relieved(found))
    return Result(policy.name, ENGINE, values, intervals, status, reason)


def run(
    scenario: Scenario,
    policy: str | type[Policy],
    *,
    seed: int = 0,
    seconds: float | None = None,
    workers: int | None = None,
) -> Run:
    """One policy's replications with all sums and the distribution of sojourns, for figures.

    Raises
    ------
    InputError
        As :func:`simulate`, and if the policy never ends a residency.
    """
    (policy,) = select([policy])
    found = _runs(scenario, [policy], seed, seconds, workers, None)[policy.name]
    if isinstance(found, str):
        raise InputError(f"{policy.name}: {found}")
    return found


def _runs(
    scenario: Scenario,
    policies: list[type[Policy]],
    seed: int,
    seconds: float | None,
    workers: int | None,
    progress: Progress | None,
    reference: type[Policy] | None = None,
) -> dict[str, Run | str]:
    """By name; of a policy whose residencies never end, the reason.

    If any is run at all, so is `reference`.
    """
    seed, workers = checked_seed(seed), _checked_workers(workers)
    models = {policy: model_of(scenario, policy) for policy in policies}
    found: dict[str, Run | str] = {p.name: unbounded(model) for p, model in models.items()}
    if reference and reference not in models and not all(found.values()):
        models[reference] = model_of(scenario, reference)
        found[reference.name] = unbounded(models[reference])
    todo: list[tuple[Model, Plan]] = []
    for policy, model in models.items():
        plan = plan_of(scenario, seconds, cold=bool(overload(model)))
        if not found[policy.name]:
            todo.append((model, plan))
    clock = _Clock(sum(plan.total for _, plan in todo), progress)
    jobs = [(model, plan, i) for model, plan in todo for i in range(plan.replications)]

    def job(item: tuple[Model, Plan, int]):
        return replicate(item[0], item[1], seed, item[2], clock.tick)

    done = list(map(job, jobs)) if workers == 1 else _in_threads(job, jobs, workers, clock)
    clock.finish()
    for model, plan in todo:
        own, done = done[: plan.replications], done[plan.replications :]
        found[model.table.policy.name] = Run.of(model, plan, own)
    return found


def _checked_workers(workers: int | None) -> int:
    if workers is None:
        return os.cpu_count() or 1
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InputError(f"workers: {workers!r} is no whole number from 1 up")
    return workers


def _in_threads(job: Callable, jobs: list, workers: int, clock: _Clock) -> list:
    """Results in the order of `jobs`; on an interrupt or an error all threads stop soon."""
    clock.told_by_others = True
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(job, item) for item in jobs]
        try:
            pending = set(futures)
            while pending:
                finished, pending = wait(pending, timeout=0.2, return_when=FIRST_EXCEPTION)
                for future in finished:
                    future.result()
                clock.tell()
        except BaseException:
            clock.stopped = True
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


class _Stopped(Exception):
    """Another thread failed, or the user had enough."""


class _Clock:
    """How much is done, and when to say so."""

    def __init__(self, total: float, progress: Progress | None) -> None:
        self.total, self.progress = total, progress
        self.done, self.began, self.said = 0.0, time.monotonic(), time.monotonic()
        self.told_by_others = self.stopped = False
        self.lock = threading.Lock()

    def tick(self, seconds: float) -> None:
        """So many modelled seconds more are done."""
        if self.stopped:
            raise _Stopped
        with self.lock:
            self.done += seconds
        if not self.told_by_others:
            self.tell()

    def tell(self) -> None:
        """Call `progress`, but not too often."""
        now = time.monotonic()
        if self.progress is None or now - self.said < SAY_EVERY or not self.done:
            return
        self.said = now
        fraction = min(self.done / self.total, 1.0)
        self.progress(fraction, (now - self.began) * (1.0 - fraction) / fraction)

    def finish(self) -> None:
        """Nothing is left."""
        if self.progress is not None:
            self.progress(1.0, 0.0)
