"""Data for the figures of packet delay: distributions, loads, ceilings, time lines; none solved."""

from __future__ import annotations

import numpy as np

from fpsimd_model.figures import CeilingDots, LoadPanels, OverloadStrips, SurvivalPicture
from fpsimd_model.figures.ceiling import Ceilings
from fpsimd_model.figures.curves import Curves
from fpsimd_model.figures.overload_data import Overload
from fpsimd_model.figures.picture import Picture
from fpsimd_model.figures.survival import OVER, TIME, Dots, Survivals
from fpsimd_model.figures.utilisation import AXIS, Loads
from fpsimd_model.montecarlo import TimeLine

NAMES = ("switch-on-exit", "defer-to-put", "softirqs-off", "busy-flag-live", "tracked")
CORRECT = {name: name != "defer-to-put" for name in NAMES}
MEANS = {"switch-on-exit": 5.0, "defer-to-put": 5.01, "softirqs-off": 900.0,
         "busy-flag-live": 80.0, "tracked": 5.0}  # fmt: skip
EVENTS = (  # microseconds, event, packets in the system after it, NEON, position
    (10.0, "arrival", 1, False, "sched"),
    (10.0, "busy_start", 1, True, "sched"),
    (12.0, "packet_done", 0, True, "sched"),
    (12.0, "busy_end", 0, True, "sched"),
    (100.0, "load", 0, False, "loop"),
    (110.0, "entry", 0, False, "guest"),
    (300.0, "exit", 0, False, "loop"),
    (300.0, "arrival", 2, False, "loop"),
    (301.0, "busy_start", 2, False, "loop"),
    (401.0, "packet_done", 1, False, "loop"),
    (600.0, "arrival", 3, False, "loop"),
    (700.0, "handed_over", 3, False, "loop"),
    (700.0, "busy_end", 3, False, "loop"),
    (701.0, "put", 3, False, "sched"),
    (702.0, "ksoftirqd_start", 3, True, "sched"),
    (704.0, "packet_done", 2, True, "sched"),
    (706.0, "packet_done", 1, True, "sched"),
    (708.0, "packet_done", 0, True, "sched"),
    (708.0, "ksoftirqd_end", 0, True, "sched"),
    (900.0, "load", 0, False, "loop"),
)


def survivals(scale: float = 1.0, dots: bool = True) -> Survivals:
    """Exponential packet times."""
    t = np.geomspace(1.0, 2e4, 300)
    over = {name: np.exp(-t / (mean * scale)) for name, mean in MEANS.items()}
    values = {name: {OVER: np.where(y > 1e-4, y, np.nan)} for name, y in over.items()}
    logs = np.log([2.0, 100.0, 1000.0])
    marks = {name: tuple(mean * scale * logs) for name, mean in MEANS.items()}
    at = np.array([1.0, 5.0, 20.0])
    seen = np.exp(-at / 5.0)
    found = {"switch-on-exit": Dots(at, seen, 0.9 * seen, 1.1 * seen)} if dots else {}
    return Survivals(Curves(TIME, t, values, CORRECT), marks, found, {"nested-save": "unstable"})


def loads(at: float = 5.0) -> Loads:
    """Two ends: 10% for one policy, 100% for the others."""
    x = np.unique(np.concatenate([np.geomspace(0.5, 125.0, 60), [9.99, 99.9]]))
    values, ends = {}, {}
    for name, mean in MEANS.items():
        end = ends[name] = 10.0 if name == "busy-flag-live" else 100.0
        left = np.where(x < end, 1.0 - x / end, np.nan)
        slow = 1.0 if end == 100.0 else 8.0
        values[name] = {"crypto_slowdown": slow + 0.0 * left, "sojourn_p99_us": mean / left}
    return Loads(Curves(AXIS, x, values, CORRECT, at), ends, 4.0, 340_000.0)


def ceilings() -> Ceilings:
    """Two ciphers."""
    gbps = {name: np.array([7.0, 4.0]) for name in NAMES}
    gbps["busy-flag-live"] = np.array([1.0, 0.3])
    return Ceilings(("aes-128-ctr", "aes-128-gcm"), gbps, CORRECT, "one CPU")


def line(policy: str = "busy-flag-live") -> TimeLine:
    """One overload in 20 events."""
    at, what, queue, neon, position = zip(*EVENTS, strict=True)
    return TimeLine(
        policy,
        1e-6 * np.array(at),
        np.array([TimeLine.NAMES.index(name) for name in what], np.int8),
        np.array(queue),
        np.array(neon),
        np.array([TimeLine.POSITIONS.index(name) for name in position], np.int8),
        1e-3,
        True,
    )


def overloads() -> Overload:
    """The same for two policies."""
    lines = {name: line(name) for name in ("tracked", "busy-flag-live")}
    return Overload(lines, 0.0, 1e-3, "packets need 17% of the CPU with NEON, 150% without")


def pictures() -> dict[str, Picture]:
    """One of each kind, with data."""
    return {kind: picture_of(kind) for kind in _MAKERS}


def picture_of(kind: str) -> Picture:
    """One, with data."""
    made, data = _MAKERS[kind]
    picture = made()
    picture.set_data(data())
    return picture


_MAKERS = {
    "packet-delay": (SurvivalPicture, survivals),
    "latency-over-load": (LoadPanels, loads),
    "throughput-ceiling": (CeilingDots, ceilings),
    "overload": (OverloadStrips, overloads),
}
