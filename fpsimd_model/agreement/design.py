"""Scenarios that cover the domain of both engines: a Latin hypercube over all that matters.

M. D. McKay, R. J. Beckman and W. J. Conover, Technometrics 21 (1979) 239-245.
"""

from __future__ import annotations

import re

import numpy as np

from ..errors import InputError
from ..scenario import Scenario

__all__ = ["MOST", "design", "designed"]

MOST = 100_000
# Key, lowest, highest; spread evenly over the logarithm.
_LOGARITHMIC = (
    ("softirq.interrupts_per_s", 100.0, 1e5),
    ("vcpu.residency_us", 30.0, 3e4),
    ("vcpu.out_us", 10.0, 1e4),
    ("vcpu.run_loop_us", 0.5, 30.0),
    ("vcpu.guest_run_us", 3.0, 1000.0),
    ("vcpu.first_fp_us", 1.0, 3000.0),
    ("crypto.slowdown", 1.0, 20.0),
    ("softirq.packet_bytes", 100.0, 1500.0),
    ("machine.clock_ghz", 0.3, 3.0),
)
# With ksoftirqd: packets long enough for it to matter, residencies that SimPy sees many of.
_BUSY = {
    "vcpu.residency_us": (30.0, 1000.0),
    "vcpu.out_us": (10.0, 300.0),
    "crypto.slowdown": (3.0, 20.0),
    "softirq.packet_bytes": (500.0, 1500.0),
    "machine.clock_ghz": (0.2, 1.0),
}
_REST = ("user", "preempted", "service", "others", "exit_put", "vector", "batch", "task", "load")
_REST += ("sections", "bursts", "burst_length", "shape", "which")
_HEAVIEST = 0.95  # utilisation by scalar packets at most
_HEAVIEST_FAST = 0.8  # with ksoftirqd: by packets with NEON
_LONGEST = 10.0  # softirq budget, in packets without NEON; at least one with
_POISSON = 0.7  # share of the scenarios; the others have bursts, and exponential durations
_CLOCKS = ("residency_us", "out_us", "run_loop_us", "guest_run_us", "first_fp_us")
# Shapes that the formula takes without an approximation: phases with these very distributions.
_SHAPES = (
    {"shape": "gamma", "cv2": 0.5},
    {"shape": "gamma", "cv2": 0.25},
    {"shape": "hyperexponential", "cv2": 3.0},
)


def design(count: int, seed: int = 0, ksoftirqd: bool = False) -> list[Scenario]:
    """`count` scenarios, the same for the same `seed`.

    Every one has a steady state under every policy: packets load the CPU to at most 95% even
    without NEON. In three of ten interrupts come in bursts (MMPP); in half of the others one
    duration is Erlang or hyperexponential.

    With `ksoftirqd` they are others, in which it takes over now and then: the softirq budget is
    between one packet with NEON and ten without, and in half of them packets load the CPU to at
    most 80% with NEON, so that without it most have no steady state.

    >>> scenarios = design(8)
    >>> len(scenarios), max(s.scalar_load for s in scenarios) < 0.96
    (8, True)
    >>> max(s.scalar_load for s in design(8, ksoftirqd=True)) > 1.0
    True
    """
    from scipy.stats import qmc

    names = _REST + ("budget",) * ksoftirqd
    sampler = qmc.LatinHypercube(len(_LOGARITHMIC) + len(names), rng=np.random.default_rng(seed))
    kind = "ksoftirqd" if ksoftirqd else "design"
    return [
        _scenario(point, names, f"{kind}-{count}-{seed}-{i}")
        for i, point in enumerate(sampler.random(count))
    ]


def designed(name: str) -> Scenario | None:
    """The scenario of a design by its name, ``design-COUNT-SEED-NUMBER`` or
    ``ksoftirqd-COUNT-SEED-NUMBER``; None for other names.

    >>> designed("design-8-0-3") == design(8)[3], designed("reference")
    (True, None)
    """
    match = re.fullmatch(r"(design|ksoftirqd)-(\d{1,6})-(\d{1,18})-(\d{1,6})", name)
    if match is None:
        return None
    count, seed, number = map(int, match.groups()[1:])
    if not number < count <= MOST:
        raise InputError(f"{name}: a design of {count} has no scenario {number}")
    return design(count, seed, match[1] == "ksoftirqd")[number]


