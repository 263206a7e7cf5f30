"""The commands of a recording, for each tool, as a person would type them."""

from __future__ import annotations

import shlex

from ..errors import InputError
from ..traces.advice import CONVERT_PERF
from .offer import Offer
from .probes import GROUP, SWITCHES

__all__ = ["TOOLS", "perf_command", "script", "switches_filter", "trace_cmd_command"]

TOOLS = ("tracefs", "trace-cmd", "perf")
_VCPUS = ("CPU*KVM", "fc_vcpu*", "kvm-vcpu-*")  # QEMU, Firecracker, kvmtool


def script(tool: str, offer: Offer, seconds: float = 30.0, output: str = "trace.txt",
           buffer_kb: int = 16384) -> list[str]:  # fmt: skip
    """Lines of shell that record with `tool` into `output`, and leave no probe behind at exit.

    They begin by making a trace instance, which only one recording can: where another runs, they
    end there and touch nothing.

    Raises
    ------
    InputError
        On an unknown tool.

    >>> from .offer import look
    >>> script("perf", look())[0].startswith("T=")
    True
    """
    if tool not in TOOLS:
        raise InputError(f"no tool is called {tool!r}; there are {', '.join(TOOLS)}")
    mount = offer.tracefs or "/sys/kernel/tracing"
    names = " ".join(probe.name for probe in offer.probes)
    return [
        f"T={shlex.quote(str(mount))}",
        f'I="$T/instances/{GROUP}"',
        "clean() {",
        "  trap '' INT TERM HUP   # nothing may break this off",
        '  [ -e "$I/events/enable" ] && echo 0 > "$I/events/enable"',
        f"  for p in {names}; do",
        f'    echo "-:{GROUP}/$p" >> "$T/kprobe_events"',
        "  done",
        '  rmdir "$I"',
        "}",
        "# who records has made this instance; nobody else may clean up",
        "trap '' INT TERM HUP",
        'if ! mkdir "$I"; then',
        '  echo "another recording runs; if none does: rmdir $I" >&2',
        "  exit 1",
        "fi",
        "trap clean EXIT",
        "trap 'exit 130' INT TERM HUP",
        *(f'echo {shlex.quote(probe.line)} >> "$T/kprobe_events"' for probe in offer.probes),
        *(_filter_lines() if SWITCHES in offer.events else []),
        *{"tracefs": _tracefs, "trace-cmd": _trace_cmd, "perf": _perf}[tool](
            offer, seconds, output, buffer_kb
        ),
    ]


def _filter_lines() -> list[str]:
    """The filter in a variable, part by part, so that no line is long."""
    first, *rest = _sides()
    return [f"F={shlex.quote(first)}", *(f'F="$F || "{shlex.quote(part)}' for part in rest)]


def _tracefs(offer: Offer, seconds: float, output: str, buffer_kb: int) -> list[str]:
    only = [f'echo "$F" > "$I/events/{SWITCHES}/filter"'] if SWITCHES in offer.events else []
    return [
        'echo mono > "$I/trace_clock"',
        f'echo {buffer_kb} > "$I/buffer_size_kb"',
        *only,
        f"for e in {' '.join((GROUP, *offer.events))}; do",
        '  echo 1 > "$I/events/$e/enable"',
        "done",
        f"sleep {seconds:g}",
        'echo 0 > "$I/tracing_on"',
        f'cat "$I/trace" > {shlex.quote(output)}',
    ]


def trace_cmd_command(offer: Offer, seconds: float, data: str, buffer_kb: int) -> list[str]:
    """The words of ``trace-cmd record``."""
    words = ["trace-cmd", "record", "-C", "mono", "-b", str(buffer_kb), "-o", data, "-e", GROUP]
    for event in offer.events:
        words += ["-e", event.replace("/", ":")]
        if event == SWITCHES:
            words += ["-f", switches_filter()]
    return [*words, "sleep", f"{seconds:g}"]


def switches_filter() -> str:
    """Of all task switches, those of vCPU threads."""
    return " || ".join(_sides())


def _sides() -> list[str]:
    """Parts of the filter, one for each name: it leaves the CPU or gets it."""
    return [f'prev_comm ~ "{name}" || next_comm ~ "{name}"' for name in _VCPUS]


def _shell(words: list[str]) -> str:
    """One line for a shell, the filter from its variable."""
    return " ".join('"$F"' if word == switches_filter() else shlex.quote(word) for word in words)


def _trace_cmd(offer: Offer, seconds: float, output: str, buffer_kb: int) -> list[str]:
    return [
        _shell(trace_cmd_command(offer, seconds, "trace.dat", buffer_kb)),
        "trace-cmd report --stat trace.dat   # overrun and dropped must be 0",
        f"trace-cmd report -N -t trace.dat > {shlex.quote(output)}",
    ]


def perf_command(offer: Offer, seconds: float, data: str, buffer_kb: int) -> list[str]:
    """The words of ``perf record``."""
    events = [f"{GROUP}:*", *(e.replace("/", ":") for e in offer.events if e != SWITCHES)]
    words = ["perf", "record", "-a", "-k", "mono", "-m", f"{max(1, buffer_kb // 4096)}M"]
    words += ["-o", data, *(word for event in events for word in ("-e", event))]
    if SWITCHES in offer.events:
        words += ["-e", SWITCHES.replace("/", ":"), "--filter", switches_filter()]
    return [*words, "--", "sleep", f"{seconds:g}"]


def _perf(offer: Offer, seconds: float, output: str, buffer_kb: int) -> list[str]:
    return [
        _shell(perf_command(offer, seconds, "perf.data", buffer_kb)),
        f"{CONVERT_PERF.rpartition(' > ')[0]} > {shlex.quote(output)}",
    ]
