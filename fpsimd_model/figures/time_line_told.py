"""A time line of the registers in words: what every place holds after each event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..registers import Cpu
from .plain import fill, tidy

if TYPE_CHECKING:
    from ..proof import Counterexample

__all__ = ["FLAGS", "PLACES", "RUNS", "VALUES", "states_of", "text_of", "told_at"]

PLACES = {
    "registers": "registers",
    "task_image": "task\nimage",
    "vcpu_image": "vCPU\nimage",
    "host_context": "host\ncontext",
}
FLAGS = {
    "foreign_fpstate": "FOREIGN\nFPSTATE",
    "trap_armed": "trap\narmed",
    "busy": "NEON\nbusy",
    "softirqs_off": "softirqs\noff",
    "preempt_off": "preempt\noff",
}
RUNS = {"user": "VMM", "sched": "other task", "loop": "run loop", "guest": "guest"}
VALUES = {
    "H": "VMM, current",
    "h": "VMM, outdated",
    "G": "guest, current",
    "g": "guest, outdated",
    "K": "scratch, another task",
}
_TOLD = 80  # columns of what is read off


def states_of(example: Counterexample) -> list[Mapping[str, object]]:
    """From the start on; in the last, the registers hold what was found."""
    start = {"position": "user", **Cpu().describe()}
    last = {**example.states[-1], "registers": example.found}
    return [start, *example.states[:-1], last]


def told_at(example: Counterexample, event: int, state: Mapping[str, object]) -> str:
    """The state behind an event, 0 for the start, in a few lines."""
    after = f"after {event}. {example.events[event - 1]}" if event else "at the start"
    held = [
        f"{name.replace(chr(10), ' ')}: {VALUES[str(state[place])]}"
        for place, name in PLACES.items()
    ]
    flags = [name.replace("\n", "_" if name.isupper() else " ")
             for flag, name in FLAGS.items() if state.get(flag)]  # fmt: skip
    runs = f"the CPU runs: {RUNS[state['position']]}"
    if flags:
        runs += f"; set: {', '.join(flags)}"
    if event == len(example.events):
        held[0] += " (lost)"
    told = after, "; ".join(held[:2]), "; ".join(held[2:]), runs
    return "\n".join(line for part in told for line in fill(part, _TOLD, "", "  "))


def text_of(policy: str, example: Counterexample, width: int) -> str:
    """The whole story: registers, task image, vCPU image and host context."""
    room = width - 24
    head = "event".ljust(room - 4)
    lines = [
        *fill(f"{policy}: {example.summary}", width),
        "",
        f"    {head} regs task vcpu host",
    ]
    for i, state in enumerate(states_of(example)):
        told = fill(example.events[i - 1], room - 5, f"{i:2d}. ", "    ") if i else [""]
        values = [f"{state[place]}" for place in PLACES]
        if i == len(example.events):
            values[0] = f"<{values[0]}>"
        cells = "".join(f"{v:>5}" if v[0] != "<" else f"   {v}" for v in values)
        cells = cells.replace("> ", ">", 1)
        lines.append(f"{told[0].ljust(room)}{cells}")
        lines += told[1:]
    return tidy(lines)
