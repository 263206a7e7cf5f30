"""A busy period: packets are served until none is left, or ksoftirqd is to go on."""

from __future__ import annotations

import math

from .arrivals import strike, take
from .codes import AT_LOOP, BUSY, GIVEN, IDLE, LOAD, NEON, SCALAR, THREAD
from .compiling import compiled, part
from .draws import exponential
from .notes import full, note
from .pointers import flags, floats, ints
from .sojourns import leave

__all__ = ["begin", "serve"]


@part
def begin(cpu, log, kind, by_thread):
    """Begin one in which crypto is of this kind; `by_thread`: ksoftirqd runs it, without budget."""
    given, kept = cpu.given, cpu.kept
    kept.busy = 1
    if kept.queued_crypto:
        kept.service = given.stack
    else:
        kept.service = given.scalar if kind == SCALAR else given.neon
    kept.deadline = kept.now + given.budget
    if by_thread:
        kept.deadline, kept.thread_since = math.inf, kept.now
    allowed = 0 if kept.queued_crypto else kind
    note(cpu, log, kept.now, THREAD if by_thread else BUSY, allowed)


@compiled
def serve(cpu, log, until):
    """Go on with it, up to `until`; False if a ring or the log is full."""
    kept = cpu.kept
    while True:
        if full(cpu, log):
            return False
        if kept.batch_left == 0 and not _next_batch(cpu, log):
            break
        if kept.now > kept.deadline and _hand_over(cpu, log):
            break
        if kept.queued_crypto and kept.crypto_length == cpu.ring:
            return False
        _serve_packet(cpu, log, until)
        if kept.now >= until:
            if kept.now > until and kept.batch_arrival <= until and not kept.queued_crypto:
                kept.late = 1
            return True
    _end(cpu, log)
    return True


@part
def _next_batch(cpu, log):
    """Take what waits, then what has come; whether there is any."""
    kept, total = cpu.kept, cpu.total
    if kept.wait_length > 0:
        kept.batch_arrival = floats(cpu.wait_time)[kept.wait_head]
        kept.batch_left = ints(cpu.wait_packets)[kept.wait_head]
        kept.wait_head = (kept.wait_head + 1) & (cpu.ring - 1)
        kept.wait_length -= 1
        return True
    if kept.next_irq > kept.now:
        return False
    if kept.next_irq <= kept.released:  # came during the put that released the held
        total.held += 1
        total.held_time += kept.released - kept.next_irq
    kept.batch_arrival = kept.next_irq
    kept.batch_left = take(cpu, log)
    return True


@part
def _hand_over(cpu, log):
    """softirq_budget is used up, the rest is ksoftirqd's; whether this busy period ends by that."""
    kept = cpu.kept
    cpu.total.handed_over += 1
    note(cpu, log, kept.now, GIVEN, 0)
    if ints(cpu.position)[kept.state] == AT_LOOP:
        if flags(cpu.preempt_off)[kept.state] or kept.put_to:
            kept.deferred = 1  # until vcpu_put, be it now or later
        else:
            kept.put_to, kept.urgent = 2, 1
        return True
    # Not resident: ksoftirqd goes on at once, with NEON, and no register is anyone's.
    kept.deadline, kept.thread_since = math.inf, kept.now
    kept.busy_key, kept.own = kept.state + LOAD, 0.0
    if not kept.queued_crypto:
        kept.service = cpu.given.neon
    note(cpu, log, kept.now, IDLE, 0)
    note(cpu, log, kept.now, THREAD, NEON)
    return False


@part
def _serve_packet(cpu, log, until):
    """One packet; its crypto may join cryptd's queue."""
    given, kept = cpu.given, cpu.kept
    taken = kept.service
    if given.exponential_service:
        taken = kept.service * exponential(cpu.rng.service)
    kept.now += taken + kept.own
    cpu.total.serving += taken + kept.own
    strike(cpu, until)  # hard interrupts stop the packet under way
    kept.batch_left -= 1
    if kept.queued_crypto:
        _queue_crypto(cpu)
    else:
        ints(cpu.served)[kept.busy_key] += 1
        leave(cpu, log, kept.batch_arrival)


@part
def _queue_crypto(cpu):
    kept, times, packets = cpu.kept, floats(cpu.crypto_time), ints(cpu.crypto_packets)
    last = (kept.crypto_head + kept.crypto_length - 1) & (cpu.ring - 1)
    if kept.crypto_length > 0 and times[last] == kept.batch_arrival:
        packets[last] += 1
    else:
        last = (last + 1) & (cpu.ring - 1)
        times[last], packets[last] = kept.batch_arrival, 1
        kept.crypto_length += 1


@part
def _end(cpu, log):
    kept = cpu.kept
    kept.busy = 0
    note(cpu, log, kept.now, IDLE, 0)
    if kept.thread_since >= 0.0:
        cpu.total.thread_time += kept.now - kept.thread_since
        kept.thread_since = -1.0
    resident = ints(cpu.position)[kept.state] == AT_LOOP and not flags(cpu.preempt_off)[kept.state]
    if kept.crypto_length > 0 and resident and kept.put_to == 0:
        kept.put_to, kept.urgent = 2, 1  # the kworker of cryptd preempts the vCPU thread
