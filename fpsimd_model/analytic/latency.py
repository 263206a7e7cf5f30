"""How long packets take: percentiles and the whole distribution, policy by policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .. import policies as _policies
from ..errors import InputError
from ..parameters import Parameters
from ..policies.base import Policy
from ..scenario import Scenario
from .held_sojourn import HeldSojourns
from .mmpp.law import BurstSojourns
from .mmpp.phases import Phases
from .sojourn import Packets, Sojourns
from .solved import Solved, phases_of

__all__ = ["percentiles_of", "sojourn_survival"]


class _Laws:
    """Distributions of the policies that serve packets and have a steady state.

    `plain` are solved together; `single` ones, whose softirqs wait for vcpu_put or come in
    bursts, one by one.
    """

    def __init__(
        self, p: Parameters, solved: Sequence[Solved], phases: Phases | None = None
    ) -> None:
        served = [s for s in solved if s.flows is not None and p.interrupt_rate[0] > 0]
        packets = Packets(
            float(p.interrupt_rate[0]),
            float(p.batch[0]),
            bool(p.batch_fixed[0]),
            bool(p.service_cv2[0] > 0),
            float(p.other_rate[0]),
            float(p.other_cost[0]),
        )
        self.plain: list[type[Policy]] = []
        drawn = packets.exponential
        self.single: dict[type[Policy], tuple[HeldSojourns | BurstSojourns | Sojourns, float]] = {}
        periods, weights = [], []
        for s in served:
            mean = s.metrics["sojourn_mean_us"] * 1e-6
            if phases is not None:
                self.single[s.policy] = BurstSojourns(packets, phases, s.flows), mean
                continue
            weight = (s.flows.period_flow * s.flows.periods.packets)[0]
            if s.held is None and drawn and np.any(s.flows.periods.moves > 0.0):
                mixed = Sojourns(packets, [s.flows.periods], [weight])
                self.single[s.policy] = mixed, mean
            elif s.held is None:
                self.plain.append(s.policy)
                periods.append(s.flows.periods)
                weights.append(weight)
            else:
                alone = None
                if weight.sum() > 0:
                    alone = Sojourns(packets, [s.flows.periods], [weight]), float(weight.sum())
                self.single[s.policy] = HeldSojourns(s.table, p, s.flows, s.held, alone), mean
        self.together = Sojourns(packets, periods, weights) if periods else None


def percentiles_of(
    p: Parameters,
    solved: Sequence[Solved],
    shares: Iterable[float],
    phases: Phases | None = None,
) -> dict[type[Policy], np.ndarray]:
    """Seconds below which the `shares` of packets are served, for each policy that has any."""
    laws, shares = _Laws(p, solved, phases), list(shares)
    found: dict[type[Policy], np.ndarray] = {}
    if laws.together is not None:
        found = dict(zip(laws.plain, laws.together.percentiles(shares), strict=True))
    for policy, (law, mean) in laws.single.items():
        found[policy] = law.percentiles(shares, mean)[0]
    return found


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
        (policies, n); not a number for a policy without steady state, or without packets.

    Raises
    ------
    InputError
        On an unknown policy, a time below 0, or a scenario that the engine does not cover.

    >>> over = sojourn_survival(Scenario(), "tracked", [0.0, 2.0, 10.0])
    >>> over.shape, float(over[0, 0])
    ((1, 3), 1.0)
    """
    from .engine import refuse

    chosen = _policies.select(policies)
    t = np.asarray(t_us, dtype=float) * 1e-6
    if t.ndim != 1 or not (np.isfinite(t).all() and (t >= 0.0).all()):
        raise InputError("t_us: give times in microseconds, each 0 or more, as one list")
    refuse(scenario, chosen)
    p = Parameters.of(scenario)
    phases = phases_of(scenario)
    laws = _Laws(p, [Solved(policy, p, phases) for policy in dict.fromkeys(chosen)], phases)
    out = np.full((len(chosen), len(t)), np.nan)
    later = t > 0.0
    found = {policy: law.survival_grid(t[later])[0] for policy, (law, _) in laws.single.items()}
    if laws.together is not None:
        found |= zip(laws.plain, laws.together.survival_grid(t[later]), strict=True)
    for row, policy in zip(out, chosen, strict=True):
        if policy in found:
            row[later], row[~later] = found[policy], 1.0
    return out
