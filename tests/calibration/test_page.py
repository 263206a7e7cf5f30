"""docs/your-machine.md: its commands run, and what it quotes is what they print."""

from __future__ import annotations

import re
import shutil

import pytest
from click.testing import CliRunner

from fpsimd_model.calibration import calibrate, predict
from fpsimd_model.cli import cli
from fpsimd_model.resources import data_path
from tests.house import ROOT

PAGE = (ROOT / "docs" / "your-machine.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if "fpsimd-model " in line]


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> str:
    """What the commands print, one after the other, but for those that measure or need root."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(data_path("traces", "k61-vhe-mmio-ipsec.txt.gz"), folder / "trace.txt.gz")
    out = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in COMMANDS:
            words = command.partition("#")[0].split()
            if words[0] == "sudo" or "measure" in words or "machine.toml" in words:
                continue
            assert words.pop(0) == "fpsimd-model"
            result = CliRunner().invoke(cli, words)
            assert result.exit_code == 0, (command, result.output)
            out.append(result.stdout)
        assert (folder / "mine.png").exists()
    return "\n".join(out)


def test_every_command_has_only_options_that_there_are():
    assert len(COMMANDS) >= 6
    for command in COMMANDS:
        words = command.partition("#")[0].removeprefix("sudo .venv/bin/").split()
        assert words[0] == "fpsimd-model"
        known = {option for p in cli.commands[words[1]].params for option in p.opts}
        assert {word for word in words if word.startswith("-")} <= known, command


def test_quoted_output_is_what_the_commands_print(said):
    printed = {line.rstrip() for line in said.splitlines()}
    quoted = [
        line for block in BLOCKS for line in block.splitlines()
        if "fpsimd-model " not in line and "XSAVE" not in block
    ]  # fmt: skip
    assert len(quoted) >= 12
    assert [line for line in quoted if line.rstrip() not in printed] == []


def test_the_table_of_predictions_is_what_the_model_predicts():
    rows = re.findall(r"^\| (?:`(\S+)`)? ?\| (\w+) (\w+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE,
                      re.MULTILINE)  # fmt: skip
    assert len(rows) == 4
    found = {}
    for trace, *move, kernel, formula, simulated in rows:
        if trace:
            found = predict(calibrate(data_path("traces", f"{trace}.txt.gz")))
        name = "_".join(move)
        assert found.kernel[name] == int(kernel)
        assert round(found.analytic[name]) == int(formula)
        # simulated figures are those of one seed and one build of the kernels
        assert found.simulated[name] == pytest.approx(int(simulated), rel=0.01, abs=0.6)
