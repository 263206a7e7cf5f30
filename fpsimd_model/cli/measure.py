"""``fpsimd-model measure``: the costs of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import json_option, note, write_json
from .scenario import scenario_of

if TYPE_CHECKING:
    from ..measuring import Moves

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
        if found.moves is not None and found.moves.wide is not None:
            click.echo(_by_bytes(found.moves))


def _by_bytes(moves: Moves) -> str:
    """Whether a wide file's moves are in proportion to its bytes, as the model takes them."""
    from ..figures.plain import fill

    clock = moves.clock_ghz.median
    narrow = "FPSIMD" if moves.bytes == 520 else "FXSAVE"
    lines = [f"\n{'register file':<32}{'bytes':>7}{'cycles a byte, save':>21}{'restore':>9}"]
    for part, name in ((moves, narrow), (moves.wide, moves.wide.name)):
        save, restore = (s.median * clock / part.bytes for s in (part.save_ns, part.restore_ns))
        lines.append(f"{name:<32}{part.bytes:>7}{save:>21.3f}{restore:>9.3f}")
    save, restore = moves.by_bytes
    words = (f"The model takes a guest's moves in proportion to its bytes: here the wide save "
             f"takes {save:.2f} and the wide restore {restore:.2f} times that.")  # fmt: skip
    return "\n".join([*lines, *fill(words, 72, "", "")])
