"""The scenario: one immutable object that every engine takes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from fpsimd_model.durations import Duration
from fpsimd_model.errors import InputError, shown
from fpsimd_model.scenario.arrivals import Batch, Mmpp, Recorded
from fpsimd_model.scenario.derived import Derived
from fpsimd_model.scenario.tables import TABLES, Crypto, Machine, Softirq, Vcpu, keys_of

__all__ = ["BY_HAND", "Scenario"]

BY_HAND = "set by hand"  #: the source of a value that a program gave
_FEW = 6  # differences that a repr tells


@dataclass(frozen=True, slots=True, repr=False)
class Scenario(Derived):
    """A machine and its load: the four tables of a scenario file.

    ``vcpu``, ``softirq``, ``crypto`` and ``machine`` have the file's keys as attributes; the
    durations of ``vcpu`` are `Duration`, ``interrupts_per_s`` a number, `Mmpp` or `Recorded`,
    ``packets_per_interrupt`` a number or `Batch`, all else numbers and words. Two scenarios are
    equal when these values are; ``name``, ``title``, ``why``, the names of the presets and
    ``sources`` (the origin of every value by ``table.key``) only accompany them.

    Raises InputError for a value that is out of its domain, or a table that is none: values by
    name go through `from_dict` or `replace`.

    >>> scenario = Scenario().replace({"softirq.interrupts_per_s": 30_000})
    >>> scenario
    <Scenario: softirq.interrupts_per_s = 30000.0>
    >>> scenario.softirq.interrupts_per_s, scenario.vcpu.residency_us
    (30000.0, Duration(mean_us=1000.0, shape='exponential', cv2=None))
    """

    vcpu: Vcpu = field(default_factory=Vcpu)
    softirq: Softirq = field(default_factory=Softirq)
    crypto: Crypto = field(default_factory=Crypto)
    machine: Machine = field(default_factory=Machine)
    name: str = field(default="", compare=False)
    title: str = field(default="", compare=False)
    why: str = field(default="", compare=False)
    machine_preset: str = field(default="", compare=False)
    algorithm: str = field(default="", compare=False)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for table, kind in TABLES.items():
            _is_table(table, kind, getattr(self, table))
        given, complete = self.sources, {}
        for dotted, (table, key, default, source) in _defaults().items():
            if dotted in given:
                complete[dotted] = given[dotted]
            else:
                value = getattr(getattr(self, table), key)
                complete[dotted] = source if value == default else BY_HAND
        object.__setattr__(self, "sources", MappingProxyType(complete))

    def __repr__(self) -> str:
        """One line: name, presets, and the first keys that differ from those or the defaults."""
        said = {"machine.preset": self.machine_preset, "crypto.algorithm": self.algorithm}
        changed = [f"{key} = {shown(name)}" for key, name in said.items() if name]
        named = self._named()
        for dotted, (table, key, default, _) in _defaults().items():
            value = getattr(getattr(self, table), key)
            if value != named.get(dotted, default):
                changed.append(f"{dotted} = {_briefly(value)}")
        more = f", and {len(changed) - _FEW} more" if len(changed) > _FEW else ""
        about = f" {self.name}" if self.name else ""
        listed = ", ".join(changed[:_FEW]) or "every value is the default"
        return f"<Scenario{about}: {listed}{more}>"

    def _named(self) -> dict[str, object]:
        """The values of the presets that the scenario names."""
        from fpsimd_model.scenario.presets import algorithm_values, machine_values

        found: dict[str, object] = {}
        with suppress(InputError):  # a program may name what is no preset
            machine, algorithm = self.machine_preset, self.algorithm
            values = machine_values(machine) if machine else {}
            found |= {f"machine.{key}": value for key, (value, _) in values.items()}
            values = algorithm_values(algorithm, machine) if algorithm else {}
            found |= {f"crypto.{key}": value for key, (value, _) in values.items()}
        return found

    def __reduce__(self):
        return Scenario, (
            self.vcpu,
            self.softirq,
            self.crypto,
            self.machine,
            self.name,
            self.title,
            self.why,
            self.machine_preset,
            self.algorithm,
            dict(self.sources),
        )

    @classmethod
    def of(cls, source: Scenario | str | os.PathLike[str]) -> Scenario:
        """A scenario as it is, the name of a situation, or a path that ends in ``.toml``.

        Raises InputError on anything else, with the nearest name.

        >>> Scenario.of("vm-idle").name
        'vm-idle'
        """
        from fpsimd_model.scenario.presets import preset

        if isinstance(source, Scenario):
            return source
        if isinstance(source, os.PathLike) or str(source).endswith(".toml"):
            return cls.load(source)
        if isinstance(source, str):
            return preset(source)
        raise InputError(
            f"{shown(source)} is no scenario; give one, the name of a preset, or a .toml file"
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Scenario:
        """Read a scenario file (TOML; missing tables and keys have their defaults).

        Raises InputError naming file, line, key and what would be right.
        """
        from fpsimd_model.scenario.reading import load

        return load(path)

    @classmethod
    def from_toml(
        cls, text: str, name: str = "<text>", directory: str | os.PathLike[str] = "."
    ) -> Scenario:
        """Read the text of a scenario file; ``name`` stands in errors, files start from
        ``directory``.

        >>> Scenario.from_toml('[vcpu]\\nresidency_us = -1')
        Traceback (most recent call last):
        fpsimd_model.errors.InputError: <text>:2: [vcpu] residency_us: -1 is negative; \
