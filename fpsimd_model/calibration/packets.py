"""Interrupts with crypto and what a packet takes."""

from __future__ import annotations

import numpy as np

from ..scenario import Mmpp, Scenario
from .arrivals import Arrivals, fit_arrivals
from .collected import Collected
from .intervals import Z, poisson
from .seen import Seen

__all__ = ["packets"]


def packets(c: Collected, seen: Seen, base: Scenario, sections: int | None) -> None:
    """Arrivals, sections and time of a packet, and kernel NEON in task context."""
    a = c.arrivals = fit_arrivals(seen, sections)
    e = seen.episodes
    if not a.busy:
        c.put("softirq.interrupts_per_s", 0.0, 0.0, a.high, 0, "busy periods",
              f"no kernel NEON in softirq in {seen.span_us / 1e6:.3g} s")  # fmt: skip
        return
    c.put("softirq.interrupts_per_s", a.rate, a.low, a.high, a.busy,
          f"busy periods, {a.number} packets", _arrivals_how(a))  # fmt: skip
    c.put("softirq.packets_per_interrupt", a.packets, a.packets_low, a.packets_high, a.busy,
          "busy periods", "packets of a busy period, less those that joined it")  # fmt: skip
    even = int((e.sections[e.crypto] % a.sections == 0).sum())
    how = "given" if sections else "greatest common divisor of the busy periods'"
    how += f": {even} of {a.busy} have a multiple"
    c.put("crypto.neon_sections_per_packet", a.sections, a.sections, a.sections,
          int(e.sections.sum()), "NEON sections", how)  # fmt: skip
    length = (e.end - e.start)[e.crypto]
    number = np.maximum(np.round(e.sections[e.crypto] / a.sections), 1)
    known = np.isfinite(length)
    if not known.any():
        return
    length, number = length[known], number[known]
    each = float(length.sum() / number.sum())
    error = float(np.sqrt(((length - each * number) ** 2).sum()) / number.sum())
    crypto = base.simd_crypto_s * 1e6
    low, high = (max(0.0, (each + s * Z * error - crypto) * 1e3) for s in (-1, 1))
    how = f"{each:.4g} us a packet in softirq, less {crypto:.3g} us of the preset's crypto"
    c.put("softirq.stack_ns", max(0.0, (each - crypto) * 1e3), low, high, int(number.sum()),
          "packets", how)  # fmt: skip
    alone = length[number == 1]
    if len(alone) >= 12:
        cv2, low, high = _cv2(alone)
        c.put("softirq.service", "exponential" if cv2 > 0.5 else "deterministic", None, None,
              len(alone), "packets alone",
              f"cv2 {cv2:.2g} (95% {low:.2g} .. {high:.2g}), the nearer of the two")  # fmt: skip
    if seen.loop_us > 0:
        seconds = seen.loop_us * 1e-6
        low, high = (bound / seconds for bound in poisson(seen.task_sections))
        c.put("vcpu.task_neon_per_s", seen.task_sections / seconds, low, high,
              seen.task_sections, "NEON sections", f"in {seconds:.3g} s of run loop")  # fmt: skip


def _cv2(us: np.ndarray) -> tuple[float, float, float]:
    """Squared coefficient of variation with its interval, by the jackknife over ten parts."""
    parts = np.array_split(us, 10)
    cv2 = float(us.var() / max(us.mean(), 1e-12) ** 2)
    others = [np.concatenate([*parts[:i], *parts[i + 1 :]]) for i in range(10)]
    left = np.array([o.var() / max(o.mean(), 1e-12) ** 2 for o in others])
    half = Z * float(np.sqrt(0.9 * ((left - left.mean()) ** 2).sum()))
    return cv2, max(0.0, cv2 - half), cv2 + half


def _arrivals_how(a: Arrivals) -> str:
    shape = "mmpp" if isinstance(a.rate, Mmpp) else "Poisson"
    words = (
        f"{shape}, gaps at Kolmogorov distance {a.distance:.2g} from exponential"
        if a.distance is not None
        else shape
    )
    if isinstance(a.rate, Mmpp) and a.distance is not None:
        words += f" and {a.distance_of_fit:.2g} from the MMPP's"
    if a.bic_mmpp is not None:
        words += f", BIC of an MMPP {a.bic_mmpp:+.0f}"
    return words
