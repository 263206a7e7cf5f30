"""One thread for all that a panel does: that of the cell which made it.

JupyterLab hands what widgets say to subshells of the kernel, threads with event loops of their own,
and the first message of each widget to the main one (its setting "Kernel Comms over subshells",
from JupyterLab 4.4 and ipykernel 7.0 on).  A value heard in one thread while another brings sliders
and figure up to date would be taken for a stale one, and put back.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import ipywidgets as w

__all__ = ["Home"]


class Home:
    """The thread, and the event loop, in which it is made.

    >>> home, slider, heard = Home(), w.IntSlider(), []
    >>> home.take_in(slider)
    >>> slider.observe(lambda change: heard.append(change["new"]), "value")
    >>> slider.comm.handle_msg({"content": {"data": {"method": "update", "state": {"value": 7}}}})
    >>> heard  # at once: no event loop runs here
    [7]
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._loop: asyncio.AbstractEventLoop | None = None
        with suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()

    def take_in(self, *widgets: w.Widget) -> None:
        """Whatever is said by these widgets, and all within them, is heard here from now on."""
        for widget in _all(widgets):
            if widget.comm is not None:
                widget.comm.handle_msg = partial(self._hear, widget.comm.handle_msg)

    def _hear(self, handle: Callable[[dict], None], message: dict) -> None:
        away = threading.get_ident() != self._thread
        if away and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(handle, message)  # in the message's own context
        else:
            handle(message)


def _all(widgets: tuple[w.Widget, ...]) -> Iterator[w.Widget]:
    """These widgets and those within, each once."""
    seen: dict[str, w.Widget] = {}
    left = list(widgets)
    while left:
        widget = left.pop()
        if widget.model_id not in seen:
            seen[widget.model_id] = widget
            left.extend(getattr(widget, "children", ()))
    return iter(seen.values())
