"""A figure, its text for a mail and its files, from a recipe."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..engines import evaluate
from ..errors import InputError
from ..scenario.reading import LARGEST_FILE
from .commands import command_of
from .files import FORMATS, contents_of, stem_of, write_files
from .mail import reply
from .plain import ascii_only
from .recipe import Recipe

if TYPE_CHECKING:
    from ..results import Results
    from ..scenario import Scenario
    from .picture import Picture

__all__ = ["Answer", "save"]

_MARK = "# written by fpsimd_model"  # files that begin so may be written over


@dataclass(frozen=True, eq=False)
class Answer:
    """What a recipe makes; every part is made when it is asked for.

    Parameters
    ----------
    recipe:
        What to make.
    version:
        Said in the files; by default the package's.
    found:
        The scenario that the figure is about, where the recipe's is only what it was found over.
    beside:
        Files by name without which nobody could make it again: a trace that was uploaded.

    >>> from fpsimd_model.figures import Recipe
    >>> answer = Answer(Recipe(figure="lost-state", policies=["reload-at-load"]))
    >>> answer.text.splitlines()[3].strip()
    'fpsimd-model reply --figure lost-state --policy reload-at-load'
    """

    recipe: Recipe
    version: str | None = None
    found: Scenario | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def picture(self) -> Picture:
        """The figure."""
        return self.recipe.kind.build(self.recipe)

    @cached_property
    def results(self) -> Results | None:
        """Every metric at the scenario, where the figure has one."""
        recipe = self.recipe
        if recipe.scenario is None or not recipe.kind.table:
            return None
        return evaluate(recipe.scenario, recipe.policies, recipe.engine, **recipe.simulation)

    @cached_property
    def text(self) -> str:
        """For a mail: at most 72 columns of ASCII."""
        recipe = self.recipe
        return reply(
            recipe.kind.title,
            command_line=command_of(recipe),
            scenario=recipe.scenario,
            picture=self.picture,
            results=self.results or (),
            verdicts=recipe.verdicts() if recipe.kind.table else None,
            version=self.version,
            seed=recipe.seed if recipe.random else None,
        )

    def contents(self, formats: Iterable[str] | str = tuple(FORMATS)) -> dict[str, bytes]:
        """The bytes of each format."""
        parameters = self.recipe.parameters(self.version)
        return contents_of(self.picture, parameters, formats, text=self.text)


def save(
    answer: Answer | Recipe,
    stem: str | os.PathLike[str],
    formats: Iterable[str] | str = tuple(FORMATS),
    *,
    toml: bool = True,
) -> list[Path]:
    """Write ``stem.png``, ``.svg``, ``.pdf``, ``.txt`` and the scenario as ``.toml``: all or none.

    Parameters
    ----------
    answer:
        Or the recipe for it.
    stem:
        Path without the ending; its folder must exist.
    formats:
        Some of those of :data:`~fpsimd_model.figures.FORMATS`.
    toml:
        Whether the scenario, where there is one, becomes a file of its own.

    Returns
    -------
    list of Path
        The files written, those beside last.  What is there already with the same content is left
        alone: a scenario file with this very scenario, a file beside.

    Raises
    ------
    InputError
        If they cannot be written, or a scenario file or another trace of somebody else is in the
        way; then no file has changed.
    """
    answer = Answer(answer) if isinstance(answer, Recipe) else answer
    stem = stem_of(stem)
    contents = {Path(f"{stem}.{form}"): data for form, data in answer.contents(formats).items()}
    scenario = answer.found or answer.recipe.scenario
    if toml and scenario is not None:
        path = Path(f"{stem}.toml")
        text = scenario.to_toml(path.resolve().parent)
        text = f"{_MARK}: the scenario of {ascii_only(path.stem)}\n\n{text}"
        if len(text.encode()) > LARGEST_FILE:
            raise InputError(f"{path}: the scenario would be too large; thin its samples out")
        if _may_write(path, scenario):
            contents[path] = text.encode()
    for name, data in answer.beside.items():
        path = Path(stem).with_name(name)
        if path in contents:
            raise InputError(f"{path}: is a file of the figure itself; give the trace another name")
        if not _is_there(path, data):
            contents[path] = data
    return write_files(contents)


def _is_there(path: Path, data: bytes) -> bool:
    """Whether a file holds this already; refuses to write over what is something else."""
    try:
        if not path.exists():
            return False
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return True
    except OSError:
        pass
    raise InputError(f"{path}: is there already, and is something else; take another folder")


def _may_write(path: Path, scenario) -> bool:
    """Whether a scenario file is to be written; refuses to write over what a person wrote."""
    if not path.is_file():
        return True
    try:
        with path.open("rb") as file:
            start = file.read(len(_MARK))
        if start == _MARK.encode():
            return True
        same = type(scenario).load(path) == scenario
    except (OSError, InputError):
        same = False
    if same:
        return False
    raise InputError(f"{path}: is there already, and somebody wrote it; take another name")
