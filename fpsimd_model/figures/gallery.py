"""The gallery: the pictures that README and docs show, by name, each as its recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..scenario import preset
from .answer import Answer
from .files import write_files
from .recipe import Recipe

__all__ = ["GALLERY", "draw_all"]


def _which_policy() -> Recipe:
    """Register moves and crypto slowdown over the arrival rate, all sixteen policies."""
    return Recipe(
        figure="which-policy",
        scenario=preset("cortex-a57-ipsec"),
        options={"low": 1e3, "high": 1e5, "points": 49},
    )


def _policy_map() -> Recipe:
    """The cheapest correct policy over arrival rate and residency, for a guest with little FP."""
    return Recipe(
        figure="policy-map",
        scenario=preset("cortex-a57-ipsec").replace({"vcpu.first_fp_us": 300.0}),
        options={"xlow": 100.0, "xhigh": 2e4, "ylow": 30.0},
    )


def _lost_state() -> Recipe:
    """The shortest order of events in which the thread's patch loses the guest's registers."""
    return Recipe(figure="lost-state", policies=["defer-to-put"])


def _packet_delay() -> Recipe:
    """How long packets take under each policy, by formula and by simulation."""
    return Recipe(
        figure="packet-delay",
        scenario=preset("cortex-a57-ipsec"),
        seconds=50.0,
        options={"points": 400},
    )


def _latency_over_load() -> Recipe:
    """Slowdown and 99th percentile, each policy up to where it saturates."""
    return Recipe(figure="latency-over-load", scenario=preset("cortex-a57-ipsec"))


def _throughput_ceiling() -> Recipe:
    """Gb/s at most, by cipher and policy."""
    return Recipe(figure="throughput-ceiling", scenario=preset("cortex-a57-ipsec"))


def _overload() -> Recipe:
    """What happens when crypto without NEON takes half as long again as there is time."""
    return Recipe(
        figure="overload",
        scenario=preset("overload"),
        policies=["tracked", "busy-flag-live", "neon-begin-at-load", "softirqs-off"],
    )


GALLERY: dict[str, Callable[[], Recipe]] = {
    "which-policy": _which_policy,
    "policy-map": _policy_map,
    "lost-state": _lost_state,
    "packet-delay": _packet_delay,
    "latency-over-load": _latency_over_load,
    "throughput-ceiling": _throughput_ceiling,
    "overload": _overload,
}


def draw_all(folder: Path) -> Iterator[Path]:
    """Draw every picture into `folder`; the paths without endings.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, recipe in GALLERY.items():
        made = Answer(recipe()).contents()
        write_files({folder / f"{name}.{form}": data for form, data in made.items()})
        yield folder / name
