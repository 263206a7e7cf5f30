"""Scenario defaults and random streams of the oracle, written from section 8 of the model."""

from __future__ import annotations

import copy
import math

import numpy as np

__all__ = [
    "DEFAULTS",
    "batch_sizes",
    "fill",
    "gap",
    "guest_bytes",
    "is_memoryless",
    "stream",
    "uniforms",
]

DEFAULTS = {
    "vcpu": {
        "residency_us": 1000.0,
        "out_us": 1000.0,
        "run_loop_us": 3.0,
        "guest_run_us": 50.0,
        "first_fp_us": 10.0,
        "user_exit_share": 0.3,
        "preempted_share": 0.5,
        "exit_put_share": 0.0,
        "vector_bits": 128,
        "task_neon_per_s": 0.0,
    },
    "softirq": {
        "interrupts_per_s": 10000.0,
        "packets_per_interrupt": 1.0,
        "packet_bytes": 1500,
        "stack_ns": 1000.0,
        "service": "deterministic",
        "softirq_budget_us": 2000.0,
        "fallback": "scalar",
        "other_interrupts_per_s": 0.0,
        "other_interrupt_ns": 2000.0,
        "other_softirq_share": 0.5,
    },
    "crypto": {
        "simd_cycles_per_byte": 0.9,
        "slowdown": 20.0,
        "overhead_ns": 0.0,
        "neon_sections_per_packet": 1,
    },
    "machine": {
        "clock_ghz": 2.0,
        "save_cycles": 141.0,
        "restore_cycles": 155.0,
        "trap_cycles": 376.0,
        "trap_c_cycles": 600.0,
        "exit_cycles": 300.0,
        "entry_cycles": 300.0,
    },
}

BATCH = 4096


def fill(scenario):
    """The scenario with every missing key at its default; an unknown key is an error."""
    full = copy.deepcopy(DEFAULTS)
    for table, values in scenario.items():
        if not isinstance(values, dict):
            continue  # name, preset and the like
        for key, value in values.items():
            if key not in full[table]:
                raise KeyError(f"{table}.{key}")
            full[table][key] = value
    return full


def guest_bytes(vector_bits):
    """Size of the guest's state: plain FPSIMD, or SVE's Z, P and FFR."""
    vl = vector_bits / 8
    return 520 if vector_bits == 128 else 32 * vl + 17 * vl / 8


def gap(rate_per_s):
    """Mean time between arrivals in microseconds."""
    return 1e6 / rate_per_s if rate_per_s else math.inf


def is_memoryless(duration):
    return not isinstance(duration, dict) or duration.get("shape") in (None, "exponential")


def mean_of(duration):
    if not isinstance(duration, dict):
        return float(duration)
    if duration.get("shape") == "empirical":
        return float(np.mean(duration["samples"]))
    return float(duration["mean"])


def stream(rng, duration):
    """A function that returns the next duration; a plain number is an exponential mean."""
    mean = mean_of(duration)
    shape = duration.get("shape", "exponential") if isinstance(duration, dict) else "exponential"
    if math.isinf(mean) or shape == "deterministic":
        return lambda: mean
    if shape == "empirical":
        samples = np.array(duration["samples"], dtype=float)
        return _batched(lambda: rng.choice(samples, BATCH))
    cv2 = float(duration.get("cv2", 1.0)) if isinstance(duration, dict) else 1.0
    if shape == "exponential":
        return _batched(lambda: rng.exponential(mean, BATCH))
    if shape == "gamma":
        return _batched(lambda: rng.gamma(1.0 / cv2, mean * cv2, BATCH))
    if shape == "lognormal":
        sigma2 = math.log1p(cv2)
        return _batched(
            lambda: rng.lognormal(math.log(mean) - sigma2 / 2, math.sqrt(sigma2), BATCH)
        )
    if shape == "hyperexponential":  # two phases, balanced means
        p = 0.5 * (1.0 + math.sqrt((cv2 - 1.0) / (cv2 + 1.0)))

        def draw():
            first = rng.random(BATCH) < p
            means = first * (mean / (2 * p)) + ~first * (mean / (2 * (1 - p)))
            return rng.exponential(1.0, BATCH) * means

        return _batched(draw)
    raise ValueError(f"shape {shape!r}")


def uniforms(rng):
    """A function that returns the next uniform number."""
    return _batched(lambda: rng.random(BATCH))


def batch_sizes(rng, packets):
    """Packets per interrupt: geometric from 1 with the given mean, or fixed."""
    shape = packets.get("shape", "geometric") if isinstance(packets, dict) else "geometric"
    mean = mean_of(packets)
    if mean == 1.0:
        return lambda: 1
    if shape == "fixed":
        return lambda: int(mean)
    return _batched(lambda: rng.geometric(1.0 / mean, BATCH))


def _batched(draw):
    def values():
        while True:
            yield from draw().tolist()

    return values().__next__
