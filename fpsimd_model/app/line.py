"""A state as one line: to be pasted into a mail, a cell, the app, or behind Voila's address.

``cortex-a57-ipsec?softirq.interrupts_per_s=30000&policies=tracked,switch-on-exit``
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, quote

from ..errors import InputError, short, shown
from ..policies import ALL, Policy, get
from ..scenario import TABLES, Scenario, keys_of, preset
from ..scenario.writing import toml_value
from .state import State

__all__ = ["call_of", "file_of", "line_of", "state_of"]

_CALL = re.compile(r"""^\s*(?:fm\.|fpsimd_model\.)?(?:app\.)?explore\(\s*(["'])(.*)\1\s*\)\s*$""")
LONGEST = 4000  # characters; browsers cut longer addresses


def line_of(state: State) -> str:
    """The shortest line that restores a state.

    Raises
    ------
    InputError
        If its scenario holds samples, which do not fit in a line.

    >>> line_of(State.of("reference", ["tracked"]).put({"vcpu.residency_us": 500}))
    'reference?vcpu.residency_us=500&policies=tracked'
    """
    name = state.origin.name
    entries: dict[str, object] = {**state.presets, **state.changes}
    if not _is_preset(state.origin):
        name = "reference"
        entries = _differences(state.scenario, preset(name))
    text = [f"{key}={quote(_text(value), safe=',')}" for key, value in entries.items()]
    if state.policies != ALL:
        text.append(f"policies={quote(','.join(state.names), safe=',')}")
    return f"{name}?{'&'.join(text)}" if text else name


def call_of(state: State) -> str:
    """The line as a cell of a notebook would have it."""
    return f'fm.app.explore("{line_of(state)}")'


def file_of(text: str) -> str:
    """The scenario file that a line or a cell names instead of a state; nothing if it does not.

    >>> file_of('fm.app.explore("figures-out/which-policy.toml")'), file_of("reference?policies=x")
    ('figures-out/which-policy.toml', '')
    """
    text = _bare(text)
    return text if text.endswith(".toml") and "?" not in text and "://" not in text else ""


def _bare(text: str) -> str:
    return found[2].strip() if (found := _CALL.match(text)) else text.strip()


def state_of(
    text: str,
    start: State | None = None,
    known: Sequence[type[Policy]] = ALL,
    *,
    address: bool = False,
) -> State:
    """The state that a line restores.

    Parameters
    ----------
    text:
        As :func:`line_of` or :func:`call_of` give it, or an address with that behind its "?".
    start:
        Where a line that names no situation starts from.
    known:
        Policies that the line may name.
    address:
        Words that are not ours (a token, a theme) are passed over, as in a browser's address.

    Raises
    ------
    InputError
        On anything that it does not understand.

    >>> state_of('fm.app.explore("reference?crypto.slowdown=7")').scenario.crypto.slowdown
    7.0
    """
    if len(text) > LONGEST:
        raise InputError(f"a line of {len(text)} letters is too long; {LONGEST} are the most")
    text = _bare(text)
    if "://" in text.partition("?")[0]:
        text, address = text.partition("?")[2], True
    name, mark, query = text.partition("?")
    if not mark and "=" in name:
        name, query = "", name
    entries = dict(parse_qsl(query, keep_blank_values=True))
    name = entries.pop("preset", "") or name
    wanted = entries.pop("policies", None)
    if address:
        entries = {k: v for k, v in entries.items() if k.partition(".")[0] in TABLES}
    state = _start(name, start)
    state = state.put({key: _value(key, value) for key, value in entries.items()})
    return state if wanted is None else replace(state, policies=_policies(wanted, known))


def _start(name: str, start: State | None) -> State:
    if name:
        state = State.of(name)
        return state if start is None else replace(state, policies=start.policies)
    if start is None:
        raise InputError("the line names no situation; begin it with one, as reference?...")
    return start.reset()


def _policies(names: str, known: Sequence[type[Policy]]) -> tuple[type[Policy], ...]:
    own = {policy.name: policy for policy in known}
    every = [name for name in names.split(",") if name]
    if not every:
        raise InputError("policies: none is named; take at least one")
    return tuple(dict.fromkeys(own.get(name) or get(name) for name in every))


def _is_preset(scenario: Scenario) -> bool:
    try:
        return bool(scenario.name) and preset(scenario.name) == scenario
    except InputError:
        return False


def _differences(scenario: Scenario, base: Scenario) -> dict[str, object]:
    """Every value of `scenario` that `base` does not have."""
    plain, theirs = scenario.to_dict(), base.to_dict()
    return {
        f"{table}.{key}": plain[table][key]
        for table, kind in TABLES.items()
        for key in keys_of(kind)
        if plain[table][key] != theirs[table][key]
    }


def _text(value: object) -> str:
    if isinstance(value, dict) and "samples" in value:
        raise InputError("measured samples do not fit in a line; export the scenario as a file")
    if isinstance(value, float):
        brief = f"{value:.12g}"
        return brief if float(brief) == value else repr(value)
    return value if isinstance(value, str) else toml_value(value)


def _value(key: str, text: str) -> object:
    """A number, a word, or a table; never one that names a file to be read."""
    try:
        return float(text)
    except ValueError:
        pass
    if not text.startswith("{"):
        return text
    try:
        table = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        raise InputError(f"{short(key)}: {shown(text)} is no table of a scenario file") from None
    if "samples" in table:
        raise InputError(f"{short(key)}: samples cannot come from a line; load a scenario file")
    return table
