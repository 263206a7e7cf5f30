"""What a value may be: each check returns the value in its one form or says what would be right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

from fpsimd_model.errors import InputError, short, shown

__all__ = ["LARGEST", "SMALLEST", "BadValue", "Choice", "Number", "known_keys_only", "nearest"]

LARGEST = 1e15  #: no rate, cost or duration is larger (in microseconds: 30 years)
SMALLEST = 1e-9  #: what must be above 0 is at least this


class BadValue(InputError):
    """A value that is refused, with the path of its key: ``("vcpu", "residency_us", "cv2")``.

    ``instead`` names a second key that may be the one at fault, for finding a line.
    """

    def __init__(self, message: str, *path: str, instead: tuple[str, ...] = ()) -> None:
        self.message, self.path, self.instead = message, path, instead
        super().__init__(f"{_label(path)}{message}")

    def within(self, *path: str) -> BadValue:
        """The same error, its key seen from further out."""
        instead = (*path, *self.instead) if self.instead else ()
        return BadValue(self.message, *path, *self.path, instead=instead)


def _label(path: tuple[str, ...]) -> str:
    path = tuple(short(part) for part in path)
    if not path:
        return ""
    if path[0] in ("vcpu", "softirq", "crypto", "machine"):
        return f"[{path[0]}] {'.'.join(path[1:])}".rstrip() + ": "
    return ".".join(path) + ": "


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number within bounds, both included; ``above`` 0 means at least `SMALLEST`.

    >>> Number("a share", high=1.0)(0.25)
    0.25
    >>> Number("a share", high=1.0)(1.5)
    Traceback (most recent call last):
    fpsimd_model.bounds.BadValue: 1.5 is above 1; a share from 0 to 1 is wanted
    """

    what: str
    low: float = 0.0
    high: float = LARGEST
    above: bool = False
    multiple: int = 0  # a whole number, and a multiple of this

    @property
    def wanted(self) -> str:
        """What would be right, for messages."""
        if self.above:
            return f"{self.what} above 0 is wanted"
        if self.high == LARGEST:
            return f"{self.what}, at least {self.low:g}, is wanted"
        return f"{self.what} from {self.low:g} to {self.high:g} is wanted"

    def __call__(self, value: object) -> float | int:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise BadValue(f"{shown(value)} is not a number; {self.wanted}")
        try:
            number = float(value) + 0.0  # no negative zero
        except OverflowError:
            raise BadValue(f"{shown(value)} is too large; {self.wanted}") from None
        if not math.isfinite(number):
            raise BadValue(f"{shown(value)} is not finite; {self.wanted}")
        if number < 0.0 <= self.low:
            raise BadValue(f"{shown(value)} is negative; {self.wanted}")
        if self.above and number < SMALLEST:
            fault = "zero" if number == 0.0 else f"below {SMALLEST:g}"
            raise BadValue(f"{shown(value)} is {fault}; {self.wanted}")
        if number < self.low:
            raise BadValue(f"{shown(value)} is below {self.low:g}; {self.wanted}")
        if number > self.high:
            raise BadValue(f"{shown(value)} is above {self.high:g}; {self.wanted}")
        if not self.multiple:
            return number
        if number % self.multiple:
            fault = "whole" if self.multiple == 1 else f"a multiple of {self.multiple}"
            raise BadValue(f"{shown(value)} is not {fault}; {self.wanted}")
        return int(number)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words.

    >>> Choice("scalar", "cryptd")("crypd")
    Traceback (most recent call last):
    fpsimd_model.bounds.BadValue: "crypd" is unknown; "cryptd" is the nearest of "scalar", "cryptd"
    """

    options: tuple[str, ...]

    def __init__(self, *options: str) -> None:
        object.__setattr__(self, "options", options)

    def __call__(self, value: object) -> str:
        if isinstance(value, str) and value in self.options:
            return value
        raise BadValue(f"{shown(value)} is unknown; {nearest(value, self.options)}")


def nearest(word: object, options: tuple[str, ...]) -> str:
    """Which option a wrong word stands nearest to, and which there are, for messages."""
    from difflib import get_close_matches

    listed = ", ".join(f'"{option}"' for option in options)
    close = get_close_matches(word, options, n=1) if isinstance(word, str) else []
    return f'"{close[0]}" is the nearest of {listed}' if close else f"one of {listed} is wanted"


def known_keys_only(table: Mapping[object, object], known: tuple[str, ...]) -> None:
    """Refuse a key of an inline table that has no meaning there."""
    for key in table:
        if key not in known:
            raise BadValue(f"unknown key; {nearest(key, known)}", str(key))
