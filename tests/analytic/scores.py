"""Both engines on one scenario, as z-scores."""

from __future__ import annotations

import math

import numpy as np

import fpsimd_model as fm
from fpsimd_model.analytic.solved import Solved
from fpsimd_model.montecarlo.plan import REPLICATIONS
from fpsimd_model.montecarlo.statistics import student
from fpsimd_model.parameters import Parameters
from fpsimd_model.policies import select

__all__ = ["agree"]


def agree(scenario: fm.Scenario, names: list[str], seconds: float, seed: int) -> None:
    """Every metric but percentiles within 4.5 standard errors, and their spread about 1.

    Each policy has random numbers of its own, as scores of common ones would hang together.
    """
    scores, p = {}, Parameters.of(scenario)
    for i, policy in enumerate(select(names)):
        exact = Solved(policy, p).metrics
        drawn = fm.evaluate(
            scenario, policy, engine="montecarlo", seconds=seconds, seed=100 * seed + i
        )[0]
        for name, value in exact.items():
            if math.isnan(value) or drawn[name] is None or name not in drawn.ci95:
                continue
            low, high = drawn.ci95[name]
            error, off = 0.5 * (high - low) / student(REPLICATIONS), drawn[name] - value
            if not math.isfinite(error):
                continue
            if error <= 1e-12 * abs(value) or abs(off) < 1e-12:
                assert abs(off) <= 1e-9 * abs(value) + 1e-12, (policy.name, name)
                continue
            scores[policy.name, name] = off / error
    assert len(scores) > 8 * len(names)
    worst = max(scores, key=lambda key: abs(scores[key]))
    assert abs(scores[worst]) < 4.5, (worst, scores[worst])
    assert np.mean(np.square(list(scores.values()))) < 2.5
