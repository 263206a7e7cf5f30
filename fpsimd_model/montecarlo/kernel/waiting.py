"""Packets in the system when the loop has stopped."""

from __future__ import annotations

from .arrivals import batch_of, next_arrival
from .compiling import part
from .pointers import floats, ints

__all__ = ["in_system"]


@part
def in_system(cpu, until):
    """Their number at `until`, and the sum of their ages on the clock, seconds."""
    given, kept, rng = cpu.given, cpu.kept, cpu.rng.arrivals
    number = kept.late
    if kept.batch_arrival <= until:
        number += kept.batch_left
    age = kept.batch_left * (kept.now - kept.batch_arrival)
    for times, packets, head, length in (
        (floats(cpu.wait_time), ints(cpu.wait_packets), kept.wait_head, kept.wait_length),
        (floats(cpu.crypto_time), ints(cpu.crypto_packets), kept.crypto_head, kept.crypto_length),
    ):
        for i in range(length):
            place = (head + i) & (cpu.ring - 1)
            if times[place] <= until:
                number += packets[place]
            age += packets[place] * (kept.now - times[place])
    at, phase, phase_end = kept.next_irq, kept.phase, kept.phase_end
    while at <= kept.now:
        batch = batch_of(rng, given, ints(cpu.packets), phase)
        if at <= until:
            number += batch
        age += batch * (kept.now - at)
        at, phase, phase_end = next_arrival(
            rng, given, floats(cpu.gaps), cpu.recorded, at, phase, phase_end
        )
    return number, age
