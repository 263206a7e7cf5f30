"""What the processor does at each event: the kernel's order of hooks around a vCPU.

The thread of a vCPU is in one of four positions; an event takes it from one to another (or back
to the same) through the policy's hooks.  The order of hooks is that of
``kvm_arch_vcpu_ioctl_run`` (v4.16 virt/kvm/arm/arm.c): interrupts open again inside the region
where preemption is off, so that the softirqs of the interrupt that ended a guest run find the
CPU between :meth:`~fpsimd_model.policies.Policy.softirq_pending` and
:meth:`~fpsimd_model.policies.Policy.preempt_enable`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .policies.base import Policy
from .registers import COUNTERS, VALUES, Cpu, Loss, PolicyError

__all__ = ["EVENTS", "GUEST", "LOOP", "POSITIONS", "SCHED", "USER", "Outcome", "step"]

USER, SCHED, LOOP, GUEST = "user", "sched", "loop", "guest"
POSITIONS = (USER, SCHED, LOOP, GUEST)


@dataclass(slots=True)
class Outcome:
    """What one event did.

    `position` is where the thread is after it. `before` counts the moves of the event, one masked
    operation; where packets are served all of it is ahead of them, the reload on the way to user
    space included (so the model's reference figures count). `section` counts the moves of each
    further NEON section. Both are in the order of :data:`~fpsimd_model.registers.COUNTERS`.
    `softirq` says how packets were treated: ``"neon"``, ``"scalar"``, ``"held"`` or ``""``.
    `losses` is the state lost, `story` what happened, in words.
    """

    position: str
    before: tuple[int, ...] = ()
    softirq: str = ""
    section: tuple[int, ...] = ()
    losses: tuple[Loss, ...] = ()
    story: list[str] = field(default_factory=list)


_NONE = (0,) * len(COUNTERS)
# These counters, and what follows them, are not moves.
_LOST = COUNTERS.index("guest_corruptions")


class _Run:
    """One event in progress: the CPU, the policy and what is told of it."""

    def __init__(self, policy: Policy, cpu: Cpu, position: str) -> None:
        self.policy, self.cpu = policy, cpu
        self.out = Outcome(position, section=_NONE)
        # A put that releases held softirqs is billed as if there were none (docs/model.md).
        self.bill: list[int] | None = None

    def say(self, text: str) -> None:
        self.out.story.append(text)

    def packets(self) -> None:
        """The crypto softirq runs here: decide NEON, pay for the first section, use registers."""
        cpu, policy = self.cpu, self.policy
        if not policy.may_use_simd(cpu):
            self.out.softirq = "scalar"
            self.say("softirq: may_use_simd() is false, crypto runs scalar")
            return
        self.say("softirq: kernel_neon_begin(), NEON overwrites the registers")
        self._section()
        self.out.softirq = "neon"
        once, first = list(cpu.counts), cpu.state()
        self._section()
        self.out.section = tuple(a - b for a, b in zip(cpu.counts, once, strict=True))
        cpu.counts[:] = once
        if cpu.state() != first:
            raise PolicyError(
                f"{policy.name}: a second NEON section of one burst changes the CPU again"
            )

    def _section(self) -> None:
        self.policy.kernel_neon_begin(self.cpu)
        self.policy.kernel_neon_end(self.cpu)

    def held_or_packets(self) -> None:
        if self.cpu.softirqs_off:
            self.cpu.softirq_held = True
            self.out.softirq = "held"
            self.say("softirq raised, held back: softirqs are off")
        else:
            self.packets()

    def leave_guest(self, why: str) -> None:
        self.cpu.tally("exits")
        self.say(f"guest exit ({why})")
        self.policy.guest_exit(self.cpu)

    def close(self) -> Outcome:
        cpu, counts = self.cpu, self.cpu.counts
        if cpu.softirq_held and not cpu.softirqs_off:
            raise PolicyError(
                f"{self.policy.name}: softirqs on again with one held back, but not in vcpu_put; "
                "held softirqs run at vcpu_put alone"
            )
        for place in ("registers", "task_image", "vcpu_image", "host_context"):
            if (value := getattr(cpu, place)) not in VALUES:
                raise PolicyError(
                    f"{self.policy.name}: {place} holds {value!r}; "
                    f"one of {', '.join(VALUES)} is wanted"
                )
        if self.bill is not None:
            counts = [*self.bill[:_LOST], *counts[_LOST:]]
        self.out.before = tuple(counts)
        self.out.losses = tuple(cpu.losses)
        return self.out


def _load(run: _Run) -> None:
    run.say("vcpu_load" if run.out.position == USER else "scheduled in: vcpu_load")
    run.policy.vcpu_load(run.cpu)
    run.out.position = LOOP


def _enter(run: _Run) -> None:
    run.cpu.tally("entries")
    run.say("guest entry")
    run.policy.guest_enter(run.cpu)
    run.out.position = GUEST


def _access(run: _Run) -> None:
    cpu = run.cpu
    if cpu.trap_armed:
        cpu.tally("traps")
        run.say("guest uses FP: trap")
        run.policy.fp_trap(cpu)
        if cpu.trap_armed:
            raise PolicyError(f"{run.policy.name}: fp_trap leaves the trap armed: it never ends")
    else:
        run.say("guest uses FP")
    cpu.guest_uses_fp()


def _exit(run: _Run) -> None:
    run.leave_guest("its own")
    run.policy.preempt_enable(run.cpu)
    run.out.position = LOOP


def _interrupt(run: _Run) -> None:
    cpu, position = run.cpu, run.out.position
    if position == SCHED:  # what NEON saves here is another task's
        run.say("softirq while another task runs")
        run.out.softirq = "neon"
    elif position == USER:
        run.packets()
        run.say("return to user space")
        cpu.return_to_user()
    elif position == LOOP:
        run.say("interrupt in the run loop")
        run.held_or_packets()
    else:
        run.leave_guest("interrupt")
        if not cpu.softirqs_off:
            run.policy.softirq_pending(cpu)
        run.held_or_packets()
        run.policy.preempt_enable(cpu)
        run.out.position = LOOP


def _other(run: _Run, softirq: bool) -> None:
    """An interrupt without crypto: in the guest it forces an exit, elsewhere nothing moves."""
    if run.out.position != GUEST:
        return
    run.leave_guest("interrupt without crypto")
    if softirq and not run.cpu.softirqs_off:
        run.policy.softirq_pending(run.cpu)
    run.policy.preempt_enable(run.cpu)
    run.out.position = LOOP


def _put(run: _Run, to: str) -> None:
    cpu = run.cpu
    cpu.tally("puts")
    run.say("vcpu_put" if to == USER else "scheduled out: vcpu_put")
    run.policy.vcpu_put(cpu)
    if cpu.softirqs_off or cpu.preempt_off:
        raise PolicyError(f"{run.policy.name}: vcpu_put leaves softirqs or preemption off")
    if cpu.softirq_held:
        cpu.softirq_held = False
        twin = Cpu(run.policy.flags)
        twin.set_state(cpu.state())
        _leave(twin, to)
        run.bill = [a + b for a, b in zip(cpu.counts, twin.counts, strict=True)]
        run.packets()
    if to == USER:
        run.say("return to user space")
    _leave(cpu, to)
    run.out.position = to


def _leave(cpu: Cpu, to: str) -> None:
    if to == USER:
        cpu.return_to_user()
    else:
        cpu.sched_out()


def _task_neon(run: _Run) -> None:
    if run.cpu.softirqs_off:
        return  # the loop is atomic: it neither faults nor sleeps
    run.say("kernel NEON in task context of the run loop")
    if run.policy.may_use_simd(run.cpu):
        run._section()


EVENTS: dict[str, tuple[tuple[str, ...], Callable[[_Run], None]]] = {
    "load": ((USER, SCHED), _load),
    "enter": ((LOOP,), _enter),
    "access": ((GUEST,), _access),
    "exit": ((GUEST,), _exit),
    "put_user": ((LOOP,), lambda run: _put(run, USER)),
    "put_sched": ((LOOP,), lambda run: _put(run, SCHED)),
    "interrupt": (POSITIONS, _interrupt),
    "other": (POSITIONS, lambda run: _other(run, softirq=False)),
    "other_softirq": (POSITIONS, lambda run: _other(run, softirq=True)),
    "task_neon": ((LOOP,), _task_neon),
}


def step(policy: Policy, cpu: Cpu, position: str, event: str) -> Outcome:
    """Run one `event` at `position` through the policy's hooks.

    Parameters
    ----------
    policy, cpu, position, event:
        The CPU is changed in place; `position` is one of :data:`POSITIONS`, `event` a key of
        :data:`EVENTS` that may happen there.

    Raises
    ------
    PolicyError
        If a hook raises, or leaves the CPU in a state no kernel could go on from.

    >>> from fpsimd_model.policies import Tracked
    >>> out = step(Tracked(), Cpu(Tracked.flags), "user", "load")
    >>> out.position, out.story
    ('loop', ['vcpu_load'])
    """
    run = _Run(policy, cpu, position)
    try:
        EVENTS[event][1](run)
    except PolicyError:
        raise
    except Exception as error:
        raise PolicyError(
            f"{policy.name}: {type(error).__name__} in a hook at {event!r}: {error}"
        ) from error
    return run.close()
