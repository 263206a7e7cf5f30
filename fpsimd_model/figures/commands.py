"""The command that makes a figure again: a preset's name and what differs from it, or a file's."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import InputError
from ..policies import ALL, select
from ..scenario import TABLES, Scenario, preset, presets
from ..scenario.writing import toml_value

if TYPE_CHECKING:
    from .recipe import Recipe

__all__ = ["DEFAULT", "changes", "command_of", "in_short", "nearest_preset"]

DEFAULT = ("cortex-a57-ipsec", "which-policy")  #: what `reply` takes where nothing is named
_FEW = 8  # settings; with more of them, a file is easier to read and to send
_LONG = 60  # letters of a setting that fits on a line of a mail


def command_of(recipe: Recipe) -> str:
    """One line for a shell; none for a policy of one's own, which no command knows.

    >>> from fpsimd_model.figures import Recipe
    >>> command_of(Recipe(figure="policy-map", policies=["tracked", "flush-hook"],
    ...     scenario=preset("vm-idle").replace({"vcpu.residency_us": 500})))
    'fpsimd-model reply vm-idle --set vcpu.residency_us=500 --figure policy-map --policy tracked \
--policy flush-hook'
    """
    if not set(recipe.policies) <= set(ALL):
        return ""
    words = ["fpsimd-model", "reply", *_scenario(recipe)]
    if recipe.figure != DEFAULT[1]:
        words += ["--figure", recipe.figure]
    if recipe.data is not None:
        words += ["--trace", recipe.data.name]
    if recipe.policies != tuple(select(recipe.kind.policies)):
        words += [word for name in recipe.names for word in ("--policy", name)]
    if recipe.engine != recipe.kind.engine:
        words += ["--engine", recipe.engine]
    if recipe.seed:
        words += ["--seed", str(recipe.seed)]
    if recipe.seconds is not None:
        words += ["--seconds", _brief(recipe.seconds)]
    usual = recipe.kind.defaults(recipe)
    for key, value in recipe.options.items():
        if value != usual[key]:
            for each in value if isinstance(value, list) else [value]:
                words += ["--option", f"{key}={_brief(each)}"]
    return shlex.join(words)


def nearest_preset(scenario: Scenario) -> str:
    """The situation that a scenario was made from, as far as its name says; or the defaults."""
    return scenario.name if scenario.name in presets() else "reference"


def in_short(scenario: Scenario, but: Collection[str] = (), most: int = 4) -> tuple[str, ...]:
    """What a scenario is: its name, or the situation it was made from and what differs, by line.

    Keys of `but` are told otherwise.

    >>> in_short(preset("vm-busy").replace({"vcpu.first_fp_us": 300}))
    ('vm-busy, but', 'first_fp_us = 300')
    """
    name = nearest_preset(scenario)
    if scenario.name not in ("", name):
        return (scenario.name,)
    found = [
        f"{key.partition('.')[2]} = {_brief(value)}"
        for key, value in changes(scenario, preset(name))
        if key not in but
    ]
    if not found:
        return (name,)
    lines = found if len(found) <= most else [*found[: most - 1], f"{len(found) - most + 1} more"]
    return (f"{name}, but", *lines)


def changes(scenario: Scenario, base: Scenario) -> list[tuple[str, object]]:
    """Keys whose values differ from another scenario's, its presets put on that one first.

    >>> changes(Scenario().replace({"softirq.interrupts_per_s": 30_000}), Scenario())
    [('softirq.interrupts_per_s', 30000.0)]
    """
    found: list[tuple[str, object]] = []
    for key, ours, theirs in (
        ("machine.preset", scenario.machine_preset, base.machine_preset),
        ("crypto.algorithm", scenario.algorithm, base.algorithm),
    ):
        if ours and ours != theirs:
            found.append((key, ours))
    base = base.replace(dict(found)) if found else base
    ours, theirs = scenario.to_dict(), base.to_dict()
    for name in TABLES:
        for key, value in ours[name].items():
            if value != theirs[name][key]:
                found.append((f"{name}.{key}", value))
    return found


def _scenario(recipe: Recipe) -> list[str]:
    scenario = recipe.scenario
    if scenario is None:
        return []
    name = nearest_preset(scenario)
    base = preset(name)
    settings = changes(scenario, base)
    said = [f"{key}={_brief(value)}" for key, value in settings]
    many = len(said) > _FEW or any(len(shlex.quote(text)) > _LONG for text in said)
    if many or not _leads_to(scenario, base, settings):
        return [recipe.file or f"{recipe.figure}.toml"]
    return [name, *(word for text in said for word in ("--set", text))]


def _leads_to(scenario: Scenario, base: Scenario, settings: list[tuple[str, object]]) -> bool:
    try:
        return base.replace(dict(settings)) == scenario
    except InputError:
        return False


def _brief(value: object) -> str:
    if isinstance(value, float):
        brief = f"{value:.12g}"
        return brief if float(brief) == value else repr(value)
    return value if isinstance(value, str) else toml_value(value)
