"""trace.dat and perf.data through the user's own tools, which here are scripts that play a part."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fpsimd_model import traces
from fpsimd_model.errors import InputError

from .samples import sample, text_of

DAT = b"\x17\x08\x44tracing7\0" + bytes(90)
PERF = b"PERFILE2" + bytes(90)
FILES = {
    "trace-cmd": (DAT, "trace.dat", ["report", "-N", "-t"], "tc_report_N"),
    "perf": (
        PERF, "perf.data",
        ["script", "--guest-code", "--ns", "-F", "comm,pid,tid,cpu,time,event,trace",
         "--show-lost-events", "-i"],
        "ps_guest",
    ),
}  # fmt: skip


@pytest.fixture(params=FILES)
def played(request, tmp_path, monkeypatch):
    """A tool's name, its file, and a function that writes the script that plays it."""
    head, name, _, _ = FILES[request.param]
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    file = tmp_path / name
    file.write_bytes(head)

    def plays(script: str) -> None:
        tool = tmp_path / "bin" / request.param
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)

    return request.param, file, plays


def text_file(tmp_path: Path, tool: str) -> Path:
    path = tmp_path / "text"
    path.write_bytes(text_of(sample(FILES[tool][3])))
    return path


def refusal(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        traces.understand(traces.read(file))
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{file}:")
    return text


def test_what_the_tool_prints_is_read(tmp_path, played):
    tool, file, plays = played
    text = text_file(tmp_path, tool)
    plays(f'printf "%s\\n" "$@" > {tmp_path}/args; echo "harmless remark" >&2; cat {text}')
    calls: list[tuple[int | None, int | None]] = []
    reader = traces.read(file, progress=lambda *told: calls.append(told))
    recording = traces.understand(reader)
    assert (tmp_path / "args").read_text().split() == [*FILES[tool][2], str(file)]
    assert recording.loads == traces.understand(traces.read(text)).loads > 0
    assert (reader.name, recording.unread) == (str(file), 0)
    assert calls[-1] == (text.stat().st_size, None)  # of the text: the file says nothing of it


def test_a_name_is_no_option(tmp_path, played, monkeypatch):
    tool, file, plays = played
    plays(f'for last; do :; done; echo "$last" > {tmp_path}/last; cat {text_file(tmp_path, tool)}')
    monkeypatch.chdir(tmp_path)
    file.rename(tmp_path / "-x.dat")
    traces.understand(traces.read("-x.dat"))
    assert (tmp_path / "last").read_text() == "./-x.dat\n"


def test_no_such_tool(tmp_path, played, monkeypatch):
    tool, file, _ = played
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    text = refusal(file)
    assert f"{tool} is not installed here" in text
    assert " ".join([tool, *FILES[tool][2]]) in text
    assert text.endswith(f"{file} > trace.txt")


@pytest.mark.parametrize("before", ["", "cat TEXT; "])
def test_a_tool_that_fails(tmp_path, played, before):
    """Also half way, with events printed already: none of them is taken."""
    tool, file, plays = played
    before = before.replace("TEXT", str(text_file(tmp_path, tool)))
    plays(f"{before}echo '  incompatible file   format' >&2; echo more >&2; exit 3")
    text = refusal(file)
    assert "failed (exit status 3): incompatible file format; on the machine that recorded" in text


@pytest.mark.parametrize("before", ["", "cat TEXT; "])
def test_a_tool_that_is_killed(tmp_path, played, before):
    tool, file, plays = played
    plays(before.replace("TEXT", str(text_file(tmp_path, tool))) + "kill -9 $$")
    assert "ended by SIGKILL" in refusal(file)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (":", "printed nothing"),
        ("echo 'no events' >&2", "printed nothing: no events"),
        ("echo This is not what was asked for", "not a trace in a form"),
        ("head -c 5000 /dev/zero", "zero bytes"),
        ("cat {file}", "give its path, or convert it first"),  # the same binary again
        ("head -c 200000 /dev/zero | tr '\\0' x", "longer than 64 KiB"),
    ],
)
def test_a_tool_that_prints_anything_else(played, script, message):
    _, file, plays = played
    plays(script.replace("{file}", str(file)))
    assert message in refusal(file)


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_tool_that_is_not_read_to_its_end(tmp_path, played):
    """It is ended with all that it started, and leaves no zombie."""
    tool, file, plays = played
    text = text_file(tmp_path, tool)
    plays(f"sleep 1000 & echo $$ $! > {tmp_path}/pids; while :; do cat {text}; done")
    events = iter(traces.read(file))
    next(events)
    deadline = time.monotonic() + 20
    while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert all(alive(pid) for pid in pids)
    del events
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(ChildProcessError):
        os.waitpid(pids[0], os.WNOHANG)


def test_a_tool_that_never_ends_can_be_interrupted(tmp_path, played):
    _, file, plays = played
    plays(f"echo $$ > {tmp_path}/pid; exec sleep 1000")
    command = [sys.executable, "-m", "fpsimd_model", "replay", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, b"", b"fpsimd-model: stopped")
    assert not alive(int((tmp_path / "pid").read_text()))


def test_ctrl_c_in_the_midst_of_the_start_leaves_no_tool_behind(played, monkeypatch):
    """The tool runs, and its starter has not heard yet which process it is."""
    _, file, plays = played
    plays("exec sleep 1000")
    started = []

    class Interrupted(subprocess.Popen):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            started.append(self.pid)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        traces.read(file)
    assert len(started) == 1
    assert not alive(started[0])


def test_perf_before_5_19(tmp_path, monkeypatch):
    """It does not know --guest-code; /proc/kallsyms as the guest's symbols do the same."""
    text = text_file(tmp_path, "perf")
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "perf"
    tool.write_text(
        '#!/bin/sh\ncase "$*" in *--guest-code*) '
        'echo "  Error: unknown option \\`guest-code\'" >&2; exit 129;; esac\n'
        f'case "$*" in *--guestkallsyms=/proc/kallsyms*) cat {text};; *) exit 1;; esac\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "perf.data").write_bytes(PERF)
    assert traces.understand(traces.read(tmp_path / "perf.data")).loads == 17


def test_from_a_pipe_it_cannot_be_printed(tmp_path, played):
    """The tools seek in their files; so the user is told what to do."""
    _, file, plays = played
    plays("exit 1")
    with file.open("rb") as opened, pytest.raises(InputError, match="give its path, or convert"):
        traces.read(opened)
