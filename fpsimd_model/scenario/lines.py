"""Where each key stands in a TOML text, and the source that a comment behind its value names."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress

__all__ = ["Places", "find_places"]

Path = tuple[str, ...]

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
)
_NAMED_SOURCE = re.compile(r"[ \t]*#[ \t]*(?:source:[ \t]*(.*)|(assumed:.*))")


class Places:
    """Line numbers and named sources by path of key, such as ``("vcpu", "residency_us")``."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.sources: dict[Path, str] = {}

    def line_of(self, *paths: Path) -> int | None:
        """The line of the first of ``paths`` that is there, or of the table around the first."""
        for path in paths:
            if path in self.lines:
                return self.lines[path]
        first = paths[0]
        for length in range(len(first) - 1, 0, -1):
            if first[:length] in self.lines:
                return self.lines[first[:length]]
        return None


def find_places(text: str) -> Places:
    """Scan a text that is valid TOML.

    A comment ``# source: ...`` or ``# assumed: ...`` behind a value names the value's source.
    A text that the scanner does not understand yields the places found until then.

    >>> places = find_places('[vcpu]\\nresidency_us = 50.0  # source: a trace\\n')
    >>> places.line_of(("vcpu", "residency_us")), places.sources
    (2, {('vcpu', 'residency_us'): 'a trace'})
    """
    scanner = _Scanner(text)
    with suppress(_NotUnderstood, RecursionError, tomllib.TOMLDecodeError):
        scanner.document()
    return scanner.places


class _NotUnderstood(Exception):
    pass


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.line, self.counted = text, 0, 1, 0
        self.places = Places()

    def document(self) -> None:
        table: Path = ()
        while self.skip(_BLANK) and self.at < len(self.text):
            if self.text[self.at] == "[":
                brackets = 2 if self.text.startswith("[[", self.at) else 1
                line = self.here()
                self.at += brackets
                table = self.key()
                self.at += brackets
                self.note(table, line)
            else:
                path = self.pair(table)
                named = _NAMED_SOURCE.match(self.text, self.at)
                if source := named and (named[1] or named[2] or "").strip():
                    self.places.sources[path] = source

    def pair(self, table: Path) -> Path:
        line = self.here()
        path = table + self.key()
        self.expect("=")
        self.note(path, line)
        self.skip(_SPACE)
        self.value(path)
        return path

    def key(self) -> Path:
        parts = []
        while True:
            self.skip(_SPACE)
            if found := _BARE.match(self.text, self.at):
                parts.append(found[0])
            elif found := _STRING.match(self.text, self.at):
                parts.append(tomllib.loads(f"key = {found[0]}")["key"])
            else:
                raise _NotUnderstood
            self.at = found.end()
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def value(self, path: Path) -> None:
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self.items("]", lambda: self.value(()))
        elif opening == "{":
            self.items("}", lambda: self.pair(path))
        elif opening in ('"', "'"):
            if not self.skip(_STRING):
                raise _NotUnderstood
        else:
            self.skip(_SCALAR)

    def items(self, closing: str, item) -> None:
        self.at += 1
        while self.skip(_BLANK) and not self.text.startswith(closing, self.at):
            item()
            self.skip(_BLANK)
            if not self.text.startswith(closing, self.at):
                self.expect(",")
        self.at += 1

    def note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.places.lines.setdefault(path[:length], line)

    def here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def expect(self, character: str) -> None:
        self.skip(_SPACE)
        if not self.text.startswith(character, self.at):
            raise _NotUnderstood
        self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return bool(found)
