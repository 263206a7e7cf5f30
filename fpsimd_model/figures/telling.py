"""What made a figure's file, as text of at most 72 columns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import InputError
from ..policies import ALL
from ..scenario import Scenario, preset
from ..scenario.writing import toml_value
from .commands import changes, command_of, nearest_preset
from .embed import MARK, parameters_in, read_file
from .plain import ascii_only, command, fill, tidy
from .recipe import Recipe, scenario_in

__all__ = ["scenario_of_file", "show"]

_STEM = 11  # columns of the words on the left


def show(path: str | os.PathLike[str]) -> str:
    """Figure, scenario, policies, engine, seed, version and command of a file that was exported.

    The parameters are data: they are read and checked, nothing in them is run.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no parameters that make sense.
    """
    path = Path(path)
    parameters = parameters_in(read_file(path), path)
    try:
        return tidy(_told(path, parameters)) + "\n"
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def scenario_of_file(path: str | os.PathLike[str]) -> str:
    """The scenario file that is inside a figure's file, as it is.

    Raises
    ------
    InputError
        As :func:`show`, and where the figure has no scenario.
    """
    path = Path(path)
    parameters = parameters_in(read_file(path), path)
    try:
        if scenario_in(parameters.get("scenario")) is None:
            raise InputError("no scenario made this figure")
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return str(parameters["scenario"])


def _told(path: Path, parameters: Mapping[str, object]) -> list[str]:
    lines = fill(path.name)
    if not isinstance(parameters.get("options"), dict):
        return [*lines, *_foreign(parameters, "exported by a program, not by a command")]
    if own := [name for name in _names(parameters) if name not in {p.name for p in ALL}]:
        return [*lines, *_foreign(parameters, f"made with a policy of one's own: {own[0]}")]
    recipe = Recipe.read(parameters)
    lines += _entry("figure", f"{recipe.figure}: {recipe.kind.title}")
    usual = recipe.kind.defaults(recipe)
    for key, value in recipe.options.items():
        mark = "" if value != usual[key] else " (as usual)"
        lines += _entry("", f"{key} = {toml_value(value)}{mark}")
    if recipe.data is not None:
        lines += _entry("trace", f"{recipe.data.name}, SHA-256 {recipe.data.sha256}")
    lines += _scenario(recipe.scenario) if recipe.scenario is not None else []
    lines += _entry("policies", ", ".join(recipe.names))
    beside = ", beside the figure's own simulation" if recipe.random else ""
    beside = beside if recipe.engine == "analytic" else ""
    lines += _entry("engine", f"{recipe.engine}{beside}" if recipe.kind.table else "(not used)")
    lines += _entry("seed", str(recipe.seed) + (" (not used)" * (not recipe.random)))
    if recipe.seconds is not None:
        lines += _entry("simulated", f"{recipe.seconds:g} s for each policy")
    lines += _entry("version", _version(parameters))
    if recipe.line:
        lines += _entry("app", f"fm.app.explore({toml_value(recipe.line)})")
    return [*lines, "", *(f"  {line}" for line in command(command_of(recipe), 70))]


def _names(parameters: Mapping[str, object]) -> list[str]:
    found = parameters.get("policies")
    return [_short(name, 40) for name in found[:99]] if isinstance(found, list) else []


def _foreign(parameters: Mapping[str, object], why: str) -> list[str]:
    """Of a figure that a program exported: what it said, and that it cannot be made again."""
    scenario, named = scenario_in(parameters.get("scenario")), ", ".join(_names(parameters))
    lines = _entry("figure", _short(parameters.get("figure")))
    lines += _scenario(scenario) if scenario is not None else []
    lines += _entry("policies", named) if named else []
    lines += _entry("version", _version(parameters))
    if parameters.get("command"):
        lines += _entry("said to be", _short(parameters["command"]))
    return [*lines, *_entry("", f"cannot be made again: {why}")]


def _version(parameters: Mapping[str, object]) -> str:
    from .. import __version__

    made_by = _short(parameters[MARK], 40)
    return made_by if made_by == __version__ else f"{made_by} (this is {__version__})"


def _scenario(scenario: Scenario) -> list[str]:
    base = nearest_preset(scenario)
    settings = changes(scenario, preset(base))
    name = scenario.name or "without a name"
    if not settings:
        same = name if name == base else f"{name}, the same as {base}"
        return _entry("scenario", f"{same}: {scenario.title}")
    lines = _entry("scenario", f"{name} with" if name == base else f"{name}: {base} with")
    for key, value in settings:
        if isinstance(value, dict) and len(value.get("samples", ())) > 4:
            value = {**value, "samples": f"{len(value['samples'])} values"}
        source = scenario.sources.get(key, "")
        said = f"  ({source})" if source not in ("", "scenario file") else ""
        lines += _entry("", f"{key} = {toml_value(value)}{said}")
    return lines


def _entry(name: str, text: str) -> list[str]:
    return fill(text, 72, f"  {name:<{_STEM}}", " " * (_STEM + 4))


def _short(value: object, most: int = 500) -> str:
    text = ascii_only(value)
    return text if len(text) <= most else text[: most - 3] + "..."
