"""Commands in processes of their own: pipes, closed files, full disks."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from fpsimd_model.resources import data_path
from tests.house import ROOT

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


STOPPED_WHILE_IMPORTING = """
import os, signal, sys
class Finder:  # presses Ctrl-C when something is about to be imported
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
from fpsimd_model.cli import main
main(["policies"])
"""


@pytest.mark.parametrize("name", ["signal", "click", "numpy", "fpsimd_model.policies"])
def test_a_stop_while_still_importing_is_one_line(name):
    program = STOPPED_WHILE_IMPORTING.format(name=name)
    if name == "signal":  # which the program above has imported
        program = program.replace("signal, ", "").replace("signal.SIGINT", "2")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "fpsimd-model: stopped\n")
    assert done.stdout == ""


def test_the_entry_point_itself_imports_next_to_nothing():
    """So that next to no time passes before Ctrl-C is heard."""
    code = (
        "import os, sys; m = sys.modules; had = {*m}; import fpsimd_model.cli; print(*{*m} - had)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)  # fmt: skip
    new = {name for name in done.stdout.split() if not name.startswith("importlib")}
    assert new <= {"fpsimd_model", "fpsimd_model.cli", "__future__", "_warnings", "warnings"}


def test_whoever_ignores_or_handles_the_signal_keeps_that():
    code = (
        "import signal; signal.signal(2, {handler}); from fpsimd_model.cli import main\n"
        "try: main(['policies', '-p', 'tracked'])\n"
        "except SystemExit: print(signal.getsignal(2) == {handler})"
    )
    for handler in ("signal.SIG_IGN", "signal.default_int_handler", "print"):
        program = code.format(handler=handler)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                              check=True)  # fmt: skip
        assert done.stdout.endswith("True\n"), handler


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
