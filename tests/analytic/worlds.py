"""Scenarios in which a formula is known, and dictionaries for the oracle."""

from __future__ import annotations

from collections.abc import Mapping

import fpsimd_model as fm

__all__ = ["FREE", "NEVER_US", "changed", "plain_queue", "resident"]

#: Moves, traps and world switches that take no time.
FREE = {
    f"machine.{name}_cycles": 0.0 for name in ("save", "restore", "trap", "trap_c", "exit", "entry")
}
NEVER_US = 1e12


def changed(changes: Mapping[str, object] | None = None, **more: object) -> fm.Scenario:
    """The default scenario without ksoftirqd and with other values, ``vcpu__out_us=...`` too."""
    changes = dict(changes or {}) | {key.replace("__", "."): value for key, value in more.items()}
    return fm.Scenario().replace({"softirq.softirq_budget_us": 0.0, **changes})


def plain_queue(
    load: float,
    *,
    service_us: float = 4.0,
    exponential: bool = False,
    batch: object = 1.0,
    free: bool = True,
    **more: object,
) -> fm.Scenario:
    """Always in position user: a queue by itself, its set-up free or a save and a reload."""
    mean = batch["mean"] if isinstance(batch, dict) else batch
    return changed(
        (FREE if free else {})
        | {
            "vcpu.out_us": NEVER_US,
            "vcpu.user_exit_share": 1.0,
            "vcpu.preempted_share": 0.0,
            "softirq.interrupts_per_s": load / (mean * service_us * 1e-6),
            "softirq.packets_per_interrupt": batch,
            "softirq.service": "exponential" if exponential else "deterministic",
            "softirq.stack_ns": 0.75e3 * service_us,
            "crypto.simd_cycles_per_byte": 0.0,
            "crypto.overhead_ns": 0.25e3 * service_us,
        },
        **more,
    )


def resident(changes: Mapping[str, object]) -> fm.Scenario:
    """Always resident, on a machine that costs nothing; blocking ends a residency."""
    return changed(
        FREE
        | {
            "vcpu.out_us": 1e-9,
            "vcpu.user_exit_share": 0.0,
            "vcpu.preempted_share": 0.0,
        }
        | dict(changes)
    )
