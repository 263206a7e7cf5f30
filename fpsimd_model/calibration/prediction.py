"""Does the model, fed with a machine's rates and shapes, predict the machine's own counts?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..engines import evaluate
from ..errors import InputError
from ..figures.numbers import significant
from ..figures.plain import WIDTH, fill, tidy
from ..replayer import Replay, replay
from .calibration import Calibration

__all__ = ["MOVES", "SECONDS", "Prediction", "predict"]

MOVES = ("host_saves", "host_restores", "guest_saves", "guest_restores")
SECONDS = 60.0  #: that are simulated
USUAL = "tracked-save-at-load"  #: taken where the trace does not show the kernel's moves


@dataclass(frozen=True)
class Prediction:
    """Register moves in the time of the trace.

    Attributes
    ----------
    policy:
        The recorded kernel's.
    seconds:
        Length of the trace.
    kernel:
        The kernel's own counts, None where not recorded.
    replayed, analytic, simulated:
        By the recorded order of events, by formula and by simulation; the last two from the
        calibrated scenario, None where an engine has no answer.
    ci95:
        Of the simulation.
    notes:
        What an engine leaves out, or why it has no answer.
    """

    policy: str
    seconds: float
    kernel: Mapping[str, int | None]
    replayed: Mapping[str, int]
    analytic: Mapping[str, float | None]
    simulated: Mapping[str, float | None]
    ci95: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...] = ()

    def off(self, engine: str) -> dict[str, float]:
        """Relative error of ``analytic``, ``simulated`` or ``replayed`` for counts above 0.

        Moves that the kernel never made, and that were not predicted either, have none.
        """
        found = {}
        for name in MOVES:
            seen, said = self.kernel[name], getattr(self, engine)[name]
            if seen and said is not None:
                found[name] = said / seen - 1.0
        return found

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "policy": self.policy, "seconds": self.seconds, "kernel": dict(self.kernel),
            "replayed": dict(self.replayed), "analytic": dict(self.analytic),
            "simulated": dict(self.simulated),
            "ci95": {name: list(pair) for name, pair in self.ci95.items()},
            "notes": list(self.notes),
        }  # fmt: skip

    def to_text(self, width: int = WIDTH) -> str:
        """A table of plain text."""
        lines = [f"policy {self.policy}, moves in {self.seconds:.4g} s"]
        lines.append(
            f"{'':16}{'kernel':>9}{'replay':>9}{'formula':>10}{'simulation':>12}{'off':>8}"
        )
        for name in MOVES:
            row = [_whole(m[name]) for m in (self.kernel, self.replayed, self.analytic)]
            off = self.off("simulated").get(name)
            worst = "-" if off is None else f"{100 * off:+.1f}%"
            lines.append(
                f"{name.replace('_', ' '):16}{row[0]:>9}{row[1]:>9}{row[2]:>10}"
                f"{_whole(self.simulated[name]):>12}{worst:>8}"
            )
        for note in self.notes:
            lines += fill(note, width, "note: ", "  ")
        return tidy(lines)


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def predict(
    calibration: Calibration,
    policy: str | None = None,
    *,
    seed: int = 0,
    seconds: float = SECONDS,
) -> Prediction:
    """The recorded moves, replayed and predicted from the calibrated scenario.

    Parameters
    ----------
    policy:
        The recorded kernel's; by default the one whose replayed moves are nearest to its own.
    seed, seconds:
        Of the simulation.

    Raises
    ------
    InputError
        On an unknown policy.

    >>> from fpsimd_model.resources import data_path
    >>> from .calibration import calibrate
    >>> found = predict(calibrate(data_path("traces", "k61-vhe-busy-plain.txt.gz")), seconds=20.0)
    >>> found.policy, found.kernel["guest_saves"], found.replayed["guest_saves"]
    ('tracked-save-at-load', 8, 8)
    """
    replayed = replay(calibration.recording, policy and [policy])
    policy = replayed[0].policy if policy else _nearest(replayed)
    length = calibration.seen.span_us * 1e-6
    notes: list[str] = []
    if policy == USUAL and not any(replayed.kernel[name] is not None for name in MOVES):
        notes.append(f"the kernel's own moves are not recorded; {USUAL} is assumed")
    analytic, ci95 = dict.fromkeys(MOVES), {}
    try:
        result = evaluate(calibration.analytic, [policy], "analytic")[0]
        analytic = {name: _count(result.metrics, name, length) for name in MOVES}
        notes += [f"formula: {result.reason}"] if result.reason else []
        if calibration.analytic != calibration.scenario:
            notes.append(_in_place(calibration))
    except InputError as error:
        notes.append(f"formula: {error}")
    result = evaluate(
        calibration.scenario, [policy], "montecarlo", seed=seed, seconds=seconds
    )[0]  # fmt: skip
    simulated = {name: _count(result.metrics, name, length) for name in MOVES}
    notes += [f"simulation: {result.reason}"] if result.reason else []
    for name in MOVES:
        if f"{name}_per_s" in result.ci95:
            low, high = result.ci95[f"{name}_per_s"]
            ci95[name] = (low * length, high * length)
    counts = replayed[policy].counts
    return Prediction(
        policy, length, replayed.kernel, {name: counts[name] for name in MOVES}, analytic,
        simulated, ci95, tuple(notes),
    )  # fmt: skip


def _in_place(calibration: Calibration) -> str:
    """What the formula takes in the place of what it cannot."""
    found, given = calibration.analytic, calibration.scenario
    words = []
    if found.softirq != given.softirq:
        words.append("arrivals as fitted")
    if found.vcpu != given.vcpu:
        gap = significant(found.vcpu.first_fp_us.mean_us)
        words.append(f"exponential FP gaps of {gap} us, which give as many runs with FP")
    return f"formula: {' and '.join(words)}"


def _count(metrics: Mapping[str, float | None], name: str, seconds: float) -> float | None:
    rate = metrics.get(f"{name}_per_s")
    return None if rate is None else rate * seconds


def _nearest(replayed: Replay) -> str:
    """The policy that explains the kernel's moves best; the usual one if it does nearly so."""
    known = [name for name in MOVES if replayed.kernel[name] is not None]
    if not known:
        return USUAL
    off = {r.policy: sum(abs(d) for d in replayed.off_by(r.policy).values()) for r in replayed}
    best = min(off, key=off.get)
    total = sum(replayed.kernel[name] for name in known)
    return USUAL if off.get(USUAL, total) <= off[best] + max(2.0, 0.001 * total) else best
