"""What replay and calibrate share: options of reading, and how far it has got."""

from __future__ import annotations

import io
import json

import pytest
from click.testing import CliRunner

from fpsimd_model.cli import cli, main, reading
from tests.traces.synthetic import Writer


def ioctls(times: int = 8) -> Writer:
    writer = Writer()
    for _ in range(times):
        writer.load().run().softirq(2).put(live=True).user_exit().user()
    return writer


def failing(capsys, *args) -> str:
    """The one line on standard error of a command that exits with status 2."""
    with pytest.raises(SystemExit) as caught:
        main([str(a) for a in args])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("fpsimd-model: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("command", [("replay",), ("calibrate", "-o", "-", "--no-predict")])
def test_strict_stops_at_once_with_file_and_line(capsys, tmp_path, command):
    file = tmp_path / "trace.txt"
    lines = ioctls(90).lines
    lines.insert(7, "=NET_RX]")
    file.write_text("\n".join(lines) + "\n")
    err = failing(capsys, *command, file, "--strict")
    assert f"{file}:8: cannot read this line: =NET_RX]" in err
    tolerant = CliRunner().invoke(cli, [*command, str(file)])
    assert tolerant.exit_code == 0
    assert "could not be read, the first is 8" in tolerant.stderr + tolerant.stdout


@pytest.mark.parametrize("command", [("replay",), ("calibrate", "-o", "-", "--no-predict")])
def test_tsc_hz(capsys, tmp_path, command):
    file = tmp_path / "trace.txt"
    seconds, ticks = ioctls(), ioctls()
    ticks.lines = [
        f"{line[: line.index('.0') - 5]}{i * 2_900:12d}: {line.split(': ', 1)[1]}"
        for i, line in enumerate(ticks.lines)
    ]
    file.write_text(ticks.text())
    assert "give its rate with --tsc-hz" in failing(capsys, *command, file)
    done = CliRunner().invoke(cli, [*command, str(file), "--tsc-hz", "2.9e9"])
    assert done.exit_code == 0
    file.write_text(seconds.text())
    assert CliRunner().invoke(cli, [*command, str(file)]).stdout.split() == done.stdout.split()
    assert "without --tsc-hz" in failing(capsys, *command, file, "--tsc-hz", "2.9e9")
    failing(capsys, *command, file, "--tsc-hz", "fast")


def test_residency_from(capsys, tmp_path):
    file = tmp_path / "trace.txt"
    writer = ioctls().switch("S", "idle", 0)
    file.write_text("".join(f"{x}\n" for x in writer.lines if "kvm_arch_vcpu_load" not in x
                            and "kvm_arch_vcpu_put" not in x))  # fmt: skip
    assert "--residency-from sched_switch" in failing(capsys, "replay", file)
    done = CliRunner().invoke(
        cli, ["replay", str(file), "--residency-from", "sched_switch", "--json", "-"]
    )
    trace = json.loads(done.stdout)["trace"]  # before the first run no load can be told
    assert (trace["residency_from"], trace["loads"]) == (
        "sched_switch",
        7,
    )  # of the first, the load is missing
    assert "note: no load and put recorded" in done.stderr


def test_several_vcpus_in_the_table(tmp_path):
    file = tmp_path / "trace.txt"
    writer = ioctls(2).on("CPU 1/KVM", 220, 2)
    for _ in range(3):
        writer.load().run().put(live=True).user_exit().user()
    file.write_text(writer.text())
    lines = CliRunner().invoke(cli, ["replay", str(file), "-p", "tracked"]).stdout.splitlines()
    assert lines[0].startswith("trace.txt: 2 vCPU threads on 2 CPUs, ")
    text = "\n".join(lines)
    assert "  CPU 1/KVM (pid 220) on CPU 2: 3 loads, 3 guest entries, NEON 0 times" in text
    assert "  CPU 0/KVM (pid 219) on CPU 1: 2 loads, 2 guest entries, NEON 4 times" in text
    assert all(len(line) <= 72 for line in lines)


# -- progress -----------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when a test says so."""
    now = [100.0]
    monkeypatch.setattr(reading.time, "monotonic", lambda: now[0])
    return now


def told(monkeypatch, clock, stream: io.StringIO, quiet: bool = False) -> str:
    """What is written while a trace of 100 MB is read at 10 MB/s."""
    monkeypatch.setattr(reading.sys, "stderr", stream)
    with reading.reading("trace.txt", quiet) as progress:
        if progress is not None:
            for second in range(1, 11):
                clock[0] = 100.0 + second
                progress(second * 10_000_000, 100_000_000)
    return stream.getvalue()


def test_lines_where_there_is_no_terminal(monkeypatch, clock):
    assert told(monkeypatch, clock, io.StringIO()) == (
        "reading trace.txt: 50 of 100 MB, 10 MB/s, 5 s left\n"
        "reading trace.txt: 100 of 100 MB, 10 MB/s, 0 s left\n"
    )


def test_a_bar_on_a_terminal(monkeypatch, clock):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    text = told(monkeypatch, clock, Terminal())
    assert "reading trace.txt" in text
    assert "MB" in text


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_quiet(monkeypatch, clock, stream):
    assert told(monkeypatch, clock, stream(), quiet=True) == ""


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_nothing_in_the_first_second(monkeypatch, clock, stream):
    written = stream()
    monkeypatch.setattr(reading.sys, "stderr", written)
    with reading.reading("trace.txt") as progress:
        for step in range(9):
            clock[0] = 100.0 + 0.1 * step
            progress(step, None)
    assert written.getvalue() == ""


def test_a_pipe_has_no_end_in_sight(monkeypatch, clock):
    written = io.StringIO()
    monkeypatch.setattr(reading.sys, "stderr", written)
    with reading.reading("<standard input>") as progress:
        clock[0] = 106.0
        progress(90_000_000, None)
        progress(None, None)
    assert written.getvalue() == "reading <standard input>: 90 MB, 15 MB/s\n"
