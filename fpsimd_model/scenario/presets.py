"""Machines, algorithms and whole situations that come with the package, each value with its source.

They are data: ``data/presets/{machines,algorithms,situations}/*.toml``. ``data/README.md`` says
how a file names the published rows that its values are computed from.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from fpsimd_model.bounds import nearest
from fpsimd_model.errors import InputError, shown
from fpsimd_model.resources import data_path
from fpsimd_model.scenario.scenario import Scenario

__all__ = [
    "KINDS",
    "Preset",
    "algorithm_values",
    "describe",
    "machine_values",
    "preset",
    "presets",
    "raw_preset",
]

KINDS = ("situations", "machines", "algorithms")
REFERENCE_CORES = ("cortex-a57", "cortex-a72", "cortex-a76", "cortex-a53")
CORE_NAMES = {
    "cortex-a53": "Cortex-A53",
    "cortex-a57": "Cortex-A57",
    "cortex-a72": "Cortex-A72",
    "cortex-a76": "Cortex-A76",
    "neoverse-n1": "Neoverse N1",
    "x-gene": "X-Gene",
}

Sourced = dict[str, tuple[object, str]]  #: values and their sources by key


@dataclass(frozen=True, slots=True)
class Preset:
    """What a preset is, in words."""

    kind: str
    name: str
    title: str
    why: str


def presets(kind: str = "situations") -> list[str]:
    """Names of the presets of a kind: situations, machines or algorithms.

    >>> "cortex-a57-ipsec" in presets()
    True
    >>> presets("machines")
    ['cortex-a53', 'cortex-a57', 'cortex-a57-el2', 'cortex-a72', 'neoverse-n1', 'x-gene']
    """
    if kind not in KINDS:
        raise InputError(f"{shown(kind)} is no kind of preset; {nearest(kind, KINDS)}")
    return sorted(path.stem for path in data_path("presets", kind).glob("*.toml"))


def preset(name: str) -> Scenario:
    """The scenario of a situation; `presets` lists the names.

    Raises InputError for an unknown name, with the nearest.

    >>> preset("cortex-a57-ipsec").machine.clock_ghz
    2.0
    """
    return Scenario.from_dict({"preset": name})


def describe(kind: str, name: str) -> Preset:
    """Title and reason of a preset.

    >>> describe("machines", "neoverse-n1").title
    'Neoverse N1 at 2.6 GHz (Ampere Altra Q80-26), kernel at EL2'
    """
    data = raw_preset(kind, name)
    return Preset(kind, name, data["title"], data["why"])


def raw_preset(kind: str, name: object) -> dict[str, object]:
    """The content of a preset's file. Not to be changed: it is read once."""
    known = presets(kind)
    if name not in known:
        word = kind.removesuffix("s")
        for other in KINDS:
            if other != kind and name in presets(other):
                raise InputError(
                    f"{shown(name)} is no {word} but one of the {other}, which "
                    f"{_PLACES[other]} takes; {nearest(name, tuple(known))}"
                )
        raise InputError(f"{shown(name)} is no known {word}; {nearest(name, tuple(known))}")
    return _read(kind, name)


_PLACES = {
    "situations": "the top of the file (preset = ...)",
    "machines": "[machine] preset",
    "algorithms": "[crypto] algorithm",
}


@cache
def _read(kind: str, name: str) -> dict[str, object]:
    with data_path("presets", kind, f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def machine_values(name: str) -> Sourced:
    """Every key of [machine] for a machine."""
    data = raw_preset("machines", name)
    return {key: (value, data["sources"][key]["text"]) for key, value in data["machine"].items()}


def algorithm_values(name: str, machine: str = "") -> Sourced:
    """An algorithm's cost with NEON and its slowdown without, on a machine.

    Each of the two is taken from the machine's own core or from the nearest core for which it
    was measured, and then begins with "assumed:". Without a machine the core is Cortex-A57.

    >>> algorithm_values("aes-128-ctr", "cortex-a53")["simd_cycles_per_byte"][0]
    1.36
    >>> algorithm_values("aes-128-ctr", "neoverse-n1")["simd_cycles_per_byte"][1]
    'assumed: measured on Cortex-A76, not on Neoverse N1: dot-asm/cryptogams 9444b2d aesv8-armx.pl'
    """
    measured = raw_preset("algorithms", name)["cores"]
    machine_data = raw_preset("machines", machine) if machine else {}
    cores = machine_data.get("cores", REFERENCE_CORES)
    values: Sourced = {}
    for key in ("simd_cycles_per_byte", "slowdown"):
        core = next(core for core in cores if key in measured.get(core, {}))
        entry = measured[core][key]
        values[key] = entry["value"], _source(entry["text"], core, cores[0], bool(machine))
    return values


def _source(text: str, core: str, wanted: str, machine_known: bool) -> str:
    if core == wanted and machine_known:
        return text
    where = f"not on {CORE_NAMES[wanted]}" if machine_known else "as no machine is named"
    return f"assumed: measured on {CORE_NAMES[core]}, {where}: {text.removeprefix('assumed: ')}"
