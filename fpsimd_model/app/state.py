"""What the app shows, as one immutable value: a start, what was changed, which policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..errors import InputError
from ..policies import ALL, Policy, select
from ..scenario import Scenario, preset
from .controls import CONTROLS, Control

__all__ = ["PRESET_KEYS", "State"]

PRESET_KEYS = ("machine.preset", "crypto.algorithm")


@dataclass(frozen=True)
class State:
    """A starting scenario, the presets put on it, single changes, and the policies shown.

    Attributes
    ----------
    origin:
        What "reset all" goes back to: a situation, or a scenario of one's own.
    presets:
        ``machine.preset`` and ``crypto.algorithm``, where chosen over the origin's.
    changes:
        Values by ``table.key``, where they differ from :attr:`base`.
    policies:
        Shown, in order.
    base:
        The origin with its presets: what each reset goes back to.
    scenario:
        What is shown.

    Every change gives a new state; a value out of its domain raises InputError.

    >>> state = State.of("reference").set(CONTROLS["rate"], 3e4)
    >>> state.changes, state.scenario.softirq.interrupts_per_s
    ({'softirq.interrupts_per_s': 30000.0}, 30000.0)
    >>> state.reset(CONTROLS["rate"]) == State.of("reference")
    True
    """

    origin: Scenario
    presets: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, object] = field(default_factory=dict)
    policies: tuple[type[Policy], ...] = ALL
    base: Scenario | None = field(default=None, repr=False, compare=False)
    scenario: Scenario = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Build both now: whoever makes a state that cannot be learns it at once.
        if self.base is None:
            base = self.origin.replace(self.presets) if self.presets else self.origin
            object.__setattr__(self, "base", base)
        scenario = self.base.replace(self.changes) if self.changes else self.base
        object.__setattr__(self, "scenario", scenario)

    @classmethod
    def of(
        cls,
        scenario: str | Scenario,
        policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    ) -> State:
        """From the name of a situation or a scenario; None for all sixteen policies."""
        origin = scenario if isinstance(scenario, Scenario) else preset(scenario)
        return cls(origin, policies=_some(select(policies)))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the policies."""
        return tuple(policy.name for policy in self.policies)

    def set(self, control: Control, value: float) -> State:
        """With another value of one quantity."""
        return self.put(control.changes(self.base, value))

    def put(self, changes: Mapping[str, object]) -> State:
        """With other values by ``table.key``; ``machine.preset`` and ``crypto.algorithm`` too.

        A preset overrules single changes made before it.
        """
        chosen = {key: str(value) for key, value in changes.items() if key in PRESET_KEYS}
        state = self._preset({**self.presets, **chosen}, chosen) if chosen else self
        wanted = {k: v for k, v in changes.items() if k not in PRESET_KEYS}
        return state._change({**state.changes, **wanted})

    def choose(self, key: str, name: str) -> State:
        """With another machine or algorithm; the origin's own by "" or by its name."""
        origin = self.origin
        own = origin.machine_preset if key == "machine.preset" else origin.algorithm
        others = {k: v for k, v in self.presets.items() if k != key}
        return self._preset(others if name in ("", own) else {**others, key: name}, [key])

    def _preset(self, presets: Mapping[str, str], overruling: Iterable[str]) -> State:
        tables = tuple(key.partition(".")[0] + "." for key in overruling)
        kept = {k: v for k, v in self.changes.items() if not k.startswith(tables)}
        return replace(self, presets=presets, base=None, changes={})._change(kept)

    def _change(self, changes: Mapping[str, object]) -> State:
        """With these changes, but for those that the base has anyway."""
        target = self.base.replace(changes)
        needed = {k: v for k, v in changes.items() if _raw(target, k) != _raw(self.base, k)}
        return replace(self, changes=needed)

    def show(self, policies: Iterable[str | type[Policy]]) -> State:
        """With other policies."""
        return replace(self, policies=_some(select(policies)))

    def reset(self, control: Control | None = None) -> State:
        """With one quantity, or everything but the policies, as it was."""
        if control is None:
            return replace(self, presets={}, changes={}, base=None)
        kept = {k: v for k, v in self.changes.items() if not k.startswith(control.keys)}
        return replace(self, changes=kept)

    def changed(self, control: Control) -> bool:
        """Whether there is anything for its reset to do."""
        return any(key.startswith(control.keys) for key in self.changes)

    @property
    def others(self) -> dict[str, object]:
        """Changes that no control shows."""
        shown = tuple(key for control in CONTROLS.values() for key in control.keys)
        return {key: value for key, value in self.changes.items() if key not in shown}


def _raw(scenario: Scenario, key: str) -> object:
    table, name, *_ = key.split(".")
    return getattr(getattr(scenario, table), name)


def _some(policies: Iterable[type[Policy]]) -> tuple[type[Policy], ...]:
    found = tuple(policies)
    if not found:
        raise InputError("no policy is chosen; take at least one")
    return found
