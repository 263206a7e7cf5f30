"""Plain text that survives a mailing list: ASCII, 72 columns, no trailing blanks."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable

__all__ = ["WIDTH", "ascii_only", "command", "fill", "tidy"]

WIDTH = 72

_SPELT = {
    "µ": "u",
    "μ": "u",
    "×": "x",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "≤": "<=",
    "≥": ">=",
    "→": "->",
    "ß": "ss",
}


def ascii_only(text: object) -> str:
    """One line of printable ASCII: accents go, some signs are spelt out, all else becomes "?".

    >>> ascii_only("5\\u00a0µs → Zürich\\t漢")
    '5 us -> Zurich ?'
    """
    spelt = "".join(_SPELT.get(c, c) for c in str(text))
    plain = (c for c in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(c))
    return "".join(
        c if " " <= c <= "~" else " " if c.isspace() or not c.isprintable() else "?" for c in plain
    )


def tidy(lines: Iterable[str]) -> str:
    """Lines joined, without trailing blanks and without a line break at the end."""
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")


def fill(text: object, width: int = WIDTH, first: str = "", then: str | None = None) -> list[str]:
    """Lines of at most `width` columns; words longer than a line are broken.

    >>> fill("the guest loses its registers", 20, "1. ", "   ")
    ['1. the guest loses', '   its registers']
    """
    then = " " * len(first) if then is None else then
    return textwrap.wrap(
        ascii_only(text),
        width,
        initial_indent=first,
        subsequent_indent=then,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def command(line: str, width: int = WIDTH) -> list[str]:
    """A shell command over several lines, each but the last with a backslash.

    Lines break at blanks outside quotes; a word longer than a line stays whole, as the shell
    would take a broken one for two.

    >>> command("fpsimd-model evaluate gateway.toml --engine both --seed 1 --json out.json", 40)
    ['fpsimd-model evaluate gateway.toml \\\\', '  --engine both --seed 1 --json out.json']
    """
    lines: list[str] = []
    now = ""
    for word in _units(_words(ascii_only(line)), width - 4):
        room = width - (0 if not lines else 2) - 2
        if now and len(now) + 1 + len(word) > room:
            lines.append(now)
            now = word
        else:
            now = f"{now} {word}" if now else word
    # The last line needs no backslash: it may take the room of one.
    lines.append(now)
    if len(lines) > 1 and len(lines[-2]) + 1 + len(lines[-1]) <= width - (2 if lines[:-2] else 0):
        lines[-2:] = [f"{lines[-2]} {lines[-1]}"]
    lines = [line if i == 0 else f"  {line}" for i, line in enumerate(lines)]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def _units(words: list[str], most: int) -> list[str]:
    """An option and its value stay on one line, where that can be."""
    units: list[str] = []
    for word in words:
        last = units[-1] if units else ""
        option = last.startswith("-") and " " not in last and "=" not in last
        if option and not word.startswith("-") and len(last) + 1 + len(word) <= most:
            units[-1] = f"{last} {word}"
        else:
            units.append(word)
    return units


def _words(line: str) -> list[str]:
    words, now, quote, escaped = [], "", "", False
    for c in line:
        if c == " " and not quote and not escaped:
            if now:
                words.append(now)
            now = ""
            continue
        now += c
        if escaped:
            escaped = False
        elif c == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
    return [*words, now] if now else words
