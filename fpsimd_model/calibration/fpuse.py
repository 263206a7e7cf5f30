"""The gap between the guest's FP accesses, from runs that used FP or did not.

A trace shows no access, only whether a run that was entered with the trap armed used FP at all. If
gaps are exponential, a run of length t uses FP with probability 1 - exp(-t / gap), and that is all.
For other shapes the time since the last access is hidden: it is carried from run to run as a
distribution over ages (a hidden Markov filter: L. R. Rabiner, Proceedings of the IEEE 77 (1989)
257-286), through runs that tell nothing as well. Gamma gaps from nearly periodic to bursty are
tried; the exponential stays unless another's BIC is lower by 10.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field

import numpy as np

from ..durations import Duration
from .families import FAMILIES
from .intervals import HALF_CHI2, Z
from .seen import Runs

__all__ = ["FpFit", "fit_fp"]

FEW = 20  #: runs with, and runs without FP below which no other shape is tried
BETTER = 10.0  #: in BIC
PERIODIC = 0.004  #: a cv2 that stands for deterministic
CV2 = (PERIODIC, 0.02, 0.06, 0.2, 0.5, 2.0, 5.0)
_RUNS, _FIRST_RUNS = 2000, 500  # that the filter looks at, at most and for a first look
_AGES, _STEPS = 64, 32


@dataclass(frozen=True, eq=False)
class FpFit:
    """The fitted gap.

    Attributes
    ----------
    duration, low_us, high_us:
        For a scenario, and the 95% interval of the mean.
    memoryless_us:
        The exponential gap that predicts as many runs with FP: what an engine without shapes wants.
    runs, used:
        How many runs tell, and how many of them used FP.
    bic:
        Of each shape that was tried, against the best.
    """

    duration: Duration
    low_us: float
    high_us: float
    memoryless_us: float
    runs: int
    used: int
    bic: dict[str, float] = field(default_factory=dict)


def fit_fp(runs: Runs) -> FpFit | None:
    """Mean and shape of the gap; None where no run tells anything.

    If all used FP, or none did, the mean is the one that gives that an even chance.
    """
    tells = (runs.armed == 1) & (runs.live >= 0) & (runs.us > 0)
    times, used = runs.us[tells], runs.live[tells] == 1
    if not len(times):
        return None
    mean, low, high = _memoryless(times, used)
    plain = FpFit(Duration(mean), low, high, mean, len(times), int(used.sum()))
    if min(used.sum(), (~used).sum()) < FEW:
        return plain
    return _with_shape(runs, plain)


def _memoryless(times: np.ndarray, used: np.ndarray) -> tuple[float, float, float]:
    """Mean of exponential gaps, and its interval by likelihood ratio."""
    from scipy.optimize import brentq, minimize_scalar

    yes, no = times[used], float(times[~used].sum())
    bounds = math.log(times.min()) - 12.0, math.log(times.sum()) + 12.0

    def cost(log_mean: float) -> float:
        t = yes * math.exp(-log_mean)
        with np.errstate(divide="ignore"):
            hit = -float(np.log(-np.expm1(-t)).sum()) if len(yes) else 0.0
        return hit + no * math.exp(-log_mean)

    if used.all() or not used.any():
        sign = 1.0 if used.all() else -1.0

        def at(chance: float) -> float:
            return math.exp(brentq(lambda x: sign * (cost(x) + math.log(chance)), *bounds))

        edge = at(0.05)
        return (at(0.5), 0.0, edge) if used.all() else (at(0.5), edge, math.inf)
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    best, least = float(found.x), float(found.fun)

    def above(x: float) -> float:
        return cost(x) - least - HALF_CHI2

    low, high = brentq(above, bounds[0], best), brentq(above, best, bounds[1])
    return math.exp(best), math.exp(low), math.exp(high)


def _with_shape(runs: Runs, plain: FpFit) -> FpFit:
    """A first look at few runs tells whether any other shape is worth a closer one."""
    centre = math.log(plain.memoryless_us)
    first, costs, log_means = _bic(runs, (1.0, *CV2), centre, 1.0, 7, _FIRST_RUNS)
    rival = min(CV2, key=lambda cv2: first[cv2])
    if first[rival] > first[1.0] - 2.0:
        return dataclasses.replace(plain, bic=_relative(first))
    centre = float(log_means[costs[rival].argmin()])
    bic, costs, log_means = _bic(runs, (1.0, *_around(rival)), centre, 0.4, 13, _RUNS)
    best = min(bic, key=bic.get)
    if best != 1.0:  # sharp peaks fall between the means of a wide grid
        centre = float(log_means[costs[best].argmin()])
        near = tuple(cv2 for cv2 in _around(best) if (cv2 < 1.0) == (best < 1.0))
        close, costs, log_means = _bic(runs, near, centre, 0.07, 9, _RUNS)
        bic |= {cv2: min(value, bic.get(cv2, value)) for cv2, value in close.items()}
        best = min(close, key=close.get)
    plain = dataclasses.replace(plain, bic=_relative(bic))
    if best == 1.0 or bic[1.0] - bic[best] < BETTER:
        return plain
    log_mean, error = _parabola(log_means, costs[best])
    mean = math.exp(log_mean)
    error = math.hypot(error, _step(mean, best) / mean / math.sqrt(12.0))  # the grid's own
    if best == PERIODIC:
        duration = Duration(mean, "deterministic")
    else:
        duration = Duration(mean, "gamma", best)
    low, high = mean * math.exp(-Z * error), mean * math.exp(Z * error)
    return dataclasses.replace(plain, duration=duration, low_us=low, high_us=high)


def _around(cv2: float) -> tuple[float, ...]:
    """A shape and its neighbours."""
    i = CV2.index(cv2)
    return CV2[max(i - 1, 0) : i + 2]


def _bic(
    runs: Runs, shapes: tuple[float, ...], centre: float, around: float, means: int, most: int
) -> tuple[dict[float, float], dict[float, np.ndarray], np.ndarray]:
    """BIC of each shape, its costs over the means, and the logarithms of those."""
    us, armed, live = (column[:most] for column in (runs.us, runs.armed, runs.live))
    told = (armed == 1) & (live >= 0)
    words = np.where(told, np.where(live == 1, 1, 0), -1)  # used, not used, nobody knows
    number = math.log(max(int(told.sum()), 2))
    log_means = centre + np.linspace(-around, around, means)
    costs = {cv2: _filter(us, words, np.exp(log_means), cv2) for cv2 in shapes}
    bic = {
        cv2: 2.0 * float(c.min()) + (1 if cv2 == 1.0 else 2) * number for cv2, c in costs.items()
    }
    return bic, costs, log_means


def _relative(bic: dict[float, float]) -> dict[str, float]:
    best = min(bic.values())
    names = {1.0: "exponential", PERIODIC: "deterministic"}
    ordered = sorted(bic.items(), key=lambda item: item[1])
    return {names.get(cv2, f"gamma {cv2:g}"): value - best for cv2, value in ordered}


def _parabola(x: np.ndarray, cost: np.ndarray) -> tuple[float, float]:
    """Place and standard error of a minimum, from the parabola through its three lowest points."""
    i = min(max(int(cost.argmin()), 1), len(x) - 2)
    h = x[1] - x[0]
    slope, bend = (cost[i + 1] - cost[i - 1]) / (2 * h), np.diff(cost[i - 1 : i + 2], 2)[0] / h**2
    if bend <= 0:
        return float(x[i]), float(h)
    shift = min(max(-slope / bend, -h), h)
    return float(x[i] + shift), float(1.0 / math.sqrt(bend))


def _filter(us: np.ndarray, words: np.ndarray, means: np.ndarray, cv2: float) -> np.ndarray:
    """Minus the log-likelihood for each mean; ages are cells of a grid, as are run lengths."""
    step = _step(float(means.max()), cv2)
    ends = np.round(np.cumsum(us) / step).astype(int)  # so that roundings do not add up
    cells = np.minimum(np.diff(ends, prepend=0), 4 * _AGES)
    cells = np.where(cells > _STEPS, np.round(cells / 16).astype(int) * 16, cells)
    cells = np.where((cells == 0) & (words == 1), 1, cells)
    ages = (np.arange(_AGES + 1) + 0.5) * step  # a gap of k steps: one that rounds to k
    ages[0] = 0.0
    family = FAMILIES["gamma"]
    stay = np.array([_stays(family.survival(ages, mean, cv2)) for mean in means])  # (M, A)
    one = np.zeros((len(means), _AGES, _AGES))  # [m, to, from]
    index = np.arange(_AGES)
    one[:, np.minimum(index + 1, _AGES - 1), index] += stay
    quiet = one.copy()
    one[:, 0, :] += 1.0 - stay
    powers, silences = _powers(one, cells), _powers(quiet, cells)
    weight = _settled(stay)
    cost = np.zeros(len(means))
    for n, word in zip(cells.tolist(), words.tolist(), strict=True):
        silent = (silences[n] @ weight[:, :, None])[:, :, 0] if word >= 0 else 0.0
        if word == 0:
            weight = silent
        else:
            weight = (powers[n] @ weight[:, :, None])[:, :, 0] - (silent if word == 1 else 0.0)
            weight = np.maximum(weight, 0.0)
        total = np.maximum(weight.sum(axis=1), 1e-12)
        cost -= np.log(total)
        weight = weight / total[:, None]
    return cost


def _step(mean: float, cv2: float) -> float:
    """Cells up to the oldest age that matters: nearly periodic gaps end soon, bursty ones late."""
    return mean * min(1.0 + 4.0 * math.sqrt(cv2), 4.0) / _AGES


def _stays(survival: np.ndarray) -> np.ndarray:
    """Chance in each cell of age that no access comes in the next; the last cell's goes on."""
    stay = np.where(survival[:-1] > 1e-12, survival[1:] / np.maximum(survival[:-1], 1e-300), 0.0)
    return np.clip(stay, 0.0, 1.0 - 1e-9)


def _settled(stay: np.ndarray) -> np.ndarray:
    """Ages in the long run."""
    weight = np.cumprod(np.hstack([np.ones((len(stay), 1)), stay[:, :-1]]), axis=1)
    weight[:, -1] /= 1.0 - stay[:, -1]
    return weight / weight.sum(axis=1, keepdims=True)


def _powers(one: np.ndarray, cells: np.ndarray) -> dict[int, np.ndarray]:
    """The powers of a transition matrix that the runs need."""
    found, last, power = {}, 0, np.broadcast_to(np.eye(one.shape[1]), one.shape)
    for n in np.unique(cells).tolist():
        power = np.linalg.matrix_power(one, n - last) @ power
        found[n], last = power, n
    return found
