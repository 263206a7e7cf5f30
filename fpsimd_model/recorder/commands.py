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
        f"I=$T/instances/{GROUP}",
        "clean() {",
        "  trap '' INT TERM HUP   # nothing may break this off",
        '  [ -d "$I" ] && echo 0 > $I/events/enable && rmdir $I',
        f"  for p in {names}; do",
        f'    echo "-:{GROUP}/$p" >> $T/kprobe_events',
        "  done",
        "}",
        "trap clean EXIT",
        "trap 'exit 130' INT TERM HUP",
        *(f"echo {shlex.quote(probe.line)} >> $T/kprobe_events" for probe in offer.probes),
        *{"tracefs": _tracefs, "trace-cmd": _trace_cmd, "perf": _perf}[tool](
            offer, seconds, output, buffer_kb
        ),
    ]


def _tracefs(offer: Offer, seconds: float, output: str, buffer_kb: int) -> list[str]:
    return [
        "mkdir $I || exit 1",
        "echo mono > $I/trace_clock",
        f"echo {buffer_kb} > $I/buffer_size_kb",
        f"echo {shlex.quote(switches_filter())} > $I/events/{SWITCHES}/filter",
        f"for e in {' '.join((GROUP, *offer.events))}; do",
        "  echo 1 > $I/events/$e/enable",
        "done",
        f"sleep {seconds:g}",
        "echo 0 > $I/tracing_on",
        f"cat $I/trace > {shlex.quote(output)}",
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
    sides = (f'{side}_comm ~ "{name}"' for name in _VCPUS for side in ("prev", "next"))
    return " || ".join(sides)


def _trace_cmd(offer: Offer, seconds: float, output: str, buffer_kb: int) -> list[str]:
    return [
        shlex.join(trace_cmd_command(offer, seconds, "trace.dat", buffer_kb)),
        "trace-cmd report --stat trace.dat   # overrun and dropped must be 0",
        f"trace-cmd report -N -t trace.dat > {shlex.quote(output)}",
    ]


def perf_command(offer: Offer, seconds: float, data: str, buffer_kb: int) -> list[str]:
    """The words of ``perf record``."""
    events = [f"{GROUP}:*", *(e.replace("/", ":") for e in offer.events if e != SWITCHES)]
    words = ["perf", "record", "-a", "-k", "mono", "-m", f"{max(1, buffer_kb // 4096)}M"]
    words += ["-o", data, "-e", ",".join(events)]
    if SWITCHES in offer.events:
        words += ["-e", SWITCHES.replace("/", ":"), "--filter", switches_filter()]
    return [*words, "--", "sleep", f"{seconds:g}"]


def _perf(offer: Offer, seconds: float, output: str, buffer_kb: int) -> list[str]:
    return [
        shlex.join(perf_command(offer, seconds, "perf.data", buffer_kb)),
        f"{CONVERT_PERF.rpartition(' > ')[0]} > {shlex.quote(output)}",
    ]
