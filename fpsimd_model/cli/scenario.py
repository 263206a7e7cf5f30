"""A scenario from the command line: a file, standard input, or a preset."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path

from ..errors import InputError
from ..scenario import Scenario, preset, presets

__all__ = ["scenario_of"]

_LARGEST = 1 << 20


def scenario_of(name: str) -> Scenario:
    """The scenario that an argument names.

    Raises
    ------
    InputError
        If there is neither such a file nor such a preset, or the file is wrong.
    """
    if name == "-":
        if sys.stdin is None:
            raise InputError("<stdin>: is closed; name a scenario file (TOML)")
        raw = sys.stdin.buffer.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise InputError("<stdin>: larger than 1 MB; a scenario is a page of TOML")
        try:
            return Scenario.from_toml(raw.decode("utf-8"), name="<stdin>")
        except UnicodeDecodeError:
            raise InputError("<stdin>: not UTF-8; a scenario is a TOML text") from None
    if not Path(name).exists() and name in presets():
        return preset(name)
    if not Path(name).exists() and Path(name).suffix != ".toml":
        near = get_close_matches(name, presets(), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(
            f"{name}: no such file, and no preset; {hint}`fpsimd-model presets` lists the presets"
        )
    return Scenario.load(name)
