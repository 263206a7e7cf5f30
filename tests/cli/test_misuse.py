"""Misuse and bad input: exit status 2, one line on standard error, nothing half-written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fpsimd_model.resources import data_path

TRACE = str(data_path("traces", "k61-vhe-busy-plain.txt.gz"))

MISUSE = {
    ("nosuch",): "No such command 'nosuch'",
    ("--nosuch",): "No such option '--nosuch'",
    ("evaluate",): "Missing argument 'SCENARIO'",
    ("replay",): "Missing argument 'TRACE'",
    ("evaluate", "reference", "extra"): "unexpected extra argument",
    ("evaluate", "reference", "--nosuch"): "No such option '--nosuch'",
    ("evaluate", "reference", "--engine", "magic"): "'magic' is not one of 'analytic'",
    ("evaluate", "reference", "--engine"): "an argument. See: fpsimd-model evaluate --help",
    ("evaluate", "reference", "--seed", "-1"): "-1 is not in the range",
    ("evaluate", "reference", "--seed", "x"): "'x' is not a valid integer",
    ("evaluate", "reference", "--seconds", "0"): "not in the range x>0",
    ("evaluate", "reference", "--seconds", "-3"): "not in the range x>0",
    ("evaluate", "reference", "--workers", "0"): "not in the range",
    ("evaluate", "reference", "-p", "trakced"): "did you mean 'tracked'?",
    ("evaluate", "reference", "-p", "zzz"): "`fpsimd-model policies` lists them",
    ("evaluate", "reference", "-p", ""): "no policy is called ''",
    ("evaluate", "nosuch"): "no such file, and no preset",
    ("evaluate", "cortex-a57-ipsek"): "did you mean cortex-a57-ipsec?",
    ("evaluate", "nosuch.toml"): "nosuch.toml: cannot be read (no such file or directory)",
    ("evaluate", "."): "is a folder",
    ("evaluate", ""): "",
    ("evaluate", "reference", "--seconds", "nan"): "nan is no finite number above 0",
    ("record", "--seconds", "nan"): "nan is no finite number above 0",
    ("record", "--seconds", "1e6"): "not in the range",
    ("check", "nosuch"): "no policy is called 'nosuch'",
    ("check", "tracked", "--nosuch"): "No such option '--nosuch'",
    ("policies", "-p", "nosuch"): "no policy is called 'nosuch'",
    ("policies", "extra"): "unexpected extra argument",
    ("presets", "nosuch"): "no known situation",
    ("replay", "nosuch.txt"): "nosuch.txt: cannot read the trace",
    ("replay", "."): "cannot read the trace",
    ("replay", os.devnull): "the trace is empty",
    ("replay", TRACE, "--cpu", "-1"): "-1 is not in the range",
    ("replay", TRACE, "--cpu", "77"): "77",
    ("replay", TRACE, "-p", "nosuch"): "no policy is called 'nosuch'",
}


@pytest.mark.parametrize("args", MISUSE, ids=lambda args: " ".join(args) or "none")
def test_misuse_is_one_line_that_says_what_would_be_right(run, files, args):
    assert MISUSE[args] in run(*args).complaint
    assert files() == []


@pytest.mark.parametrize("args", [a for a in MISUSE if a[0] in ("evaluate", "check", "replay")][3:])
def test_nothing_is_written_before_it_is_known_to_be_right(run, files, args):
    assert run(*args, "--json", "out.json").complaint
    assert files() == []


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        (("--csv", "-", "--json", "-"), "both to standard output"),
        (("--csv", "x", "--json", "x"), "would be written over another output"),
        (("--csv", "no/x.csv"), "no/x.csv: cannot be written"),
    ],
)
def test_outputs_that_cannot_be(run, files, outputs, says):
    assert says in run("evaluate", "reference", "-p", "tracked", *outputs).complaint
    assert files() == []


SCENARIOS = {
    "[vcpu\n": ":1: not TOML",
    "x = [1,\n": "not TOML",
    "[vcpu]\nresidence_us = 3\n": ":2: [vcpu] residence_us: unknown key; the nearest",
    "[vcpus]\n": "vcpus",
    "[vcpu]\nresidency_us = -1\n": ":2: [vcpu] residency_us: -1 is negative",
    "[vcpu]\nresidency_us = nan\n": "not finite",
    "[vcpu]\nresidency_us = inf\n": "not finite",
    "[vcpu]\nresidency_us = '1ms'\n": "not a number",
    "[vcpu]\nresidency_us = true\n": "not a number",
    "[vcpu]\nvector_bits = 100\n": "128",
    "[vcpu]\nuser_exit_share = 0.7\n": "add to 1.2",
    "[vcpu]\nuser_exit_share = 1.5\n": "above 1",
    "[softirq]\nfallback = 'scaler'\n": "scalar",
    "[softirq]\npackets_per_interrupt = 0.5\n": "from 1 to 1000",
    "[crypto]\nslowdown = 0.5\n": "at least 1",
    "[machine]\nclock_ghz = 0\n": "zero",
    "[machine]\npreset = 'cortex-a99'\n": "cortex-a",
    "[vcpu]\nresidency_us = {mean = 1, shape = 'gama'}\n": "gamma",
    "[vcpu]\nresidency_us = {mean = 1, shape = 'empirical', samples = 'none.csv'}\n": "none.csv",
    "[vcpu]\nresidency_us = 1\nresidency_us = 2\n": "not TOML",
    "[softirq]\ninterrupts_per_s = {shape='mmpp', rate1_per_s=1e4}\n": "rate2_per_s",
}


@pytest.mark.parametrize("text", SCENARIOS, ids=lambda text: text.replace("\n", "|")[:40])
@pytest.mark.parametrize("source", ["file", "stdin"])
def test_a_bad_scenario_names_its_place(run, files, tmp_path, text, source):
    (tmp_path / "bad.toml").write_text(text)
    name = "bad.toml" if source == "file" else "-"
    line = run("evaluate", name, "--json", "out.json", stdin=text).complaint
    assert SCENARIOS[text] in line
    if "montecarlo" not in line:
        assert ("bad.toml" if source == "file" else "<stdin>") in line
    assert files() == ["bad.toml"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"[vcpu]\nname = '\x00'", "not TOML"),
        (b"#" * (1 << 21), "larger than 1 MB"),
    ],
)
def test_what_is_no_text_is_refused(run, data, says):
    assert says in run("evaluate", "-", "-p", "tracked", stdin=data).complaint


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"hello\nworld\n", ""),
        (b"\x1f\x8b\x08\x00", "cut or damaged"),
        (b"# tracer: nop\n#\n", ""),
    ],
)
def test_what_is_no_trace_is_refused(run, files, data, says):
    assert says in run("replay", "-", "--json", "out.json", stdin=data).complaint
    assert files() == []


@pytest.mark.parametrize(
    "command",
    [("evaluate", "reference", "-p", "tracked"), ("check", "tracked"), ("policies",),
     ("replay", TRACE, "-p", "tracked")],
    ids=lambda c: c[0],
)  # fmt: skip
@pytest.mark.parametrize("place", ["no/such/folder.json", ".", "", "/dev/full"])
def test_json_that_cannot_be_written_is_one_line(run, files, command, place):
    assert "cannot be written" in run(*command, "--json", place).complaint
    assert files() == []


def test_an_old_file_stays_as_it_was_when_the_new_one_cannot_be_made(run, tmp_path, files):
    (tmp_path / "out.json").write_text("old")
    assert run("evaluate", "nosuch", "--json", "out.json").complaint
    assert (tmp_path / "out.json").read_text() == "old"
    assert files() == ["out.json"]


def test_messages_are_one_harmless_line_whatever_was_asked(run):
    for word in ("a\nb", "\x1b[31mred", "x" * 3000, "ünï", "%s %d {}"):
        line = run("check", word).complaint
        assert "\x1b" not in line
        line = run("evaluate", word).complaint
        assert "\x1b" not in line


def test_an_interrupt_from_the_keyboard_is_one_line(run, monkeypatch):
    def interrupted(*args, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("fpsimd_model.cli.check._check", interrupted)
    done = run("check")
    assert (done.status, done.out) == (130, "")
    assert done.err.strip() == "fpsimd-model: stopped"


WRITES = {
    "calibrate": ("trace.txt.gz", "-o", "trace.txt.gz", "--no-predict"),
    "calibrate --report": ("trace.txt.gz", "-o", "mine.toml", "--report", "./trace.txt.gz"),
    "calibrate --json": ("trace.txt.gz", "-o", "mine.toml", "--json", "link"),
    "calibrate --preset": ("trace.txt.gz", "--preset", "base.toml", "-o", "base.toml"),
    "replay": ("trace.txt.gz", "--json", "trace.txt.gz"),
    "evaluate": ("base.toml", "--json", "base.toml"),
    "evaluate --csv": ("base.toml", "--csv", "base.toml"),
    "agree": ("reference", "base.toml", "--keep", "base.toml"),
    "reproduce": ("base.toml", "-o", "base.toml"),
    "calibrate twice": ("trace.txt.gz", "-o", "mine.toml", "--report", "./mine.toml"),
}


@pytest.mark.parametrize("command", WRITES)
def test_what_is_read_or_written_is_not_written_over(run, files, tmp_path, command):
    kept = {"trace.txt.gz": Path(TRACE).read_bytes(), "base.toml": b'preset = "reference"\n'}
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to("trace.txt.gz")
    there = files()
    over = "another output" if "twice" in command else "what is read"
    assert f"over {over}; name another file" in run(command.split()[0], *WRITES[command]).complaint
    assert files() == there
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
