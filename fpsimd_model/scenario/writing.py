"""From a `Scenario` to a scenario file or to tables for JSON."""

from __future__ import annotations

import os
from pathlib import Path

from fpsimd_model.durations import Duration
from fpsimd_model.errors import InputError
from fpsimd_model.resources import write_text
from fpsimd_model.scenario.arrivals import Batch, Mmpp, Recorded
from fpsimd_model.scenario.reading import FROM_FILE, LARGEST_FILE
from fpsimd_model.scenario.scenario import Scenario
from fpsimd_model.scenario.tables import TABLES, keys_of

__all__ = ["save", "to_dict", "to_toml", "toml_value"]


def to_dict(scenario: Scenario) -> dict[str, object]:
    """See `Scenario.to_dict`."""
    words = {key: getattr(scenario, key) for key in ("name", "title", "why")}
    return {key: text for key, text in words.items() if text} | {
        table: {key: _plain(getattr(getattr(scenario, table), key)) for key in keys_of(kind)}
        for table, kind in TABLES.items()
    }


def to_toml(scenario: Scenario, directory: str | os.PathLike[str] = ".") -> str:
    """See `Scenario.to_toml`."""
    lines = [
        f"{key} = {toml_value(text)}"
        for key in ("name", "title", "why")
        if (text := getattr(scenario, key))
    ]
    presets = {
        "machine": ("preset", scenario.machine_preset),
        "crypto": ("algorithm", scenario.algorithm),
    }
    for table, kind in TABLES.items():
        lines += ["", f"[{table}]"]
        key, name = presets.get(table, ("", ""))
        if name:
            lines.append(f"{key} = {toml_value(name)}  # the keys below take precedence")
        for key in keys_of(kind):
            value = toml_value(_plain(getattr(getattr(scenario, table), key), directory))
            lines.append(f"{key} = {value}{_comment(scenario.sources[f'{table}.{key}'])}")
    return "\n".join(lines).lstrip("\n") + "\n"


def save(scenario: Scenario, path: str | os.PathLike[str]) -> None:
    """See `Scenario.save`."""
    text = to_toml(scenario, Path(path).resolve().parent)
    if len(text.encode()) > LARGEST_FILE:
        raise InputError(
            f"{path}: the scenario would be larger than {LARGEST_FILE // 10**6} MB; "
            "keep its samples in a file of their own"
        )
    write_text(path, text)


def toml_value(value: object) -> str:
    """A number, text, list or table as TOML writes it on one line.

    >>> toml_value({"mean": 4.0, "shape": "fixed"})
    '{ mean = 4.0, shape = "fixed" }'
    """
    if isinstance(value, str):
        return f'"{"".join(_escaped(character) for character in value)}"'
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    return repr(value)


def _plain(value: object, directory: str | os.PathLike[str] | None = None) -> object:
    """A value as numbers, words and tables; samples by their file's name if seen from somewhere."""
    if not isinstance(value, (Duration, Mmpp, Recorded, Batch)):
        return value
    table = value.table()
    file = getattr(value, "file", None)
    if file is not None and directory is not None:
        name = os.path.relpath(file, directory)
        if name.isprintable():
            table["samples"] = name
    return table


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _comment(source: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in source)
    if text == FROM_FILE:
        return ""
    return f"  # {text}" if text.startswith("assumed:") else f"  # source: {text}"
