"""Scenarios: what a machine and its load are, read from a file, checked, and with sources."""

from __future__ import annotations

from fpsimd_model.scenario.arrivals import Batch, Mmpp, Recorded
from fpsimd_model.scenario.presets import Preset, describe, preset, presets
from fpsimd_model.scenario.scenario import Scenario
from fpsimd_model.scenario.tables import TABLES, Crypto, Key, Machine, Softirq, Vcpu, keys_of

__all__ = [
    "TABLES",
    "Batch",
    "Crypto",
    "Key",
    "Machine",
    "Mmpp",
    "Preset",
    "Recorded",
    "Scenario",
    "Softirq",
    "Vcpu",
    "describe",
    "keys_of",
    "preset",
    "presets",
]
