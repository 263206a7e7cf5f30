"""What a tab is: a widget, and one method that takes the newest state."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import ipywidgets as w

if TYPE_CHECKING:
    from ..figures import Answer, Picture
    from .state import State

__all__ = ["Pace", "Tab"]


class Pace(Enum):
    """How much time there is: the state moves, has stopped a moment ago, or rests."""

    MOVING = 0
    STOPPED = 1
    REST = 2


class Tab(Protocol):
    """One view of the app.

    Attributes
    ----------
    name, title, tip:
        In files and classes; on its button, short; the whole of it, in the button's tooltip.
    widget:
        What is seen while the tab is chosen.
    picture:
        What is shown where widgets cannot run; None while there is none.
    """

    name: str
    title: str
    tip: str
    widget: w.Widget

    @property
    def picture(self) -> Picture | None: ...

    def show(self, state: State, pace: Pace) -> Iterator[None] | None:
        """Show a state; of slow work an iterator, dropped when a newer state has come."""

    def answer(self, state: State) -> Answer:
        """What Export writes; InputError while there is nothing."""
