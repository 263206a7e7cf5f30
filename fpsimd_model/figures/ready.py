"""Figures in one call, from what the engines and the check return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..errors import InputError
from .bars import SavingBars
from .cost_map import CostMap
from .curves import Curves
from .maps import PolicyMap
from .panels import CurvePanels
from .sweeps import cost_map_of, curves_of
from .time_lines import TimeLine
from .verdicts import Verdicts, correctness

if TYPE_CHECKING:
    from xarray import Dataset

    from ..proof import Verdict
    from ..results import Result

__all__ = ["costs", "policy_map", "savings", "time_line"]


def costs(
    data: Curves | Dataset | None = None,
    verdicts: Verdicts | None = None,
    at: float | None = None,
    **options: object,
) -> CurvePanels:
    """Register-move cost above crypto slowdown: the two sides of the bargain.

    Parameters
    ----------
    data:
        Curves, a sweep over one key, or None for a figure that gets its data later.
    verdicts, at:
        For a sweep, see :func:`~fpsimd_model.figures.curves_of`.
    options:
        `size` and `dpi`.

    >>> import fpsimd_model as fm
    >>> grid = fm.sweep(fm.Scenario(), {"softirq.interrupts_per_s": [1e3, 1e4]}, ["tracked"])
    >>> costs(grid).policies
    ('tracked',)
    """
    picture = CurvePanels(["switch_share", "crypto_slowdown"], **options)
    picture.kind = "costs"
    if data is not None:
        picture.set_data(data if isinstance(data, Curves) else curves_of(data, verdicts, at))
    return picture


def policy_map(
    data: CostMap | Dataset,
    verdicts: Verdicts | None = None,
    at: tuple[float, float] | None = None,
    late: Mapping[str, float] | None = None,
    **options: object,
) -> PolicyMap:
    """Which policy is cheapest where, from a map of costs or from a sweep over two keys.

    Parameters
    ----------
    data, verdicts, at, late:
        See :func:`~fpsimd_model.figures.cost_map_of`.
    options:
        `size` and `dpi`.
    """
    picture = PolicyMap(**options)
    picture.set_data(data if isinstance(data, CostMap) else cost_map_of(data, verdicts, at, late))
    return picture


def savings(
    results: Iterable[Result],
    verdicts: Verdicts | None = None,
    metric: str = "saving",
    **options: object,
) -> SavingBars:
    """Bars of what each policy saves (or of another metric), of its first engine."""
    picture = SavingBars(metric, **options)
    values: dict[str, float | None] = {}
    for result in results:
        values.setdefault(result.policy, result.metrics.get(metric))
    picture.set_data(values, correctness(verdicts))
    return picture


def time_line(verdict: Verdict, number: int = 0, **options: object) -> TimeLine:
    """How a refuted policy loses state: its shortest order of events, or another one.

    Raises
    ------
    InputError
        If the policy is correct, or has no order of events of that number.

    >>> from fpsimd_model.proof import check
    >>> time_line(*check("tracked"))
    Traceback (most recent call last):
    ...
    fpsimd_model.errors.InputError: tracked: no order of events loses state: none to draw
    """
    if verdict.correct:
        raise InputError(f"{verdict.policy}: no order of events loses state: none to draw")
    if not 0 <= number < len(verdict.counterexamples):
        raise InputError(
            f"{verdict.policy}: order of events {number} is wanted; there are "
            f"0 to {len(verdict.counterexamples) - 1}"
        )
    picture = TimeLine(**options)
    picture.set_data(verdict.policy, verdict.counterexamples[number])
    return picture
