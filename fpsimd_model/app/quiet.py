"""Who changed a widget: the program, or a person who is to be answered."""

from __future__ import annotations

__all__ = ["Quiet"]


class Quiet:
    """True within a `with` of it: what happens there comes from the program, not from a person.

    >>> quiet = Quiet()
    >>> with quiet:
    ...     print(bool(quiet))
    True
    >>> bool(quiet)
    False
    """

    def __init__(self) -> None:
        self._within = False

    def __bool__(self) -> bool:
        return self._within

    def __enter__(self) -> None:
        self._within = True

    def __exit__(self, *_: object) -> None:
        self._within = False
