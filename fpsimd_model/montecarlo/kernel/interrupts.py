"""Interrupts are taken: those with packets, and those without crypto."""

from __future__ import annotations

from .arrivals import strike, take
from .codes import (
    AT_GUEST,
    AT_SCHED,
    EVENT,
    EXIT,
    FRESH,
    HELD,
    INTERRUPT,
    LOAD,
    NEON,
    OTHER,
    OTHER_SOFTIRQ,
    SCALAR,
)
from .compiling import compiled
from .draws import exponential, uniform
from .happening import noted_before
from .notes import full, note
from .pointers import floats, ints
from .service import begin

__all__ = ["with_packets", "without_packets"]


@compiled
def with_packets(cpu, log, until):
    """Of a packet, or a worker's turn; a busy period begins, unless softirqs are held back.

    False if a ring or the log is full.
    """
    given, kept = cpu.given, cpu.kept
    where, key = ints(cpu.position)[kept.state], kept.state + INTERRUPT
    kind, kept.own = ints(cpu.softirq)[key], 0.0
    if where == AT_GUEST and not kept.ready:
        note(cpu, log, kept.now, EVENT, kept.state + EXIT)
    kept.queued_crypto, by_thread = 0, kept.ready != 0
    if kept.ready:  # workers' turn: NEON is free, no register is anyone's
        kept.ready, kept.busy_key, kind, where = 0, kept.state + LOAD, NEON, AT_SCHED
        kept.queued_crypto = kept.crypto_length > 0
    elif kept.deferred or (kept.crypto_length > 0 and kind == NEON):
        # No NEON here now; in the guest it is an exit like any other.
        kept.queued_crypto = 1
        if where == AT_GUEST:
            key = kept.state + OTHER_SOFTIRQ
            ints(cpu.counts)[key] += 1
            kept.now += floats(cpu.before)[key] - given.other_cost
            kept.state = ints(cpu.following)[key]
    else:
        # The first section is in `before`, and paid with the first packet's sections.
        ints(cpu.counts)[key] += 1
        kept.own = given.sections * floats(cpu.section)[key]
        kept.now += floats(cpu.before)[key] - floats(cpu.section)[key]
        kept.state, kept.busy_key = ints(cpu.following)[key], key
        kept.queued_crypto = given.cryptd and kind == SCALAR
    if where == AT_GUEST:
        kept.loop_left = FRESH
    if kept.deferred or kind == HELD:
        return _hold(cpu, log, kind)
    strike(cpu, until)  # came in the set-up, run before the packets
    begin(cpu, log, kind, by_thread)
    kept.released = -1.0
    return True


@compiled
def _hold(cpu, log, kind):
    """What has come waits for softirqs, or for vcpu_put."""
    kept = cpu.kept
    while kept.next_irq <= kept.now:
        if kept.wait_length == cpu.ring or full(cpu, log):
            return False
        last = (kept.wait_head + kept.wait_length) & (cpu.ring - 1)
        floats(cpu.wait_time)[last] = kept.next_irq
        if kind == HELD:
            kept.held += 1
            kept.held_arrivals += kept.next_irq
        ints(cpu.wait_packets)[last] = take(cpu, log)
        kept.wait_length += 1
    return True


@compiled
def without_packets(cpu, log):
    """One without crypto, or its softirq."""
    given, kept = cpu.given, cpu.kept
    kept.next_other += given.other_gap * exponential(cpu.rng.other)
    key = kept.state + OTHER
    if uniform(cpu.rng.other) < given.other_softirq_share:
        key = kept.state + OTHER_SOFTIRQ
    if ints(cpu.position)[kept.state] == AT_GUEST:
        kept.loop_left = FRESH
        note(cpu, log, kept.now, EVENT, kept.state + EXIT)
    noted_before(cpu, log, key)
