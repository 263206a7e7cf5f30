"""All differences of a comparison: what they say together, and which stand out."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .. import policies
from ..results import METRICS

__all__ = ["Agreement", "Difference"]

LIMIT = 4.5


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of one policy in one scenario by a pair of engines.

    `z` is the score, None where there is none; `why` then says "equal", "different" (both are
    exact, or one is certain), "few" (too few events are expected), "jump" (percentiles equal to
    the 0.1% that they are good to) or "assumed" (the formula refuses what the simulation can).
    `note` has the formula's reservations about the scenario.
    """

    scenario: str
    policy: str
    metric: str
    engines: tuple[str, str]
    first: float | None
    second: float | None
    z: float | None
    why: str = ""
    note: str = ""

    @property
    def relative(self) -> float:
        """Relative difference."""
        if not self.second or self.first is None:
            return math.nan
        return self.first / self.second - 1.0


@dataclass(frozen=True)
class Agreement(Sequence):
    """Differences in the order of scenarios, policies, pairs of engines and metrics.

    Attributes
    ----------
    differences:
        All of them.
    scenarios:
        How many scenarios were compared.
    engines, seed, seconds:
        As they were asked for.
    """

    differences: tuple[Difference, ...]
    scenarios: int
    engines: tuple[str, ...]
    seed: int = 0
    seconds: float | None = None

    def __len__(self) -> int:
        return len(self.differences)

    def __getitem__(self, index):
        return self.differences[index]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    @cached_property
    def scored(self) -> tuple[Difference, ...]:
        """Those with a score whose scenarios break no assumption."""
        return tuple(d for d in self if d.z is not None and not d.note)

    @cached_property
    def scores(self) -> np.ndarray:
        """The z-scores of :attr:`scored`."""
        return np.array([d.z for d in self.scored])

    @property
    def spread(self) -> float:
        """Root mean square of the scores: 1 under agreement, up to chance."""
        return float(np.sqrt((self.scores**2).mean())) if len(self.scores) else math.nan

    @property
    def robust_spread(self) -> float:
        """The same from the quartiles, which outliers do not move."""
        if not len(self.scores):
            return math.nan
        low, high = np.percentile(self.scores, (25, 75))
        return float(high - low) / 1.3489795

    @property
    def expected_largest(self) -> float:
        """What the largest of so many independent scores stays below in 19 of 20 cases."""
        from scipy.special import ndtri

        n = max(len(self.scores), 1)
        return float(-ndtri(-np.expm1(math.log(0.95) / n) / 2.0))

    def spread_interval(self, draws: int = 400) -> tuple[float, float]:
        """95% interval of the spread: scenarios drawn again, since scores within one hang
        together (the bootstrap by clusters; A. C. Davison and D. V. Hinkley, 1997, 3.8)."""
        names = {name: i for i, name in enumerate(dict.fromkeys(d.scenario for d in self.scored))}
        which = np.array([names[d.scenario] for d in self.scored], dtype=int)
        square = np.bincount(which, self.scores**2, len(names))
        count = np.bincount(which, minlength=len(names))
        pick = np.random.default_rng(0).integers(len(names), size=(draws, len(names)))
        found = np.sqrt(square[pick].sum(axis=1) / count[pick].sum(axis=1))
        return tuple(float(x) for x in np.percentile(found, (2.5, 97.5)))

    def by(self, key: Callable[[Difference], str], order: Sequence[str] = ()) -> dict:
        """The scores in groups, as ``by(lambda d: d.policy)``."""
        groups: dict[str, list[float]] = {name: [] for name in order}
        for d in self.scored:
            groups.setdefault(key(d), []).append(d.z)
        return {name: np.array(z) for name, z in groups.items() if z}

    def by_metric(self) -> dict[str, np.ndarray]:
        """The scores of each metric that has any."""
        return self.by(lambda d: d.metric, tuple(METRICS))

    def by_policy(self) -> dict[str, np.ndarray]:
        """The scores of each policy."""
        return self.by(lambda d: d.policy, tuple(policy.name for policy in policies.ALL))

    def by_engines(self) -> dict[str, np.ndarray]:
        """The scores of each pair of engines."""
        return self.by(lambda d: " - ".join(d.engines))

    @property
    def contradictions(self) -> list[Difference]:
        """What both know exactly, or one for certain, and do not agree on."""
        return [d for d in self if d.why == "different"]

    def without_score(self) -> dict[str, int]:
        """How many differences have no score, by the reason."""
        return dict(Counter(d.why for d in self if d.z is None))

    def outliers(self, beyond: float = LIMIT) -> list[Difference]:
        """Scores further out than `beyond`, the furthest first."""
        far = [d for d in self.scored if abs(d.z) > beyond]
        return sorted(far, key=lambda d: -abs(d.z))

    def expected(self, beyond: float = LIMIT) -> list[Difference]:
        """The same where the formula itself says what of the scenario it leaves out."""
        far = [d for d in self if d.note and d.z is not None and abs(d.z) > beyond]
        return sorted(far, key=lambda d: -abs(d.z))

    def command(self, d: Difference) -> str:
        """The command line that computes one difference again."""
        names = list(dict.fromkeys(e.scenario for e in self))
        seed = self.seed + names.index(d.scenario)
        time = "" if self.seconds is None else f" --seconds {self.seconds:g}"
        engines = ",".join(d.engines)
        return (
            f"fpsimd-model agree {d.scenario} -p {d.policy} --engines {engines} --seed {seed}{time}"
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write every difference to `path` as CSV, compressed if its name ends in ``.gz``.

        Raises InputError where the place cannot be written.
        """
        from .kept import save

        return save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> Agreement:
        """What :meth:`save` wrote; without a path the designed comparison that comes with the
        package.

        Raises InputError where `path` is no such file.
        """
        from .kept import KEPT, load

        return load(KEPT if path is None else path)

    def to_text(self) -> str:
        """At most 72 columns: a line a metric and a policy, then what stands out."""
        from .report import text

        return text(self)

    def to_dict(self) -> dict:
        """Ready for JSON."""
        from .report import table

        return table(self)
