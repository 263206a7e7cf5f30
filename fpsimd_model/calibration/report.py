"""One page of plain text about a calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..figures.numbers import significant
from ..figures.plain import WIDTH, ascii_only, fill, tidy
from .value import Value

if TYPE_CHECKING:
    from .calibration import Calibration
    from .prediction import Prediction

__all__ = ["report"]

_VECTORS = {0: "HI", 1: "TIMER", 2: "NET_TX", 3: "NET_RX", 4: "BLOCK", 5: "IRQ_POLL",
            6: "TASKLET", 7: "SCHED", 8: "HRTIMER", 9: "RCU"}  # fmt: skip


def report(
    calibration: Calibration, width: int = WIDTH, prediction: Prediction | None = None
) -> str:
    """What the machine does, the scenario, how well it fits, what could not be seen."""
    lines = [ascii_only(f"{calibration.name}: what the trace shows"), "", *_machine(calibration)]
    lines += ["", "scenario" + " " * 24 + "value  95% interval" + " " * 12 + "n"]
    seen = [value for value in calibration.values.values() if value.seen]
    lines += [_line(value) for value in seen]
    lines += ["", "shapes"]
    for value in seen:
        if value.shape or value.key == "vcpu.first_fp_us":
            name = value.key.partition(".")[2]
            lines += fill(f"{name}: {value.how}", width, "  ", "    ")
    if prediction is not None:
        lines += ["", "the kernel's own register moves, and the model's", prediction.to_text(width)]
    kept = [v.key.partition(".")[2] for v in calibration.values.values() if not v.seen]
    lines += ["", *fill(f"not in the trace, kept from {calibration.base}: " + ", ".join(kept),
                        width, "", "  ")]  # fmt: skip
    for note in calibration.notes:
        lines += fill(note, width, "note: ", "  ")
    return tidy(lines)


def _machine(calibration: Calibration) -> list[str]:
    r, s = calibration.recording, calibration.seen
    seconds = s.span_us * 1e-6
    shares = [
        ("guest", s.guest_us), ("run loop", s.loop_us), ("not loaded", s.out_time_us),
    ]  # fmt: skip
    rest = max(0.0, 1.0 - sum(us for _, us in shares) / max(s.span_us, 1e-9))
    where = ", ".join(f"{name} {100 * us / max(s.span_us, 1e-9):.1f}%" for name, us in shares)
    lines = [
        f"  {ascii_only(r.comm)}-{r.pid} on CPU {r.cpu}, {seconds:.4g} s, {ascii_only(r.form)}",
        f"  time: {where}, interrupts {100 * rest:.1f}%",
        f"  {r.loads} loads, {r.entries} entries, {s.exits} exits, {s.own_exits} of them its own",
    ]
    reasons = [f"{n} {reason}" for reason, n in list(r.exits_by_reason().items())[:4]]
    if reasons:
        lines += fill("exits: " + ", ".join(reasons), WIDTH, "  ", "    ")
    soft = _softirqs(r.softirqs_inside)
    if soft:
        lines += fill(f"softirqs while loaded: {soft}", WIDTH, "  ", "    ")
    lines.append(
        f"  kernel NEON: {r.neon_begins} sections in softirq while loaded, "
        f"{r.neon_begins_task} in task"
    )
    if r.lost or r.gaps or r.unread:
        lines.append(f"  {r.lost} events lost, {r.gaps} gaps, {r.unread} lines unread")
    return lines


def _softirqs(counts: dict[int, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{n} {_VECTORS.get(vector, vector)}" for vector, n in ordered)


def _line(value: Value) -> str:
    name = value.key.partition(".")[2]
    number = value.value if isinstance(value.value, str) else significant(float(value.value))
    return f"  {name:<24}{number:>13}  {value.interval:<22}{value.number:>6}"
