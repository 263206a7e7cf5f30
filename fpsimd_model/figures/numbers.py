"""Numbers as people read them: ticks at 1, 2, 5 times powers of ten, few digits, k and M."""

from __future__ import annotations

import math

__all__ = ["brief", "linear_ticks", "log_limits", "log_ticks", "significant"]

_SUFFIX = {0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


def significant(value: float | None, digits: int = 4, *, whole: bool = True) -> str:
    """A number for a table: `digits` significant ones, every digit before the point; None is "-".

    Zeros behind the point go, unless `whole` is false: then only those of whole numbers.

    >>> significant(91.9), significant(91.9, whole=False), significant(1.0, whole=False)
    ('91.9', '91.90', '1')
    >>> [significant(v) for v in (12168.7, 1347.23, 0.69881, 1.8, 0.0, 3.2e-5, 4e12, None)]
    ['12169', '1347', '0.6988', '1.8', '0', '3.2e-5', '4e12', '-']
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -3 or exponent > 7:
        return _scientific(value, digits)
    places = max(0, digits - 1 - exponent)
    text = f"{value:.{places}f}"
    strip = whole or abs(value - round(value)) < 1e-9 * abs(value)
    return text.rstrip("0").rstrip(".") if "." in text and strip else text


def _scientific(value: float, digits: int) -> str:
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def brief(value: float) -> str:
    """A number for a tick: ``20k``, ``1M``, ``0.05``, ``1e-5``.

    >>> [brief(v) for v in (0.05, 1.0, 500.0, 20_000.0, 1e6, 1e-5, 1e15, -2000.0)]
    ['0.05', '1', '500', '20k', '1M', '1e-5', '1e15', '-2k']
    """
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    group = exponent // 3 * 3
    if -4 < exponent < 3:
        return f"{value:.4g}"
    if group in _SUFFIX:
        return f"{value / 10.0**group:.4g}{_SUFFIX[group]}"
    return _scientific(value, 4)


def log_limits(low: float, high: float, decades: float = 5.0) -> tuple[float, float]:
    """The nearest 1, 2 or 5 times a power of ten below and above, at most some decades apart.

    >>> log_limits(0.0153, 2.1)
    (0.01, 5.0)
    >>> log_limits(3.0, 3.0)
    (2.0, 5.0)
    """
    low, high = _round(low, up=False), _round(high, up=True)
    if high <= low:
        high = _round(low * 1.5, up=True)
    return max(low, high / 10.0**decades), high


def _round(value: float, *, up: bool) -> float:
    exponent = math.floor(math.log10(value) + 1e-9)
    steps = [float(f"{m}e{exponent}") for m in (1, 2, 5, 10)]
    slack = 1e-9
    if up:
        return next(s for s in steps if s >= value * (1 - slack))
    return next(s for s in reversed(steps) if s <= value * (1 + slack))


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Ticks of a logarithmic axis: 1-2-5, or decades, or every other decade, `most` at most.

    >>> log_ticks(1e3, 1e5), log_ticks(1, 20), log_ticks(1e-9, 1e9, most=7)[:3]
    ([1000.0, 2000.0, 5000.0, 10000.0, 20000.0, 50000.0, 100000.0], [1.0, 2.0, 5.0, 10.0, 20.0], \
[1e-09, 1e-06, 0.001])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for mantissas, step in ((("1", "2", "5"), 1), *((("1",), s) for s in range(1, 99))):
        ticks = [float(f"{m}e{e}") for e in range(first, last + 1, step) for m in mantissas]
        ticks = [t for t in ticks if low * (1 - 1e-9) <= t <= high * (1 + 1e-9)]
        if len(ticks) <= most:
            return ticks
    return ticks[:most]


def linear_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Ticks of a linear axis at multiples of 1, 2 or 5 times a power of ten.

    >>> linear_ticks(0.0, 1.0), linear_ticks(-0.3, 0.9)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 0.5])
    """
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        return [low]
    step = _round((high - low) / max(most - 1, 1), up=True)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.15g}") for i in range(first, last + 1)]
