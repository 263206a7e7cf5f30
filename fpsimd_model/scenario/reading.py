"""From a scenario file, its text or its tables to a `Scenario`, with errors that name the line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from fpsimd_model.bounds import BadValue
from fpsimd_model.durations import Duration
from fpsimd_model.errors import InputError, short, shown
from fpsimd_model.scenario.arrivals import read_interrupts
from fpsimd_model.scenario.hints import EXTRA, TOP, meant_key, meant_top
from fpsimd_model.scenario.lines import Places, find_places
from fpsimd_model.scenario.presets import algorithm_values, machine_values, raw_preset
from fpsimd_model.scenario.scenario import BY_HAND, Scenario
from fpsimd_model.scenario.tables import TABLES, keys_of

__all__ = ["FROM_FILE", "LARGEST_FILE", "from_dict", "from_text", "load"]

FROM_FILE = "scenario file"  #: the source of a value that a file gave without more words
LARGEST_FILE = 1_000_000  #: bytes

_WITH_FILES = (Duration.read, read_interrupts)

LONGEST_WORDS = 2000  #: characters of name, title and why

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def load(path: str | os.PathLike[str]) -> Scenario:
    """See `Scenario.load`."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise InputError(f"{shown(path)} is no path; name a scenario file (TOML)")
    name = os.fsdecode(path)
    try:
        with Path(name).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except IsADirectoryError:
        raise InputError(f"{name}: is a folder; name a scenario file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{name}: cannot be read ({reason.lower()}); name a scenario file (TOML)"
        ) from None
    _refuse_large(len(data), name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}:{line}: byte 0x{data[error.start]:02x} is not UTF-8; "
            "save the file as UTF-8 text"
        ) from None
    return from_text(text, name, Path(name).parent, Path(name).stem)


def from_text(
    text: str, name: str = "<text>", directory: str | os.PathLike[str] = ".", stem: str = ""
) -> Scenario:
    """See `Scenario.from_toml`; ``stem`` names a scenario that does not name itself."""
    if not isinstance(text, str):
        raise InputError(f"{shown(text)} is no text; the text of a scenario file is wanted")
    _refuse_large(len(text), name)
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{name}: nested too deeply; {_FORM}") from None
    except ValueError as error:
        raise _syntax_error(error, text, name) from None
    places = find_places(text)
    try:
        return _build(tables, directory, places, stem)
    except BadValue as error:
        line = places.line_of(*filter(None, (error.path, error.instead))) if error.path else None
        raise InputError(f"{name}:{f'{line}:' if line else ''} {error}") from None


def from_dict(tables: Mapping[str, object]) -> Scenario:
    """See `Scenario.from_dict`."""
    if not isinstance(tables, Mapping):
        raise InputError(f"{shown(tables)} is no table; a scenario's tables by name are wanted")
    try:
        return _build(tables, ".", None, "")
    except BadValue as error:
        raise InputError(str(error)) from None


_FORM = "TOML has lines such as [vcpu] and residency_us = 1000.0"


def _refuse_large(size: int, name: str) -> None:
    if size > LARGEST_FILE:
        raise InputError(
            f"{name}: larger than {LARGEST_FILE // 10**6} MB; "
            "a scenario is a page of TOML, measured durations go to a file of their own "
            '(samples = "file.csv")'
        )


def _syntax_error(error: ValueError, text: str, name: str) -> InputError:
    message = str(error)
    found = _AT.search(message)
    if not found:  # a date or number that Python cannot hold
        return InputError(f"{name}: not TOML: a number or date out of range; {_FORM}")
    line = found[1] or text.count("\n") + 1
    column = f" at column {found[2]}" if found[2] else " at the end"
    return InputError(f"{name}:{line}: not TOML: {short(_AT.sub('', message))}{column}; {_FORM}")


def _build(
    given: Mapping[str, object],
    directory: str | os.PathLike[str],
    places: Places | None,
    stem: str,
) -> Scenario:
    """Lay over each other: defaults, the situation's presets and keys, the file's presets and keys.

    Raises BadValue with the path of the key at fault.
    """
    _check_tables(given)
    base: Mapping[str, Mapping] = {}
    if "preset" in given:
        base = _find(lambda: raw_preset("situations", given["preset"]), "preset")
    names = {table: _preset_name(table, given, base) for table in EXTRA}
    values: dict[str, dict[str, object]] = {table: {} for table in TABLES}
    sources: dict[str, str] = {}

    def put(table: str, key: str, value: object, source: str) -> None:
        values[table][key], sources[f"{table}.{key}"] = value, source

    for tables, source_of in (
        (base, lambda *path: base["sources"][".".join(path)]["text"]),
        (given, lambda *path: places.sources.get(path, FROM_FILE) if places else BY_HAND),
    ):
        for table, entries in ((table, tables.get(table, {})) for table in TABLES):
            if EXTRA.get(table) in entries:
                for key, (value, source) in _sourced(table, names).items():
                    put(table, key, value, source)
            for key, value in entries.items():
                if key != EXTRA.get(table):
                    put(table, key, _read(table, key, value, directory), source_of(table, key))
    words = {key: _words(given.get(key, base.get(key, "")), key) for key in ("title", "why")}
    return Scenario(
        **{table: kind(**values[table]) for table, kind in TABLES.items()},
        **words,
        name=_words(given.get("name", stem or given.get("preset", "")), "name"),
        machine_preset=names["machine"],
        algorithm=names["crypto"],
        sources=sources,
    )


def _check_tables(given: Mapping[str, object]) -> None:
    for name, entries in given.items():
        if name in TOP:
            continue
        if name not in TABLES:
            if isinstance(entries, Mapping):
                raise BadValue(
                    f"unknown table; {meant_top(str(name))}", f"[{name}]", instead=(str(name),)
                )
            raise BadValue(f"unknown key; {meant_top(str(name))}", str(name))
        if not isinstance(entries, Mapping):
            raise BadValue(
                f"{shown(entries)} is no table; write [{name}] on a line, keys below it", name
            )
        for key in entries:
            if key not in keys_of(TABLES[name]) and key != EXTRA.get(name):
                raise BadValue(f"unknown key; {meant_key(name, str(key))}", name, str(key))


def _preset_name(table: str, given: Mapping, base: Mapping) -> str:
    """The machine or algorithm that the file, or else its situation, names; "" for none."""
    key = EXTRA[table]
    kind = {"machine": "machines", "crypto": "algorithms"}[table]
    if key in given.get(table, {}):
        name = given[table][key]
        _find(lambda: raw_preset(kind, name), table, key)
        return name
    return base.get(table, {}).get(key, "")


def _sourced(table: str, names: Mapping[str, str]) -> dict[str, tuple[object, str]]:
    if table == "machine":
        return machine_values(names["machine"])
    return algorithm_values(names["crypto"], names["machine"])


def _find(look_up, *path: str):
    try:
        return look_up()
    except InputError as error:
        raise BadValue(str(error), *path) from None


def _read(table: str, key: str, value: object, directory: str | os.PathLike[str]) -> object:
    """The value in its one form; the name of a file of samples starts from ``directory``."""
    check = keys_of(TABLES[table])[key].check
    try:
        return check(value, directory) if check in _WITH_FILES else check(value)
    except BadValue as error:
        raise error.within(table, key) from None


def _words(value: object, key: str) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else None
    if text is None or not text.isprintable() or len(text) > LONGEST_WORDS:
        raise BadValue(
            f"{shown(value)} is no short text; "
            f'write {key} = "..." of at most {LONGEST_WORDS} characters',
            key,
        )
    return text
