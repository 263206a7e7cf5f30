"""What made a figure, as a value: enough to make it again, and to be told by whoever gets it.

A recipe goes into every file that is exported, and comes out of files of strangers.  So all of it
is data: names of figures and policies that the package knows, numbers within bounds, a scenario as
its file would have it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..bounds import Choice, Number
from ..engines import ENGINES
from ..errors import InputError, shown
from ..policies import Policy, get, select
from ..scenario import Scenario
from ..scenario.reading import LARGEST_FILE
from ..scenario.writing import to_toml
from .data import Data
from .embed import MARK
from .kinds import KINDS, Kind, kind_of

if TYPE_CHECKING:
    from ..proof import Verdict

__all__ = ["Recipe"]

_SEED = Number("a seed", high=2**63 - 1, multiple=1)
_SECONDS = Number("a number of modelled seconds", above=True, high=1e5)
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,50}\.toml")
_LINE = re.compile(r"[!-~ ]{0,4000}")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A figure's kind with its options, the scenario and the policies, engine and seed.

    Attributes
    ----------
    figure:
        Name of a :class:`~fpsimd_model.figures.kinds.Kind`.
    scenario:
        None for figures that show none.
    policies:
        Names or classes, None for those that the kind usually has; classes once made.
    engine, seed, seconds:
        As :func:`fpsimd_model.evaluate` takes them; None for the kind's usual engine.
    options:
        What the kind takes; complete once made.
    data:
        The recorded trace, for figures of one.
    file:
        What the command calls the scenario's file, where it needs one.
    line:
        What restores the app's state.

    Raises
    ------
    InputError
        On anything that is unknown or out of its domain.

    >>> from fpsimd_model.scenario import preset
    >>> recipe = Recipe(figure="which-policy", scenario=preset("vm-idle"), policies=["tracked"])
    >>> recipe.options["low"], recipe.options["panels"]
    (2000.0, ['switch_share', 'crypto_slowdown'])
    >>> Recipe.read(recipe.parameters()) == recipe
    True
    """

    figure: str
    scenario: Scenario | None = None
    policies: Iterable[str | type[Policy]] | None = None
    engine: str | None = None
    seed: int = 0
    seconds: float | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    data: Data | None = None
    file: str = ""
    line: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        kind = kind_of(self.figure)
        if kind.scenario and self.scenario is None:
            raise InputError(f"{self.figure}: the figure wants a scenario")
        if kind.data and self.data is None:
            raise InputError(f"{self.figure}: the figure wants a recorded trace")
        if self.data is not None and not kind.data:
            of_traces = ", ".join(name for name in KINDS if KINDS[name].data)
            raise InputError(f"{self.figure}: shows no recorded trace; {of_traces} does")
        put("policies", tuple(select(kind.policies if self.policies is None else self.policies)))
        if not self.policies:
            raise InputError("no policy is chosen; take at least one")
        engine = kind.engine if self.engine is None else self.engine
        put("engine", _checked("engine", Choice(*ENGINES), engine))
        put("seed", _checked("seed", _SEED, self.seed))
        if self.seconds is not None:
            put("seconds", _checked("seconds", _SECONDS, self.seconds))
        put("options", MappingProxyType(kind.complete(self, self.options)))

    @property
    def kind(self) -> Kind:
        """That of the figure."""
        return kind_of(self.figure)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the policies."""
        return tuple(policy.name for policy in self.policies)

    @property
    def random(self) -> bool:
        """Whether the seed matters."""
        asked = all(self.options.get(name, 1) for name in ("simulated", "predicted"))
        return self._by_engine or (self.kind.random and asked)

    @property
    def timed(self) -> bool:
        """Whether `seconds` matters."""
        return self._by_engine or (self.random and self.kind.timed)

    @property
    def _by_engine(self) -> bool:
        """Whether the engine simulates: a figure without results asks none."""
        return self.engine != "analytic" and self.kind.table

    @property
    def simulation(self) -> dict[str, object]:
        """Seed and seconds, as the engines take them."""
        return {"seed": self.seed, "seconds": self.seconds}

    def located(self, folders: Iterable[str | os.PathLike[str]] = ()) -> Recipe:
        """With its trace found in one of `folders` or where the package has its own."""
        return self if self.data is None else replace(self, data=self.data.found(folders))

    def verdicts(self) -> list[Verdict]:
        """The check of each policy, under the events that the scenario has."""
        from ..proof import check

        task_neon = self.scenario is not None and self.scenario.vcpu.task_neon_per_s > 0
        return check(*self.policies, task_neon=task_neon)

    # -- as parameters of a file -------------------------------------------------------------------

    def parameters(self, version: str | None = None) -> dict[str, object]:
        """Ready for JSON; the scenario as the text of its file, samples written out.

        Raises
        ------
        InputError
            If the scenario has more samples than a scenario file may hold.
        """
        from .commands import command_of

        if version is None:
            from .. import __version__ as version
        found: dict[str, object] = {
            MARK: version,
            "figure": self.figure,
            "options": dict(self.options),
            "policies": list(self.names),
            "engine": self.engine,
            "seed": self.seed,
            "seconds": self.seconds,
            "command": command_of(self),
        }
        if self.data is not None:
            found["data"] = self.data.to_dict()
        for key in ("file", "line"):
            if getattr(self, key):
                found[key] = getattr(self, key)
        return found | {"scenario": scenario_text(self.scenario)}

    @classmethod
    def read(cls, parameters: Mapping[str, object]) -> Recipe:
        """The inverse of :meth:`parameters`, for parameters that anybody may have written.

        Raises
        ------
        InputError
            On anything that :meth:`parameters` cannot have written.
        """
        found = dict(parameters)
        figure, policies, options = (found.get(k) for k in ("figure", "policies", "options"))
        if not isinstance(figure, str):
            raise InputError("the parameters do not say what figure this is")
        if not isinstance(policies, list) or not all(isinstance(p, str) for p in policies):
            raise InputError("policies: a list of names is wanted")
        if not isinstance(options, dict):
            raise InputError(f"{figure}: the file has the figure's data but not how to make it")
        data = found.get("data")
        return cls(
            figure=figure,
            scenario=scenario_in(found.get("scenario")),
            policies=[_known(name) for name in policies],
            engine=found.get("engine") or "",
            seed=found.get("seed"),
            seconds=found.get("seconds"),
            options=options,
            data=None if data is None else Data.read(data),
            file=_word(found, "file", _FILE),
            line=_word(found, "line", _LINE),
        )


def scenario_text(scenario: Scenario | None) -> str | None:
    """The whole scenario as its file would have it: every value, its source, its samples."""
    if scenario is None:
        return None
    text = to_toml(scenario, None)
    if len(text) > LARGEST_FILE:
        raise InputError(
            f"the scenario and its samples take more than {LARGEST_FILE // 10**6} MB; "
            "thin the samples out, so that they fit into the files"
        )
    return text


def scenario_in(text: object) -> Scenario | None:
    """The scenario that a file holds; it cannot name other files."""
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > LARGEST_FILE:
        raise InputError(f"scenario: {shown(text)} is no scenario file's text")
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError):
        tables = {}  # reading it below says what is wrong, and where
    for table in tables.values():
        for key, value in table.items() if isinstance(table, dict) else ():
            if isinstance(value, dict) and isinstance(value.get("samples"), str):
                raise InputError(f"scenario: {shown(key)} names a file; samples are wanted")
    return Scenario.from_toml(text, name="the scenario inside")


def _checked(name: str, check, value: object):
    try:
        return check(value)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _known(name: str) -> type[Policy]:
    try:
        return get(name)
    except InputError as error:
        raise InputError(f"{error}; a policy of one's own is not in the file") from None


def _word(found: Mapping[str, object], key: str, form: re.Pattern[str]) -> str:
    value = found.get(key, "")
    if value == "" or (isinstance(value, str) and form.fullmatch(value)):
        return value
    raise InputError(f"{key}: {shown(value)} is not what this package writes")
