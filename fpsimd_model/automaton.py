"""Every reachable state of a policy, and the transition table that the engines run on.

Policies are explored exhaustively: from the VMM in user space, through every event at every
position, until nothing new appears.  States that no count can ever tell apart are then merged
(exact lumping: Kemeny and Snell, Finite Markov Chains, 1960, section 6.3; Moore's partition
refinement).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .events import EVENTS, POSITIONS, USER, Outcome, step
from .policies.base import Policy
from .registers import COUNTERS, FIELDS, Cpu, PolicyError

__all__ = ["EVENT_NAMES", "SOFTIRQ", "Automaton", "Exploration", "automaton", "explore"]

EVENT_NAMES = tuple(EVENTS)
SOFTIRQ = ("", "neon", "scalar", "held")
_MAX_STATES = 20_000


@dataclass(frozen=True)
class Exploration:
    """All reachable (position, CPU state) pairs, with how each was first reached.

    Attributes
    ----------
    policy:
        The class.
    states:
        (position, state of the CPU), the start first.
    outcomes:
        By (index of a state, event): the index of the next state, and what the event did.
    parents:
        For each state the state and event that reached it first; None at the start.
    """

    policy: type[Policy]
    states: tuple[tuple[str, tuple], ...]
    outcomes: dict[tuple[int, str], tuple[int, Outcome]]
    parents: tuple[tuple[int, str] | None, ...]


def explore(
    policy: type[Policy], *, task_neon: bool = False, without: frozenset[str] = frozenset()
) -> Exploration:
    """Breadth-first exploration of `policy`; the first way found to a state is a shortest one.

    Parameters
    ----------
    policy:
        The class; its hooks are run, nothing is assumed about them.
    task_neon:
        Also let kernel NEON strike in task context of the run loop.
    without:
        Events that never happen (their rate is 0).

    Raises
    ------
    PolicyError
        If a hook fails or throws dice, or the policy has more than 20,000 states (a counter
        without bound).

    >>> from fpsimd_model.policies import SwitchOnExit
    >>> len(explore(SwitchOnExit).states) < 30
    True
    """
    try:
        hooks, cpu = policy(), Cpu(policy.flags)
        start = (USER, cpu.state())
        index = {start: 0}
    except TypeError as error:  # arguments to __init__, a list as a flag
        raise PolicyError(f"{policy.name}: cannot start: {error}") from error
    states, parents = [start], [None]
    outcomes: dict[tuple[int, str], tuple[int, Outcome]] = {}
    queue = deque([0])
    left_out = without if task_neon else without | {"task_neon"}
    while queue:
        here = queue.popleft()
        position, state = states[here]
        for event, (where, _) in EVENTS.items():
            if position not in where or event in left_out:
                continue
            out, key = _again(hooks, cpu, position, state, event)
            if (out, key) != _again(hooks, cpu, position, state, event):
                raise PolicyError(
                    f"{policy.name}: a hook does one thing now and another then at {event!r}; "
                    "what it does may depend on the CPU's state alone"
                )
            there = index.get(key)
            if there is None:
                there = index[key] = len(states)
                states.append(key)
                parents.append((here, event))
                queue.append(there)
                if there >= _MAX_STATES:
                    raise PolicyError(
                        f"{policy.name}: more than {_MAX_STATES} states; is a flag without bound?"
                    )
            outcomes[here, event] = (there, out)
    return Exploration(policy, tuple(states), outcomes, tuple(parents))


def _again(
    hooks: Policy, cpu: Cpu, position: str, state: tuple, event: str
) -> tuple[Outcome, tuple[str, tuple]]:
    """What an event does to a state, and what it becomes."""
    cpu.set_state(state)
    out = step(hooks, cpu, position, event)
    return out, (out.position, cpu.state())


@dataclass(frozen=True, eq=False)
class Automaton:
    """The lumped transition table; S states, E events, C counters.

    Attributes
    ----------
    policy:
        The class.
    position:
        (S,) index into ``POSITIONS``.
    next:
        (S, E) next state, -1 where the event cannot happen.
    before, section:
        (S, E, C) counts: the event's moves, and those of each further NEON section.
    softirq:
        (S, E) index into ``SOFTIRQ``: how the packets of this event are treated.
    softirqs_off, preempt_off:
        (S,) bool.
    start:
        The state at the start: position `user`.
    explored:
        How many states there were before lumping.
    """

    policy: type[Policy]
    position: np.ndarray
    next: np.ndarray
    before: np.ndarray
    section: np.ndarray
    softirq: np.ndarray
    softirqs_off: np.ndarray
    preempt_off: np.ndarray
    start: int
    explored: int

    def __len__(self) -> int:
        return len(self.position)


@lru_cache(maxsize=1024)
def automaton(
    policy: type[Policy], task_neon: bool = False, without: frozenset[str] = frozenset()
) -> Automaton:
    """The lumped automaton of `policy`, explored once and kept.

    `task_neon` and `without` as for :func:`explore`.

    >>> from fpsimd_model.policies import Tracked
    >>> table = automaton(Tracked)
    >>> table.explored > len(table)
    True
    """
    found = explore(policy, task_neon=task_neon, without=without)
    block = _lump(found)
    return _table(found, block)


_SOFTIRQS_OFF, _PREEMPT_OFF = FIELDS.index("softirqs_off"), FIELDS.index("preempt_off")


def _lump(found: Exploration) -> list[int]:
    """Coarsest partition whose blocks agree on positions, counts and next blocks."""
    labels = [
        (
            position,
            state[_SOFTIRQS_OFF],
            state[_PREEMPT_OFF],
            tuple(
                (e, out.before, out.softirq, out.section)
                for e in EVENT_NAMES
                if (hit := found.outcomes.get((i, e))) and (out := hit[1])
            ),
        )
        for i, (position, state) in enumerate(found.states)
    ]
    block = _number(labels)
    while True:
        refined = _number(
            [
                (
                    block[i],
                    tuple(
                        block[hit[0]] if (hit := found.outcomes.get((i, e))) else -1
                        for e in EVENT_NAMES
                    ),
                )
                for i in range(len(labels))
            ]
        )
        if max(refined) == max(block):
            return block
        block = refined


def _number(labels: list) -> list[int]:
    seen: dict = {}
    return [seen.setdefault(label, len(seen)) for label in labels]


def _table(found: Exploration, block: list[int]) -> Automaton:
    n, n_events, n_counts = max(block) + 1, len(EVENT_NAMES), len(COUNTERS)
    nxt = np.full((n, n_events), -1)
    before, section = (np.zeros((n, n_events, n_counts)) for _ in range(2))
    softirq = np.zeros((n, n_events), dtype=np.int64)
    position = np.zeros(n, dtype=np.int64)
    softirqs_off, preempt_off = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    for i, (where, state) in enumerate(found.states):
        b = block[i]
        position[b] = POSITIONS.index(where)
        softirqs_off[b], preempt_off[b] = state[_SOFTIRQS_OFF], state[_PREEMPT_OFF]
        for e, event in enumerate(EVENT_NAMES):
            hit = found.outcomes.get((i, event))
            if hit is None:
                continue
            there, out = hit
            nxt[b, e] = block[there]
            before[b, e], section[b, e] = out.before, out.section
            softirq[b, e] = SOFTIRQ.index(out.softirq)
    for array in (position, nxt, before, section, softirq, softirqs_off, preempt_off):
        array.setflags(write=False)
    return Automaton(
        found.policy,
        position,
        nxt,
        before,
        section,
        softirq,
        softirqs_off,
        preempt_off,
        block[0],
        len(found.states),
    )
