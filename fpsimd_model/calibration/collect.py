"""From what was seen to the values of a scenario."""

from __future__ import annotations

import math

import numpy as np

from ..scenario import Scenario
from ..traces import Recording
from .collected import Collected
from .durations import DurationFit, fit_duration
from .fpuse import fit_fp
from .intervals import Z, poisson, share
from .packets import packets
from .seen import Seen
from .shares import shares

__all__ = ["collect"]

_NAMES = {
    "residency": "residencies",
    "out": "times out",
    "run_loop": "passes",
    "guest_run": "guest runs",
}


def collect(
    recording: Recording, seen: Seen, base: Scenario, sections: int | None, keep: bool = False
) -> Collected:
    """Fit everything that the recording shows; `keep` durations as recorded where that is asked."""
    c = Collected()
    _durations(c, seen, keep)
    _fp(c, seen, recording)
    shares(c, seen, base)
    neon = bool(seen.episodes.crypto.any() or seen.task_sections or recording.neon_begins_outside)
    if neon or recording.live_known:
        packets(c, seen, base, sections)
        if seen.loop_us > 0 and not seen.softirqs_seen and neon:
            c.notes.append("no softirq events: all kernel NEON is taken to run in softirq")
    else:
        c.notes.append(
            "no kernel NEON is recorded: crypto is kept from the preset; record kernel_neon_begin"
        )
    _others(c, seen)
    return c


def _durations(c: Collected, seen: Seen, keep: bool) -> None:
    samples = {"residency": seen.residency, "out": seen.out}
    if seen.exits_seen:
        samples |= {"run_loop": seen.loop, "guest_run": seen.guest}
    for name, sample in samples.items():
        fit = fit_duration(sample, keep)
        if fit is None:
            continue
        c.durations[name] = fit
        cut = len(sample) - len(sample.whole)
        of = f"{_NAMES[name]}, {cut} of them cut" if cut else _NAMES[name]
        c.put(f"vcpu.{name}_us", fit.duration, fit.low_us, fit.high_us, len(sample), of,
              _how(fit, keep))  # fmt: skip
        if keep and fit.duration.samples is None:
            c.notes.append(
                f"{name}_us: fitted, not kept as recorded: {len(sample.whole)} whole ones and "
                f"{cut} that are cut would not do"
            )
    if "guest_run" in c.durations and not seen.guest.events:
        c.notes.append(
            f"the guest never exited by itself in {seen.guest_us / 1e6:.3g} s of guest time"
        )


def _how(fit: DurationFit, keep: bool) -> str:
    shape = fit.duration.shape
    if not fit.sample.events:
        return "no end seen: the mean that gives this an even chance"
    if shape == "empirical" and keep:
        nearest = "varies less than 2%"
        if fit.bic:
            nearest = f"nearest shape {next(iter(fit.bic))}, Kolmogorov distance {fit.distance:.2g}"
        return f"kept as recorded, as asked for ({nearest})"
    if fit.distance is None:
        few = "too few to tell a shape" if shape != "deterministic" else "varies less than 2%"
        return f"{shape}, {few}"
    p = "p < 0.001" if fit.p_value < 0.001 else f"p = {fit.p_value:.2g}"
    if shape == "empirical":
        return (
            f"kept as recorded, no shape fits (nearest at Kolmogorov distance {fit.distance:.2g})"
        )
    return f"{shape} by BIC, Kolmogorov distance {fit.distance:.2g} ({p})"


def _fp(c: Collected, seen: Seen, recording: Recording) -> None:
    if not recording.live_known:
        c.notes.append(
            "whether the guest's FP state was live is not recorded: first_fp_us is kept from the "
            "preset; record fpsimd_bind_state_to_cpu"
        )
        return
    fit = fit_fp(seen.runs)
    if fit is None:
        return
    c.fp = fit
    how = f"{fit.used} of them used FP; {fit.duration.shape} by likelihood of used and not used"
    if fit.used in (0, fit.runs):
        how = f"{'all' if fit.used else 'none'} used FP: the mean that gives this an even chance"
    c.put("vcpu.first_fp_us", fit.duration, fit.low_us, fit.high_us, fit.runs,
          "runs entered with the trap armed", how)  # fmt: skip


def _others(c: Collected, seen: Seen) -> None:
    """Interrupts without crypto: those that met a loaded vCPU."""
    e = seen.episodes
    plain = ~e.crypto & e.resident
    time = (seen.guest_us + seen.loop_us) * 1e-6
    if time <= 0 or not (seen.irqs_seen or seen.exits_seen):
        return
    count = int(plain.sum())
    low, high = (bound / time for bound in poisson(count))
    c.put("softirq.other_interrupts_per_s", count / time, low, high, count, "interrupts",
          f"without crypto in {time:.3g} s of loaded thread time")  # fmt: skip
    length = (e.end - e.start)[plain]
    length = length[np.isfinite(length)]
    if len(length):
        mean, error = float(length.mean()), float(length.std()) / math.sqrt(len(length))
        c.put("softirq.other_interrupt_ns", mean * 1e3, max(0.0, mean - Z * error) * 1e3,
              (mean + Z * error) * 1e3, len(length), "interrupts", "mean")  # fmt: skip
    if count and seen.softirqs_seen:
        hits = int(e.softirq[plain].sum())
        low, high = share(hits, count)
        c.put("softirq.other_softirq_share", hits / count, low, high, count, "interrupts",
              f"{hits} of them with a softirq")  # fmt: skip
