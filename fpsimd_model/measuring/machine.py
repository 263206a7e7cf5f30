"""What was measured, as the [machine] and [crypto] tables of a scenario with provenance."""

from __future__ import annotations

import dataclasses
import datetime
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..scenario import Scenario, preset
from .crypto import Speeds, crypto_speeds
from .registers import Moves, register_moves
from .spread import Spread

__all__ = ["PARTS", "Measurement", "clock_of_kernel", "cpu_model", "measure"]

PARTS = ("registers", "crypto")


@dataclass(frozen=True)
class Measurement:
    """Costs of this machine.

    Attributes
    ----------
    scenario:
        What was measured in [machine] and [crypto], the rest from the preset; a file of it serves
        as ``--preset`` of a calibration.
    moves, speeds:
        The measurements, None for a part that was left out.
    cpu:
        The processor's name.
    """

    scenario: Scenario
    moves: Moves | None
    speeds: Speeds | None
    cpu: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the scenario file: all of it or nothing."""
        self.scenario.save(path)

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        found: dict[str, object] = {"cpu": self.cpu, "scenario": self.scenario.to_dict()}
        for name, part in (("registers", self.moves), ("crypto", self.speeds)):
            found[name] = part and _listed(part)
        return found


def measure(
    base: str | Scenario = "reference",
    *,
    algorithm: str = "aes-128-gcm",
    packet_bytes: int = 1500,
    only: str | None = None,
    repetitions: int = 3,
) -> Measurement:
    """Measure register moves and crypto on this machine.

    Parameters
    ----------
    base:
        Where what is not measured (traps, world switches) is kept from.
    algorithm, packet_bytes:
        For ``openssl speed``.
    only:
        ``registers`` or ``crypto``; None for both.
    repetitions:
        Of the crypto part, two seconds each; the register part repeats itself ten times as often.

    Raises
    ------
    InputError
        Without compiler or openssl, on another architecture, or where one of them fails.
    """
    if only not in (None, *PARTS):
        raise InputError(f"no part is called {only!r}; there are {', '.join(PARTS)}")
    start = preset(base) if isinstance(base, str) else base
    cpu, when = cpu_model(), datetime.date.today().isoformat()
    values: dict[str, tuple[float, str]] = {}
    moves = None
    if only != "crypto":
        moves = register_moves(10 * repetitions + 1)
        clock = moves.clock_ghz
        where = f"measured on {cpu}, {when}, user space, {moves.compiler}"
        saves, restores = (s.times(clock.median) for s in (moves.save_ns, moves.restore_ns))
        kind = "" if moves.bytes == 520 else f" ({moves.bytes} bytes, FXSAVE)"
        wide = [""] * 2
        if moves.wide is not None:
            w = moves.wide
            wide = [f"; {w.name}: {w.bytes} bytes in {ns.median * clock.median:.4g} cycles"
                    for ns in (w.save_ns, w.restore_ns)]  # fmt: skip
        values["machine.save_cycles"] = saves.median, f"{where}: {saves.text}{kind}{wide[0]}"
        values["machine.restore_cycles"] = (
            restores.median,
            f"{where}: {restores.text}{kind}{wide[1]}",
        )
        how = "dependent additions"
    else:
        clock, how = Spread.of([clock_of_kernel()]), "as the kernel says, not measured"
    values["machine.clock_ghz"] = clock.median, f"measured on {cpu}, {when}: {how}, {clock.text}"
    speeds = None
    if only != "registers":
        speeds = crypto_speeds(algorithm, packet_bytes, repetitions)
        cycles = speeds.simd_ns.times(clock.median)
        where = f"measured on {cpu}, {when}, openssl speed {algorithm}, {packet_bytes} bytes"
        values["crypto.simd_cycles_per_byte"] = (
            cycles.median,
            (f"{where}, {speeds.version}: {cycles.text}"),
        )
        slow = speeds.slowdown
        values["crypto.slowdown"] = (
            slow.median,
            (f"{where}, vector features switched off: {slow.text}"),
        )
    scenario = start.replace({key: float(f"{value:.4g}") for key, (value, _) in values.items()})
    sources = {**start.sources, **{key: text for key, (_, text) in values.items()}}
    scenario = dataclasses.replace(
        scenario, sources=sources, name="this-machine", title=f"measured on {cpu}", why="",
        machine_preset="", algorithm="",
    )  # fmt: skip
    return Measurement(scenario, moves, speeds, cpu)


def _listed(part: object) -> dict[str, object]:
    """A measurement with the values of all repetitions."""
    found = {}
    for f in dataclasses.fields(part):
        value = getattr(part, f.name)
        if isinstance(value, Spread):
            value = list(value.values)
        elif dataclasses.is_dataclass(value):
            value = _listed(value)
        found[f.name] = value
    return found


def clock_of_kernel(root: str | os.PathLike[str] = "/") -> float:
    """The first core's clock in GHz, from cpufreq or /proc/cpuinfo.

    Raises InputError if neither says.
    """
    root = Path(root)
    try:
        file = root / "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"
        return float(file.read_text()) * 1e-6
    except (OSError, ValueError):
        pass
    try:
        text = (root / "proc/cpuinfo").read_text(errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^cpu MHz\s*:\s*([0-9.]+)", text, re.MULTILINE)
    if found and float(found[1]) > 0:
        return float(found[1]) * 1e-3
    raise InputError("the kernel does not say the core's clock; measure the registers as well")


def cpu_model(root: str | os.PathLike[str] = "/") -> str:
    """The processor's name from /proc/cpuinfo, or what the platform calls it."""
    try:
        text = (Path(root) / "proc/cpuinfo").read_text(errors="replace")
    except OSError:
        text = ""
    for key in ("model name", "Model", "Hardware", "CPU part"):
        found = re.search(rf"^{key}\s*:\s*(.+)$", text, re.MULTILINE)
        if found:
            part = found[1].strip()
            return " ".join((f"CPU part {part}" if key == "CPU part" else part).split())[:60]
    return platform.processor() or platform.machine()
