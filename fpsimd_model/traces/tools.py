"""``trace.dat`` and ``perf.data``: the user's own trace-cmd or perf prints them as text.

Their formats change with the tools, and the tool that wrote a file reads it best.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import signal
import subprocess
import tempfile

from ..errors import InputError
from ..undisturbed import undisturbed
from .advice import PERF_SCRIPT, TRACE_CMD_REPORT

__all__ = ["Tool", "tool_for"]

_MAGIC = {
    b"\x17\x08\x44tracing": ("a trace-cmd file", TRACE_CMD_REPORT),
    b"PERFILE2": ("a perf.data file", PERF_SCRIPT),
    b"2ELIFREP": ("a perf.data file", PERF_SCRIPT),
}
_PATIENCE = 10.0  # seconds that a tool may take to end after its last byte


def tool_for(head: bytes) -> tuple[str, tuple[str, ...]] | None:
    """What a file is that begins so, and the command that prints it, its name to be added.

    >>> tool_for(b"PERFILE2" + bytes(8))[1][:2], tool_for(b"# tracer: nop")
    (('perf', 'script'), None)
    """
    return next((found for magic, found in _MAGIC.items() if head.startswith(magic)), None)


class Tool(io.RawIOBase):
    """The text that a command prints, as a stream; its failure is an `InputError` at the end.

    ``path`` is the file that it shall print. Raises `InputError` if there is no such command.
    """

    def __init__(self, command: tuple[str, ...], path: str) -> None:
        super().__init__()
        self.command, self.path = command, path
        self._process = None
        file = path if not path.startswith("-") else f"./{path}"
        self._errors = _nameless()
        try:
            with undisturbed():
                self._process = subprocess.Popen(
                    [*command, file],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors,
                    bufsize=0, env={**os.environ, "LC_ALL": "C", "PAGER": "cat"}, process_group=0,
                )  # fmt: skip
        except OSError as error:
            self._errors.close()
            why = "is not installed here" if isinstance(error, FileNotFoundError) else "cannot run"
            raise InputError(
                f"{path}: {self.name} prints such a file, and {command[0]} {why}; on the machine "
                f"that recorded it: {self.advice}"
            ) from None
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The command in short."""
        return " ".join(self.command[:2])

    @property
    def advice(self) -> str:
        """The same in a shell."""
        return shlex.join([*self.command, self.path]) + " > trace.txt"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._process.stdout.readinto(buffer) or 0

    def finish(self) -> None:
        """The tool has printed everything: raise what it has to complain of, if it failed."""
        try:
            status = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            raise InputError(
                f"{self.path}: {self.name} printed its text and did not end; try: {self.advice}"
            ) from None
        if not status:
            return
        how = f"exit status {status}"
        if status < 0:
            with contextlib.suppress(ValueError):
                how = f"ended by {signal.Signals(-status).name}"
        raise InputError(
            f"{self.path}: {self.name} failed ({how}){self.complaint()}; on the machine that "
            f"recorded it, try: {self.advice}"
        )

    def complaint(self) -> str:
        """The first line that it wrote on standard error, with a colon, or nothing."""
        self._errors.seek(0)
        text = self._errors.read(4096).decode("utf-8", "backslashreplace")
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        return f": {lines[0][:200]}" if lines else ""

    def close(self) -> None:
        """End the tool, and all that it started, if it has not ended by itself."""
        if self._process is not None:
            if self._process.poll() is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.stdout.close()
            self._process.wait()
            self._process = None
            self._errors.close()
        super().close()


def _nameless() -> io.RawIOBase:
    return tempfile.TemporaryFile(prefix="fpsimd-model-", buffering=0)
