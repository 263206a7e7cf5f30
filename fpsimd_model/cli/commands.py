"""All commands, and how they end: status 2 and one line for a user's mistake, no traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from .. import __version__
from ..errors import InputError
from ..registers import PolicyError
from .agree import agree
from .calibrate import calibrate
from .check import check
from .evaluate import evaluate
from .examples import epilog_of
from .measure import measure
from .policies import policies
from .presets import presets
from .record import record
from .replay import replay
from .reply import reply
from .reproduce import reproduce
from .show import show

__all__ = ["cli", "run"]


# Every command has them of its own: click keeps the help option of the first context it sees.
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 80}


@click.group(context_settings=SETTINGS)
@click.version_option(__version__, prog_name="fpsimd-model")
def cli() -> None:
    """What KVM's FPSIMD policies on arm64 cost, how slow crypto gets, and which lose registers."""


for command in (
    evaluate, check, replay, calibrate, record, measure, agree, reply, show, reproduce, policies,
    presets,
):  # fmt: skip
    command.epilog = epilog_of(command.name)
    command.context_settings = SETTINGS | command.context_settings
    cli.add_command(command)


def run(args: Sequence[str] | None = None) -> None:
    """See `fpsimd_model.cli.main`."""
    try:
        status = cli.main(args, prog_name="fpsimd-model", standalone_mode=False)
        if sys.stdout is not None:  # closed by the caller: nobody wants to read
            sys.stdout.flush()
    except (InputError, PolicyError) as error:
        _fail(str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        _fail(f"{error.format_message()} See: {_command(error, args)} --help")
    except click.Abort:
        raise KeyboardInterrupt from None
    except BrokenPipeError:  # `| head` has seen enough
        _silence()
        sys.exit(0)
    except OSError as error:  # a full disk behind `>`
        _silence()
        _fail(f"standard output: cannot be written ({(error.strerror or str(error)).lower()})")
    else:
        sys.exit(status if isinstance(status, int) else 0)


def _command(error: click.ClickException, args: Sequence[str] | None) -> str:
    """Whose help is wanted: click does not say where an option's value is missing."""
    if context := getattr(error, "ctx", None):
        return context.command_path
    words = [word for word in (sys.argv[1:] if args is None else args)[:1] if word in cli.commands]
    return " ".join(["fpsimd-model", *words])


def _silence() -> None:
    """Let what is left in the buffer go nowhere, so that the interpreter does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str) -> None:
    line = " ".join(message.split())
    click.echo(f"fpsimd-model: {line}", err=True)
    sys.exit(2)
