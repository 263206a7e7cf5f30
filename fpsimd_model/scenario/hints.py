"""What a user may have meant by a key that does not exist."""

from __future__ import annotations

from difflib import get_close_matches

from fpsimd_model.scenario.tables import TABLES, keys_of

__all__ = ["EXTRA", "TOP", "known_keys", "meant_dotted", "meant_key", "meant_top"]

TOP = ("name", "title", "why", "preset")  #: keys above the first table
EXTRA = {"machine": "preset", "crypto": "algorithm"}  #: keys that stand for several others

_UNITS = (
    "_per_s",
    "_per_byte",
    "_us",
    "_ns",
    "_ms",
    "_s",
    "_ghz",
    "_mhz",
    "_hz",
    "_cycles",
    "_bytes",
    "_kb",
    "_bits",
    "_percent",
)


def known_keys(table: str) -> tuple[str, ...]:
    """Every key that may stand in a table."""
    return (*keys_of(TABLES[table]), *((EXTRA[table],) if table in EXTRA else ()))


def meant_key(table: str, key: str) -> str:
    """The remedy for an unknown key in a table.

    >>> meant_key("vcpu", "residency")
    'the unit belongs to the name: residency_us'
    >>> meant_key("vcpu", "residency_ms")
    'the unit is another: residency_us'
    >>> meant_key("softirq", "clock_ghz")
    'it belongs to [machine]'
    """
    known = known_keys(table)
    word = key.lower().replace("-", "_")
    with_unit = {_split_unit(name)[0]: name for name in known if _split_unit(name)[1]}
    if word in with_unit:
        return f"the unit belongs to the name: {with_unit[word]}"
    if _split_unit(word)[0] in with_unit:
        return f"the unit is another: {with_unit[_split_unit(word)[0]]}"
    for other in TABLES:
        if other != table and word in known_keys(other):
            return f"it belongs to [{other}]"
    close = get_close_matches(word, known, n=1) or [
        with_unit[stem] for stem in get_close_matches(word, with_unit, n=1)
    ]
    if close:
        return f"the nearest known key is {close[0]}"
    return f"[{table}] knows {', '.join(known)}"


def meant_top(key: str) -> str:
    """The remedy for an unknown name above or beside the tables."""
    for table in TABLES:
        if key in known_keys(table):
            return f"it belongs to [{table}]; write it below that line"
    close = get_close_matches(key.lower(), (*TABLES, *TOP), n=1)
    if close:
        return f"the nearest known is {_as_written(close[0])}"
    return f"{', '.join(map(_as_written, (*TABLES, *TOP)))} are known"


def meant_dotted(name: str) -> str:
    """The remedy for an unknown ``table.key``."""
    table, _, key = name.partition(".")
    if table in TABLES and key:
        return meant_key(table, key)
    for table in TABLES:
        if name in known_keys(table):
            return f"write {table}.{name}"
    dotted = [f"{table}.{key}" for table in TABLES for key in known_keys(table)]
    close = get_close_matches(name, dotted, n=1)
    return f"the nearest known is {close[0]}" if close else "write table.key, as vcpu.residency_us"


def _as_written(name: str) -> str:
    return f"[{name}]" if name in TABLES else name


def _split_unit(word: str) -> tuple[str, str]:
    for unit in _UNITS:
        if word.endswith(unit):
            return word.removesuffix(unit), unit
    return word, ""
