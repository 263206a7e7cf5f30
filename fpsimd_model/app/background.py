"""Slow work beside the app: one thread, progress, a way to stop it, and an end that is told.

The thread touches no widget: what it has to say is said by the event loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import Any

import ipywidgets as w

from .knob import put
from .layout import classed

__all__ = ["Background", "Stopped", "Tell"]

Tell = Callable[[float, str], None]  # share done, and in words; raises Stopped when told to stop


class Stopped(BaseException):
    """The person has had enough; no handler of errors is to catch it."""


class Background:
    """One piece of work at a time, with bar, words and a button to cancel in `widget`.

    Without a running event loop (a script, a test) the work is done at once.

    >>> from .background import Background
    >>> work, seen = Background("sums"), []
    >>> work.start(lambda tell: sum(range(5)), seen.append, print)
    >>> seen, work.running
    ([10], False)
    """

    def __init__(self, name: str) -> None:
        self.bar = classed(w.FloatProgress(min=0.0, max=1.0), "fm-bar")
        self.words = classed(w.HTML(), "fm-words")
        self.stop = classed(w.Button(description="cancel", icon="stop"), "fm-cancel")
        self.stop.on_click(lambda _: self.cancel())
        self.widget = classed(
            w.HBox([self.bar, self.stop, self.words]), "fm-work", f"fm-work-{name}"
        )
        self.number = 0  # of the last piece of work
        self._now: _Piece | None = None
        self._cancelled: Callable[[], None] = lambda: None
        self._rest()

    @property
    def running(self) -> bool:
        """Work is under way."""
        return self._now is not None

    def start(
        self,
        work: Callable[[Tell], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        cancelled: Callable[[], None] = lambda: None,
        *,
        at_once: bool = False,
    ) -> None:
        """Begin `work`; whatever was under way is stopped.

        Parameters
        ----------
        work:
            Called in the thread with a function to tell of progress.
        done, failed:
            Called with its result or its exception by the event loop; neither if it is stopped.
        cancelled:
            Called when the person cancels it.
        at_once:
            Do it before this returns, as where no event loop runs.
        """
        if self._now is not None:
            self._now.stopped.set()
        self.number += 1
        piece = self._now = _Piece(self, work, done, failed)
        self._cancelled = cancelled
        self.tell(0.0, "starting ...")
        put(self.stop, "disabled", False)
        self.widget.remove_class("fm-idle")
        with suppress(RuntimeError):
            piece.loop = None if at_once else asyncio.get_running_loop()
        if piece.loop is None:
            piece.run()
            return
        threading.Thread(target=piece.run, name=f"fm-work-{self.number}", daemon=True).start()

    def cancel(self) -> None:
        """Stop what is under way; its result will not be used."""
        if self._now is not None:
            self._now.stopped.set()
            self._rest()
            put(self.words, "value", "cancelled")
            self._cancelled()

    def drop(self) -> None:
        """Stop what is under way without a word: nobody has asked for it."""
        if self._now is not None:
            self._now.stopped.set()
            self._rest()

    def tell(self, share: float, words: str) -> None:
        """Show how far it is."""
        put(self.bar, "value", min(max(share, 0.0), 1.0))
        put(self.words, "value", escape(words))

    def finished(self, piece: _Piece, call: Callable[[], None]) -> None:
        """A piece has ended; `call` is for it alone, not for one that came after."""
        if piece is self._now:
            self._rest()
            call()

    def progressed(self, piece: _Piece) -> None:
        """A piece has got on."""
        if piece is self._now:
            self.tell(*piece.latest)

    def _rest(self) -> None:
        self._now = None
        put(self.stop, "disabled", True)
        put(self.words, "value", "")
        put(self.bar, "value", 0.0)
        self.widget.add_class("fm-idle")


class _Piece:
    """One piece of work on its way through the thread."""

    def __init__(self, owner: Background, work, done, failed) -> None:
        self.owner, self.work, self.done, self.failed = owner, work, done, failed
        self.stopped = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.latest = (0.0, "")
        self._said = True  # the latest has been shown

    def run(self) -> None:
        """From start to end."""
        try:
            result = self.work(self.tell)
        except Stopped:
            return
        except Exception as error:
            failure = error  # `error` ends with the block
            self._call(lambda: self.owner.finished(self, lambda: self.failed(failure)))
        else:
            self._call(lambda: self.owner.finished(self, lambda: self.done(result)))

    def tell(self, share: float, words: str) -> None:
        """Newest only: the loop may be busy for longer than the work takes to get on."""
        if self.stopped.is_set():
            raise Stopped
        self.latest = share, words
        if self._said:
            self._said = False
            self._call(self._say)

    def _say(self) -> None:
        self._said = True
        self.owner.progressed(self)

    def _call(self, call: Callable[[], None]) -> None:
        if self.loop is None:
            call()
        elif not self.loop.is_closed():
            self.loop.call_soon_threadsafe(call)
