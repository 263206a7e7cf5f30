"""The log of a run: a line for whatever happens, see :data:`~..records.LOG`.

Parts of the loop take `log`: True, or None, for which none of what would write is compiled.
"""

from __future__ import annotations

from .compiling import part
from .pointers import floats, ints

__all__ = ["full", "note"]

_ROOM = 16  # more notes than one turn of the loop makes


@part
def note(cpu, log, time, what, value):
    """Write a line: a time in seconds, one of the codes of notes, its number."""
    if log is not None:
        place = 3 * cpu.kept.logged
        floats(cpu.log)[place] = time
        ints(cpu.log)[place + 1] = what
        ints(cpu.log)[place + 2] = value
        cpu.kept.logged += 1


@part
def full(cpu, log):
    """Whether the log may have no room for the next turn of the loop."""
    return log is not None and cpu.kept.logged + _ROOM > cpu.lines
