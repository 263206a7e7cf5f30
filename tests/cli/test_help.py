"""The help of every command: examples that work, and what ``--option`` takes."""

from __future__ import annotations

import shlex

import pytest

from fpsimd_model.cli import cli
from fpsimd_model.cli.examples import EXAMPLES
from fpsimd_model.figures import KINDS


def test_every_command_has_examples_in_its_help(run):
    assert set(EXAMPLES) == set(cli.commands)
    for name, lines in EXAMPLES.items():
        told = run(name, "--help").out.splitlines()
        assert all(len(line) <= 80 for line in told)
        for line in lines:
            assert f"    {line}" in told  # neither wrapped nor joined


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_an_example_is_a_command_that_click_understands(line):
    words = shlex.split(line.split("fpsimd-model ", 1)[1].split(">")[0], comments=True)
    cli.commands[words[0]].make_context(words[0], words[1:])


@pytest.mark.parametrize("name", cli.commands)
def test_a_command_met_outside_its_group_keeps_both_names_of_help(name):
    # click keeps the first help option that it makes, for the process's life.
    command = cli.commands[name]
    command._help_option = None
    context = command.make_context(name, [], resilient_parsing=True)
    assert command.get_help_option(context).opts == ["-h", "--help"]


def test_the_help_of_reply_lists_every_option_of_every_figure(run):
    told = run("reply", "--help").out.split("What --option takes")[1].splitlines()
    listed = {}
    for figures, options in zip(told[1::2], told[2::2], strict=True):
        for figure in figures.strip(" :").split(", "):
            listed[figure] = options.strip().split(", ")
    assert listed == {kind.name: list(kind.checks) for kind in KINDS.values() if kind.checks}
