"""Is a policy correct at all?  A proof over every order of events, or the shortest that fails.

State is lost when a guest access finds anything but the guest's current state in the registers,
or when the VMM's user code does not find its own.  The value found says what leaked to whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

from . import policies as _policies
from .automaton import Exploration, explore
from .events import step
from .policies.base import Policy
from .registers import Cpu

__all__ = ["Counterexample", "Verdict", "check"]

_WIDTH = 72
_MEANING = {
    "H": "the VMM's current registers",
    "h": "outdated registers of the VMM",
    "G": "the guest's current registers",
    "g": "outdated registers of the guest",
    "K": "kernel scratch or another task's registers",
}


@dataclass(frozen=True)
class Counterexample:
    """A shortest order of events that ends in a loss.

    Attributes
    ----------
    lost, found:
        Whose state was lost (``guest`` or ``host``); the value found in its place.
    events:
        The events, one line each, as a kernel developer would tell them.
    states:
        The CPU after each event, by name: what a time line of the registers is drawn from.
    """

    lost: str
    found: str
    events: tuple[str, ...]
    states: tuple[dict[str, object], ...] = ()

    @property
    def summary(self) -> str:
        """Who lost what and what leaked to whom, in one line."""
        victim = "the guest" if self.lost == "guest" else "the VMM in user space"
        leak = {"guest": "HhK", "host": "GgK"}[self.lost]
        verb = "sees" if self.found in leak else "goes back to"
        return f"{victim} loses its registers and {verb} {_MEANING[self.found]} ({self.found})"

    def to_dict(self) -> dict:
        """``{"lost": ..., "found": ..., "events": [...]}``."""
        return {"lost": self.lost, "found": self.found, "events": list(self.events)}


@dataclass(frozen=True, repr=False)
class Verdict:
    """What exploring all of a policy's states has shown.

    Attributes
    ----------
    policy, states:
        Its name; how many states can be reached.
    counterexamples:
        For each kind of loss a shortest order of events; none if the policy is correct.
    """

    policy: str
    states: int
    counterexamples: tuple[Counterexample, ...]

    @property
    def correct(self) -> bool:
        """No order of events loses state."""
        return not self.counterexamples

    def to_dict(self) -> dict:
        """As ``fpsimd-model check --json`` prints it."""
        return {
            "policy": self.policy,
            "states": self.states,
            "correct": self.correct,
            "counterexamples": [c.to_dict() for c in self.counterexamples],
        }

    def __repr__(self) -> str:
        """One line, for lists; `str` tells the story."""
        lost = dict.fromkeys(f"{c.lost} finds {c.found}" for c in self.counterexamples)
        said = f"LOSES STATE ({', '.join(lost)})" if lost else "correct"
        return f"<Verdict {self.policy}: {said}, {self.states} states>"

    def __str__(self) -> str:
        """For people, at most 72 columns."""
        if self.correct:
            head = f"{self.policy}: correct; no order of events loses state ({self.states} states)"
            return fill(head, _WIDTH, subsequent_indent="  ")
        lines = [f"{self.policy}: LOSES STATE ({self.states} states)"]
        for example in self.counterexamples:
            lines.append(
                fill(f"{example.summary}:", _WIDTH, initial_indent="  ", subsequent_indent="    ")
            )
            lines += [
                fill(text, _WIDTH, initial_indent=f"    {i:2d}. ", subsequent_indent=" " * 8)
                for i, text in enumerate(example.events, 1)
            ]
        return "\n".join(lines)


def check(*policies: str | type[Policy], task_neon: bool = False) -> list[Verdict]:
    """Prove each policy correct or find, for each kind of loss, a shortest order of events.

    Parameters
    ----------
    policies:
        Names or classes; none for all sixteen.
    task_neon:
        Also let kernel NEON strike in task context of the run loop (page fault, dm-crypt).

    Returns
    -------
    list of Verdict
        In the order given.  One counterexample for each pair (who lost, what was found).

    Raises
    ------
    InputError
        On an unknown policy.
    PolicyError
        If a policy's hook fails.

    >>> verdict, = check("defer-to-put")
    >>> verdict.correct
    False
    >>> print(verdict.counterexamples[0].summary)
    the guest loses its registers and sees kernel scratch or another task's registers (K)
    """
    chosen = _policies.select(policies or None)
    return [_verdict(explore(policy, task_neon=task_neon)) for policy in chosen]


def _verdict(found: Exploration) -> Verdict:
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for (state, event), (_, out) in found.outcomes.items():  # in breadth-first order
        for loss in out.losses:
            first.setdefault((loss.lost, loss.found), (state, event))
    examples = [
        _retell(found, lost, value, state, event)
        for (lost, value), (state, event) in sorted(
            first.items(), key=lambda item: (item[0][0] != "guest", len(_path(found, item[1][0])))
        )
    ]
    return Verdict(found.policy.name, len(found.states), tuple(examples))


def _path(found: Exploration, state: int) -> list[tuple[int, str]]:
    path = []
    while (parent := found.parents[state]) is not None:
        path.append(parent)
        state = parent[0]
    return path[::-1]


def _retell(found: Exploration, lost: str, value: str, state: int, event: str) -> Counterexample:
    """Run the shortest path again, this time writing down what happens."""
    hooks, cpu = found.policy(), Cpu(found.policy.flags)
    told, states = [], []
    for here, name in [*_path(found, state), (state, event)]:
        position, before = found.states[here]
        cpu.set_state(before)
        out = step(hooks, cpu, position, name)
        told.append("; ".join(out.story))
        states.append({"position": out.position, "event": name, **cpu.describe()})
    victim = "guest" if lost == "guest" else "VMM"
    told[-1] += f" -> the {victim} finds {_MEANING[value]}"
    return Counterexample(lost, value, tuple(told), tuple(states))
