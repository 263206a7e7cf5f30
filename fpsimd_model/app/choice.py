"""Which policies are shown: a box to tick for each, in groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as w

from ..policies import Policy
from ..proof import Verdict
from .quiet import Quiet
from .state import State

__all__ = ["Choice", "group_of"]

GROUPS = (
    "in kernels for arm64",
    "discussed in the thread",
    "as x86 does it, and older",
    "your own",
)


def group_of(policy: type[Policy]) -> str:
    """The heading a policy stands under.

    >>> from ..policies import Tracked, FlushHook, ReloadAtEntry
    >>> [group_of(p) for p in (Tracked, FlushHook, ReloadAtEntry)]
    ['in kernels for arm64', 'discussed in the thread', 'as x86 does it, and older']
    """
    if policy.kernel == "your own":
        return GROUPS[3]
    if policy.kernel.startswith("v"):
        return GROUPS[0]
    return GROUPS[1] if "Feb 2018" in policy.kernel else GROUPS[2]


class Choice:
    """The boxes, in `box`; `changed` is called with the policies that are ticked."""

    def __init__(
        self,
        policies: Sequence[type[Policy]],
        verdicts: Sequence[Verdict],
        changed: Callable[[tuple[type[Policy], ...]], None],
    ) -> None:
        self.policies, self._changed, self._quiet = tuple(policies), changed, Quiet()
        self._right = {p for p, v in zip(policies, verdicts, strict=True) if v.correct}
        self.ticks = {policy: _tick(policy) for policy in self.policies}
        for tick in self.ticks.values():
            tick.observe(self._ticked, "value")
        groups = []
        for name in GROUPS:
            members = [tick for policy, tick in self.ticks.items() if group_of(policy) == name]
            if members:
                groups.append(w.VBox([w.HTML(f"<b>{name}</b>"), *members]))
        boxes = w.HBox(groups)
        boxes.add_class("fm-groups")
        self.every = w.Button(description="all")
        self.right = w.Button(description="correct ones")
        self.every.add_class("fm-all")
        self.right.add_class("fm-correct")
        self.every.on_click(lambda _: changed(self.policies))
        self.right.on_click(lambda _: changed(tuple(p for p in self.policies if p in self._right)))
        self.box = w.VBox([w.HBox([self.every, self.right]), boxes])

    def show(self, state: State) -> None:
        """Tick what the state shows."""
        with self._quiet:
            for policy, tick in self.ticks.items():
                tick.value = policy in state.policies

    def _ticked(self, change: dict) -> None:
        if not self._quiet:
            self._changed(tuple(policy for policy, tick in self.ticks.items() if tick.value))


def _tick(policy: type[Policy]) -> w.Checkbox:
    tick = w.Checkbox(
        description=policy.name, indent=False, tooltip=f"{policy.title} ({policy.kernel})"
    )
    tick.add_class(f"fm-policy-{policy.name}")
    return tick
