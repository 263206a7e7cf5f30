"""The CPU while no vCPU is loaded: cryptd's kworker, or user space, other threads and idleness."""

from __future__ import annotations

from .codes import FRESH, LOAD
from .compiling import compiled
from .draws import duration, exponential
from .happening import noted_after
from .pointers import floats, ints
from .sojourns import leave

__all__ = ["in_kworker", "out"]


@compiled
def in_kworker(cpu, log, until):
    """One of cryptd's requests, until it is done or an interrupt comes."""
    given, kept, total = cpu.given, cpu.kept, cpu.total
    if kept.crypto_left < 0.0:
        kept.crypto_left = given.crypto
        if given.exponential_service:
            kept.crypto_left = given.crypto * exponential(cpu.rng.service)
    arrival = min(kept.next_irq, kept.next_other)
    if kept.now + kept.crypto_left >= arrival:
        kept.crypto_left -= arrival - kept.now
        total.serving += arrival - kept.now
        kept.now = arrival
        return
    kept.now += kept.crypto_left
    total.serving += kept.crypto_left
    kept.crypto_left = FRESH
    came, packets = floats(cpu.crypto_time)[kept.crypto_head], ints(cpu.crypto_packets)
    if kept.now > until and came <= until:
        kept.late = 1
    leave(cpu, log, came)
    total.cryptd_packets += 1
    packets[kept.crypto_head] -= 1
    if packets[kept.crypto_head] == 0:
        kept.crypto_head = (kept.crypto_head + 1) & (cpu.ring - 1)
        kept.crypto_length -= 1


@compiled
def out(cpu, log):
    """Until vcpu_load or an interrupt."""
    kept = cpu.kept
    if kept.out_left < 0.0:
        kept.out_left = duration(cpu.rng.out, cpu.shape.out, floats(cpu.samples))
    arrival = min(kept.next_irq, kept.next_other)
    if kept.now + kept.out_left >= arrival:
        kept.out_left -= arrival - kept.now
        kept.now = arrival
        return
    kept.now += kept.out_left
    kept.residency_left = FRESH
    kept.loop_left = FRESH
    noted_after(cpu, log, kept.state + LOAD)
