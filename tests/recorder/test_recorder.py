"""Recording against a made-up tracefs: what it is told, and that nothing stays behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from fpsimd_model.cli.record import record as command
from fpsimd_model.errors import InputError
from fpsimd_model.recorder import TOOLS, look, record, script
from fpsimd_model.recorder.commands import switches_filter
from fpsimd_model.recorder.probes import EVENTS, SWITCHES, probes

FUNCTIONS = {p.function for machine in ("aarch64", "x86_64") for p in probes(machine)}


def make(root: Path, *, without: tuple[str, ...] = (), kvm: bool = True) -> Path:
    """Files that look like a machine with tracefs; returns the mount point."""
    mount = root / "sys/kernel/tracing"
    (mount / "instances").mkdir(parents=True)
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


def recording(root: Path, before: str = "") -> subprocess.Popen:
    """A process in the midst of a recording."""
    program = textwrap.dedent(f"""
        import os, signal, sys, time
        from fpsimd_model.recorder import look, record, session
        {before}
        def wait(seconds):
            print("recording", flush=True)
            time.sleep(60)
        try:
            record(look({str(root)!r}), {str(root / "t.txt")!r}, wait=wait)
        except KeyboardInterrupt:
            sys.exit(130)
    """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "recording\n"
    return child


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_nothing_stays_when_a_signal_ends_it(mount, tmp_path, number):
    with recording(tmp_path) as child:
        child.send_signal(number)
        assert child.wait(30) == 130
    assert_clean(mount)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_impatient_second_signal_does_not_break_the_clean_up_off(mount, tmp_path, number):
    # every step of the clean-up is interrupted again
    again = f"""
        write = session._write
        def impatient(file, text, mode="w"):
            if text.startswith("-:") or text == "0":
                os.kill(os.getpid(), {int(number)})
            write(file, text, mode)
            if text == "1":
                session._write = impatient
        session._write = lambda file, text, mode="w": (
            write(file, text, mode), file.name == "tracing_on" and text == "1"
            and setattr(session, "_write", impatient))
    """
    with recording(tmp_path, again.strip()) as child:
        child.send_signal(number)
        assert child.wait(30) == 130
    assert_clean(mount)


def test_no_probe_stays_even_when_the_process_is_killed(mount, tmp_path):
    with recording(tmp_path) as child:
        assert "p:fpsimd/vcpu_load" in (mount / "kprobe_events").read_text()
        child.kill()
        assert child.wait(30) == -signal.SIGKILL
    for _ in range(200):  # the shell that outlives it
        events = (mount / "kprobe_events").read_text()
        if all(f"-:fpsimd/{p.name}\n" in events for p in look(tmp_path).probes):
            break
        time.sleep(0.05)
    else:
        raise AssertionError(events)
    assert (mount / "events/fpsimd/enable").read_text().strip() == "0"
    for _ in range(200):  # and the instance, last of all
        if not (mount / "instances/fpsimd").exists():
            break
        time.sleep(0.05)
    assert not (mount / "instances/fpsimd").exists()


def test_a_probe_that_something_else_uses_is_told_of(mount, tmp_path, monkeypatch):
    from fpsimd_model.recorder import session

    write = session._write
    (mount / "events/fpsimd/vcpu_put").mkdir()

    def busy(file: Path, text: str, mode: str = "w") -> None:
        if text == "-:fpsimd/vcpu_put":
            raise InputError("busy")
        write(file, text, mode)

    monkeypatch.setattr(session, "_write", busy)
    with pytest.raises(InputError, match=r"is written, but .* echo '-:fpsimd/vcpu_put' >>"):
        record(look(tmp_path), tmp_path / "t.txt", wait=lambda s: None)
    assert (tmp_path / "t.txt").exists()


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


def running(mount: Path) -> dict[Path, str]:
    """Another recording in the midst of its work; returns what its files hold."""
    place = mount / "instances/fpsimd"
    (place / "events").mkdir(parents=True)
    (place / "events/enable").write_text("1\n")
    (place / "tracing_on").write_text("1\n")
    with (mount / "kprobe_events").open("a") as events:
        events.writelines(f"{p.line}\n" for p in probes("x86_64"))
    (mount / "events/fpsimd/enable").write_text("1\n")
    return contents(mount)


def contents(mount: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in mount.rglob("*") if path.is_file()}


@pytest.mark.parametrize("tool", TOOLS)
def test_another_recording_is_not_disturbed(mount, tmp_path, tool):
    before = running(mount)
    offer = dataclasses.replace(look(tmp_path), tools=dict.fromkeys(("trace-cmd", "perf"), "true"))
    with pytest.raises(InputError, match="is there already; another recording runs, or"):
        record(offer, tmp_path / "t.txt", tool=tool)
    assert contents(mount) == before


@pytest.mark.parametrize("tool", TOOLS)
def test_a_printed_script_does_not_disturb_another_recording(mount, tmp_path, tool):
    before = running(mount)
    text = "\n".join(script(tool, look(tmp_path), 0.01, str(tmp_path / "out.txt"))) + "\n"
    done = subprocess.run(["sh"], input=text, text=True, check=False, capture_output=True)
    assert done.returncode == 1
    assert f"another recording runs; if none does: rmdir {mount}/instances/fpsimd" in done.stderr
    assert contents(mount) == before
    assert not (tmp_path / "out.txt").exists()


def test_the_instance_goes_after_the_probes(mount, tmp_path):
    """While it is there nobody else sets probes, or takes ours for theirs."""
    seen = []
    record(look(tmp_path), tmp_path / "t.txt", wait=lambda s: seen.append(
        (mount / "instances/fpsimd").is_dir()))  # fmt: skip
    assert seen == [True]
    assert_clean(mount)
    for tool in TOOLS:
        lines = script(tool, look(tmp_path))
        made = lines.index('if ! mkdir "$I"; then')
        assert lines.index("trap clean EXIT") > made
        assert not any("kprobe_events" in line for line in lines[lines.index("}") : made])
        ends = lines[lines.index("clean() {") : lines.index("}")]
        assert ends[-1].strip() == 'rmdir "$I"'


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_tool_is_stopped_in_good_order_and_leaves_no_file(mount, tmp_path, monkeypatch, number):
    bin_, calls = tmp_path / "bin", tmp_path / "calls"
    bin_.mkdir()
    (bin_ / "trace-cmd").write_text(
        "#!/bin/sh\ntrap 'echo stopped >> " + f"{calls}; exit 0' INT\n"
        'while [ "$1" != -o ]; do shift; done\ntouch $2 $2.cpu0\n'
        f"echo begun >> {calls}\nwhile :; do sleep 0.05; done\n"
    )
    (bin_ / "trace-cmd").chmod(0o755)
    program = textwrap.dedent(f"""
        import sys
        from fpsimd_model.recorder import look, record
        try:
            record(look({str(tmp_path)!r}), {str(tmp_path / "t.txt")!r}, tool="trace-cmd")
        except KeyboardInterrupt:
            sys.exit(130)
    """)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    (mount / "events/fpsimd/enable").write_text("1\n")  # as the tool has it
    with subprocess.Popen([sys.executable, "-c", program]) as child:
        while not calls.exists():
            assert child.poll() is None
            time.sleep(0.02)
        child.send_signal(number)
        assert child.wait(30) == 130
    assert calls.read_text() == "begun\nstopped\n"
    assert_clean(mount)
    assert not list(tmp_path.glob(".t.txt*"))


@pytest.mark.parametrize("place", [0, 1])  # the shell that guards the probes, and the tool
def test_a_signal_in_the_midst_of_a_start_leaves_nothing_behind(
    mount, tmp_path, monkeypatch, place
):
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "trace-cmd"
    tool.write_text("#!/bin/sh\nexec sleep 1000\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    offer, started = look(tmp_path), []

    class Interrupted(subprocess.Popen):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            started.append(self)
            if len(started) == place + 1:
                signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        record(offer, tmp_path / "t.txt", tool="trace-cmd")
    assert len(started) == place + 1
    assert all(child.returncode is not None for child in started)  # ended, and waited for
    assert_clean(mount)


@pytest.mark.parametrize("tool", TOOLS)
def test_printed_scripts_are_valid_shell_and_take_their_probes_away(tmp_path, tool):
    mount = make(tmp_path)
    lines = script(tool, look(tmp_path), 0.01, str(tmp_path / "out.txt"))
    text = "\n".join(lines) + "\n"
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0
    if tool != "tracefs":
        text = "\n".join(line for line in lines if not line.startswith((tool, "perf"))) + "\n"
    # mkdir makes no files here, so some lines fail: the clean-up must come all the same
    subprocess.run(["sh"], input=text, text=True, check=False, capture_output=True)
    events = (mount / "kprobe_events").read_text()
    for probe in look(tmp_path).probes:
        assert events.index(f"p:fpsimd/{probe.name} ".rstrip()) < events.index(
            f"-:fpsimd/{probe.name}\n"
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_printed_script_that_is_stopped_cleans_up(mount, tmp_path, tool, number):
    lines = script(tool, look(tmp_path), 60, str(tmp_path / "out.txt"))
    file = tmp_path / "record.sh"
    if tool != "tracefs":
        lines = [line for line in lines if not line.startswith((tool, "perf"))] + ["sleep 60"]
    waits = "echo begun; while :; do sleep 0.05; done"
    lines = [waits if line == "sleep 60" else line for line in lines]
    file.write_text("\n".join(lines) + "\n")
    with subprocess.Popen(["sh", str(file)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, start_new_session=True) as child:  # fmt: skip
        assert child.stdout.readline() == "begun\n"
        os.killpg(child.pid, number)  # as a terminal does it
        assert child.wait(30) == 130
    events = (mount / "kprobe_events").read_text()
    assert all(f"-:fpsimd/{probe.name}\n" in events for probe in look(tmp_path).probes)


@pytest.mark.parametrize("tool", TOOLS)
def test_no_printed_line_is_long_and_none_lies_when_it_is_wrapped(mount, tmp_path, tool):
    done = CliRunner().invoke(command, ["--tracefs", str(mount), "--tool", tool])
    lines = done.output.splitlines()
    assert [line for line in lines if len(line) > 100] == []
    # a comment cannot go on in the next line
    assert [line for line in lines if line.lstrip().startswith("#") and line.endswith("\\")] == []
    assert subprocess.run(["sh", "-n"], input=done.output, text=True, check=False).returncode == 0


def test_the_filter_of_a_script_is_that_of_a_recording():
    """Part by part in a variable there, a word here."""
    lines = [line for line in script("trace-cmd", look()) if line.startswith("F=")]
    said = subprocess.run(["sh"], input="\n".join([*lines, 'echo "$F"']) + "\n", text=True,
                          capture_output=True, check=True).stdout  # fmt: skip
    assert said == switches_filter() + "\n"
    for tool in ("trace-cmd", "perf"):
        assert any('"$F"' in line for line in script(tool, look()))


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
    assert "recording 0" in result.output
    assert out.exists()
    assert_clean(mount)


def test_what_is_refused_has_not_begun(mount, tmp_path):
    (mount / "instances" / "fpsimd").mkdir()
    for place in ("t.txt", "nowhere/t.txt"):
        arguments = ["--run", "--tracefs", str(mount), "-o", str(tmp_path / place)]
        result = CliRunner().invoke(command, arguments)
        assert isinstance(result.exception, InputError)
        assert result.output == ""
