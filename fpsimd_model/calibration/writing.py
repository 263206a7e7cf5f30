"""A calibrated scenario and its files of samples, whole or not at all."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..resources import write_text
from ..scenario import Recorded

if TYPE_CHECKING:
    from .calibration import Calibration

__all__ = ["save"]


def save(calibration: Calibration, path: str | os.PathLike[str]) -> list[Path]:
    """See `Calibration.save`."""
    path = Path(path)
    scenario, written = calibration.scenario, []
    changes = {}
    try:
        for name in calibration.durations:
            duration = getattr(scenario.vcpu, f"{name}_us")
            if duration.samples is None:
                continue
            heading = f"{name}_us  # microseconds, from {calibration.name}\n"
            # four digits behind the microsecond's point: a trace's clock has three
            lines = "".join(f"{sample:.4f}\n" for sample in duration.samples)
            beside = _beside(path, f"{name}_us", heading + lines, written)
            kept = tuple(float(f"{sample:.4f}") for sample in duration.samples)
            changes[f"{name}_us"] = type(duration).empirical(kept, str(beside.resolve()))
        vcpu = dataclasses.replace(scenario.vcpu, **changes)
        softirq, arrivals = scenario.softirq, scenario.softirq.interrupts_per_s
        if isinstance(arrivals, Recorded):
            rows = zip(arrivals.gaps_us, arrivals.packets, strict=True)
            heading = f"gap_us,packets  # of each interrupt, from {calibration.name}\n"
            lines = "".join(f"{gap:.4f},{packets}\n" for gap, packets in rows)
            beside = _beside(path, "arrivals", heading + lines, written)
            arrivals = dataclasses.replace(arrivals, file=str(beside.resolve()))
            softirq = dataclasses.replace(softirq, interrupts_per_s=arrivals)
        dataclasses.replace(scenario, vcpu=vcpu, softirq=softirq).save(path)
    except InputError:
        for file in written:
            file.unlink(missing_ok=True)
        raise
    return [path, *written]


def _beside(path: Path, name: str, text: str, written: list[Path]) -> Path:
    """Write a file of samples beside the scenario; note it if it was not there before."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: samples go to a file beside the scenario; name a regular file")
    beside = path.with_name(f"{path.name.removesuffix('.toml')}.{name}.csv")
    new = not beside.exists()
    write_text(beside, text)
    if new:
        written.append(beside)
    return beside