def _scenario(point: np.ndarray, names: tuple[str, ...], name: str) -> Scenario:
    ranges = {key: (low, high) for key, low, high in _LOGARITHMIC}
    if "budget" in names:
        ranges |= _BUSY
    values = {
        key: float(low * (high / low) ** u)
        for (key, (low, high)), u in zip(ranges.items(), point, strict=False)
    }
    u = dict(zip(names, map(float, point[len(_LOGARITHMIC) :]), strict=True))
    values |= {
        "vcpu.user_exit_share": u["user"],
        "vcpu.preempted_share": (1.0 - u["user"]) * u["preempted"],
        "softirq.service": "exponential" if u["service"] < 0.3 else "deterministic",
        "softirq.other_interrupts_per_s": _some(u["others"], 0.5, 50.0, 8000.0),
        "vcpu.exit_put_share": _some(u["exit_put"], 0.6, 0.01, 0.3),
        "vcpu.vector_bits": 128 if u["vector"] < 0.6 else 512 if u["vector"] < 0.85 else 2048,
        "vcpu.task_neon_per_s": _some(u["task"], 0.7, 10.0, 1000.0),
        "softirq.packets_per_interrupt": _batch(u["batch"]),
        "crypto.neon_sections_per_packet": 1 if u["sections"] < 0.8 else 3,
        "softirq.softirq_budget_us": 0.0,
    }
    if u["shape"] >= 0.5 and u["bursts"] < _POISSON:
        values |= _shaped(u, values)
    scenario = Scenario(name=name).replace(values)
    if "budget" in u:
        return _taken_over(u, scenario)
    rate = scenario.softirq.rate_per_s * _load(u["load"], scenario.scalar_load)
    return scenario.replace({"softirq.interrupts_per_s": _bursts(u, rate)})


def _taken_over(u: dict[str, float], scenario: Scenario) -> Scenario:
    """With a budget, and a load that without NEON may be more than the CPU can serve."""
    fast, slow = scenario.simd_packet_s, scenario.scalar_packet_s
    most, packet = (_HEAVIEST, slow) if u["load"] < 0.5 else (_HEAVIEST_FAST, fast)
    load = most * float(np.sqrt(2.0 * u["load"] % 1.0))
    rate = load / (packet * scenario.softirq.batch_mean)
    budget = 1e6 * fast * (_LONGEST * slow / fast) ** u["budget"]
    return scenario.replace(
        {"softirq.interrupts_per_s": _bursts(u, rate), "softirq.softirq_budget_us": budget}
    )


def _load(u: float, now: float) -> float:
    """The factor to some utilisation: in two of five scenarios to it, in the others at most."""
    if u < 0.6:
        return min(1.0, _HEAVIEST * (0.05 + u) / now)
    return _HEAVIEST * float(np.sqrt(u)) / now


def _some(u: float, none: float, low: float, high: float) -> float:
    """0 for a share `none` of the scenarios, else between two values."""
    return 0.0 if u < none else float(low * (high / low) ** ((u - none) / (1.0 - none)))


def _batch(u: float) -> object:
    if u < 0.4:
        return 1.0
    return {"mean": round(1 + 6 * u), "shape": "fixed"} if u < 0.7 else 1.0 + 6.0 * u


def _shaped(u: dict[str, float], values: dict[str, object]) -> dict[str, object]:
    """One of the durations has another shape than exponential."""
    which = int(u["which"] * len(_CLOCKS) * len(_SHAPES))
    key = f"vcpu.{_CLOCKS[which // len(_SHAPES)]}"
    return {key: {"mean": values[key], **_SHAPES[which % len(_SHAPES)]}}


def _bursts(u: dict[str, float], rate: float) -> object:
    """Interrupts at `rate` in the long run: Poisson, or 1.2 to 5 times as often in bursts."""
    if u["bursts"] < _POISSON:
        return rate
    factor = 1.2 * (5.0 / 1.2) ** ((u["bursts"] - _POISSON) / (1.0 - _POISSON))
    mean = float(100.0 * 100.0 ** u["burst_length"])  # microseconds, 100 to 10,000
    # A quarter of the time is burst where the rest brings something, else as much as is needed.
    share = min(0.25, 0.9 / factor)
    other = rate * (1.0 - share * factor) / (1.0 - share)
    return {
        "shape": "mmpp",
        "rate1_per_s": rate * factor,
        "rate2_per_s": other,
        "mean1_us": mean,
        "mean2_us": mean * (1.0 - share) / share,
    }
