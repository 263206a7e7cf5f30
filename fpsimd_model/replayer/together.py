"""All policies through one recording at once.

What a policy does at a step depends on its state and the step alone, and so does what a step means
for the script; together they are one automaton, of which a trace visits few states. A step then
costs one look-up, for however many policies.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..policies.base import Policy
from ..traces import Context, Kind, Recording
from .script import SILENT, Call, Script, before
from .walk import Walker

__all__ = ["together"]

_MOST = 20_000  # states that are remembered; a policy that counts without end has no few
_MATTERS = np.array([kind not in SILENT for kind in Kind])


class _Node(dict):
    """A state of everything: its transitions by step."""

    __slots__ = ("state",)


def together(
    policies: Iterable[type[Policy]], recording: Recording
) -> tuple[list[tuple[dict[str, int], dict[str, int]]], int, int]:
    """Lead `policies` through a `recording`, all at once.

    Returns counts of each policy with the FP uses that are certain, and with all that may have
    been; then how many guest runs used FP for certain, and how many may have.

    Raises
    ------
    PolicyError
        If a hook fails.
    """
    walkers = [Walker(policy, maybe) for policy in policies for maybe in (False, True)]
    for walker in walkers:
        walker.run(before(recording.start))
        walker.forget()
    lead = _Lead(walkers, Script(recording.start))
    for block in recording.blocks():
        block = block[_MATTERS[block["kind"]]]
        code = block["kind"].astype(np.int32) | block["position"].astype(np.int32) << 8
        code |= (block["context"] == Context.TASK).astype(np.int32) << 16
        code |= (block["live"].astype(np.int32) + 1) << 20
        lead.take(code.tolist())
    lead.fold()
    counts = [walker.counts() for walker in walkers]
    return list(zip(counts[::2], counts[1::2], strict=True)), lead.sure, lead.unsure


class _Lead:
    """Leads the walkers from state to state of them all.

    How often NEON is held back has no bound and is no part of the state, but whether any is; where
    a step adds to it or lets it run, a transition has no next node, and `_held` finds it.
    A transition is ``[next node, times, entries by walker, calls, held back by walker, node]``.
    """

    def __init__(self, walkers: list[Walker], script: Script) -> None:
        self.walkers, self.script = walkers, script
        self.nodes: dict[tuple, _Node] = {}
        self.sure = self.unsure = 0
        self.at = self._node()

    def take(self, codes: list[int]) -> None:
        """Go through steps, each given as one number."""
        if len(self.nodes) > _MOST:
            self._back_to(self.at)
            self.fold()
            self.at = self._node(self.at.state[2])
        node = self.at
        for code in codes:
            edge = node.get(code)
            if edge is None:
                edge = self._learn(node, code)
            edge[1] += 1
            node = edge[0]
            if node is None:
                node = self._held(edge)
        self.at = node

    def _learn(self, node: _Node, code: int) -> list:
        self._back_to(node)
        kind, position = code & 0xFF, code >> 8 & 0xFF
        context = Context.TASK if code >> 16 & 1 else Context.UNKNOWN
        calls = self.script.calls(kind, position, context, (code >> 20) - 1)
        entries = [[walker.step(call) for call in calls] for walker in self.walkers]
        held = [
            (walker, sum(entry[3] for entry in of_one if entry is not None))
            for walker, of_one in zip(self.walkers, entries, strict=True)
        ]
        held = [(walker, number) for walker, number in held if number]
        holding = node.state[2] or bool(held)
        after = self._node(holding)
        odd = bool(held) or (holding and Call.PUT in calls)
        edge = node[code] = [None if odd else after, 0, entries, calls, held, after]
        return edge

    def _held(self, edge: list) -> _Node:
        """Where a step leads that holds NEON back, or lets it run."""
        _, _, _, calls, held, after = edge
        for walker, number in held:
            walker.held += number
        if Call.PUT not in calls:
            return after
        self._back_to(after)
        for walker in self.walkers:
            if walker.held:
                walker.release()
        return self._node(any(walker.held for walker in self.walkers))

    def _node(self, holding: bool = False) -> _Node:
        """Where the walkers are now."""
        state = self.script.state, tuple(walker.state for walker in self.walkers), holding
        node = self.nodes.get(state)
        if node is None:
            node = self.nodes[state] = _Node()
            node.state = state
        return node

    def _back_to(self, node: _Node) -> None:
        self.script.state, states, _ = node.state
        for walker, state in zip(self.walkers, states, strict=True):
            walker.state = state

    def fold(self) -> None:
        """Hand the counts on to the walkers, and forget the transitions."""
        for node in self.nodes.values():
            for _, times, entries, calls, _, _ in node.values():
                self.sure += times * calls.count(Call.ACCESS)
                self.unsure += times * calls.count(Call.MAYBE_ACCESS)
                for of_one in entries:
                    for entry in of_one:
                        if entry is not None:
                            entry[2] += times
        self.nodes = {}
