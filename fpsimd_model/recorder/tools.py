"""Recording through trace-cmd or perf, and their end when they are broken off."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from ..errors import InputError
from ..undisturbed import undisturbed
from .commands import perf_command, trace_cmd_command
from .offer import Offer

__all__ = ["through_tool", "why"]

_PATIENCE = 10.0  # seconds that a tool has for its end


def why(error: OSError) -> str:
    """In the words of the system, as a part of a sentence."""
    return (error.strerror or str(error)).lower()


def through_tool(offer: Offer, tool: str, output: Path, seconds: float, buffer_kb: int) -> None:
    """Record with trace-cmd or perf and print what it recorded as text into `output`."""
    data = str(output.with_suffix(".dat"))
    try:
        if tool == "trace-cmd":
            _run(trace_cmd_command(offer, seconds, data, buffer_kb))
            _run(["trace-cmd", "report", "-N", "-t", data], output)
        else:
            _run(perf_command(offer, seconds, data, buffer_kb))
            fields = "comm,pid,tid,cpu,time,event,trace"
            words = ["perf", "script", "--guest-code", "--ns", "-F", fields]
            _run([*words, "--show-lost-events", "-i", data], output)
    finally:
        for file in output.parent.iterdir():  # trace-cmd has one more a CPU until it is done
            if file.name.startswith(Path(data).name):
                file.unlink(missing_ok=True)


def _run(words: list[str], output: Path | None = None) -> None:
    child = None
    try:
        with (output or Path(os.devnull)).open("wb") as out, undisturbed():
            child = subprocess.Popen(words, stdout=out, stderr=subprocess.PIPE)
        said = child.communicate()[1]
    except OSError as error:
        raise InputError(f"{words[0]}: cannot be run ({why(error)})") from None
    except BaseException:
        if child is not None:
            _stop(child)
        raise
    if child.returncode:
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no word"]
        raise InputError(f"{' '.join(words[:2])} failed: {last[0]}")


def _stop(child: subprocess.Popen) -> None:
    """As Ctrl-C does it, so that the tool switches its events off; the hard way if it does not."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    try:
        child.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
