"""What a machine offers for recording: tracefs, kprobes, tools, and a fitting kernel."""

from __future__ import annotations

import gzip
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from .probes import EVENTS, SWITCHES, Probe, probes

__all__ = ["Offer", "look"]

_TRACEFS = ("sys/kernel/tracing", "sys/kernel/debug/tracing")
_CONFIG = ("CONFIG_KVM", "CONFIG_KPROBES", "CONFIG_KPROBE_EVENTS", "CONFIG_TRACEPOINTS")
_MOST = 16_000_000  # bytes of a list of functions


@dataclass(frozen=True)
class Offer:
    """What was found.

    Attributes
    ----------
    machine, release:
        Architecture and kernel.
    tracefs:
        Where it is mounted, None if it is not.
    writable:
        Whether this user may record.
    kprobes:
        Whether kprobes can be set.
    probes, missing:
        Those whose function the kernel has (all, where it does not tell), and the others.
    events:
        Trace events that exist (all, where tracefs cannot be looked into).
    tools:
        ``trace-cmd`` and ``perf`` with their paths, where present.
    realtime:
        Whether softirqs run in threads, so that the model does not apply.
    config:
        Kernel options that matter and are known to be off.
    """

    machine: str
    release: str
    tracefs: Path | None
    writable: bool
    kprobes: bool
    probes: tuple[Probe, ...]
    missing: tuple[Probe, ...]
    events: tuple[str, ...]
    tools: dict[str, str]
    realtime: bool
    config: tuple[str, ...]

    @property
    def remarks(self) -> list[str]:
        """What is amiss and what to do about it, one line each."""
        found = []
        if self.realtime:
            found.append(
                "this kernel is PREEMPT_RT: softirqs run in threads, so none meets a loaded vCPU, "
                "and the model does not apply"
            )
        if self.tracefs is None:
            found.append("tracefs is not mounted; as root: mount -t tracefs tracefs "
                         "/sys/kernel/tracing")  # fmt: skip
        elif not self.writable:
            found.append(f"{self.tracefs} is not writable; record as root")
        elif not self.kprobes:
            found.append("no kprobe_events: the kernel lacks CONFIG_KPROBE_EVENTS, without which "
                         "no residency can be told")  # fmt: skip
        for option in self.config:
            found.append(f"{option} is off in this kernel's configuration")
        for probe in self.missing:
            need = "no residency can be told" if probe.needed else "fewer values can be calibrated"
            found.append(f"this kernel has no function {probe.function}: {need}")
        absent = [event for event in (*EVENTS, SWITCHES) if event not in self.events]
        if any(event.startswith("kvm/") for event in absent):
            found.append("no kvm events: load the kvm module first, for example by starting a VM")
        for tool in ("trace-cmd", "perf"):
            if tool not in self.tools:
                found.append(f"{tool} is not installed")
        return found


def look(
    root: str | os.PathLike[str] = "/", tracefs: str | os.PathLike[str] | None = None
) -> Offer:
    """Look at this machine, or at files below `root` that look like one.

    Nothing is written. ``tracefs`` names the mount point where it is another than the usual two.
    """
    root = Path(root)
    release, machine = platform.release(), platform.machine()
    places = [Path(tracefs)] if tracefs is not None else [root / place for place in _TRACEFS]
    mount = next((place for place in places if _is_there(place / "tracing_on")), None)
    writable = mount is not None and os.access(mount / "tracing_on", os.W_OK)
    functions = _functions(mount)
    wanted = probes(machine)
    missing = tuple(p for p in wanted if functions is not None and p.function not in functions)
    return Offer(
        machine=machine,
        release=release,
        tracefs=mount,
        writable=writable,
        kprobes=mount is not None and _is_there(mount / "kprobe_events"),
        probes=tuple(p for p in wanted if p not in missing),
        missing=missing,
        events=_events(mount),
        tools={t: path for t in ("trace-cmd", "perf") if (path := shutil.which(t))},
        realtime=_realtime(root, release),
        config=_off(root, release),
    )


def _is_there(path: Path) -> bool:
    """Whether it exists; what only root may look into is taken to be there."""
    try:
        return path.exists()
    except PermissionError:
        return True
    except OSError:
        return False


def _functions(mount: Path | None) -> set[str] | None:
    """Functions that can be probed, None if the kernel does not say."""
    if mount is None:
        return None
    try:
        with (mount / "available_filter_functions").open("rb") as file:
            text = file.read(_MOST)
    except OSError:
        return None
    names = {line.split()[0].decode("ascii", "replace") for line in text.splitlines() if line}
    return names or None


def _events(mount: Path | None) -> tuple[str, ...]:
    wanted = (*EVENTS, SWITCHES)
    if mount is None or not os.access(mount / "events", os.R_OK):
        return wanted
    return tuple(event for event in wanted if _is_there(mount / "events" / event / "enable"))


def _realtime(root: Path, release: str) -> bool:
    flag = root / "sys/kernel/realtime"
    try:
        return flag.read_text().strip() == "1"
    except OSError:
        return "-rt" in release or "PREEMPT_RT" in platform.version()


def _off(root: Path, release: str) -> tuple[str, ...]:
    """Options that the kernel's configuration says are off; none if it cannot be read."""
    text = ""
    for place in (f"boot/config-{release}", "proc/config.gz"):
        try:
            data = (root / place).read_bytes()
            text = (gzip.decompress(data) if place.endswith(".gz") else data).decode()
            break
        except (OSError, UnicodeDecodeError, EOFError):
            continue
    on = {line.partition("=")[0] for line in text.splitlines() if line.endswith(("=y", "=m"))}
    return tuple(option for option in _CONFIG if option not in on) if on else ()
