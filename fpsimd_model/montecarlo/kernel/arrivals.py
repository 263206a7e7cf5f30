"""When interrupts come and how many packets each brings."""

from __future__ import annotations

import math

from .codes import ARRIVAL
from .compiling import compiled, part
from .draws import exponential
from .notes import note
from .pointers import floats, ints

__all__ = ["batch_of", "next_arrival", "strike", "take"]


@compiled
def next_arrival(rng, given, gaps, recorded, at, phase, phase_end):
    """The interrupt after time `at`: (time, phase, when the phase ends), seconds.

    Of recorded arrivals the phase is the place of the gap that ends with the interrupt.
    """
    if recorded > 0:
        phase = phase + 1 if phase + 1 < recorded else 0
        return at + gaps[phase], phase, phase_end
    mean = given.gap2 if phase else given.gap1
    if phase_end == math.inf:
        return at + mean * exponential(rng), phase, phase_end
    while True:
        if mean < math.inf:
            then = at + mean * exponential(rng)
            if then <= phase_end:
                return then, phase, phase_end
        at = phase_end
        phase = 1 - phase
        phase_end = at + (given.phase2 if phase else given.phase1) * exponential(rng)
        mean = given.gap2 if phase else given.gap1


@part
def batch_of(rng, given, packets, phase):
    """Packets of an interrupt."""
    if given.batch > 0:
        return given.batch
    if given.batch < 0:
        return packets[phase]
    return 1 + int(exponential(rng) * given.batch_scale)  # geometric from 1


@part
def take(cpu, log):
    """Packets of the interrupt that has come; the next one is drawn."""
    given, kept, rng = cpu.given, cpu.kept, cpu.rng.arrivals
    batch = batch_of(rng, given, ints(cpu.packets), kept.phase)
    note(cpu, log, kept.next_irq, ARRIVAL, batch)
    if kept.phase_end == math.inf and cpu.recorded == 0:
        kept.next_irq += given.gap1 * exponential(rng)
    else:
        kept.next_irq, kept.phase, kept.phase_end = next_arrival(
            rng,
            given,
            floats(cpu.gaps),
            cpu.recorded,
            kept.next_irq,
            kept.phase,
            kept.phase_end,
        )
    cpu.total.interrupts += 1
    return batch


@part
def strike(cpu, until):
    """Interrupts without crypto that came while packets are under way, and before `until`."""
    given, kept = cpu.given, cpu.kept
    while kept.next_other <= kept.now < until:
        kept.now += given.other_cost
        kept.next_other += given.other_gap * exponential(cpu.rng.other)
        cpu.total.interrupts += 1
