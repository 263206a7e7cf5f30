"""Weaker signs of a residency, for traces without ``kvm_arch_vcpu_load`` and ``_put``.

Nobody gets them unasked: the softirqs of which it is not known whether a vCPU was loaded are those
that the question is about.
"""

from __future__ import annotations

import numpy as np

from .rows import Raw

__all__ = ["LOAD_PUT", "PROXIES", "SWITCHES", "TIMERS", "available", "bias"]

LOAD_PUT = "kvm_arch_vcpu_load and kvm_arch_vcpu_put"
TIMERS, SWITCHES = "kvm_timer", "sched_switch"
PROXIES = (TIMERS, SWITCHES)
_NEEDS = {
    TIMERS: (Raw.TIMER_LOAD, Raw.TIMER_SAVE),
    SWITCHES: (Raw.SWITCH, Raw.ENTRY, Raw.USER_EXIT),
}
_BIAS = {
    TIMERS: "residencies are taken from the first kvm_timer_restore_state to the first "
    "kvm_timer_save_state behind it, some microseconds inside those of load and put",
    SWITCHES: "residencies are taken from the first kvm_entry to sched_switch or "
    "kvm_userspace_exit: softirqs between a load and its first entry count as outside, those "
    "between a put and the switch as inside",
}


def available(counts: np.ndarray) -> list[str]:
    """Which of them a trace with so many rows of each kind has, the better first."""
    return [name for name in PROXIES if all(counts[kind] for kind in _NEEDS[name])]


def bias(proxy: str) -> str:
    """What is wrong with it, in one line."""
    return f"no load and put recorded: {_BIAS[proxy]}"
