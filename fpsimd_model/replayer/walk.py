"""Lead one policy through a script of calls and count what it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..policies.base import Policy
from ..registers import COUNTERS, Cpu, PolicyError
from .script import Call

__all__ = ["COUNTS", "Walker", "walk"]

#: What a replay counts, in the order of ``fpsimd-model replay --json``.
COUNTS = (
    "host_saves",
    "host_restores",
    "guest_saves",
    "guest_restores",
    "traps",
    "simd",
    "scalar",
    "guest_corruptions",
    "host_corruptions",
)
_EXTRA = ("simd", "scalar", "held")


def walk(
    policy: type[Policy], before: Iterable[Call], calls: Iterable[Call], *, maybe: bool
) -> Mapping[str, int]:
    """Counts of :data:`COUNTS` for `policy` in the recorded order of events.

    Parameters
    ----------
    before:
        Calls that set the scene and are not counted.
    calls:
        The recorded calls.
    maybe:
        Whether the guest used FP in the runs of which the trace cannot tell.

    Raises
    ------
    PolicyError
        If a hook fails.
    """
    walker = Walker(policy, maybe)
    walker.run(before)
    walker.forget()
    walker.run(calls)
    return walker.counts()


class Walker:
    """One policy, led call by call; with `maybe`, uses of FP that may have been count as such.

    Each (state, call) is run once and remembered, as a trace has few different ones: the next
    state, what is counted, how often it came, and how many uses of NEON are held back.
    """

    def __init__(self, policy: type[Policy], maybe: bool) -> None:
        self.policy, self.hooks, self.maybe = policy, policy(), maybe
        self.cpu = Cpu(policy.flags)
        self.state = self.cpu.state()
        self.known: dict[tuple, list] = {}
        self.held = 0

    def forget(self) -> None:
        """Start counting from here."""
        for entry in self.known.values():
            entry[2] = 0

    def run(self, calls: Iterable[Call]) -> None:
        """Make the calls, one after another."""
        for call in calls:
            entry = self.step(call)
            if entry is not None:
                entry[2] += 1
                self.held += entry[3]
                if call == Call.PUT:
                    self.release()

    def step(self, call: Call) -> list | None:
        """Go on by one call, and say which transition that was; it is not counted yet."""
        if call == Call.MAYBE_ACCESS:
            if not self.maybe:
                return None
            call = Call.ACCESS
        entry = self.known.get((self.state, call))
        if entry is None:
            entry = self.known[self.state, call] = self._learn(call)
        self.state = entry[0]
        return entry

    def release(self) -> None:
        """What was held back while softirqs were off runs now."""
        released, self.held = self.held, 0
        for _ in range(released):
            entry = self.step(Call.NEON)
            entry[2] += 1
            self.held += entry[3]

    def _learn(self, call: Call) -> list:
        cpu = self.cpu
        cpu.set_state(self.state)
        extra = dict.fromkeys(_EXTRA, 0)
        try:
            _ACTIONS[call](self.hooks, cpu, extra)
        except Exception as error:
            raise PolicyError(
                f"{self.policy.name}: {type(error).__name__} in a hook at {call.name}: {error}"
            ) from error
        counts = {**dict(zip(COUNTERS, cpu.counts, strict=True)), **extra}
        return [cpu.state(), counts, 0, extra["held"]]

    def counts(self) -> dict[str, int]:
        """Totals by name."""
        total = dict.fromkeys(COUNTS, 0)
        for _, counts, times, _ in self.known.values():
            for name in COUNTS:
                total[name] += counts[name] * times
        return total


def _enter(hooks: Policy, cpu: Cpu, extra: dict) -> None:
    cpu.tally("entries")
    hooks.guest_enter(cpu)


def _access(hooks: Policy, cpu: Cpu, extra: dict) -> None:
    if cpu.trap_armed:
        cpu.tally("traps")
        hooks.fp_trap(cpu)
    cpu.guest_uses_fp()


def _exit(hooks: Policy, cpu: Cpu, extra: dict) -> None:
    cpu.tally("exits")
    hooks.guest_exit(cpu)


def _pending(hooks: Policy, cpu: Cpu, extra: dict) -> None:
    if not cpu.softirqs_off:
        hooks.softirq_pending(cpu)


def _neon(hooks: Policy, cpu: Cpu, extra: dict) -> None:
    if cpu.softirqs_off:
        extra["held"] += 1
    elif hooks.may_use_simd(cpu):
        extra["simd"] += 1
        hooks.kernel_neon_begin(cpu)
        hooks.kernel_neon_end(cpu)
    else:
        extra["scalar"] += 1


def _task_neon(hooks: Policy, cpu: Cpu, extra: dict) -> None:
    if hooks.may_use_simd(cpu):
        hooks.kernel_neon_begin(cpu)
        hooks.kernel_neon_end(cpu)


def _put(hooks: Policy, cpu: Cpu, extra: dict) -> None:
    cpu.tally("puts")
    hooks.vcpu_put(cpu)


_ACTIONS = {
    Call.LOAD: lambda hooks, cpu, extra: hooks.vcpu_load(cpu),
    Call.ENTER: _enter,
    Call.ACCESS: _access,
    Call.EXIT: _exit,
    Call.SOFTIRQ_PENDING: _pending,
    Call.NEON: _neon,
    Call.TASK_NEON: _task_neon,
    Call.PREEMPT_ENABLE: lambda hooks, cpu, extra: hooks.preempt_enable(cpu),
    Call.PUT: _put,
    Call.RETURN_TO_USER: lambda hooks, cpu, extra: cpu.return_to_user(),
    Call.SCHED_OUT: lambda hooks, cpu, extra: cpu.sched_out(),
}
