"""``fpsimd-model calibrate``: a recorded trace as a scenario."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import InputError
from ..resources import write_text
from .options import json_option, note, write_json
from .scenario import scenario_of

__all__ = ["calibrate"]

_FIGURES = (".png", ".pdf", ".svg")


@click.command(short_help="A recorded trace as a scenario.")
@click.argument("trace")
@click.option(
    "-o", "--output", required=True, metavar="SCENARIO", help="The scenario file to write."
)
@click.option("--report", "report_file", metavar="FILE", help="Write the report there as well.")
@click.option("--figure", "figure_file", metavar="FILE", help="A figure: .png, .pdf or .svg.")
@click.option(
    "--preset",
    default="reference",
    show_default=True,
    metavar="NAME",
    help="Where what a trace cannot show is kept from: a preset or a scenario file.",
)
@click.option("--cpu", type=click.IntRange(0), help="The vCPU with the most loads on this CPU.")
@click.option(
    "--sections",
    type=click.IntRange(1, 1000),
    help="Kernel NEON sections of one packet, if known.",
)
@click.option("--strict", is_flag=True, help="Stop at the first line that cannot be read.")
@click.option("--predict/--no-predict", default=True, help="Compare the model with the trace.")
@json_option
def calibrate(
    trace, output, report_file, figure_file, preset, cpu, sections, strict, predict, json_file
) -> None:
    """Write a scenario with everything that TRACE shows; each value has its sample size and 95%
    interval as a comment. What a trace cannot show stays at the preset and is marked."""
    if figure_file is not None and Path(figure_file).suffix not in _FIGURES:
        raise InputError(f"{figure_file}: a figure ends in {', '.join(_FIGURES)}")
    from ..calibration import calibrate as _calibrate
    from ..calibration import predict as _predict
    from ..calibration.report import report

    base = scenario_of(preset) if Path(preset).exists() else preset
    found = _calibrate(trace, base, cpu=cpu, sections=sections, strict=strict)
    prediction = _predict(found) if predict else None
    text = report(found, prediction=prediction) + "\n"
    if output == "-":
        click.echo(found.scenario.to_toml(), nl=False)
    else:
        for file in found.save(output):
            note(f"wrote {file}")
    if report_file is not None:
        write_text(report_file, text)
    if figure_file is not None:
        path = Path(figure_file)
        found.figure(prediction).export(
            path.with_suffix(""), (path.suffix[1:],), scenario=found.scenario,
            command=f"fpsimd-model calibrate {trace} -o {output}",
        )  # fmt: skip
    if json_file is not None:
        value = found.to_dict()
        value["prediction"] = None if prediction is None else prediction.to_dict()
        write_json(json_file, value)
    if json_file != "-" and output != "-":
        click.echo(text, nl=False)
