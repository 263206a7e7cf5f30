"""`calibrate`: from a recorded trace to a scenario with sample sizes and intervals."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..durations import Duration
from ..errors import InputError
from ..scenario import TABLES, Mmpp, Recorded, Scenario, keys_of, preset
from ..traces import Recording, read, understand
from .arrivals import Arrivals, recorded_arrivals
from .collect import collect
from .collected import Collected
from .durations import DurationFit
from .fpuse import FpFit
from .seen import Seen
from .value import Value
from .watch import watch

if TYPE_CHECKING:
    from .figures import CalibrationPicture
    from .prediction import Prediction

__all__ = ["TAKEN", "Calibration", "calibrate"]

TAKEN = ("fitted", "recorded")  #: how arrivals and durations may be taken


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a trace says about a machine.

    Attributes
    ----------
    scenario:
        Everything that the trace shows, the rest from the preset; each value's source says which.
    values:
        By ``table.key``: number, 95% interval, sample size, how it was derived, whether seen.
    durations, arrivals, fp:
        The fits: durations by name (``residency``, ``out``, ``run_loop``, ``guest_run``),
        interrupts with crypto, gaps between FP accesses; None where the trace shows none.
    seen, recording:
        The times and counts that were fitted, and the recording they are from.
    base:
        Name of the preset or scenario that the rest is from.
    notes:
        What a reader of the result should know, one line each.
    """

    scenario: Scenario
    values: Mapping[str, Value]
    durations: Mapping[str, DurationFit]
    arrivals: Arrivals | None
    fp: FpFit | None
    seen: Seen
    recording: Recording
    base: str
    notes: tuple[str, ...]

    def __getitem__(self, key: str) -> Value:
        try:
            return self.values[key]
        except KeyError:
            raise InputError(f"{key}: unknown key; there are {', '.join(self.values)}") from None

    @property
    def name(self) -> str:
        """The trace's file name."""
        return Path(self.recording.name).name

    @cached_property
    def analytic(self) -> Scenario:
        """The scenario for the formula, which takes shapes but not all of them together.

        Recorded arrivals are as they were fitted. Under MMPP arrivals, where the formula takes
        every duration as exponential, the FP gap is the exponential one that predicts as many runs
        with FP, which is not the mean of another shape.
        """
        found, fp = self.scenario, self.fp
        if isinstance(found.softirq.interrupts_per_s, Recorded):
            softirq = dataclasses.replace(found.softirq, interrupts_per_s=self.arrivals.rate)
            found = dataclasses.replace(found, softirq=softirq)
        bursts = isinstance(found.softirq.interrupts_per_s, Mmpp)
        if bursts and fp is not None and fp.duration.shape != "exponential":
            vcpu = dataclasses.replace(found.vcpu, first_fp_us=Duration(fp.memoryless_us))
            found = dataclasses.replace(found, vcpu=vcpu)
        return found

    def save(self, path: str | os.PathLike[str]) -> list[Path]:
        """Write the scenario file, and a file of samples beside it for each kept distribution.

        Raises InputError where the place cannot be written; then no file stays behind that was
        not there before.
        """
        from .writing import save

        return save(self, path)

    def report(self, width: int = 72) -> str:
        """One page of plain text: machine, scenario, fit, what could not be seen."""
        from .report import report

        return report(self, width)

    def figure(self, prediction: Prediction | None = None) -> CalibrationPicture:
        """The fits as a picture, with the predicted moves if there are any."""
        from .figures import CalibrationPicture

        return CalibrationPicture(self, prediction)

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "trace": self.recording.to_dict(),
            "base": self.base,
            "scenario": self.scenario.to_dict(),
            "values": {key: value.to_dict() for key, value in self.values.items()},
            "notes": list(self.notes),
        }


