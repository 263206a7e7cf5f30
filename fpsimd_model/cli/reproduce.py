"""``fpsimd-model reproduce``: an exported file again, from what is inside it."""

from __future__ import annotations

import sys

import click

from ..errors import InputError
from .options import apart

__all__ = ["reproduce"]


@click.command(short_help="An exported file again, from what is inside it.")
@click.argument("file")
@click.option(
    "-o", "--output", metavar="OUT", help="Write the new bytes there instead of comparing them."
)
@click.pass_context
def reproduce(context, file, output) -> None:
    """Make FILE (PNG, SVG, PDF, TXT of `reply`, the app or the gallery) again from its parameters.

    Says whether the bytes are the same: exit status 0 if so, 1 if not."""
    from ..figures import reproduce as _reproduce
    from ..figures import write_files

    apart(file, output)
    found = _reproduce(file)
    if output == "-":
        if sys.stdout is None:
            raise InputError("standard output is closed; name a file with -o")
        sys.stdout.buffer.write(found.data)
    elif output is not None:
        write_files({output: found.data})
    click.echo(f"{file}: {found}", err=output is not None)
    context.exit(0 if found.identical or output is not None else 1)
