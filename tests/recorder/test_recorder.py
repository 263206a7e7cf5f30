"""Recording against a made-up tracefs: what it is told, and that nothing stays behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from fpsimd_model.cli.record import record as command
from fpsimd_model.errors import InputError
from fpsimd_model.recorder import TOOLS, look, record, script
from fpsimd_model.recorder.probes import EVENTS, SWITCHES, probes

FUNCTIONS = {p.function for machine in ("aarch64", "x86_64") for p in probes(machine)}


def make(root: Path, *, without: tuple[str, ...] = (), kvm: bool = True) -> Path:
    """Files that look like a machine with tracefs; returns the mount point."""
    mount = root / "sys/kernel/tracing"
    mount.mkdir(parents=True)
    for name, text in {
        "tracing_on": "1", "kprobe_events": "", "trace": "", "buffer_size_kb": "7 (expanded: 1408)",
        "trace_clock": "[local] global counter mono",
        "available_filter_functions": "\n".join(sorted(FUNCTIONS - set(without))),
    }.items():  # fmt: skip
        (mount / name).write_text(text + "\n")
    for event in (*EVENTS, SWITCHES, "fpsimd"):
        if kvm or not event.startswith("kvm/"):
            (mount / "events" / event).mkdir(parents=True)
            (mount / "events" / event / "enable").write_text("0\n")
    (mount / "events" / SWITCHES / "filter").write_text("none\n")
    return mount


@pytest.fixture
def mount(tmp_path) -> Path:
    return make(tmp_path)


def assert_clean(mount: Path) -> None:
    lines = (mount / "kprobe_events").read_text().split("\n")
    there: set[str] = set()
    for line in lines:
        if line.startswith("p:"):
            there.add(line.split()[0][2:])
        elif line.startswith("-:"):
            there.discard(line[2:])
    assert there == set()
    assert (mount / "trace_clock").read_text().strip() in ("local", "[local] global counter mono")
    assert (mount / "buffer_size_kb").read_text().split()[0] == "7"
    assert (mount / "tracing_on").read_text().strip() == "1"
    for enable in (mount / "events").rglob("enable"):
        assert enable.read_text().strip() == "0", enable
    assert not (mount / "instances" / "fpsimd").exists()


def test_a_recording_is_copied_and_everything_put_back(mount, tmp_path):
    seen = {}

    def wait(seconds: float) -> None:
        seen["seconds"] = seconds
        seen["clock"] = (mount / "trace_clock").read_text().strip()
        seen["on"] = (mount / "tracing_on").read_text().strip()
        seen["enabled"] = [
            str(f.parent.relative_to(mount / "events"))
            for f in (mount / "events").rglob("enable") if f.read_text().strip() == "1"
        ]  # fmt: skip
        (mount / "trace").write_text("# tracer: nop\nthe events\n")

    offer = look(tmp_path)
    file = record(offer, tmp_path / "t.txt", seconds=2.5, wait=wait)
    assert file.read_text() == "# tracer: nop\nthe events\n"
    assert seen["seconds"] == 2.5
    assert (seen["clock"], seen["on"]) == ("mono", "1")
    assert set(seen["enabled"]) == {*EVENTS, SWITCHES, "fpsimd"}
    assert "p:fpsimd/vcpu_load kvm_arch_vcpu_load" in (mount / "kprobe_events").read_text()
    assert_clean(mount)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, InputError])
def test_nothing_stays_when_a_recording_breaks_off(mount, tmp_path, error):
    def wait(seconds: float) -> None:
        raise error("stop")

    with pytest.raises(error):
        record(look(tmp_path), tmp_path / "t.txt", wait=wait)
    assert_clean(mount)
    assert not (tmp_path / "t.txt").exists()
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_stays_when_a_signal_ends_it(mount, tmp_path, number):
    program = textwrap.dedent(f"""
        import sys, time
        from fpsimd_model.recorder import look, record
        def wait(seconds):
            print("recording", flush=True)
            time.sleep(60)
        try:
            record(look({str(tmp_path)!r}), {str(tmp_path / "t.txt")!r}, wait=wait)
        except KeyboardInterrupt:
            sys.exit(130)
    """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout.readline() == "recording\n"
        child.send_signal(number)
        assert child.wait(30) == 130
    assert_clean(mount)


def test_a_refused_optional_probe_is_done_without(mount, tmp_path, monkeypatch):
    # the kernel says no to every probe with an argument list but the two that are needed
    from fpsimd_model.recorder import session

    write = session._write

    def choosy(file: Path, text: str, mode: str = "w") -> None:
        if (text.startswith("p:") and "fpu_begin" in text) or "neon_begin" in text[:20]:
            raise InputError("refused")
        write(file, text, mode)

    monkeypatch.setattr(session, "_write", choosy)
    record(look(tmp_path), tmp_path / "t.txt", wait=lambda s: None)
    assert_clean(mount)


@pytest.mark.parametrize("name", ["kvm_arch_vcpu_load", "kvm_arch_vcpu_put"])
def test_without_the_needed_functions_it_is_refused(tmp_path, name):
    make(tmp_path, without=(name,))
    offer = look(tmp_path)
    assert any(name in remark for remark in offer.remarks)
    with pytest.raises(InputError, match=name):
        record(offer, tmp_path / "t.txt")


def test_what_a_machine_lacks_is_said(tmp_path):
    assert look(tmp_path).tracefs is None
    assert "mount -t tracefs" in look(tmp_path).remarks[0]
    with pytest.raises(InputError, match="not mounted"):
        record(look(tmp_path), tmp_path / "t.txt")
    mount = make(tmp_path, kvm=False)
    assert any("kvm module" in remark for remark in look(tmp_path).remarks)
    (mount / "kprobe_events").unlink()
    assert any("CONFIG_KPROBE_EVENTS" in remark for remark in look(tmp_path).remarks)
    realtime = tmp_path / "sys/kernel/realtime"
    realtime.write_text("1\n")
    assert "PREEMPT_RT" in look(tmp_path).remarks[0]


def test_kernel_options_that_are_off_are_named(tmp_path):
    make(tmp_path)
    release = look(tmp_path).release
    (tmp_path / "boot").mkdir()
    (tmp_path / f"boot/config-{release}").write_text(
        "CONFIG_KVM=m\n# CONFIG_KPROBES is not set\nCONFIG_TRACEPOINTS=y\n"
    )
    assert look(tmp_path).config == ("CONFIG_KPROBES", "CONFIG_KPROBE_EVENTS")


def test_another_recording_is_not_disturbed(mount, tmp_path):
    (mount / "instances/fpsimd").mkdir(parents=True)
    with pytest.raises(InputError, match="is there already"):
        record(look(tmp_path), tmp_path / "t.txt")
    assert (mount / "instances/fpsimd").is_dir()


def test_an_output_that_cannot_be_written_is_refused_first(mount, tmp_path):
    for place in (tmp_path, tmp_path / "nowhere/t.txt"):
        with pytest.raises(InputError, match="cannot be written"):
            record(look(tmp_path), place)
    assert (mount / "kprobe_events").read_text().strip() == ""


def test_a_tool_that_is_absent_or_fails_is_one_line(mount, tmp_path):
    bare = dataclasses.replace(look(tmp_path), tools={})
    with pytest.raises(InputError, match="trace-cmd is not installed"):
        record(bare, tmp_path / "t.txt", tool="trace-cmd")
    with pytest.raises(InputError, match="no tool is called"):
        record(bare, tmp_path / "t.txt", tool="strace")


def test_trace_cmd_and_perf_run_with_the_right_words_and_are_cleaned_up(
    mount, tmp_path, monkeypatch
):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for tool, last in (("trace-cmd", "report"), ("perf", "script")):
        (bin_ / tool).write_text(
            f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n[ "$1" = {last} ] && echo text; exit 0\n'
        )
        (bin_ / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    for tool in ("trace-cmd", "perf"):
        file = record(look(tmp_path), tmp_path / "t.txt", tool=tool, seconds=0.1)
        assert file.read_text() == "text\n"
        assert_clean(mount)
    calls = (tmp_path / "calls").read_text()
    assert "record -C mono" in calls
    assert "report -N -t" in calls
    assert "script --guest-code" in calls
    (bin_ / "perf").write_text("#!/bin/sh\necho no access >&2; exit 1\n")
    with pytest.raises(InputError, match="perf record failed: no access"):
        record(look(tmp_path), tmp_path / "t.txt", tool="perf")
    assert_clean(mount)


@pytest.mark.parametrize("tool", TOOLS)
def test_printed_scripts_are_valid_shell_and_take_their_probes_away(tmp_path, tool):
    mount = make(tmp_path)
    lines = script(tool, look(tmp_path), 0.01, str(tmp_path / "out.txt"))
    text = "\n".join(lines) + "\n"
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0
    if tool != "tracefs":
        text = "\n".join(line for line in lines if not line.startswith((tool, "perf"))) + "\n"
    # mkdir makes no files here, so let those lines fail: the clean-up must come all the same
    subprocess.run(["sh"], input=text, text=True, check=False, capture_output=True)
    events = (mount / "kprobe_events").read_text()
    for probe in look(tmp_path).probes:
        assert events.index(f"p:fpsimd/{probe.name} ".rstrip()) < events.index(
            f"-:fpsimd/{probe.name}\n"
        )


def test_command_prints_and_changes_nothing(mount, tmp_path):
    result = CliRunner().invoke(command, ["--tracefs", str(mount), "--seconds", "5"])
    assert result.exit_code == 0
    assert "sleep 5" in result.output
    assert "trace-cmd record -C mono" in result.output
    assert "perf script --guest-code" in result.output
    assert (mount / "kprobe_events").read_text().strip() == ""


def test_command_runs_only_when_asked(mount, tmp_path):
    out = tmp_path / "t.txt"
    arguments = ["--tracefs", str(mount), "--seconds", "0.01", "-o", str(out)]
    result = CliRunner().invoke(command, arguments)
    assert not out.exists()
    result = CliRunner().invoke(command, [*arguments, "--run"])
    assert result.exit_code == 0
    assert out.exists()
    assert_clean(mount)
