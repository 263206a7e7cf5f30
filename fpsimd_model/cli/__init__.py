"""The command line: ``fpsimd-model``, or ``python -m fpsimd_model``.

This file imports next to nothing, so that Ctrl-C is heard from the first moment on.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # without typing, which takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["cli", "main"]

_STOPPED = "fpsimd-model: stopped\n"
_STATUS = 130  # as a shell reports what SIGINT has ended


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; exit status 2 and one line on standard error for bad input.

    >>> main(["policies", "--policy", "nosuch"])
    Traceback (most recent call last):
    ...
    SystemExit: 2
    """
    try:
        import signal  # within the try, as it takes some milliseconds itself

        usual = signal.default_int_handler
        ours = signal.getsignal(signal.SIGINT) is usual and _listen(_leave)
        try:
            from .commands import run
        finally:
            if ours:
                _listen(usual)
        run(args)
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write(_STOPPED)
        sys.exit(_STATUS)


def _leave(number: int, frame: object) -> None:
    """End at once: an exception would come out of the midst of somebody's import."""
    try:
        os.write(2, _STOPPED.encode())
    finally:
        os._exit(_STATUS)


def _listen(handler: object) -> bool:
    import signal

    try:
        signal.signal(signal.SIGINT, handler)
    except ValueError:  # not in the main thread: signals do not come here
        return False
    return True


def __getattr__(name: str) -> object:
    if name == "cli":
        from .commands import cli

        return cli
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
