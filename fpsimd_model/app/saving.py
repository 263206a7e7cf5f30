"""What is on screen into files: figure, text for a mail, and the scenario that made them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..figures import Recipe
from ..figures import save as write
from ..scenario.writing import toml_value
from .line import line_of

if TYPE_CHECKING:
    from ..figures import Answer
    from ..scenario import Scenario
    from .state import State

__all__ = ["in_words", "recipe_of", "save"]


def recipe_of(state: State, figure: str, **more: object) -> Recipe:
    """What makes a figure of a state again: also what the command line and the app need for it."""
    return Recipe(
        figure=figure,
        scenario=_told(state),
        policies=state.policies,
        file=f"{figure}.toml",
        line=_line(state),
        **more,
    )


def save(folder: str | os.PathLike[str], answer: Answer) -> list[Path]:
    """Write ``FIGURE.png``, ``.svg``, ``.pdf``, ``.txt`` and ``.toml`` into a folder: all or none.

    The folder is made if need be.

    Raises
    ------
    InputError
        If they cannot be written there.
    """
    return write(answer, _folder(folder) / answer.recipe.figure)


def in_words(files: Sequence[Path]) -> str:
    """What was written, in one line.

    >>> in_words([Path("out/map.png"), Path("out/map.svg"), Path("out/sent.gz")])
    'map .png .svg and sent.gz into out'
    """
    stem = files[0].stem
    own = " ".join(path.suffix for path in files if path.stem == stem)
    others = [path.name for path in files if path.stem != stem]
    return f"{' and '.join([f'{stem} {own}', *others])} into {files[0].parent}"


def _folder(folder: str | os.PathLike[str]) -> Path:
    name = os.fspath(folder)
    if not name.strip():
        raise InputError("no folder is named; write one to export into, such as figures-out")
    try:
        target = Path(name.strip()).expanduser()
        target.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{name.strip()}: no such folder can be made ({reason.lower()}); name another"
        ) from None
    return target


def _told(state: State) -> Scenario:
    """The scenario, with words that are true of it."""
    changes = {**state.presets, **state.changes}
    if not changes:
        return state.scenario
    said = ", ".join(f"{key} = {toml_value(value)}" for key, value in changes.items())
    return replace(
        state.scenario,
        title=f"{state.origin.title or 'A scenario of its own'}; with other values",
        why=f"Changed from {state.origin.name or 'a scenario of its own'}: {said}",
    )


def _line(state: State) -> str:
    try:
        return line_of(state)
    except InputError:  # samples do not fit in a line; the scenario file has them
        return ""
