"""Commands in processes of their own: pipes, closed files, full disks."""

from __future__ import annotations

import json

import pytest

from fpsimd_model.resources import data_path

TRACE = str(data_path("traces", "k61-vhe-busy-plain.txt.gz"))


def test_the_module_and_the_script_are_the_same_command(shell):
    done = shell("$F policies --json -")
    assert done.status == 0
    assert len(json.loads(done.out)["policies"]) == 16
    assert shell("$F --version").out.startswith("fpsimd-model")


def test_commands_make_a_pipeline(shell):
    done = shell("$F presets reference | $F evaluate - -p tracked --json - | head -c 1")
    assert (done.out, done.err) == ("{", "")


@pytest.mark.parametrize("command", ["check", "evaluate reference --json -", "policies"])
def test_a_reader_that_has_seen_enough_is_no_error(shell, command):
    done = shell(f"$F {command} | head -c 20")
    assert len(done.out) == 20
    assert done.err == ""


def test_a_reader_that_reads_nothing_is_no_error(shell):
    assert shell("$F check --json - | true").err == ""


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("evaluate - -p tracked", "<stdin>: is closed"),
        ("replay - -p tracked", "closed"),
    ],
)
def test_a_closed_standard_input_is_one_line(shell, command, says):
    assert says in shell(f"$F {command} <&-").complaint


def test_a_closed_standard_output_wants_no_table_but_json_needs_a_place(shell, tmp_path):
    done = shell("$F check tracked --json out.json >&-")
    assert (done.status, done.err) == (0, "")
    assert json.loads((tmp_path / "out.json").read_text())["results"][0]["correct"] is True
    assert "standard output is closed" in shell("$F check tracked --json - >&-").complaint


def test_a_closed_standard_error_changes_the_status_alone(shell):
    assert shell("$F check nosuch 2>&-").status == 2
    assert shell("$F check tracked --json - 2>&-").status == 0


@pytest.mark.parametrize("command", ["policies", "check tracked --json -"])
def test_a_full_disk_behind_standard_output_is_one_line(shell, command):
    line = shell(f"$F {command} >/dev/full").complaint
    assert "standard output: cannot be written (no space left on device)" in line


def test_the_command_line_starts_fast_enough_to_be_used_in_loops(shell):
    """No plotting, no compiler, no data frames for a proof."""
    code = (
        "import sys; sys.argv = ['x', 'check', 'tracked', '--json', '-']; "
        "import fpsimd_model.cli as c\\n"
        "try: c.main()\\n"
        "except SystemExit: print([n for n in "
        "('matplotlib', 'numba', 'xarray', 'IPython', 'scipy.stats') if n in sys.modules])"
    )
    done = shell(f"${{F% -m*}} -c $'{code.replace(chr(39), chr(34))}' | tail -1")
    assert done.out.strip() == "[]"
