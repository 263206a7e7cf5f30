"""``fpsimd-model record``: the commands that record a trace, and on request the recording."""

from __future__ import annotations

import click

from .options import Above0, note

__all__ = ["record"]

_TOOLS = ("tracefs", "trace-cmd", "perf")


@click.command(short_help="Print or run the recording of a trace.")
@click.option(
    "--tool", type=click.Choice(_TOOLS), help="Only this one; default: print all, run tracefs."
)
@click.option("--seconds", type=Above0(86400), default=30.0, show_default=True)
@click.option(
    "--buffer-kb",
    type=click.IntRange(64, 1 << 22),
    default=16384,
    show_default=True,
    help="Ring buffer of each CPU.",
)
@click.option("-o", "--output", default="trace.txt", show_default=True, metavar="FILE")
@click.option("--run", is_flag=True, help="Record now, as root; probes are removed at the end.")
@click.option("--tracefs", metavar="DIR", help="Where tracefs is mounted, if not where usual.")
def record(tool, seconds, buffer_kb, output, run, tracefs) -> None:
    """Print the commands that record a trace on this machine, after a look at what it offers.

    Nothing is changed without --run."""
    from ..figures.plain import command, fill
    from ..recorder import look, script
    from ..recorder import record as _record

    offer = look(tracefs=tracefs)
    if run:
        file = _record(
            offer, output, tool=tool or "tracefs", seconds=seconds, buffer_kb=buffer_kb,
            begun=lambda: note(f"recording {seconds:g} s ..."),
        )  # fmt: skip
        click.echo(f"wrote {file}; next: fpsimd-model calibrate {file} -o mine.toml")
        return
    click.echo(f"# {offer.machine}, Linux {offer.release}")
    for remark in offer.remarks:
        for line in fill(remark, 72, "# - ", "#   "):
            click.echo(line)
    for name in (tool,) if tool else _TOOLS:
        click.echo(f"\n# with {name}; save it as record.sh and run: sudo sh record.sh")
        for line in script(name, offer, seconds, output, buffer_kb):
            indent = line[: len(line) - len(line.lstrip())]
            click.echo(indent + "\n".join(command(line, 72 - len(indent))))
    click.echo(f"\n# then: fpsimd-model calibrate {output} -o mine.toml")
