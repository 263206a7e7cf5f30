"""What is written at the end of each command's help: lines to be copied."""

from __future__ import annotations

from ..figures.kinds import KINDS

__all__ = ["EXAMPLES", "epilog_of"]

EXAMPLES: dict[str, tuple[str, ...]] = {
    "agree": (
        "fpsimd-model agree vm-busy -p tracked -p softirqs-off",
        "fpsimd-model agree --design 20 --each 4 --keep scores.csv",
        "fpsimd-model agree mine.toml --engines analytic,montecarlo,simpy",
    ),
    "calibrate": (
        "fpsimd-model calibrate trace.txt -o mine.toml --figure mine.png",
        "fpsimd-model calibrate trace.txt -o mine.toml --preset machine.toml",
    ),
    "check": (
        "fpsimd-model check",
        "fpsimd-model check pending-check tracked --task-neon",
    ),
    "evaluate": (
        "fpsimd-model evaluate cortex-a57-ipsec -p tracked -p busy-flag-live",
        "fpsimd-model evaluate mine.toml --engine both --seconds 200",
        "fpsimd-model presets vm-busy > mine.toml   # a file to begin with",
    ),
    "measure": (
        "fpsimd-model measure -o machine.toml",
        "fpsimd-model measure --only crypto --algorithm aes-256-gcm",
    ),
    "policies": ("fpsimd-model policies -p tracked -p flush-hook",),
    "presets": (
        "fpsimd-model presets",
        "fpsimd-model presets vm-busy > mine.toml",
    ),
    "record": (
        "fpsimd-model record",
        "sudo .venv/bin/fpsimd-model record --run --seconds 30 -o trace.txt",
    ),
    "replay": (
        "fpsimd-model replay trace.txt.gz",
        "trace-cmd report -N -t trace.dat | fpsimd-model replay - -p tracked",
    ),
    "reply": (
        "fpsimd-model reply -p switch-on-exit -p tracked -o -",
        "fpsimd-model reply vm-busy --figure policy-map -o out/",
        "fpsimd-model reply --set vcpu.first_fp_us=300 --option high=1e5",
        "fpsimd-model reply overload --figure overload --option end_ms=20",
        "fpsimd-model reply --figure calibration --trace trace.txt.gz",
    ),
    "reproduce": (
        "fpsimd-model reproduce which-policy.png",
        "fpsimd-model reproduce which-policy.txt -o -",
    ),
    "show": (
        "fpsimd-model show which-policy.png",
        "fpsimd-model show --scenario which-policy.pdf > mine.toml",
    ),
}


def epilog_of(command: str) -> str:
    """The examples of a command; of `reply` also what ``--option`` takes.

    >>> print(epilog_of("show"))
    \b
    Examples:
      fpsimd-model show which-policy.png
      fpsimd-model show --scenario which-policy.pdf > mine.toml
    """
    text = "\n".join(["\b", "Examples:", *(f"  {line}" for line in EXAMPLES[command])])
    return f"{text}\n\n{_options()}" if command == "reply" else text


def _options() -> str:
    """Options of the figures; figures that take the same ones share a line."""
    takers: dict[tuple[str, ...], list[str]] = {}
    for kind in KINDS.values():
        if kind.checks:
            takers.setdefault(tuple(kind.checks), []).append(kind.name)
    lines = ["\b", "What --option takes, by figure:"]
    for options, kinds in takers.items():
        lines += [f"  {', '.join(kinds)}:", f"    {', '.join(options)}"]
    return "\n".join(lines)
