"""A scenario as the engines take it: seconds, rates per second, costs per counted move.

Each field is an array over B scenarios, so that a sweep is one batched solve.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from .durations import Duration
from .policies.base import Policy
from .registers import COUNTERS
from .scenario import Scenario

__all__ = ["DURATIONS", "Parameters"]

DURATIONS = ("residency_us", "out_us", "run_loop_us", "guest_run_us", "first_fp_us")

_MOVES = COUNTERS.index("traps") + 1  # saves, restores and traps come first


@dataclass(frozen=True, eq=False)
class Parameters:
    """Numbers of B scenarios; every array has shape (B,).

    Times are seconds, `_rate` means per second, shares are between 0 and 1.  `durations` holds
    None where the vCPU's five durations are exponential, otherwise those of ``DURATIONS``.
    `batch_second_moment` is E[X²] of the packets X of one interrupt; `softirq_budget` is infinite
    without ksoftirqd.
    """

    residency: np.ndarray
    out: np.ndarray
    run_loop: np.ndarray
    guest_run: np.ndarray
    first_fp: np.ndarray
    user_exit_share: np.ndarray
    preempted_share: np.ndarray
    exit_put_share: np.ndarray
    task_neon_rate: np.ndarray
    interrupt_rate: np.ndarray
    batch: np.ndarray
    batch_fixed: np.ndarray
    batch_second_moment: np.ndarray
    stack: np.ndarray
    crypto: np.ndarray
    slowdown: np.ndarray
    service_cv2: np.ndarray
    packet_bytes: np.ndarray
    delay_limit: np.ndarray
    softirq_budget: np.ndarray
    sections: np.ndarray
    other_rate: np.ndarray
    other_cost: np.ndarray
    other_softirq_share: np.ndarray
    host_save: np.ndarray
    host_restore: np.ndarray
    guest_save: np.ndarray
    guest_restore: np.ndarray
    trap: np.ndarray
    trap_c: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    durations: np.ndarray

    def __len__(self) -> int:
        return len(self.residency)

    @classmethod
    def of(cls, scenarios: Scenario | Iterable[Scenario]) -> Parameters:
        """From one scenario or several.

        >>> p = Parameters.of(Scenario())
        >>> len(p), round(float(p.crypto[0]) * 1e9)
        (1, 675)
        """
        if isinstance(scenarios, Scenario):
            scenarios = [scenarios]
        scenarios = list(scenarios)
        columns = zip(*(_row(s) for s in scenarios), strict=True)
        durations = np.empty(len(scenarios), dtype=object)
        durations[:] = [_durations(s) for s in scenarios]
        return cls(*(np.array(column, dtype=float) for column in columns), durations)

    def costs(self, policy: type[Policy]) -> np.ndarray:
        """(B, C) seconds for each counter; what is counted but costs nothing is 0."""
        cost = np.zeros((len(self), len(COUNTERS)))
        by_name = {
            "host_saves": self.host_save,
            "host_restores": self.host_restore,
            "guest_saves": self.guest_save,
            "guest_restores": self.guest_restore,
            "traps": self.trap_c if policy.trap_through_c else self.trap,
            "entries": self.entry,
            "exits": self.exit,
        }
        for name, seconds in by_name.items():
            cost[:, COUNTERS.index(name)] = seconds
        return cost

    def move_costs(self, policy: type[Policy]) -> np.ndarray:
        """(B, C) as :meth:`costs`, but only what `switch_share` counts: moves and traps."""
        cost = self.costs(policy)
        cost[:, _MOVES:] = 0.0
        return cost

    def packet(self, scalar: bool) -> np.ndarray:
        """(B,) mean service time of one packet, with NEON or scalar."""
        return self.stack + self.crypto * (self.slowdown if scalar else 1.0)

    def gbps(self, packets_per_s: np.ndarray | float) -> np.ndarray:
        """(B,) gigabits per second of so many packets.

        >>> Parameters.of(Scenario()).gbps(1e6).tolist()
        [12.0]
        """
        return packets_per_s * self.packet_bytes * 8e-9

    def take(self, index: np.ndarray) -> Parameters:
        """Some scenarios of the batch, by their indices."""
        return Parameters(*(getattr(self, f.name)[index] for f in fields(self)))


def _durations(s: Scenario) -> tuple[Duration, ...] | None:
    found = tuple(getattr(s.vcpu, key) for key in DURATIONS)
    return None if all(one.shape == "exponential" for one in found) else found


def _row(s: Scenario) -> tuple[float, ...]:
    v, q, c = s.vcpu, s.softirq, s.crypto
    return (
        v.residency_us.mean_s,
        v.out_us.mean_s,
        v.run_loop_us.mean_s,
        v.guest_run_us.mean_s,
        v.first_fp_us.mean_s,
        v.user_exit_share,
        v.preempted_share,
        v.exit_put_share,
        v.task_neon_per_s,
        q.rate_per_s,
        q.batch_mean,
        q.batch_shape == "fixed",
        q.batch_square,
        s.stack_s,
        s.simd_crypto_s,
        c.slowdown,
        q.service == "exponential",
        q.packet_bytes,
        q.delay_limit_us * 1e-6,
        q.softirq_budget_us * 1e-6 or np.inf,
        c.neon_sections_per_packet,
        q.other_interrupts_per_s,
        q.other_interrupt_ns * 1e-9,
        q.other_softirq_share,
        s.host_save_s,
        s.host_restore_s,
        s.guest_save_s,
        s.guest_restore_s,
        s.trap_s,
        s.trap_c_s,
        s.entry_s,
        s.exit_s,
    )
