"""An event of the automaton happens: it is counted, takes its time, leads to another state."""

from __future__ import annotations

from .codes import EVENT
from .compiling import part
from .notes import note
from .pointers import floats, ints

__all__ = ["happen", "noted_after", "noted_before"]


@part
def happen(cpu, key):
    """The event at place `key` of the automaton."""
    cpu.kept.now += floats(cpu.before)[key]
    cpu.kept.state = ints(cpu.following)[key]
    ints(cpu.counts)[key] += 1


@part
def noted_before(cpu, log, key):
    """With a note of when its masked operation began."""
    note(cpu, log, cpu.kept.now, EVENT, key)
    happen(cpu, key)


@part
def noted_after(cpu, log, key):
    """With a note of when its masked operation was over."""
    happen(cpu, key)
    note(cpu, log, cpu.kept.now, EVENT, key)
