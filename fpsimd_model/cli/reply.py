"""``fpsimd-model reply``: a figure, a table and the command for both, for a mail."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..engines import ENGINES
from ..errors import InputError, short, shown
from ..figures.commands import DEFAULT
from ..figures.kinds import KINDS, kind_of
from ..scenario import Scenario, presets
from .options import Above0, given, note
from .scenario import scenario_of

if TYPE_CHECKING:
    from ..figures import Answer, Recipe

__all__ = ["reply"]

_LARGEST = 20_000  # characters of a value on the command line


@click.command(short_help="A figure, a table and a text for a mail.")
@click.argument("scenario", required=False)
@click.option(
    "--policy",
    "-p",
    "names",
    metavar="NAME",
    multiple=True,
    help="A policy; repeat for several. Default: those the figure usually shows, mostly all.",
)
@click.option(
    "--figure",
    default=DEFAULT[1],
    show_default=True,
    metavar="NAME",
    help=f"One of {', '.join(KINDS)}.",
)
@click.option(
    "-o",
    "--output",
    metavar="PLACE",
    default="",
    help="A folder, or a name without ending (- for the text alone). Default: here, by the "
    "figure's name.",
)
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Another value in the scenario, as table.key; repeat for several.",
)
@click.option(
    "--option",
    "options",
    metavar="NAME=VALUE",
    multiple=True,
    help="Of the figure, such as points=49; repeat for several. See below.",
)
@click.option("--trace", metavar="FILE", help="A recorded trace, for --figure calibration.")
@click.option(
    "--engine", type=click.Choice(ENGINES), help="Default: the formula, where the figure has one."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the simulation."
)
@click.option(
    "--seconds",
    type=Above0(),
    help="Modelled wall time of each simulation.",
)
def reply(scenario, names, figure, output, settings, options, trace, engine, seed, seconds) -> None:
    """Print a text of 72 columns for a mail, and write it with its figure: PNG, SVG, PDF, TXT, and
    the scenario. SCENARIO is a TOML file (- for standard input) or a preset, by default
    cortex-a57-ipsec. Every file but the scenario says what made it: see `show`, `reproduce`."""
    from ..figures import Answer, Data, Recipe, save

    kind, stem = kind_of(figure), _stem(output, figure)
    found, file = None, ""
    if kind.scenario or scenario is not None or settings:
        found = _changed(scenario_of(scenario or DEFAULT[0]), settings)
        file = _file(scenario or DEFAULT[0], bool(settings))
    recipe = Recipe(
        figure=figure,
        scenario=found,
        policies=names or None,
        engine=engine,
        seed=seed,
        seconds=seconds,
        options=_options(options, kind.lists),
        data=None if trace is None else Data.of(trace),
        file=file,
    )
    answer = Answer(_without_unused(recipe))
    written = [] if output == "-" else _written(save, answer, stem)
    click.echo(answer.text)
    if written:
        note(f"wrote {' '.join(map(str, written))}")


def _without_unused(recipe: Recipe) -> Recipe:
    """Without what changes nothing in this figure, which is told: a mail shall not claim it."""
    kind = recipe.kind
    if not kind.table and (unused := given("engine")):
        note(f"note: not used, as {kind.name} asks no engine: {', '.join(unused)}")
        recipe = replace(recipe, engine=None)
    if not recipe.random:
        if unused := given("seed", "seconds"):
            note(f"note: not used, as nothing here is simulated: {', '.join(unused)}")
        return replace(recipe, seed=0, seconds=None)
    if not recipe.timed:
        if unused := given("seconds"):
            note(f"note: not used, as --option end_ms sets the end: {', '.join(unused)}")
        return replace(recipe, seconds=None)
    return recipe


def _changed(scenario: Scenario, settings: tuple[str, ...]) -> Scenario:
    changes = {}
    for text in settings:
        key, mark, value = text.partition("=")
        if not mark or not key.strip():
            raise InputError(
                f"--set {shown(text)}: KEY=VALUE is wanted, as in --set vcpu.residency_us=500"
            )
        changes[key.strip()] = _value(value.strip())
    try:
        return scenario.replace(changes) if changes else scenario
    except InputError as error:
        raise InputError(f"--set: {error}") from None


def _options(texts: tuple[str, ...], lists: Collection[str]) -> dict[str, object]:
    """Values by name; those of `lists` may be given several times, or with commas."""
    found: dict[str, object] = {}
    for text in texts:
        name, mark, value = (part.strip() for part in text.partition("="))
        if not mark or not name:
            raise InputError(f"--option {shown(text)}: NAME=VALUE is wanted, as in points=49")
        if name in lists:
            found[name] = [*found.get(name, ()), *(word.strip() for word in value.split(","))]
        else:
            found[name] = _value(value)
    return found


def _value(text: str) -> object:
    """A number, a list or a table as TOML has it, or else a word."""
    if len(text) > _LARGEST:
        raise InputError(f"{short(text)}: too long; put the value into a scenario file")
    try:
        return float(text)
    except ValueError:
        pass
    if text[:1] not in ("{", "[", '"'):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        raise InputError(f"{shown(text)}: no value of a scenario file") from None


def _file(name: str, changed: bool) -> str:
    """What the command calls the scenario's file; none for presets and what has no fit name."""
    base = Path(name).name
    if changed or name in presets() or not re.fullmatch(r"[A-Za-z0-9][\w.+-]{0,50}\.toml", base):
        return ""
    return base if base.isascii() else ""


def _stem(output: str, figure: str) -> Path:
    """Where the files go; told at once where that cannot be."""
    place = Path(output)
    if output.endswith("/") or not output or place.is_dir():
        return place / figure
    if output != "-" and not place.parent.is_dir():
        raise InputError(f"{place.parent}: no such folder; name one that exists, or end it in /")
    return place


def _written(save: Callable, answer: Answer, stem: Path) -> list[Path]:
    """The files; a folder that had to be made for them goes with them if they cannot be."""
    folder = stem.parent
    new = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError(f"{folder}: no such folder can be made ({reason})") from None
    try:
        return save(answer, stem)
    except BaseException:
        if new:
            folder.rmdir()
        raise
