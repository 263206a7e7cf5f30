"""A simulation as ftrace would have told it, around the moment of the longest queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .plain import WIDTH

if TYPE_CHECKING:
    from ..montecarlo import TimeLine

__all__ = ["trace_lines"]

_BEFORE, _AFTER = 6, 9  # lines
_THREAD = "ksoftirqd/0"
#: Tracepoints where the kernel has them, else its functions.
_NAMES = {
    "entry": "kvm_entry",
    "exit": "kvm_exit",
    "load": "vcpu_load",
    "put": "vcpu_put",
    "trap": "fp_trap",
    "access": "fp_access",
    "busy_start": "softirq_entry",
    "busy_end": "softirq_exit",
    "ksoftirqd_start": "sched_switch",
    "ksoftirqd_end": "sched_switch",
    "other": "irq_handler_entry",
    "task_neon": "kernel_neon_begin",
}


def trace_lines(line: TimeLine, start_s: float, end_s: float, width: int = WIDTH) -> list[str]:
    """Lines of who, when and what; the packets of a busy period are one line, with their number.

    Parameters
    ----------
    line:
        The simulation.
    start_s, end_s:
        The part in which the longest queue is looked for.
    width:
        Columns of a line at most.

    >>> from fpsimd_model.montecarlo import timeline
    >>> from fpsimd_model.scenario import preset
    >>> found = trace_lines(timeline(preset("reference"), "tracked", seconds=0.01), 0.0, 0.01)
    >>> found[0]
    '#      TASK  TIME [us]  QUEUE  EVENT'
    >>> max(map(len, found)) <= 72
    True
    """
    told = list(_told(line, end_s))
    head = "#      TASK  TIME [us]  QUEUE  EVENT"
    inside = [i for i, (t, _, _, _) in enumerate(told) if t >= start_s]
    if not inside:
        return [head, "# nothing happens"]
    most = max(inside, key=lambda i: told[i][3])
    first = max(inside[0], most - _BEFORE)
    lines = [head]
    for t, task, words, queue in told[first : most + _AFTER]:
        lines.append(f"{task:>11} {1e6 * t:>10.2f}: {queue:>5}  {words}"[:width])
    return lines


def _told(line: TimeLine, end_s: float):
    """Time, task, words and queue of each line."""
    names = np.array(line.NAMES)[line.what]
    inside = np.searchsorted(line.time_s, end_s, side="right")
    served, thread = 0, False
    for i in range(int(inside)):
        name, t, queue = str(names[i]), float(line.time_s[i]), int(line.queue[i])
        if name == "packet_done":
            served += 1
        if name in ("packet_done", "arrival", "handed_over"):
            continue
        words = _NAMES[name]
        task = _THREAD if thread else _task(line, i)
        how = "with NEON" if line.neon[i] else "without NEON"
        if name == "busy_start":
            words, served = f"{words}: {how}", 0
        elif name == "busy_end":
            spent = i and names[i - 1] == "handed_over"
            words += f": {_packets(served)}" + (", budget spent" if spent else "")
        elif name == "ksoftirqd_start":
            words, thread, served, task = f"{words} ==> {_THREAD}", True, 0, "other"
        elif name == "ksoftirqd_end":
            words, thread = f"{words}: {_packets(served)} done", False
        yield t, task, words, queue


def _packets(number: int) -> str:
    return f"{number} packet{'s' * (number != 1)}"


def _task(line: TimeLine, i: int) -> str:
    """Who runs when event `i` happens."""
    before = line.position[max(i - 1, 0)]
    return {"user": "vmm", "sched": "other"}.get(line.POSITIONS[before], "vcpu/0")
