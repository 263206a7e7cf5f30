"""Scenarios with other values: what sweeps and sliders do."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from numbers import Real

from fpsimd_model.bounds import BadValue, known_keys_only
from fpsimd_model.durations import KEYS, Duration
from fpsimd_model.errors import InputError
from fpsimd_model.scenario.arrivals import Batch, Mmpp, Recorded, read_batch, read_interrupts
from fpsimd_model.scenario.hints import meant_dotted
from fpsimd_model.scenario.presets import Sourced, algorithm_values, machine_values
from fpsimd_model.scenario.scenario import BY_HAND, Scenario
from fpsimd_model.scenario.tables import TABLES, keys_of

__all__ = ["replace"]

_WITH_INNER_KEYS = (Duration.read, read_batch, read_interrupts)


def replace(scenario: Scenario, changes: Mapping[str, object]) -> Scenario:
    """See `Scenario.replace`."""
    machine = changes.get("machine.preset", scenario.machine_preset)
    algorithm = changes.get("crypto.algorithm", scenario.algorithm)
    sourced: dict[str, Sourced] = {}
    if "machine.preset" in changes:
        sourced["machine"] = machine_values(machine)
    if "crypto.algorithm" in changes or ("machine" in sourced and _cost_is_preset(scenario)):
        sourced["crypto"] = algorithm_values(algorithm, machine)
    values = {
        table: {key: value for key, (value, _) in entries.items()}
        for table, entries in sourced.items()
    }
    sources = dict(scenario.sources)
    for table, entries in sourced.items():
        sources |= {f"{table}.{key}": source for key, (_, source) in entries.items()}
    for dotted, value in changes.items():
        if dotted not in ("machine.preset", "crypto.algorithm"):
            table, key, inner = _split(dotted)
            changed = values.setdefault(table, {})
            current = changed.get(key, getattr(getattr(scenario, table), key))
            try:
                changed[key] = _inner(current, inner, value) if inner else _reshaped(current, value)
            except BadValue as error:
                raise InputError(str(error.within(table, key))) from None
            sources[f"{table}.{key}"] = BY_HAND
    return dataclasses.replace(
        scenario,
        **{
            table: dataclasses.replace(getattr(scenario, table), **changed)
            for table, changed in values.items()
        },
        machine_preset=machine,
        algorithm=algorithm,
        sources=sources,
    )


def _cost_is_preset(scenario: Scenario) -> bool:
    """Whether crypto costs what the scenario's algorithm says, so that it follows the machine."""
    if not scenario.algorithm:
        return False
    values = algorithm_values(scenario.algorithm, scenario.machine_preset)
    return all(getattr(scenario.crypto, key) == value for key, (value, _) in values.items())


def _split(dotted: object) -> tuple[str, str, str]:
    table, _, rest = str(dotted).partition(".")
    key, _, inner = rest.partition(".")
    if table not in TABLES or key not in keys_of(TABLES[table]):
        raise InputError(
            f"{dotted}: unknown key; {meant_dotted(f'{table}.{key}' if key else table)}"
        )
    if inner and keys_of(TABLES[table])[key].check not in _WITH_INNER_KEYS:
        raise InputError(f"{dotted}: unknown key; {table}.{key} is a single value")
    return table, key, inner


def _reshaped(current: object, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    if isinstance(current, Mapping):  # an inner key came before
        return {**current, "mean": value}
    if isinstance(current, Duration):
        return current.with_mean(value)
    if isinstance(current, (Mmpp, Recorded)):
        return current.with_rate(value)
    return Batch(value) if isinstance(current, Batch) else value


def _inner(current: object, inner: str, value: object) -> dict[str, object]:
    """The table of a value with one of its keys replaced."""
    if isinstance(current, Mapping):  # changed by the key before
        table = dict(current)
    elif isinstance(current, (Duration, Mmpp, Recorded, Batch)) and isinstance(
        current.table(), dict
    ):
        table = current.table()
    else:
        table = {"mean": current.mean_us if isinstance(current, Duration) else current}
    if isinstance(current, Duration):
        known_keys_only({inner: value}, KEYS)
    return {**table, inner: value}
