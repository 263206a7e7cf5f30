"""The vCPU thread's own time while its vCPU is loaded: in the guest and in the run loop."""

from __future__ import annotations

from .codes import ACCESS, ENTER, EXIT, FRESH, TASK
from .compiling import compiled, part
from .draws import draw_shape, duration, exponential, uniform
from .happening import noted_after, noted_before
from .pointers import flags, floats

__all__ = ["in_guest", "in_run_loop"]

_INTERRUPTED, _RESIDENCY_ENDS = -2, -1  # beside the automaton's events


@compiled
def in_guest(cpu, log):
    """Until an access to the registers, an exit, the residency's end or an interrupt."""
    given, kept = cpu.given, cpu.kept
    _draw_residency(cpu)
    if kept.run_left < 0.0:
        kept.run_left = duration(cpu.rng.run, cpu.shape.run, floats(cpu.samples))
    if kept.fp_left < 0.0:
        kept.fp_left = duration(cpu.rng.fp, cpu.shape.fp, floats(cpu.samples))
    live = flags(cpu.live)[kept.state]
    passed, event = kept.run_left, EXIT
    if kept.residency_left < passed:
        passed, event = kept.residency_left, _RESIDENCY_ENDS
    if live and kept.fp_left < passed:
        passed, event = kept.fp_left, ACCESS
    arrival = min(kept.next_irq, kept.next_other)
    if kept.now + passed >= arrival:
        passed, event = arrival - kept.now, _INTERRUPTED
    kept.run_left -= passed
    kept.residency_left -= passed
    cpu.total.guest_time += passed
    if live:
        kept.fp_left -= passed
    elif not given.memoryless_fp:  # else the gap may as well begin later
        _skip_accesses(cpu, passed)
    if event == _INTERRUPTED:
        kept.now = arrival
        return
    kept.now += passed
    if event == ACCESS:
        kept.fp_left = FRESH
        noted_before(cpu, log, kept.state + ACCESS)
        return
    if event == EXIT:
        kept.run_left = FRESH
        if given.exit_put_share > 0.0 and uniform(cpu.rng.reason) < given.exit_put_share:
            kept.put_to = 1 if uniform(cpu.rng.reason) < given.exit_put_user_share else 2
    elif not _put_is_due(cpu):
        return
    kept.loop_left = FRESH
    noted_before(cpu, log, kept.state + EXIT)


@compiled
def in_run_loop(cpu, log):
    """Until an entry, NEON of the thread's own, the residency's end or an interrupt."""
    kept = cpu.kept
    _draw_residency(cpu)
    if kept.loop_left < 0.0:
        kept.loop_left = duration(cpu.rng.loop, cpu.shape.loop, floats(cpu.samples))
    passed, event = kept.loop_left, ENTER
    if kept.residency_left < passed:
        passed, event = kept.residency_left, _RESIDENCY_ENDS
    if kept.task_left < passed:
        passed, event = kept.task_left, TASK
    arrival = min(kept.next_irq, kept.next_other)
    if kept.now + passed >= arrival:
        passed, event = arrival - kept.now, _INTERRUPTED
    kept.loop_left -= passed
    kept.residency_left -= passed
    kept.task_left -= passed
    if event == _INTERRUPTED:
        kept.now = arrival
        return
    kept.now += passed
    if event == _RESIDENCY_ENDS:
        _put_is_due(cpu)
        return
    if event == TASK:
        kept.task_left = cpu.given.task_gap * exponential(cpu.rng.task)
    noted_after(cpu, log, kept.state + event)


@part
def _draw_residency(cpu):
    kept = cpu.kept
    if kept.residency_left < 0.0:
        rng, shape = cpu.rng.residency, cpu.shape.residency
        kept.residency_left = duration(rng, shape, floats(cpu.samples))


@part
def _skip_accesses(cpu, passed):
    """Accesses that change nothing, because the registers are the guest's."""
    kept = cpu.kept
    kept.fp_left -= passed
    while kept.fp_left <= 0.0:
        kept.fp_left += draw_shape(cpu.rng.fp, cpu.shape.fp, floats(cpu.samples))
        cpu.total.skipped += 1


@part
def _put_is_due(cpu):
    """A residency ends: whether by vcpu_put, or preemption is off and this stays a wish."""
    given, kept = cpu.given, cpu.kept
    chance = uniform(cpu.rng.reason)
    if chance < given.user_share:
        kept.put_to = 1
        return True
    if chance < given.user_or_preempted_share and flags(cpu.preempt_off)[kept.state]:
        kept.residency_left = FRESH
        kept.wishes += 1
        kept.wish_times += kept.now
        return False
    kept.put_to = 2
    return True
