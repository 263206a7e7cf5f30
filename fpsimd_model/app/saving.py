"""What is on screen into files: figure, text for a mail, and the scenario that made them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..figures.mail import reply
from ..policies import ALL
from ..scenario.writing import toml_value
from .line import line_of

if TYPE_CHECKING:
    from ..figures.panels import CurvePanels
    from ..proof import Verdict
    from ..results import Results
    from ..scenario import Scenario
    from .state import State

__all__ = ["save"]


def save(
    folder: str | os.PathLike[str],
    name: str,
    state: State,
    picture: CurvePanels,
    results: Results,
    verdicts: Sequence[Verdict],
) -> list[Path]:
    """Write ``NAME.png``, ``.svg``, ``.pdf``, ``.txt`` and ``.toml`` into a folder.

    The folder is made if need be.  Each file but the last carries scenario, policies, version and
    the line that restores the state; the last is the scenario.

    Raises
    ------
    InputError
        If they cannot be written there.
    """
    target = _folder(folder)
    toml = target / f"{name}.toml"
    if toml.is_dir():  # before anything is written
        raise InputError(f"{toml}: a folder stands where the scenario goes; name another")
    chosen = [] if state.policies == ALL else [f"--policy {policy}" for policy in state.names]
    command = " ".join([f"fpsimd-model evaluate {name}.toml", *chosen])
    scenario = _told(state)
    text = reply(
        scenario.title or "A scenario of its own",
        command_line=command,
        scenario=scenario,
        curves=picture.curves,
        panels=[panel.metric for panel in picture.panels],
        results=results,
        verdicts=verdicts,
    )
    files = picture.export(
        target / name,
        scenario=scenario,
        policies=state.names,
        command=command,
        text=text,
        extra=_line(state),
    )
    scenario.save(toml)
    return [*files, toml]


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


def _line(state: State) -> dict[str, str]:
    try:
        return {"line": line_of(state)}
    except InputError:  # samples do not fit in a line; the scenario file has them
        return {}
