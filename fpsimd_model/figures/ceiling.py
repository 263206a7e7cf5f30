"""How many Gb/s one CPU can serve at most, by cipher and policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .curves import Axis, Curves
from .groups import Group, groups_of
from .numbers import significant
from .verdicts import Verdicts, correctness

if TYPE_CHECKING:
    from ..policies import Policy
    from ..scenario import Scenario

__all__ = ["Ceilings", "ceilings_of"]

_MOST = "max_packets_per_s"
_TIMES = ("crypto.simd_cycles_per_byte", "crypto.slowdown")


@dataclass(frozen=True, eq=False)
class Ceilings:
    """Gb/s at most.

    Attributes
    ----------
    ciphers:
        The fastest first.
    gbps:
        (ciphers,) of each policy.
    correct:
        The check's verdicts.
    machine:
        Which machine, packets and stack, in words.
    assumed:
        Ciphers whose time or slowdown was assumed, or measured on another core.
    """

    ciphers: tuple[str, ...]
    gbps: Mapping[str, np.ndarray]
    correct: Mapping[str, bool] = field(default_factory=dict)
    machine: str = ""
    assumed: frozenset[str] = frozenset()

    @property
    def groups(self) -> list[Group]:
        """Policies with the same ceilings, the highest first."""
        values = {policy: {_MOST: found} for policy, found in self.gbps.items()}
        place = Axis("cipher", "cipher", log=False)
        curves = Curves(place, np.arange(len(self.ciphers)), values, self.correct)
        groups = groups_of(curves, [_MOST], reach=0)
        return sorted(groups, key=lambda group: -float(self.gbps[group.head].sum()))


def ceilings_of(
    scenario: Scenario,
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    verdicts: Verdicts | None = None,
    *,
    ciphers: Sequence[str] | None = None,
) -> Ceilings:
    """The largest throughput at which every kind of busy period still ends by itself.

    A policy that ever refuses NEON to a softirq is bounded by scalar crypto: while packets wait,
    service goes on without NEON, and if that is slower than they come, the queue never empties.
    ksoftirqd, which lifts that bound at the price of everything else on the CPU, is left out.

    Parameters
    ----------
    scenario:
        The machine, the size of packets and the stack's time; its cipher and load do not matter.
    policies:
        Names or classes; None for all sixteen.
    verdicts:
        Of the check; by default the policies are checked.
    ciphers:
        Presets of algorithms; None for all.

    Raises
    ------
    InputError
        On an unknown policy or algorithm, or none.

    >>> from fpsimd_model.scenario import preset
    >>> found = ceilings_of(preset("cortex-a57-ipsec"), ["tracked", "busy-flag-live"],
    ...                     ciphers=["aes-128-gcm"])
    >>> {name: round(float(gbps[0]), 2) for name, gbps in found.gbps.items()}
    {'tracked': 4.07, 'busy-flag-live': 0.31}
    """
    from ..analytic.grid import metrics_of
    from ..policies import select
    from ..proof import check
    from ..scenario import presets

    chosen = list(dict.fromkeys(select(policies)))
    names = list(presets("algorithms") if ciphers is None else ciphers)
    if not names:
        raise InputError("no cipher is named; presets('algorithms') lists them")
    verdicts = check(*chosen) if verdicts is None else verdicts
    each = [scenario.replace({"crypto.algorithm": name}) for name in names]
    each = [s.replace({"softirq.interrupts_per_s": 1.0}) for s in each]
    assumed = {n for n, s in zip(names, each, strict=True) if any(_assumed(s, k) for k in _TIMES)}
    gbps = metrics_of(each, chosen)[_MOST] * (8e-9 * scenario.softirq.packet_bytes)
    order = np.argsort(-gbps.max(axis=0), kind="stable")
    return Ceilings(
        tuple(names[i] for i in order),
        {p.name: row[order] for p, row in zip(chosen, gbps, strict=True)},
        correctness(verdicts),
        _machine(scenario),
        frozenset(assumed),
    )


def _assumed(scenario: Scenario, key: str) -> bool:
    return scenario.source_of(key).startswith("assumed")


def _machine(scenario: Scenario) -> str:
    name = scenario.machine_preset or "a machine of its own"
    clock = significant(scenario.machine.clock_ghz, 3)
    stack = significant(scenario.softirq.stack_ns, 3)
    size = significant(scenario.softirq.packet_bytes, 4)
    return f"one CPU: {name}, {clock} GHz; packets of {size} bytes, {stack} ns of stack each"
