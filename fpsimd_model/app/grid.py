"""The values a slider can take: short numbers, evenly spread over decades, exact in Python.

A widget may change its own value when it is merely shown, so sliders carry the index into these.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable

from ..errors import InputError, shown
from ..figures.numbers import significant

__all__ = ["exact_of", "number_of", "steps", "text_of", "with_values"]

# Twenty a decade, no two more than 17% apart, and the round ones among them.
MANTISSAS = (
    *("1.0", "1.1", "1.2", "1.4", "1.6", "1.8", "2.0", "2.2", "2.5", "2.8"),
    *("3.0", "3.5", "4.0", "4.5", "5.0", "5.5", "6.0", "7.0", "8.0", "9.0"),
)
_FACTORS = {"k": 3, "K": 3, "M": 6, "G": 9}


def steps(low: float, high: float, also: Iterable[float] = ()) -> tuple[float, ...]:
    """The grid from `low` to `high`, and the values of `also`.

    >>> steps(1.0, 20.0)[-6:]
    (11.0, 12.0, 14.0, 16.0, 18.0, 20.0)
    >>> steps(0.5, 0.6, also=[0.52])
    (0.5, 0.52, 0.55, 0.6)
    """
    first, last = math.floor(math.log10(low)), math.floor(math.log10(high))
    # From text, so that 1.1e4 is the number that 11000 is.
    every = (float(f"{m}e{exponent}") for exponent in range(first, last + 1) for m in MANTISSAS)
    return with_values([value for value in every if low <= value <= high], also)


def with_values(grid: Iterable[float], values: Iterable[float]) -> tuple[float, ...]:
    """A grid with notches for more values, as a preset or a person may want them.

    >>> with_values((1.0, 2.0), [1.5, 2.0, 9.0])
    (1.0, 1.5, 2.0, 9.0)
    """
    found = list(grid)
    for value in values:
        at = bisect.bisect_left(found, value)
        if at == len(found) or found[at] != value:
            found.insert(at, value)
    return tuple(found)


def text_of(value: float) -> str:
    """A value as its field shows it: four digits, and every one before the point.

    Never read back unless a person changes it; :func:`exact_of` has all digits.

    >>> text_of(10159.25), text_of(9.626132), text_of(0.1), text_of(3e5)
    ('10159', '9.626', '0.1', '300000')
    """
    return significant(value, 4)


def exact_of(value: float) -> str:
    """A value with every digit that it has, twelve at most.

    >>> exact_of(10159.25), exact_of(9.626132), exact_of(3e5)
    ('10159.25', '9.626132', '300000')
    """
    return f"{value:.12g}"


def number_of(text: str) -> float:
    """What a person typed: ``30000``, ``3e4``, ``30 000`` or ``30k``.

    Raises
    ------
    InputError
        If it is no number.

    >>> number_of("30k"), number_of("1 500"), number_of("2.5M")
    (30000.0, 1500.0, 2500000.0)
    >>> number_of("1,5")
    Traceback (most recent call last):
    fpsimd_model.errors.InputError: "1,5" is no number; write 30000, 3e4 or 30k
    """
    plain = "".join(text.split()).replace("_", "")
    suffix = plain[-1:] if plain[-1:] in _FACTORS else ""
    try:
        # Joined as text: 2.2k is to be the number that 2200 is.
        exponent = f"e{_FACTORS[suffix]}" if suffix else ""
        value = float(plain.removesuffix(suffix) + exponent)
    except ValueError:
        raise InputError(f"{shown(text)} is no number; write 30000, 3e4 or 30k") from None
    if not math.isfinite(value):
        raise InputError(f"{shown(text)} is not finite; write 30000, 3e4 or 30k")
    return value
