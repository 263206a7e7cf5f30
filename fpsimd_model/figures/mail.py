"""A whole answer for a mailing list: what was asked, how to ask it again, plot, table, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .ascii_plot import plot
from .plain import WIDTH, ascii_only, command, fill, tidy
from .text import MAIN, table
from .verdicts import Verdicts, correctness

if TYPE_CHECKING:
    from ..results import Result
    from ..scenario import Scenario
    from .curves import Curves
    from .picture import Picture

__all__ = ["differences", "reply"]


def reply(
    title: str,
    *,
    command_line: str = "",
    scenario: Scenario | None = None,
    curves: Curves | None = None,
    panels: Sequence[str] = ("switch_share",),
    picture: Picture | None = None,
    results: Iterable[Result] = (),
    verdicts: Verdicts | None = None,
    metrics: Sequence[str] | None = MAIN,
    version: str | None = None,
    seed: int | None = None,
    width: int = WIDTH,
) -> str:
    """Plain ASCII of at most `width` columns; whatever is not given is left out.

    Parameters
    ----------
    title:
        One line that says what this is.
    command_line:
        What prints it again; broken with backslashes.
    scenario:
        Its values are listed where they differ from the defaults, as a scenario file has them.
    curves, panels:
        One plot for each metric in `panels`.
    picture:
        A figure, as its own text.
    results, verdicts, metrics:
        The table, and what the check says of each policy.
    version, seed:
        The package's version (by default the one that runs) and the simulation's seed.

    Raises
    ------
    InputError
        On an unknown metric.

    >>> print(reply("Nothing but a title", version="0.1.0"))
    Nothing but a title
    (fpsimd_model 0.1.0)
    """
    if version is None:
        from .. import __version__ as version
    made = f"(fpsimd_model {version}" + (f", seed {seed})" if seed is not None else ")")
    results = list(results)
    blocks = ["\n".join([*fill(title, width), *fill(made, width)])]
    if command_line:
        blocks.append("\n".join(f"  {line}" for line in command(command_line, width - 2)))
    if scenario is not None:
        blocks.append("\n".join(_scenario(scenario, width)))
    if curves is not None:
        rows = [18, *[12] * (len(panels) - 1)]
        blocks += [plot(curves, m, width, n) for m, n in zip(panels, rows, strict=False)]
    if picture is not None:
        blocks.append(picture.text(width))
    if results:
        blocks.append(table(results, verdicts, metrics, width))
    if verdicts is not None:
        blocks.append("\n".join(_verdicts(verdicts, width)))
    return tidy("\n\n".join(blocks).split("\n"))


def differences(scenario: Scenario) -> list[tuple[str, object]]:
    """Keys whose values differ from the defaults, or from the presets that the scenario names.

    >>> from fpsimd_model.scenario import Scenario
    >>> differences(Scenario().replace({"softirq.interrupts_per_s": 30_000}))
    [('softirq.interrupts_per_s', 30000.0)]
    """
    from ..scenario import Scenario
    from .commands import changes

    return changes(scenario, Scenario())


def _scenario(scenario: Scenario, width: int) -> list[str]:
    from ..scenario.writing import toml_value

    changed = differences(scenario)
    name = f" {scenario.name}" if scenario.name else ""
    if not changed:
        return fill(f"Scenario{name}: every value is the model's default.", width)
    lines = fill(f"Scenario{name}, where it differs from the model's defaults:", width)
    for key, value in changed:
        if isinstance(value, dict) and len(value.get("samples", ())) > 4:
            value = {**value, "samples": f"{len(value['samples'])} values"}
        lines += fill(f"{key} = {toml_value(value)}", width, "  ", "      ")
    return lines


def _verdicts(verdicts: Verdicts, width: int) -> list[str]:
    lines = []
    told = verdicts.values() if isinstance(verdicts, Mapping) else verdicts
    told = [v for v in told if not isinstance(v, bool)]
    examples = {v.policy: v.counterexamples for v in told}
    correct = correctness(told if not isinstance(verdicts, Mapping) else verdicts)
    wrong = [name for name in correct if not correct[name]]
    for policy in wrong:
        example = next(iter(examples.get(policy, ())), None)
        if example is None:
            lines += fill(f"{policy} LOSES STATE.", width)
            continue
        if len(wrong) > 1:  # a mail is short: the way to each is one command away
            how = f"`fpsimd-model check {policy}` prints how."
            lines += fill(f"{policy} LOSES STATE: {example.summary}. {how}", width, "", "  ")
            continue
        lines += fill(f"{policy} LOSES STATE: {example.summary}:", width, "", "  ")
        for i, event in enumerate(example.events, 1):
            lines += fill(event, width, f"  {i:2d}. ")
    kept = [ascii_only(name) for name in correct if correct[name]]
    if kept:
        lines += fill(f"No order of events loses state: {', '.join(kept)}.", width, "", "  ")
    return lines
