"""``fpsimd-model measure``: the costs of this machine."""

from __future__ import annotations

import click

from .options import json_option, note, write_json
from .scenario import scenario_of

__all__ = ["measure"]


@click.command(short_help="Measure register moves and crypto on this machine.")
@click.option("-o", "--output", metavar="FILE", help="A scenario file for --preset of calibrate.")
@click.option("--only", type=click.Choice(("registers", "crypto")), help="One part.")
@click.option("--algorithm", default="aes-128-gcm", show_default=True, help="As openssl names it.")
@click.option(
    "--bytes", "packet_bytes", type=click.IntRange(16, 1 << 20), default=1500, show_default=True
)
@click.option("--repeat", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option(
    "--preset",
    default="reference",
    show_default=True,
    metavar="NAME",
    help="Where the rest is kept from: a preset or a scenario file.",
)
@json_option
def measure(output, only, algorithm, packet_bytes, repeat, preset, json_file) -> None:
    """Time the vector register file with a small C program and crypto with openssl speed, with and
    without the processor's vector features."""
    from ..figures.plain import fill
    from ..measuring import measure as _measure

    base = scenario_of(preset)
    note("measuring, some seconds ...")
    found = _measure(
        base, algorithm=algorithm, packet_bytes=packet_bytes, only=only, repetitions=repeat
    )  # fmt: skip
    if output is not None:
        found.save(output)
        note(f"wrote {output}")
    if json_file is not None:
        write_json(json_file, found.to_dict())
    if json_file != "-":
        for table, key in (
            ("machine", "clock_ghz"), ("machine", "save_cycles"), ("machine", "restore_cycles"),
            ("crypto", "simd_cycles_per_byte"), ("crypto", "slowdown"),
        ):  # fmt: skip
            source = found.scenario.source_of(f"{table}.{key}")
            if source.startswith("measured"):
                value = getattr(getattr(found.scenario, table), key)
                click.echo(f"{table}.{key} = {value:g}")
                click.echo("\n".join(fill(source, 72, "    ", "    ")))
