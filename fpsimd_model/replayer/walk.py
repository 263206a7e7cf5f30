"""Lead one policy through a script of calls and count what it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..policies.base import Policy
from ..registers import COUNTERS, Cpu, PolicyError
from .script import Call

__all__ = ["COUNTS", "walk"]

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
    walker = _Walker(policy)
    walker.run(before, maybe)
    walker.forget()
    walker.run(calls, maybe)
    return walker.counts()


class _Walker:
    """Each (state, call) is run once and remembered: a trace has few different ones."""

    def __init__(self, policy: type[Policy]) -> None:
        self.policy, self.hooks = policy, policy()
        self.cpu = Cpu(policy.flags)
        self.state = self.cpu.state()
        self.known: dict[tuple, list] = {}
        self.held = 0

    def forget(self) -> None:
        """Start counting from here."""
        for entry in self.known.values():
            entry[2] = 0

    def run(self, calls: Iterable[Call], maybe: bool) -> None:
        """Make the calls, one after another."""
        for call in calls:
            if call == Call.MAYBE_ACCESS:
                if not maybe:
                    continue
                call = Call.ACCESS
            self._one(call)
            if call == Call.PUT and self.held:
                released, self.held = self.held, 0
                for _ in range(released):
                    self._one(Call.NEON)

    def _one(self, call: Call) -> None:
        entry = self.known.get((self.state, call))
        if entry is None:
            entry = self.known[self.state, call] = self._learn(call)
        entry[2] += 1
        self.state = entry[0]
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
