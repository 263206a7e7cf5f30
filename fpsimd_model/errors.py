"""The one exception for a mistake in what a user gave: a file, an option, an argument."""

from __future__ import annotations

__all__ = ["InputError", "short", "shown"]


class InputError(ValueError):
    """Bad input, told in one clear line: where, what is wrong, what would be right.

    The command line prints it on standard error and exits with status 2. Characters that a
    terminal would obey are escaped, so that the text is one harmless line whatever a file held.

    >>> str(InputError("scenario.toml:3: [vcpu] residence_us: unknown\\nkey"))
    'scenario.toml:3: [vcpu] residence_us: unknown\\\\nkey'
    """

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in message))


def shown(value: object, limit: int = 40) -> str:
    """``value`` as a message shows it: short, text in double quotes, truth values as in TOML.

    >>> shown("fast"), shown(True), shown([1] * 99, limit=12)
    ('"fast"', 'true', '[1, 1, 1,...')
    """
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = f'"{value}"' if isinstance(value, str) else repr(value)
    except ValueError:  # an integer with more digits than Python turns into text
        text = "a huge integer"
    return short(text, limit)


def short(text: str, limit: int = 80) -> str:
    """``text``, cut where it is longer than a message can bear.

    >>> short("a long name", limit=8)
    'a lon...'
    """
    return text if len(text) <= limit else text[: limit - 3] + "..."