def calibrate(
    trace: str | os.PathLike[str] | BinaryIO | Recording,
    base: str | Scenario = "reference",
    *,
    cpu: int | None = None,
    sections: int | None = None,
    strict: bool = False,
    tsc_hz: float | None = None,
    residency_from: str | None = None,
    arrivals: str = "fitted",
    durations: str = "fitted",
    progress: Callable[[int | None, int | None], None] | None = None,
) -> Calibration:
    """Everything that a recorded trace shows of a machine, as a scenario.

    Parameters
    ----------
    trace:
        A file (text, gzip, xz; ``-`` for standard input; a ``trace.dat`` or ``perf.data`` by its
        path), an open binary file, or a recording.
    base:
        What the trace cannot show (costs, crypto cycles, slowdown) is kept from this scenario, or
        from the preset of this name.
    cpu:
        Take the vCPU with the most loads on this CPU; by default, with the most of all.
    sections:
        Kernel NEON sections of one packet, if known; otherwise the greatest common divisor of the
        numbers seen in busy periods.
    strict, tsc_hz, progress:
        As `fpsimd_model.traces.read` has them.
    residency_from:
        As `fpsimd_model.traces.understand` has it.
    arrivals:
        "fitted" (Poisson or MMPP) or "recorded": busy periods in the order of the trace, each an
        interrupt with all its packets.
    durations:
        "fitted" (the shape that fits best, kept as recorded where none does) or "recorded": the
        durations themselves wherever enough of them are whole.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        On an unknown preset, and on a trace that cannot be read, would mislead, or shows no
        residency at all.

    >>> from fpsimd_model.resources import data_path
    >>> found = calibrate(data_path("traces", "k61-vhe-mmio-ipsec.txt.gz"))
    >>> found["crypto.neon_sections_per_packet"].value, found["vcpu.exit_put_share"].value
    (2, 1.0)
    """
    if sections is not None and (isinstance(sections, bool) or not 1 <= sections <= 1000):
        raise InputError(f"sections: {sections!r} is no whole number from 1 to 1000")
    for name, value in (("arrivals", arrivals), ("durations", durations)):
        if value not in TAKEN:
            raise InputError(f"{name}: {value!r} is unknown; {' or '.join(TAKEN)} is wanted")
    start = preset(base) if isinstance(base, str) else base
    recording = trace
    if not isinstance(trace, Recording):
        recording = understand(
            read(trace, strict=strict, tsc_hz=tsc_hz, progress=progress), cpu=cpu
        )
    seen = watch(recording)
    found = collect(recording, seen, start, sections, durations == "recorded")
    if arrivals == "recorded":
        _replay(found, seen)
    if "residency" not in found.durations:
        raise InputError(f"{recording.name}: no time in which a vCPU was loaded; record longer")
    base_name = base if isinstance(base, str) else (start.name or "the given scenario")
    values = {
        f"{table}.{key}": found.values.get(f"{table}.{key}") or _kept(start, base_name, table, key)
        for table, kind in TABLES.items()
        for key in keys_of(kind)
    }
    trace_name = Path(recording.name).name
    scenario = dataclasses.replace(
        start.replace(found.changes),
        name=trace_name.split(".")[0],
        title=f"calibrated from {trace_name}",
        why="",
        sources={key: value.source(trace_name) for key, value in values.items()},
    )
    return Calibration(
        scenario, values, found.durations, found.arrivals, found.fp, seen, recording, base_name,
        (*recording.notes, *found.notes),
    )  # fmt: skip


def _replay(found: Collected, seen: Seen) -> None:
    """Put the arrivals as they were recorded in the place of their fit."""
    key, fit = "softirq.interrupts_per_s", found.arrivals
    replayed = recorded_arrivals(seen, fit.sections if fit else 1)
    found.changes[key] = replayed
    fitted = found.values[key]  # whose interval is that of the mean rate
    found.values[key] = Value(
        key, float(f"{replayed.rate_per_s:.6g}"), fitted.low, fitted.high, len(replayed.gaps_us),
        "busy periods", "in their order, each an interrupt with all its packets", True, "recorded",
    )  # fmt: skip


def _kept(base: Scenario, name: str, table: str, key: str) -> Value:
    dotted = f"{table}.{key}"
    value = getattr(getattr(base, table), key)
    shown = getattr(value, "mean_us", None) or getattr(value, "rate_per_s", None)
    shown = shown or getattr(value, "mean", None) or value
    source = base.source_of(dotted).removeprefix("assumed: ")
    how = f"not in the trace, kept from {name}: {source}"
    return Value(dotted, shown, None, None, 0, "", how, False, getattr(value, "shape", ""))
