"""A step that no signal may break in two: what it made would be left without an owner."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["undisturbed"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals that Python code would hear come at the end of the block, after its last statement.

    A process that is started within is so known to its starter before Ctrl-C is raised. It does
    not inherit the delay, as it would a mask. In other threads signals are not heard anyway.

    >>> import signal
    >>> done = []
    >>> try:
    ...     with undisturbed():
    ...         signal.raise_signal(signal.SIGINT)
    ...         done.append("the rest of the step")
    ... except KeyboardInterrupt:
    ...     done.append("stopped")
    >>> done
    ['the rest of the step', 'stopped']
    """
    waiting: list[int] = []
    before = {}
    for number in _SIGNALS:
        handler = signal.getsignal(number)
        if callable(handler):
            try:
                signal.signal(number, lambda n, _: waiting.append(n))
            except ValueError:  # not in the main thread
                break
            before[number] = handler
    try:
        yield
    finally:
        for number, handler in reversed(before.items()):  # SIGINT last: it may raise at once
            signal.signal(number, handler)
        for number in waiting:
            signal.raise_signal(number)
