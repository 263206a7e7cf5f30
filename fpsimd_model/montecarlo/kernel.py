"""The compiled loop: one CPU, one vCPU thread, its interrupts, until a given time.

All compiled code is in this file: numba's cache looks at the file of the function that is called,
not at those of its callees (numba #8396).  The loop allocates nothing; packets wait in no queue
where the next arrival is all that first-come-first-served needs, otherwise in a ring.

Each turn of the loop does the first of these that applies: a busy period goes on; an interrupt
with packets is taken; one without is taken; vcpu_put; thread time passes until the next event or
interrupt.  Whatever takes wall time with interrupts masked only advances the clock, so that what
arrived meanwhile is found at the top of the next turn, in the state that the operation led to.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..automaton import EVENT_NAMES, SOFTIRQ
from ..events import GUEST, LOOP, POSITIONS, SCHED, USER
from .records import NOTES, SHAPES

__all__ = [
    "BIN_BITS",
    "FIRST_BIN",
    "NEON",
    "SCALAR",
    "advance",
    "batch_of",
    "draw_shape",
    "next_arrival",
    "record",
    "waiting",
]

BIN_BITS = 11  # of the mantissa: 2048 bins an octave, none wider than 0.05%
FIRST_BIN = (1023 - 30) << BIN_BITS  # bins begin at 2**-30 s, just below a nanosecond
_SHIFT = 52 - BIN_BITS
_MASK = (1 << _SHIFT) - 1
_FRACTION = 2.0**-_SHIFT

_LOAD, _ENTER, _ACCESS, _EXIT, _PUT_USER, _PUT_SCHED, _INTERRUPT, _OTHER, _OTHER_SOFTIRQ, _TASK = (
    EVENT_NAMES.index(name)
    for name in (
        "load",
        "enter",
        "access",
        "exit",
        "put_user",
        "put_sched",
        "interrupt",
        "other",
        "other_softirq",
        "task_neon",
    )
)
NEON, SCALAR, HELD = (SOFTIRQ.index(kind) for kind in ("neon", "scalar", "held"))
_AT_USER, _AT_SCHED, _AT_LOOP, _AT_GUEST = (POSITIONS.index(p) for p in (USER, SCHED, LOOP, GUEST))

(_ARRIVAL, _DONE, _BUSY, _IDLE, _GIVEN, _THREAD, _EVENT) = range(len(NOTES))
_ROOM = 16  # more notes than one turn of the loop makes

_FRESH = -1.0  # what is left of a duration that is still to be drawn
DETERMINISTIC, EXPONENTIAL, GAMMA, LOGNORMAL, HYPEREXPONENTIAL = (
    SHAPES[name]
    for name in ("deterministic", "exponential", "gamma", "lognormal", "hyperexponential")
)


@njit(cache=True)
def draw_shape(rng, shapes, which, samples):
    """A duration that is not exponential; rows of `shapes` as `sampling.shape_rows` makes them."""
    kind, a, b, c = int(shapes[which, 0]), shapes[which, 1], shapes[which, 2], shapes[which, 3]
    if kind == DETERMINISTIC:
        return a
    if kind == GAMMA:
        return a * rng.standard_gamma(b)
    if kind == LOGNORMAL:
        return math.exp(a + b * rng.standard_normal())
    if kind == HYPEREXPONENTIAL:
        mean = a if rng.random() < c else b
        return mean * rng.standard_exponential()
    first, number = int(a), int(b)
    return samples[first + min(int(rng.random() * number), number - 1)]


@njit(cache=True)
def _means(shapes):
    """Means of the exponential ones of five durations, not-a-number for the others."""
    means = np.where(shapes[:, 0] == EXPONENTIAL, shapes[:, 1], np.nan)
    return means[0], means[1], means[2], means[3], means[4]


@njit(cache=True)
def next_arrival(rng, given, gaps, at, phase, phase_end):
    """The interrupt after time `at`: (time, phase, when the phase ends).

    Of recorded arrivals the phase is the place of the gap that ends with the interrupt.
    """
    if len(gaps) > 0:
        phase = phase + 1 if phase + 1 < len(gaps) else 0
        return at + gaps[phase], phase, phase_end
    mean = given.gap2 if phase else given.gap1
    if phase_end == math.inf:
        return at + mean * rng.standard_exponential(), phase, phase_end
    while True:
        if mean < math.inf:
            then = at + mean * rng.standard_exponential()
            if then <= phase_end:
                return then, phase, phase_end
        at = phase_end
        phase = 1 - phase
        phase_end = at + (given.phase2 if phase else given.phase1) * rng.standard_exponential()
        mean = given.gap2 if phase else given.gap1


@njit(cache=True)
def batch_of(rng, fixed, scale, packets, phase):
    """Packets of an interrupt."""
    if fixed > 0:
        return fixed
    if fixed < 0:
        return packets[phase]
    return 1 + int(rng.standard_exponential() * scale)  # geometric from 1


@njit(cache=True)
def waiting(
    until,
    given,
    kept,
    wait_time,
    wait_packets,
    crypto_time,
    crypto_packets,
    gaps,
    packets,
    rng,
):
    """After `advance` to `until`: packets in the system then, and the sum of their ages now.

    The clock stands at the event that came next, which is the more likely an arrival the fewer
    packets there are.  Interrupts that were not looked at yet are drawn from `rng`: a copy of the
    stream of arrivals.
    """
    number = kept.late
    if kept.batch_arrival <= until:
        number += kept.batch_left
    age = kept.batch_left * (kept.now - kept.batch_arrival)
    for ring, sizes, head, length in (
        (wait_time, wait_packets, kept.wait_head, kept.wait_length),
        (crypto_time, crypto_packets, kept.crypto_head, kept.crypto_length),
    ):
        for i in range(length):
            place = (head + i) & (len(ring) - 1)
            if ring[place] <= until:
                number += sizes[place]
            age += sizes[place] * (kept.now - ring[place])
    at, phase, phase_end = kept.next_irq, kept.phase, kept.phase_end
    while at <= kept.now:
        batch = batch_of(rng, given.batch, given.batch_scale, packets, phase)
        if at <= until:
            number += batch
        age += batch * (kept.now - at)
        at, phase, phase_end = next_arrival(rng, given, gaps, at, phase, phase_end)
    return number, age


@njit(cache=True)
def _note(log, kept, time, what, value):
    """Write a line into the log."""
    line = log[kept.logged]
    line.time, line.what, line.value = time, what, value
    kept.logged += 1


@njit(cache=True)
def record(histogram, sojourn):
    """Count, sum and sum of squares of the place within its bin; which bin it is."""
    bits = np.float64(sojourn).view(np.int64)
    i = min(max((bits >> _SHIFT) - FIRST_BIN, 0), histogram.shape[0] - 1)
    place = (bits & _MASK) * _FRACTION
    histogram[i, 0] += 1.0
    histogram[i, 1] += place
    histogram[i, 2] += place * place
    return i


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    until,
    position,
    following,
    before,
    section,
    softirq,
    live,
    preempt_off,
    constants,
    shapes,
    samples,
    gaps,
    packets,
    carried,
    wait_time,
    wait_packets,
    crypto_time,
    crypto_packets,
    counts,
    served,
    sums,
    histogram,
    rng_arrivals,
    rng_residency,
    rng_out,
    rng_loop,
    rng_run,
    rng_fp,
    rng_service,
    rng_reason,
    rng_other,
    rng_task,
    log,
):
    """Simulate up to the first event at or after `until`; False if a ring or the log is full.

    After False give it larger rings and call again: nothing is lost, and nothing drawn twice.

    Parameters
    ----------
    until:
        Seconds on the clock.
    position, live, preempt_off, following, before, section, softirq:
        (S * E,) of the automaton, see :class:`.tables.Model`.
    constants, carried, sums:
        (1,) of the records of that kind; the last two are changed.
    shapes, samples:
        (5, 4) rows for residency, out, run loop, guest run and FP gap; samples for the empirical.
    gaps, packets:
        Recorded arrivals: seconds before each interrupt and its packets; empty if they are drawn.
    wait_*, crypto_*:
        Rings of batches whose softirq waits, and whose crypto waits for cryptd; sizes are powers
        of two.
    counts, served:
        (S * E,) events, and packets served in busy periods that began with that event; added to.
    histogram:
        (bins, 3) of sojourns; added to.
    rng_*:
        One stream for each kind of draw.
    log:
        None, for which none of what would write to it is compiled; or :data:`.records.LOG` lines.
    """
    given, kept, total = constants[0], carried[0], sums[0]
    now = kept.now
    next_irq = kept.next_irq
    next_other = kept.next_other
    phase_end = kept.phase_end
    out_left = kept.out_left
    residency_left = kept.residency_left
    loop_left = kept.loop_left
    run_left = kept.run_left
    fp_left = kept.fp_left
    task_left = kept.task_left
    batch_arrival = kept.batch_arrival
    deadline = kept.deadline
    thread_since = kept.thread_since
    service = kept.service
    own = kept.own
    held_arrivals = kept.held_arrivals
    released = kept.released
    wish_times = kept.wish_times
    crypto_left = kept.crypto_left
    state = kept.state
    phase = kept.phase
    batch_left = kept.batch_left
    busy = kept.busy
    queued_crypto = kept.queued_crypto != 0
    busy_key = kept.busy_key
    put_to = kept.put_to
    urgent = kept.urgent
    deferred = kept.deferred
    ready = kept.ready
    held = kept.held
    wishes = kept.wishes
    wait_head = kept.wait_head
    wait_length = kept.wait_length
    crypto_head = kept.crypto_head
    crypto_length = kept.crypto_length

    neon, scalar, stack, crypto = given.neon, given.scalar, given.stack, given.crypto
    budget, other_cost, batch_scale = given.budget, given.other_cost, given.batch_scale
    fixed, exponential = given.batch, given.exponential_service != 0
    sections, cryptd = given.sections, given.cryptd != 0
    memoryless = given.memoryless_fp != 0
    poisson, gap = phase_end == math.inf and len(gaps) == 0, given.gap1
    delay_limit = given.delay_limit
    residency, out, loop, run, fp = _means(shapes)
    wait_size, crypto_size = len(wait_time), len(crypto_time)

    guest_time, serving, sojourn = total.guest_time, total.serving, total.sojourn
    cryptd_packets, interrupts = total.cryptd_packets, total.interrupts
    handed_over, skipped, delayed = total.handed_over, total.skipped, total.delayed
    thread_time = total.thread_time
    first_bin, last_bin = total.first_bin, total.last_bin
    fits = True
    kept.late = 0

    while now < until and fits:
        if log is not None and kept.logged + _ROOM > len(log):
            fits = False
            break
        if busy:
            while True:
                if log is not None and kept.logged + _ROOM > len(log):
                    fits = False
                    break
                if batch_left == 0:
                    if wait_length > 0:
                        batch_arrival, batch_left = wait_time[wait_head], wait_packets[wait_head]
                        wait_head = (wait_head + 1) & (wait_size - 1)
                        wait_length -= 1
                    elif next_irq <= now:
                        if next_irq <= released:  # came during the put that released the held
                            total.held += 1
                            total.held_time += released - next_irq
                        batch_arrival = next_irq
                        batch_left = batch_of(rng_arrivals, fixed, batch_scale, packets, phase)
                        if log is not None:
                            _note(log, kept, next_irq, _ARRIVAL, batch_left)
                        if poisson:
                            next_irq += gap * rng_arrivals.standard_exponential()
                        else:
                            next_irq, phase, phase_end = next_arrival(
                                rng_arrivals, given, gaps, next_irq, phase, phase_end
                            )
                        interrupts += 1
                    else:
                        busy = 0
                        break
                if now > deadline:  # softirq_budget: the rest is ksoftirqd's
                    handed_over += 1
                    if log is not None:
                        _note(log, kept, now, _GIVEN, 0)
                    if position[state] == _AT_LOOP:
                        busy = 0
                        if preempt_off[state] or put_to:
                            deferred = 1  # until vcpu_put, be it now or later
                        else:
                            put_to, urgent = 2, 1
                        break
                    # Not resident: ksoftirqd goes on at once, and nothing else changes.
                    deadline, thread_since = math.inf, now
                    if log is not None:
                        _note(log, kept, now, _IDLE, 0)
                        _note(log, kept, now, _THREAD, NEON)
                if queued_crypto and crypto_length == crypto_size:
                    fits = False
                    break
                taken = service * rng_service.standard_exponential() if exponential else service
                now += taken + own
                serving += taken + own
                while next_other <= now < until:  # hard interrupts stop the packet under way
                    now += other_cost
                    next_other += given.other_gap * rng_other.standard_exponential()
                    interrupts += 1
                batch_left -= 1
                if queued_crypto:
                    last = (crypto_head + crypto_length - 1) & (crypto_size - 1)
                    if crypto_length > 0 and crypto_time[last] == batch_arrival:
                        crypto_packets[last] += 1
                    else:
                        last = (last + 1) & (crypto_size - 1)
                        crypto_time[last], crypto_packets[last] = batch_arrival, 1
                        crypto_length += 1
                else:
                    served[busy_key] += 1
                    sojourn += now - batch_arrival
                    if now - batch_arrival > delay_limit:
                        delayed += 1
                    if log is not None:
                        _note(log, kept, now, _DONE, 1)
                    slot = record(histogram, now - batch_arrival)
                    first_bin, last_bin = min(first_bin, slot), max(last_bin, slot)
                if now >= until:
                    if now > until and batch_arrival <= until and not queued_crypto:
                        kept.late = 1
                    break
            if busy == 0:
                if log is not None:
                    _note(log, kept, now, _IDLE, 0)
                if thread_since >= 0.0:
                    thread_time += now - thread_since
                    thread_since = -1.0
                resident = position[state] == _AT_LOOP
                if crypto_length > 0 and resident and put_to == 0 and not preempt_off[state]:
                    put_to, urgent = 2, 1  # the kworker of cryptd preempts the vCPU thread
            continue

        if urgent == 0:
            if next_irq <= now or ready:
                where, key = position[state], state + _INTERRUPT
                kind, own = softirq[key], 0.0
                if log is not None and where == _AT_GUEST and not ready:
                    _note(log, kept, now, _EVENT, state + _EXIT)
                queued_crypto, thread = False, ready != 0
                if ready:  # workers' turn: NEON is free, no register is anyone's
                    ready, busy_key, kind, where = 0, state + _LOAD, NEON, _AT_SCHED
                    queued_crypto = crypto_length > 0
                elif deferred or (crypto_length > 0 and kind == NEON):
                    # No NEON here now; in the guest it is an exit like any other.
                    queued_crypto = True
                    if where == _AT_GUEST:
                        key = state + _OTHER_SOFTIRQ
                        counts[key] += 1
                        now += before[key] - other_cost
                        state = following[key]
                else:
                    # The first section is in `before`, and paid with the first packet's sections.
                    counts[key] += 1
                    own = sections * section[key]
                    now += before[key] - section[key]
                    state, busy_key = following[key], key
                    queued_crypto = cryptd and kind == SCALAR
                if where == _AT_GUEST:
                    loop_left = _FRESH
                if deferred or kind == HELD:
                    while next_irq <= now:
                        if wait_length == wait_size:
                            fits = False
                            break
                        if log is not None and kept.logged + _ROOM > len(log):
                            fits = False
                            break
                        last = (wait_head + wait_length) & (wait_size - 1)
                        wait_time[last] = next_irq
                        wait_packets[last] = batch_of(
                            rng_arrivals, fixed, batch_scale, packets, phase
                        )
                        if log is not None:
                            _note(log, kept, next_irq, _ARRIVAL, wait_packets[last])
                        wait_length += 1
                        if kind == HELD:
                            held += 1
                            held_arrivals += next_irq
                        if poisson:
                            next_irq += gap * rng_arrivals.standard_exponential()
                        else:
                            next_irq, phase, phase_end = next_arrival(
                                rng_arrivals, given, gaps, next_irq, phase, phase_end
                            )
                        interrupts += 1
                    continue
                while next_other <= now < until:  # came in the set-up, run before the packets
                    now += other_cost
                    next_other += given.other_gap * rng_other.standard_exponential()
                    interrupts += 1
                busy = 1
                service = stack if queued_crypto else (scalar if kind == SCALAR else neon)
                deadline = now + budget
                if thread:
                    deadline, thread_since = math.inf, now
                if log is not None:
                    what, allowed = _THREAD if thread else _BUSY, 0 if queued_crypto else kind
                    _note(log, kept, now, what, allowed)
                released = -1.0
                continue
            if next_other <= now:
                next_other += given.other_gap * rng_other.standard_exponential()
                key = state + _OTHER
                if rng_other.random() < given.other_softirq_share:
                    key = state + _OTHER_SOFTIRQ
                if position[state] == _AT_GUEST:
                    loop_left = _FRESH
                    if log is not None:
                        _note(log, kept, now, _EVENT, state + _EXIT)
                counts[key] += 1
                if log is not None:
                    _note(log, kept, now, _EVENT, key)
                now += before[key]
                state = following[key]
                continue

        if put_to:
            key = state + (_PUT_USER if put_to == 1 else _PUT_SCHED)
            counts[key] += 1
            if log is not None:
                _note(log, kept, now, _EVENT, key)
            now += before[key]
            kind = softirq[key]
            state = following[key]
            # To a worker the thread only lends the CPU: it is loaded again when the work is done.
            out_left = 0.0 if urgent else _FRESH
            put_to, urgent, deferred = 0, 0, 0
            total.wishes += wishes
            total.wish_delay += now * wishes - wish_times
            wishes, wish_times = 0, 0.0
            if kind in (NEON, SCALAR):  # softirqs were held back until here
                total.held += held
                total.held_time += held * now - held_arrivals
                held, held_arrivals, released = 0, 0.0, now
                busy, busy_key, deadline = 1, key, now + budget
                own = 0.0
                queued_crypto = cryptd and kind == SCALAR
                if log is not None:
                    _note(log, kept, now, _BUSY, 0 if queued_crypto else kind)
                service = stack if queued_crypto else (scalar if kind == SCALAR else neon)
            else:
                ready = 1 if batch_left > 0 or wait_length > 0 else 0
            continue

        arrival = min(next_irq, next_other)
        where = position[state]
        if where in (_AT_GUEST, _AT_LOOP) and residency_left < 0.0:
            if residency == residency:
                residency_left = residency * rng_residency.standard_exponential()
            else:
                residency_left = draw_shape(rng_residency, shapes, 0, samples)
        if where == _AT_GUEST:
            if run_left < 0.0:
                if run == run:
                    run_left = run * rng_run.standard_exponential()
                else:
                    run_left = draw_shape(rng_run, shapes, 3, samples)
            if fp_left < 0.0:
                if fp == fp:
                    fp_left = fp * rng_fp.standard_exponential()
                else:
                    fp_left = draw_shape(rng_fp, shapes, 4, samples)
            passed, event = run_left, _EXIT
            if residency_left < passed:
                passed, event = residency_left, -1
            clock = live[state] or not memoryless  # else the gap may as well begin later
            if live[state] and fp_left < passed:
                passed, event = fp_left, _ACCESS
            if now + passed >= arrival:
                passed, event = arrival - now, -2
            run_left -= passed
            residency_left -= passed
            guest_time += passed
            if clock:
                fp_left -= passed
                if not live[state]:
                    while fp_left <= 0.0:
                        fp_left += draw_shape(rng_fp, shapes, 4, samples)
                        skipped += 1
            now = arrival if event == -2 else now + passed
            if event == -2:
                continue
            if event == _ACCESS:
                fp_left = _FRESH
                key = state + _ACCESS
                counts[key] += 1
                if log is not None:
                    _note(log, kept, now, _EVENT, key)
                now += before[key]
                state = following[key]
                continue
            if event == -1:
                chance = rng_reason.random()
                if chance < given.user_share:
                    put_to = 1
                elif chance < given.user_or_preempted_share and preempt_off[state]:
                    residency_left = _FRESH
                    wishes += 1
                    wish_times += now
                    continue
                else:
                    put_to = 2
            else:
                run_left = _FRESH
                if given.exit_put_share > 0.0 and rng_reason.random() < given.exit_put_share:
                    put_to = 1 if rng_reason.random() < given.exit_put_user_share else 2
            loop_left = _FRESH
            key = state + _EXIT
            counts[key] += 1
            if log is not None:
                _note(log, kept, now, _EVENT, key)
            now += before[key]
            state = following[key]
        elif where == _AT_LOOP:
            if loop_left < 0.0:
                if loop == loop:
                    loop_left = loop * rng_loop.standard_exponential()
                else:
                    loop_left = draw_shape(rng_loop, shapes, 2, samples)
            passed, event = loop_left, _ENTER
            if residency_left < passed:
                passed, event = residency_left, -1
            if task_left < passed:
                passed, event = task_left, _TASK
            if now + passed >= arrival:
                passed, event = arrival - now, -2
            loop_left -= passed
            residency_left -= passed
            task_left -= passed
            if event == -2:
                now = arrival
                continue
            now += passed
            if event == -1:
                chance = rng_reason.random()
                if chance < given.user_share:
                    put_to = 1
                elif chance < given.user_or_preempted_share and preempt_off[state]:
                    residency_left = _FRESH
                    wishes += 1
                    wish_times += now
                else:
                    put_to = 2
                continue
            if event == _TASK:
                task_left = given.task_gap * rng_task.standard_exponential()
            key = state + event
            counts[key] += 1
            now += before[key]
            if log is not None:
                _note(log, kept, now, _EVENT, key)
            state = following[key]
        elif crypto_length > 0:  # cryptd's kworker, one request after another
            if crypto_left < 0.0:
                crypto_left = crypto * (rng_service.standard_exponential() if exponential else 1.0)
            if now + crypto_left >= arrival:
                crypto_left -= arrival - now
                serving += arrival - now
                now = arrival
                continue
            now += crypto_left
            serving += crypto_left
            crypto_left = -1.0
            sojourn += now - crypto_time[crypto_head]
            if now > until and crypto_time[crypto_head] <= until:
                kept.late = 1
            if now - crypto_time[crypto_head] > delay_limit:
                delayed += 1
            if log is not None:
                _note(log, kept, now, _DONE, 1)
            slot = record(histogram, now - crypto_time[crypto_head])
            first_bin, last_bin = min(first_bin, slot), max(last_bin, slot)
            cryptd_packets += 1
            crypto_packets[crypto_head] -= 1
            if crypto_packets[crypto_head] == 0:
                crypto_head = (crypto_head + 1) & (crypto_size - 1)
                crypto_length -= 1
        else:
            if out_left < 0.0:
                if out == out:
                    out_left = out * rng_out.standard_exponential()
                else:
                    out_left = draw_shape(rng_out, shapes, 1, samples)
            if now + out_left >= arrival:
                out_left -= arrival - now
                now = arrival
                continue
            now += out_left
            residency_left = _FRESH
            loop_left = _FRESH
            key = state + _LOAD
            counts[key] += 1
            now += before[key]
            if log is not None:
                _note(log, kept, now, _EVENT, key)
            state = following[key]

    if thread_since >= 0.0:  # what of it belongs to this stretch
        thread_time += now - thread_since
        thread_since = now
    total.first_bin, total.last_bin = first_bin, last_bin
    total.guest_time = guest_time
    total.serving = serving
    total.sojourn = sojourn
    total.cryptd_packets = cryptd_packets
    total.interrupts = interrupts
    total.handed_over = handed_over
    total.skipped = skipped
    total.delayed = delayed
    total.thread_time = thread_time
    kept.now = now
    kept.next_irq = next_irq
    kept.next_other = next_other
    kept.phase_end = phase_end
    kept.out_left = out_left
    kept.residency_left = residency_left
    kept.loop_left = loop_left
    kept.run_left = run_left
    kept.fp_left = fp_left
    kept.task_left = task_left
    kept.batch_arrival = batch_arrival
    kept.deadline = deadline
    kept.thread_since = thread_since
    kept.service = service
    kept.own = own
    kept.held_arrivals = held_arrivals
    kept.released = released
    kept.wish_times = wish_times
    kept.crypto_left = crypto_left
    kept.state = state
    kept.phase = phase
    kept.batch_left = batch_left
    kept.busy = busy
    kept.queued_crypto = 1 if queued_crypto else 0
    kept.busy_key = busy_key
    kept.put_to = put_to
    kept.urgent = urgent
    kept.deferred = deferred
    kept.ready = ready
    kept.held = held
    kept.wishes = wishes
    kept.wait_head = wait_head
    kept.wait_length = wait_length
    kept.crypto_head = crypto_head
    kept.crypto_length = crypto_length
    return fits
