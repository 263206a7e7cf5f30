"""A calibrated scenario and its files of samples, whole or not at all."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..resources import write_text

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
            if path.exists() and not path.is_file():
                raise InputError(
                    f"{path}: samples go to a file beside the scenario; name a regular file"
                )
            beside = path.with_name(f"{path.name.removesuffix('.toml')}.{name}_us.csv")
            new = not beside.exists()
            heading = f"{name}_us  # microseconds, from {calibration.name}\n"
            # four digits behind the microsecond's point: a trace's clock has three
            lines = "".join(f"{sample:.4f}\n" for sample in duration.samples)
            write_text(beside, heading + lines)
            if new:
                written.append(beside)
            kept = tuple(float(f"{sample:.4f}") for sample in duration.samples)
            changes[f"{name}_us"] = type(duration).empirical(kept, str(beside.resolve()))
        vcpu = dataclasses.replace(scenario.vcpu, **changes)
        dataclasses.replace(scenario, vcpu=vcpu).save(path)
    except InputError:
        for file in written:
            file.unlink(missing_ok=True)
        raise
    return [path, *written]
