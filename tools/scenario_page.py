"""Write what the code knows into docs/scenario.md: every key, shape and preset of a scenario file.

The page's own text stays; what stands between a pair of marks is made anew.  Run it after a change
of fpsimd_model/scenario/tables.py or of a preset: .venv/bin/python tools/scenario_page.py
"""

from __future__ import annotations

import re
from pathlib import Path

from fpsimd_model.bounds import LARGEST, Choice, Number
from fpsimd_model.durations import Duration
from fpsimd_model.scenario import TABLES, arrivals, describe, keys_of, presets
from fpsimd_model.scenario.writing import toml_value

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scenario.md"
MARKED = re.compile(r"(<!-- made by tools/scenario_page.py: (\w+) -->\n).*?(<!-- end -->\n)", re.S)

UNITS = {
    "_per_s": "1/s",
    "_per_byte": "cycles/byte",
    "_us": "µs",
    "_ns": "ns",
    "_share": "share",
    "_cycles": "cycles",
    "_ghz": "GHz",
    "_bytes": "bytes",
    "_bits": "bits",
}
BARE = {"packets_per_interrupt": "packets", "slowdown": "times", "neon_sections_per_packet": "",
        "service": "", "fallback": ""}  # fmt: skip


def page(text: str) -> str:
    """The page with everything between its marks made anew."""
    return MARKED.sub(lambda found: f"{found[1]}\n{block(found[2])}\n{found[3]}", text)


def block(name: str) -> str:
    """What belongs between the marks of a name: a table's keys, or a kind's presets."""
    return keys(name) if name in TABLES else names(name)


def keys(table: str) -> str:
    """Every key of a table, in the order of a scenario file."""
    kind = TABLES[table]
    rows = ["| key | unit | default | may be | meaning |", "|---|---|---|---|---|"]
    for name, key in keys_of(kind).items():
        value = getattr(kind(), name)
        value = value.table() if isinstance(value, Duration) else value
        cells = (f"`{name}`", unit(name), f"`{toml_value(value)}`", domain(key.check), key.meaning)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def unit(key: str) -> str:
    """The unit that a key's name ends in."""
    if key in BARE:
        return BARE[key]
    return UNITS[next(end for end in UNITS if key.endswith(end))]


def domain(check: object) -> str:
    """What a value may be, in a few words."""
    if check == Duration.read:
        return "above 0, or a [duration](#durations)"
    if check is arrivals.read_interrupts:
        return "0 or more, or [arrivals](#arrivals)"
    if check is arrivals.read_batch:
        return f"{domain(arrivals._MEAN)}, or a [batch](#packets-of-an-interrupt)"
    if isinstance(check, Choice):
        return " or ".join(f'`"{option}"`' for option in check.options)
    assert isinstance(check, Number), check
    if check.above:
        return "above 0"
    whole = {0: "", 1: ", whole"}.get(check.multiple, f", in steps of {check.multiple}")
    if check.high == LARGEST:
        return f"{check.low:g} or more{whole}"
    return f"{check.low:g} to {check.high:g}{whole}"


def names(kind: str) -> str:
    """The presets of a kind, a line each."""
    return "".join(f"- `{name}`: {describe(kind, name).title}\n" for name in presets(kind))


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
