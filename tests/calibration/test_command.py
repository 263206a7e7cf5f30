"""`fpsimd-model calibrate`: its files, its errors, and traces that are torn to pieces."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model.calibration import calibrate
from fpsimd_model.cli.calibrate import calibrate as command
from fpsimd_model.errors import InputError
from fpsimd_model.figures import reproduce, show
from fpsimd_model.resources import data_path
from fpsimd_model.scenario import Scenario

from .machine import Machine, text

TRACE = str(data_path("traces", "k61-vhe-busy-plain.txt.gz"))


@pytest.fixture
def trace(tmp_path):
    file = tmp_path / "made up.txt.gz"
    file.write_bytes(gzip.compress(text(Machine(seconds=0.1), 1).encode()))
    return file


def test_every_file_that_is_asked_for_is_written(trace, tmp_path):
    names = ("out.toml", "report.txt", "fit.pdf", "all.json")
    toml, report, figure, file = (tmp_path / name for name in names)
    result = CliRunner().invoke(
        command,
        [str(trace), "-o", str(toml), "--report", str(report), "--figure", str(figure),
         "--json", str(file)],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    scenario = Scenario.load(toml)
    assert scenario.source_of("vcpu.guest_run_us").startswith("made up.txt.gz: 95%")
    told = json.loads(file.read_text())
    assert told["values"]["vcpu.guest_run_us"]["n"] > 100
    assert told["prediction"]["policy"]
    assert report.read_text() in result.stdout
    assert max(map(len, report.read_text().splitlines())) <= 72
    assert figure.read_bytes().startswith(b"%PDF")


def test_the_file_evaluates(tmp_path):
    from fpsimd_model.engines import evaluate

    CliRunner().invoke(command, [TRACE, "-o", str(tmp_path / "a.toml"), "--no-predict"])
    result = evaluate(Scenario.load(tmp_path / "a.toml"), ["tracked-save-at-load"])[0]
    assert result.status == "ok"
    assert result["guest_saves_per_s"] == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "txt"])
def test_the_figure_can_be_made_again(trace, tmp_path, suffix, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"fit.{suffix}"
    arguments = [str(trace), "-o", str(tmp_path / "a.toml"), "--figure", str(file)]
    if suffix != "png":
        arguments += ["--no-predict", "--sections", "2", "--preset", "cortex-a57-ipsec"]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    again = reproduce(file)
    assert again.identical
    told = show(file)
    assert "made up.txt.gz, SHA-256" in told
    assert ("sections = 2" in told) is (suffix != "png")
    trace.write_bytes(gzip.compress(text(Machine(seconds=0.1), 2).encode()))
    with pytest.raises(InputError, match="is another trace"):
        reproduce(file)


def test_standard_input_and_output(trace):
    result = CliRunner().invoke(command, [str(trace), "-o", "-", "--no-predict"])
    assert Scenario.from_toml(result.stdout).vcpu.guest_run_us.mean_us > 0


def test_a_measured_machine_serves_as_the_preset(trace, tmp_path):
    machine = tmp_path / "machine.toml"
    machine.write_text("[machine]\nsave_cycles = 77.0  # source: measured here\n")
    out = tmp_path / "out.toml"
    arguments = [str(trace), "-o", str(out), "--preset", str(machine), "--no-predict"]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    scenario = Scenario.load(out)
    assert scenario.machine.save_cycles == 77.0
    assert "measured here" in scenario.source_of("machine.save_cycles")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.txt", "-o", "x.toml"],
        [TRACE, "-o", "x.toml", "--preset", "nosuch"],
        [TRACE, "-o", "x.toml", "--figure", "x.gif"],
        ["-", "-o", "x.toml", "--figure", "x.png"],
        [TRACE, "-o", "x.toml", "--cpu", "7"],
        [TRACE, "-o", "nowhere/x.toml", "--no-predict"],
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, arguments)
    assert isinstance(result.exception, InputError)
    assert "\n" not in str(result.exception)
    assert list(tmp_path.iterdir()) == []


LINES = text(Machine(seconds=0.02, crypto_per_s=4000.0, other_per_s=2000.0), 2).splitlines()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_torn_trace_is_calibrated_or_refused(data):
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        till = min(len(lines), at + data.draw(st.integers(1, 60)))
        what = data.draw(st.sampled_from(("drop", "lost", "swap", "kind")))
        if what == "drop":
            del lines[at:till]
        elif what == "lost":
            lines[at:till] = ["CPU:1 [LOST 9 EVENTS]"]
        elif what == "swap":
            lines[at:till] = reversed(lines[at:till])
        else:
            word = data.draw(st.sampled_from(("kvm_exit", "ctxsync", "put", "softirq_exit", "irq")))
            lines = [line for line in lines if word not in line]
        if len(lines) < 5:
            return
    try:
        found = calibrate(io.BytesIO("\n".join(lines).encode() + b"\n"))
    except InputError:
        return
    assert Scenario.from_toml(found.scenario.to_toml()).vcpu.residency_us.mean_us > 0
    s = found.seen
    assert min(s.guest_us, s.loop_us, s.out_time_us) >= 0
    # what a thread did cannot take longer than there was time, but for reordered stamps
    assert s.guest_us + s.loop_us + s.out_time_us <= 1.001 * s.span_us + 1.0
    found.report()
