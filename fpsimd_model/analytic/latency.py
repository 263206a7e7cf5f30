"""How long packets take: percentiles and the whole distribution, policy by policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from .. import policies as _policies
from ..errors import InputError
from ..parameters import Parameters
from ..policies.base import Policy
from ..scenario import Scenario
from .behind import FIRST
from .chain import Flows
from .held_sojourn import HeldSojourns, held_in_bursts, held_sojourns
from .mmpp.law import BurstSojourns
from .mmpp.phases import Phases
from .sojourn import Packets, Sojourns
from .solved import Solved, phases_of

__all__ = ["Laws", "percentiles_of", "sojourn_survival"]

_T = TypeVar("_T")
_Law = HeldSojourns | BurstSojourns | Sojourns


class Laws:
    """Distributions of sojourn times of the policies that serve packets and have a steady state.

    Set up once, asked as often as wanted.  Policies whose softirqs neither wait for vcpu_put nor
    come in bursts are solved together, the others one by one.

    Parameters
    ----------
    p:
        One scenario.
    solved:
        Policies in it; those without a steady state or without packets have no law, nor have
        those whose residencies have too many phases (:class:`.solved.Solved`).
    phases:
        Those of MMPP arrivals, as from :func:`.solved.phases_of`.

    >>> from fpsimd_model.policies import Tracked
    >>> p = Parameters.of(Scenario())
    >>> laws = Laws(p, [Solved(Tracked, p)])
    >>> [round(float(t) * 1e6, 2) for t in laws.percentiles([0.5, 0.99])[Tracked]]
    [1.82, 2.48]
    >>> round(laws.survival_at(2.48e-6)[Tracked], 3)
    0.01
    """

    def __init__(
        self, p: Parameters, solved: Sequence[Solved], phases: Phases | None = None
    ) -> None:
        served = [s for s in solved if s.has_law and p.interrupt_rate[0] > 0]
        packets = Packets(
            float(p.interrupt_rate[0]),
            float(p.batch[0]),
            bool(p.batch_fixed[0]),
            bool(p.service_cv2[0] > 0),
            float(p.other_rate[0]),
            float(p.other_cost[0]),
        )
        self.plain: list[type[Policy]] = []
        self.single: dict[type[Policy], _Law | None] = {}  # None: its equations are singular
        self._means = {s.policy: s.metrics["sojourn_mean_us"] * 1e-6 for s in served}
        together: list[tuple] = []
        for s in served:
            if phases is not None:
                self.single[s.policy] = _unless_singular(partial(_in_bursts, packets, phases, s, p))
                continue
            weight = (s.flows.period_flow * s.flows.periods.packets)[0]
            one = s.flows.periods, weight, _already(s.flows, p)
            drawn = packets.exponential and np.any(s.flows.periods.moves > 0.0)
            if s.held is None and not drawn:
                self.plain.append(s.policy)
                together.append(one)
            else:
                self.single[s.policy] = _unless_singular(partial(_by_itself, packets, one, s, p))
        self.together = Sojourns(packets, *zip(*together, strict=True)) if together else None

    def percentiles(self, shares: Iterable[float]) -> dict[type[Policy], np.ndarray]:
        """Seconds below which the `shares` of packets are served, (len(shares),) a policy.

        Not a number where they are lost in rounding.
        """
        shares = list(shares)
        found: dict[type[Policy], np.ndarray] = {}
        if self.together is not None:
            found = dict(zip(self.plain, self.together.percentiles(shares), strict=True))
        for policy, law in self.single.items():
            times = law and _unless_singular(partial(law.percentiles, shares, self._means[policy]))
            found[policy] = np.full(len(shares), np.nan) if times is None else times[0]
        return {p: _sound(times, shares, self._means[p]) for p, times in found.items()}

    def survival(self, t: np.ndarray) -> dict[type[Policy], np.ndarray]:
        """P(sojourn > t) at times `t` (n,) in seconds, (n,) a policy."""
        t = np.asarray(t, dtype=float)
        later = t > 0.0
        if not later.any():
            return {policy: np.ones(len(t)) for policy in [*self.plain, *self.single]}
        found = {}
        for policy, law in self.single.items():
            values = law and _unless_singular(partial(law.survival_grid, t[later]))
            found[policy] = np.full(later.sum(), np.nan) if values is None else values[0]
        if self.together is not None:
            found |= zip(self.plain, self.together.survival_grid(t[later]), strict=True)
        out = {policy: np.ones(len(t)) for policy in found}
        for policy, values in found.items():
            out[policy][later] = values
        return out

    def survival_at(self, t: float) -> dict[type[Policy], float]:
        """P(sojourn > t) at one time in seconds."""
        return {policy: float(v[0]) for policy, v in self.survival(np.array([t])).items()}


def _sound(times: np.ndarray, shares: Sequence[float], mean: float) -> np.ndarray:
    """`times` (n,), or not a number if no distribution of that mean has such percentiles."""
    lost = (times * (1.0 - np.array(shares)) > 1.001 * mean).any()  # Markov's inequality
    in_order = times[np.argsort(shares)]
    lost |= (np.diff(in_order) < -1e-6 * in_order[:-1]).any()
    return np.full(len(times), np.nan) if lost else times


def _by_itself(packets: Packets, one: tuple, s: Solved, p: Parameters) -> HeldSojourns | Sojourns:
    law, total = None, float(one[1].sum())
    if total > 0.0:
        law = Sojourns(packets, *([part] for part in one))
    if s.held is not None:
        law = held_sojourns(s.table, p, s.flows, s.held, packets, law, total)
    return law


def _unless_singular(work: Callable[[], _T]) -> _T | None:
    """Its result; None where equations are singular in double precision."""
    try:
        return work()
    except np.linalg.LinAlgError:
        return None


def _in_bursts(packets: Packets, phases: Phases, s: Solved, p: Parameters):
    at_once = BurstSojourns(packets, phases, s.flows) if s.flows.bursts else None
    if s.held is None:
        return at_once
    return held_in_bursts(s.table, p, s.flows, s.held, packets, phases, at_once)


def _already(flows: Flows, p: Parameters) -> np.ndarray:
    """(k,) of each busy period, as in :class:`.kinds.Kinds`."""
    rows, row = flows.rows, flows.period_row
    parent = rows.parent[row]
    mean = p.other_rate[0] * flows.before[0, rows.state[parent], rows.event[parent]]
    return np.where(rows.how[row] == FIRST, mean, 0.0)


def percentiles_of(
    p: Parameters,
    solved: Sequence[Solved],
    shares: Iterable[float],
    phases: Phases | None = None,
) -> dict[type[Policy], np.ndarray]:
    """Seconds below which the `shares` of packets are served, for each policy that has any."""
    return Laws(p, solved, phases).percentiles(shares)


def sojourn_survival(
    scenario: Scenario,
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None,
    t_us: Sequence[float] | np.ndarray,
) -> np.ndarray:
    """P(sojourn > t): the share of packets that take longer than t, interrupt to completion.

    Parameters
    ----------
    scenario:
        The machine and its load.
    policies:
        Names or classes, one or several; None for all sixteen.
    t_us:
        (n,) microseconds, 0 or more.

    Returns
    -------
    array
        (policies, n); not a number for a policy without steady state, without packets, or with
        softirqs held back for a residency of too many phases: :func:`evaluate` gives the reason.

    Raises
    ------
    InputError
        On an unknown policy, or a time below 0.

    >>> over = sojourn_survival(Scenario(), "tracked", [0.0, 2.0, 10.0])
    >>> over.shape, float(over[0, 0])
    ((1, 3), 1.0)
    """
    from .engine import uncovered

    chosen = _policies.select(policies)
    t = np.asarray(t_us, dtype=float) * 1e-6
    if t.ndim != 1 or not (np.isfinite(t).all() and (t >= 0.0).all()):
        raise InputError("t_us: give times in microseconds, each 0 or more, as one list")
    p = Parameters.of(scenario)
    phases = phases_of(scenario)
    covered = [policy for policy in dict.fromkeys(chosen) if not uncovered(scenario, policy)]
    found = Laws(p, [Solved(policy, p, phases) for policy in covered], phases)
    rows, none = found.survival(t), np.full(len(t), np.nan)
    return np.array([rows.get(policy, none) for policy in chosen]).reshape(-1, len(t))
