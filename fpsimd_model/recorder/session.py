"""A recording through tracefs, and the promise that no probe and no setting is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..errors import InputError
from ..undisturbed import undisturbed
from .commands import TOOLS, switches_filter
from .guard import Guard
from .offer import Offer
from .probes import GROUP, SWITCHES, Probe
from .tools import through_tool, why

__all__ = ["record"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def record(
    offer: Offer,
    output: str | os.PathLike[str],
    *,
    tool: str = "tracefs",
    seconds: float = 30.0,
    buffer_kb: int = 16384,
    wait: Callable[[float], None] = time.sleep,
    begun: Callable[[], None] = lambda: None,
) -> Path:
    """Record for some seconds into a text file that `fpsimd_model.calibrate` reads.

    Probes, events and the trace instance are taken away however the recording ends: by an error,
    by Ctrl-C (once or more often), by SIGTERM, SIGHUP, SIGQUIT, and by SIGKILL, too (`Guard`). The
    file appears when it is whole.

    Parameters
    ----------
    offer:
        From `look`.
    tool:
        ``tracefs`` (nothing else needed), ``trace-cmd`` or ``perf``.
    wait:
        What lets the time pass; for tests.
    begun:
        Called when nothing has been refused and the recording begins.

    Raises
    ------
    InputError
        If this machine or user cannot record, or a step is refused; then nothing has stayed. If
        the kernel does not let a probe go, with the command to repeat.
    """
    output = Path(output)
    _refuse(offer, tool, output)
    beside = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    left: list[str] = []
    with _signals_as_exceptions(), ExitStack() as clean:
        with undisturbed():
            place = _instance(offer, clean)  # before anything is changed: another recording may run
            clean.callback(Guard(offer).release)
        clean.callback(lambda: beside.unlink(missing_ok=True))
        _set_probes(offer, clean, left)
        begun()
        if tool == "tracefs":
            _through_tracefs(place, offer, beside, seconds, buffer_kb, wait, clean)
        else:
            through_tool(offer, tool, beside, seconds, buffer_kb)
        try:
            beside.replace(output)
        except OSError as error:
            raise InputError(f"{output}: cannot be written ({why(error)})") from None
    if left:
        raise InputError(
            f"{output} is written, but something else uses the probe {left[0]}; end that, then as "
            f"root: echo '-:{GROUP}/{left[0]}' >> {offer.tracefs / 'kprobe_events'}"
        )
    return output


def _refuse(offer: Offer, tool: str, output: Path) -> None:
    if tool not in TOOLS:
        raise InputError(f"no tool is called {tool!r}; there are {', '.join(TOOLS)}")
    if offer.realtime or offer.tracefs is None or not offer.writable or not offer.kprobes:
        raise InputError(f"cannot record here: {offer.remarks[0]}")
    lacking = [probe.function for probe in offer.missing if probe.needed]
    if lacking:
        raise InputError(
            f"cannot record here: the kernel has no {' and no '.join(lacking)}; "
            "load the kvm module first"
        )
    if tool != "tracefs" and tool not in offer.tools:
        raise InputError(f"{tool} is not installed; take --tool tracefs, which needs nothing")
    if output.is_dir() or not output.resolve().parent.is_dir():
        raise InputError(f"{output}: cannot be written; name a file in a folder that exists")


@contextmanager
def _signals_as_exceptions() -> Iterator[None]:
    """The first signal ends the recording as Ctrl-C does; none breaks off what cleans up then."""
    stopped = False

    def stop(number: int, _: object) -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            raise KeyboardInterrupt(signal.Signals(number).name)

    before = {}
    with suppress(ValueError):  # not in the main thread: signals do not come here
        before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(file: Path, text: str, mode: str = "w") -> None:
    try:
        with file.open(mode) as out:
            out.write(text + "\n")
    except OSError as error:
        raise InputError(f"{file}: the kernel refused {text!r} ({why(error)})") from None


def _undo(clean: ExitStack, file: Path, text: str, mode: str = "w") -> None:
    """At the end write this, and let nothing that fails keep the rest from being undone."""

    def write() -> None:
        with suppress(InputError):
            _write(file, text, mode)

    clean.callback(write)


def _set_probes(offer: Offer, clean: ExitStack, left: list[str]) -> None:
    """Set all; `left` gets those that cannot be taken away at the end."""
    events = offer.tracefs / "kprobe_events"

    def remove(name: str) -> None:
        try:
            _write(events, f"-:{GROUP}/{name}", "a")
        except InputError:  # never set, or in use
            if (offer.tracefs / "events" / GROUP / name).exists():
                left.append(name)

    for probe in offer.probes:
        # promised before it is set: a signal may come between the two
        clean.callback(remove, probe.name)
        try:
            _write(events, probe.line, "a")
        except InputError:
            if probe.needed:
                raise
            _plain(events, probe)
    # a tool that was killed leaves them on, and a probe in use does not go
    _undo(clean, offer.tracefs / "events" / GROUP / "enable", "0")


def _plain(events: Path, probe: Probe) -> None:
    """Older kernels know no ``$arg1``; without arguments an optional probe still serves."""
    with suppress(InputError):
        _write(events, Probe(probe.name, probe.function, "", False).line, "a")


def _through_tracefs(
    place: Path, offer: Offer, output: Path, seconds: float, buffer_kb: int,
    wait: Callable[[float], None], clean: ExitStack,
) -> None:  # fmt: skip
    clock = place / "trace_clock"
    _undo(clean, clock, _selected(clock))
    _write(clock, "mono")
    size = place / "buffer_size_kb"
    with suppress(OSError, ValueError):
        _undo(clean, size, str(int(size.read_text().split()[0])))
    _write(size, str(buffer_kb))
    switch = place / "tracing_on"
    _undo(clean, switch, switch.read_text().strip() or "1")
    _write(switch, "0")
    _write(place / "trace", "")  # empty the buffer
    with suppress(InputError):  # without it there is more to read, nothing else
        _write(place / "events" / SWITCHES / "filter", switches_filter())
    _undo(clean, place / "events" / SWITCHES / "filter", "0")
    for event in (GROUP, *offer.events):
        enable = place / "events" / event / "enable"
        if enable.exists():
            _undo(clean, enable, "0")
            _write(enable, "1")
    _write(switch, "1")
    wait(seconds)
    _write(switch, "0")
    try:
        with (place / "trace").open("rb") as trace, output.open("wb") as out:
            shutil.copyfileobj(trace, out, 1 << 20)
    except OSError as error:
        raise InputError(f"{output}: the trace cannot be copied there ({why(error)})") from None


def _instance(offer: Offer, clean: ExitStack) -> Path:
    """A buffer of our own, so that nobody else's tracing is disturbed; else the common one.

    It also says that a recording runs, so it goes last, after the probes.
    """
    place = offer.tracefs / "instances" / GROUP
    try:
        place.mkdir()
    except FileExistsError:
        raise InputError(
            f"{place}: is there already; another recording runs, or as root: rmdir {place}"
        ) from None
    except OSError:
        return offer.tracefs

    def remove() -> None:
        with suppress(OSError):
            place.rmdir()

    clean.callback(remove)
    return place if (place / "trace_clock").exists() else offer.tracefs


def _selected(clock: Path) -> str:
    """The clock in brackets."""
    try:
        words = clock.read_text().split()
    except OSError:
        return "local"
    return next((word.strip("[]") for word in words if word.startswith("[")), "local")
