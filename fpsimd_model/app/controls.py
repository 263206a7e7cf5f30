"""The quantities that have a slider: names, units, ranges, and the keys of a scenario behind."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..durations import Duration
from ..scenario import TABLES, Batch, Mmpp, Scenario, keys_of
from .grid import exact_of, steps

__all__ = ["CONTROLS", "GROUPS", "Control", "value_at"]


def value_at(scenario: Scenario, key: str) -> object:
    """The value of ``table.key``; means stand for durations and for arrivals that have a shape.

    >>> value_at(Scenario(), "vcpu.residency_us")
    1000.0
    """
    table, _, name = key.partition(".")
    value = getattr(getattr(scenario, table), name)
    if isinstance(value, Duration):
        return value.mean_us
    if isinstance(value, Mmpp):
        return value.rate_per_s
    return value.mean if isinstance(value, Batch) else value


@dataclass(frozen=True)
class Control:
    """One quantity of a scenario, as a slider and a field show it.

    Attributes
    ----------
    name:
        Of its widgets' class, ``fm-`` before it.
    label, unit, group:
        What a person reads.
    keys:
        Of the scenario; of several, the slider sets the sum and keeps the proportion.
    low, high, also:
        The slider's range, and notches beside the common grid.
    whole:
        Only whole numbers.
    words:
        The meaning, where the key's own does not say it.
    """

    name: str
    label: str
    unit: str
    group: str
    keys: tuple[str, ...]
    low: float
    high: float
    also: tuple[float, ...] = ()
    whole: bool = False
    words: str = ""
    grid: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        grid = steps(self.low, self.high, self.also)
        kept = tuple(v for v in grid if v.is_integer()) if self.whole else grid
        object.__setattr__(self, "grid", kept)

    @cached_property
    def title(self) -> str:
        """Label and unit."""
        return f"{self.label} [{self.unit}]"

    def value(self, scenario: Scenario) -> float:
        """What the scenario has."""
        return float(sum(value_at(scenario, key) for key in self.keys))

    def changes(self, base: Scenario, value: float) -> dict[str, float]:
        """What `base` must be given so that this quantity is `value`, exactly.

        >>> CONTROLS["move"].changes(Scenario(), 592.0)
        {'machine.save_cycles': 282.0, 'machine.restore_cycles': 310.0}
        """
        if len(self.keys) == 1:
            return {self.keys[0]: value}
        parts = [float(value_at(base, key)) for key in self.keys]
        if value == sum(parts):
            return dict(zip(self.keys, parts, strict=True))
        whole = sum(parts)
        shares = [part / whole if whole else 1.0 / len(parts) for part in parts]
        found = [round(value * share, 6) for share in shares[:-1]]
        return dict(zip(self.keys, [*found, round(value - sum(found), 6)], strict=True))

    def tooltip(self, base: Scenario) -> str:
        """What it is, and the value that reset goes back to with its source."""
        lines = [self.words or _meaning(self.keys[0])]
        for key in self.keys:
            value = exact_of(float(value_at(base, key)))
            lines.append(f"{key} = {value}, {_origin(base.source_of(key))}")
        return "\n\n".join(
            textwrap.fill(line, 70, break_on_hyphens=False, break_long_words=False)
            for line in lines
        )


def _origin(source: str) -> str:
    return source if source.startswith(("assumed", "set by")) else f"source: {source}"


def _meaning(key: str) -> str:
    table, _, name = key.partition(".")
    return keys_of(TABLES[table])[name].meaning


def _control(
    group: str, name: str, label: str, unit: str, keys: str, low: float, high: float, **more: object
) -> Control:
    return Control(name, label, unit, group, tuple(keys.split()), low, high, **more)


_LOAD, _GUEST, _MACHINE = GROUPS = ("Packets", "Guest", "Machine")

CONTROLS: Mapping[str, Control] = {
    c.name: c
    for c in (
        _control(_LOAD, "rate", "interrupts", "1/s", "softirq.interrupts_per_s", 100, 1e6),
        _control(
            *(_LOAD, "batch", "batch", "packets"),
            *("softirq.packets_per_interrupt", 1, 64),
            also=(24.0, 32.0, 48.0, 64.0),
            whole=True,
        ),
        _control(
            *(_LOAD, "packet", "packet size", "bytes", "softirq.packet_bytes", 64, 9000),
            also=(64.0, 128.0, 256.0, 512.0, 1024.0, 1500.0),
        ),
        _control(_LOAD, "slowdown", "scalar slowdown", "x", "crypto.slowdown", 1, 20),
        _control(_GUEST, "residency", "residency", "us", "vcpu.residency_us", 10, 1e5),
        _control(_GUEST, "out", "out time", "us", "vcpu.out_us", 10, 1e5),
        _control(_GUEST, "loop", "run loop", "us", "vcpu.run_loop_us", 0.5, 100),
        _control(_GUEST, "run", "guest run", "us", "vcpu.guest_run_us", 1, 1e4),
        _control(_GUEST, "fp-gap", "FP gap", "us", "vcpu.first_fp_us", 0.1, 1e5),
        _control(
            *(_MACHINE, "move", "save+restore", "cycles"),
            *("machine.save_cycles machine.restore_cycles", 50, 5000),
            words="one 520-byte register file to memory and back; the slider keeps the proportion",
        ),
        _control(_MACHINE, "trap", "FP trap, asm", "cycles", "machine.trap_cycles", 20, 5000),
        _control(_MACHINE, "trap-c", "FP trap, C", "cycles", "machine.trap_c_cycles", 20, 5000),
    )
}