a number of microseconds above 0 is wanted, \
or a table such as { mean = 1000.0, shape = "gamma", cv2 = 0.25 }
        """
        from fpsimd_model.scenario.reading import from_text

        return from_text(text, name, directory)

    @classmethod
    def from_dict(cls, tables: Mapping[str, object]) -> Scenario:
        """The inverse of `to_dict`; takes whatever a scenario file may hold.

        >>> Scenario.from_dict({"crypto": {"slowdown": 2}}).crypto.slowdown
        2.0
        """
        from fpsimd_model.scenario.reading import from_dict

        return from_dict(tables)

    def to_dict(self) -> dict[str, object]:
        """The scenario in the shape of its file, ready for JSON; samples are written out."""
        from fpsimd_model.scenario.writing import to_dict

        return to_dict(self)

    def to_toml(self, directory: str | os.PathLike[str] = ".") -> str:
        """The text of a scenario file with every value and, as a comment, its source.

        Names of files of samples are written as seen from ``directory``.
        """
        from fpsimd_model.scenario.writing import to_toml

        return to_toml(self, directory)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_toml` to ``path``: the whole file or nothing.

        Raises InputError when the place cannot be written.
        """
        from fpsimd_model.scenario.writing import save

        if not isinstance(path, (str, os.PathLike)):
            raise InputError(f"{shown(path)} is no path; name a scenario file (TOML)")
        save(self, path)

    def replace(self, changes: Mapping[str, object]) -> Scenario:
        """A scenario with other values, by ``table.key``.

        A number for a duration, an MMPP or a fixed batch replaces the mean and keeps the shape;
        ``vcpu.residency_us.cv2`` and the like reach into one. ``machine.preset`` takes all of a
        machine's values, ``crypto.algorithm`` an algorithm's cost on that machine.

        Raises InputError for an unknown key or a value out of its domain.

        >>> Scenario().replace({"vcpu.residency_us": {"mean": 9, "shape": "deterministic"}}
        ...     ).replace({"vcpu.residency_us": 500}).vcpu.residency_us
        Duration(mean_us=500.0, shape='deterministic', cv2=None)
        """
        from fpsimd_model.scenario.changing import replace

        if not isinstance(changes, Mapping):
            raise InputError(f"{shown(changes)} is no table; values by table.key are wanted")
        return replace(self, changes)

    def source_of(self, key: str) -> str:
        """Where a value is from; begins with "assumed:" where nothing published says it.

        >>> Scenario().source_of("machine.trap_c_cycles")
        'assumed: no published figure'
        """
        try:
            return self.sources[key]
        except (KeyError, TypeError):
            from fpsimd_model.scenario.hints import meant_dotted

            raise InputError(f"{key}: unknown key; {meant_dotted(str(key))}") from None


@cache
def _defaults() -> dict[str, tuple[str, str, object, str]]:
    return {
        f"{table}.{name}": (table, name, getattr(kind(), name), key.source)
        for table, kind in TABLES.items()
        for name, key in keys_of(kind).items()
    }


def _is_table(name: str, kind: type, value: object) -> None:
    if not isinstance(value, kind):
        raise InputError(
            f"{name}: {shown(value)} is no {kind.__name__}; for values by name there are "
            f'Scenario.from_dict({{"{name}": {{...}}}}) and replace({{"{name}.key": ...}})'
        )


def _briefly(value: object) -> str:
    """A value for one line: a duration by its mean and shape, a recording by its rate."""
    if isinstance(value, Duration):
        return f"{value.mean_us:g}" + (f" ({value.shape})" if value.shape != "exponential" else "")
    if isinstance(value, (Mmpp, Recorded)):
        return f"{value.rate_per_s:g} ({'mmpp' if isinstance(value, Mmpp) else 'recorded'})"
    return f"{value.mean:g} (fixed)" if isinstance(value, Batch) else repr(value)
