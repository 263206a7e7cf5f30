"""The kinds of figures, by name: what each takes and what builds it.

A new figure that can be exported, reproduced and told of is one entry in :data:`KINDS` and a
function that makes a :class:`~fpsimd_model.figures.picture.Picture` of a recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from ..bounds import Choice, Number, nearest
from ..errors import InputError, shown
from ..results import METRICS
from ..scenario import presets

if TYPE_CHECKING:
    from .picture import Picture
    from .recipe import Recipe

__all__ = ["KINDS", "Kind", "kind_of"]

Check = Callable[[object], object]

_RATE = Number("a rate", above=True)
_TIME = Number("a number of microseconds", above=True)
_POINTS = Number("a number of points", low=2, high=1000, multiple=1)
_CELLS = Number("a number of rows and columns", low=2, high=100, multiple=1)
_COUNT = Number("a whole number", high=1000, multiple=1)
_MS = Number("a number of milliseconds", high=1e5)
_TAKEN = Choice("fitted", "recorded")
_SWITCH = Number("0 or 1", high=1, multiple=1)


def _ciphers(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not value or len(value) > len(presets("algorithms")):
        raise InputError(f"{shown(value)} is no list of algorithms")
    return [Choice(*presets("algorithms"))(name) for name in value]


def _or_none(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _metrics(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 4:
        raise InputError(f"{shown(value)} is no list of one to four metrics")
    for name in value:
        if not isinstance(name, str) or name not in METRICS:
            raise InputError(f"no metric is called {shown(name)}; there are {', '.join(METRICS)}")
    return list(value)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of figure.

    Attributes
    ----------
    name, title:
        As in file names, and in one line.
    where:
        ``module:name`` within `fpsimd_model`; ``name(recipe)`` makes the picture, and
        ``name_options(recipe)`` its options where they are not given.
    checks:
        Each option's check: the value in its one form, or InputError.
    scenario, data:
        Whether it shows a scenario, a recorded trace.
    table:
        Whether the results at the scenario and the verdicts belong in its text.
    random:
        Whether something in it is simulated whatever the engine.
    timed:
        Whether that simulation is as long as the recipe's `seconds`; if not, an option says.
    policies, engine:
        Where none is named; None for all sixteen.
    """

    name: str
    title: str
    where: str
    checks: Mapping[str, Check] = field(default_factory=dict)
    scenario: bool = True
    data: bool = False
    table: bool = True
    random: bool = False
    timed: bool = True
    policies: tuple[str, ...] | None = None
    engine: str = "analytic"

    @property
    def lists(self) -> set[str]:
        """Options that are lists of words."""
        return {name for name, check in self.checks.items() if check in (_metrics, _ciphers)}

    def build(self, recipe: Recipe) -> Picture:
        """The figure with its data, not yet drawn."""
        return self._load("")(recipe)

    def defaults(self, recipe: Recipe) -> dict[str, object]:
        """Every option as it is where it is not given."""
        return {k: self.checks[k](v) for k, v in self._load("_options")(recipe).items()}

    def complete(self, recipe: Recipe, given: Mapping[str, object]) -> dict[str, object]:
        """Every option, those given in their one form.

        Raises
        ------
        InputError
            On an unknown option or a value out of its domain.
        """
        for key in given:
            if key not in self.checks:
                raise InputError(
                    f"{self.name}: no option is called {shown(key)}; "
                    + (nearest(key, tuple(self.checks)) if self.checks else "it takes none")
                )
        found = dict(given)
        for key, value in given.items():
            try:
                found[key] = self.checks[key](value)
            except InputError as error:
                raise InputError(f"{self.name}: {key}: {error}") from None
        found = {**self.defaults(recipe), **found}
        for low, high in (("low", "high"), ("xlow", "xhigh"), ("ylow", "yhigh"),
                          ("start_ms", "end_ms")):  # fmt: skip
            if low in found and not found[low] < found[high]:
                raise InputError(f"{self.name}: {low} is not below {high}")
        return found

    def _load(self, end: str) -> Callable:
        module, _, name = self.where.partition(":")
        return getattr(import_module(f"fpsimd_model.{module}"), name + end)


_CURVES = {"low": _RATE, "high": _RATE, "points": _POINTS, "panels": _metrics}
_MAP = {"xlow": _RATE, "xhigh": _RATE, "xpoints": _CELLS,
        "ylow": _TIME, "yhigh": _TIME, "ypoints": _CELLS}  # fmt: skip

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "which-policy",
            "Register moves and crypto slowdown over the interrupt rate",
            "figures.builders:curves",
            _CURVES,
        ),
        Kind(
            "what-it-saves",
            "Time in moves and traps saved, packets without NEON, over the interrupt rate",
            "figures.builders:curves",
            _CURVES,
        ),
        Kind(
            "curves",
            "Metrics of each policy over the interrupt rate",
            "figures.builders:curves",
            _CURVES,
        ),
        Kind(
            "policy-map",
            "The cheapest correct policy over interrupt rate and residency",
            "figures.builders:policy_map",
            _MAP,
        ),
        Kind(
            "lost-state",
            "The shortest order of events that loses registers",
            "figures.builders:lost_state",
            {"number": _COUNT},
            scenario=False,
            table=False,
        ),
        Kind(
            "packet-delay",
            "Packets that take longer than a time",
            "figures.builders:packet_delay",
            {"points": _POINTS, "simulated": _SWITCH},
            random=True,
        ),
        Kind(
            "latency-over-load",
            "Crypto slowdown and packet delay over the load",
            "figures.builders:latency_over_load",
            {"points": _POINTS},
        ),
        Kind(
            "throughput-ceiling",
            "Gb/s that one CPU serves at most, by cipher and policy",
            "figures.builders:throughput_ceiling",
            {"ciphers": _ciphers},
        ),
        Kind(
            "overload",
            "One overload: who has the CPU and how many packets wait",
            "figures.builders:overload",
            {"start_ms": _MS, "end_ms": _MS},
            random=True,
            timed=False,
            policies=("tracked", "busy-flag-live", "neon-begin-at-load", "softirqs-off"),
        ),
        Kind(
            "simulation",
            "Simulation beside the formula, with 95% intervals",
            "figures.builders:simulation",
            engine="both",
        ),
        Kind(
            "calibration",
            "A recorded trace as a scenario: fit and prediction",
            "figures.builders:calibration",
            {
                "cpu": _or_none(_COUNT),
                "sections": _or_none(_COUNT),
                "predicted": _SWITCH,
                "arrivals": _TAKEN,
                "durations": _TAKEN,
                "residency_from": _or_none(Choice("kvm_timer", "sched_switch")),
                "tsc_hz": _or_none(Number("a rate", low=1e3, high=1e12)),
            },
            data=True,
            table=False,
            random=True,
        ),
    )
}


def kind_of(name: object) -> Kind:
    """The kind of a name.

    Raises
    ------
    InputError
        If there is none.

    >>> kind_of("policymap")
    Traceback (most recent call last):
    fpsimd_model.errors.InputError: figure: "policymap" is unknown; "policy-map" is the nearest ...
    """
    if isinstance(name, str) and name in KINDS:
        return KINDS[name]
    raise InputError(f"figure: {shown(name)} is unknown; {nearest(name, tuple(KINDS))}")
