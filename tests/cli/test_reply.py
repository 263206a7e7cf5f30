"""``reply``, ``show`` and ``reproduce``: a figure on its way to a list and back."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

import fpsimd_model as fm
from fpsimd_model.figures import FORMATS, KINDS, read_parameters
from fpsimd_model.resources import data_path

TRACE = str(data_path("traces", "k61-vhe-busy-plain.txt.gz"))
FEW = ("-p", "tracked", "-p", "busy-flag-live", "--option", "points=5")
ALL = [f"which-policy.{end}" for end in (*sorted([*FORMATS, "toml"]),)]


def command_in(text: str) -> list[str]:
    """The command that a mail carries, as a shell would take it apart."""
    lines = text.split("\n\n")[1].replace("\\\n", " ")
    words = shlex.split(lines)
    assert words[0] == "fpsimd-model"
    return words[1:]


def test_reply_prints_a_mail_and_writes_its_files(run, files):
    done = run("reply", "vm-busy", *FEW)
    assert done.status == 0
    assert done.err == (
        "wrote which-policy.png which-policy.svg which-policy.pdf which-policy.txt "
        "which-policy.toml\n"
    )
    assert files() == ALL
    assert done.out.isascii()
    assert "\t" not in done.out
    assert max(map(len, done.out.splitlines())) <= 72
    assert all(line == line.rstrip() for line in done.out.splitlines())
    for said in ("vm-busy", fm.__version__, "tracked", "crypto time per packet", "moves,"):
        assert said in done.out
    assert Path("which-policy.txt").read_text().startswith(done.out.rstrip("\n"))
    assert fm.Scenario.load("which-policy.toml") == fm.preset("vm-busy")


def test_the_command_in_the_mail_prints_the_mail_and_writes_the_same_bytes(run, tmp_path):
    first = run("reply", "vm-busy", *FEW, "--set", "vcpu.residency_us=250", "--set",
                "machine.preset=x-gene", "--set",
                "vcpu.out_us={ mean = 9.0, shape = 'gamma', cv2 = 2.0 }", "--seed", "4",
                "--option", "panels=saving,scalar_share")  # fmt: skip
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    words = command_in(first.out)
    assert "--set" in words
    again = run(*words)
    assert again.out == first.out
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_command_of_a_file_names_the_file(run, tmp_path):
    text = 'name = "gw"\n[vcpu]\nresidency_us = 9  # source: mine\n[machine]\n' + "".join(
        f"{key} = 77.0\n" for key in ("save_cycles", "restore_cycles", "trap_cycles",
                                      "trap_c_cycles", "exit_cycles", "entry_cycles", "clock_ghz")
    )  # fmt: skip
    (tmp_path / "gw.toml").write_text(text + "[crypto]\nslowdown = 3.0\n")
    first = run("reply", "gw.toml", *FEW, "-o", "gw")
    assert command_in(first.out)[:2] == ["reply", "gw.toml"]
    assert (tmp_path / "gw.toml").read_text().startswith(text)  # one's own file stays
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert run(*command_in(first.out), "-o", "gw").out == first.out
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_places_to_write_to(run, files, tmp_path):
    (tmp_path / "here").mkdir()
    places = {"here": "here/lost-state", "new/": "new/lost-state", "here/v4.18.png": "here/v4.18"}
    for place, name in places.items():
        done = run("reply", "--figure", "lost-state", "-o", place)
        assert done.status == 0
        assert done.err.split()[1] == f"{name}.png"
        assert f"{name}.txt" in files()
    before = files()
    done = run("reply", "--figure", "lost-state", "-o", "-")
    assert (done.status, done.err) == (0, "")
    assert "defer-to-put" in done.out
    assert files() == before


def test_a_scenario_comes_from_standard_input_too(run):
    text = fm.preset("vm-idle").to_toml()
    done = run("reply", "-", *FEW, "-o", "-", stdin=text)
    assert done.out == run("reply", "vm-idle", *FEW, "-o", "-").out


@pytest.mark.parametrize("form", FORMATS)
def test_reproduce_says_identical_or_where_it_differs(run, tmp_path, form):
    run("reply", "--figure", "lost-state")
    name = f"lost-state.{form}"
    done = run("reproduce", name)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"{name}: identical (")
    data = (tmp_path / name).read_bytes()
    at = len(data) // 2 if form != "txt" else 300
    (tmp_path / name).write_bytes(data[:at] + b"\n \n" + data[at:])
    if form == "png":  # still whole, only longer
        (tmp_path / name).write_bytes(data + b"trailing")
    done = run("reproduce", name)
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith(f"{name}: differs: ")
    assert done.out.count("\n") == 1


def test_reproduce_writes_the_new_bytes(run, tmp_path):
    run("reply", "--figure", "lost-state")
    done = run("reproduce", "lost-state.svg", "-o", "again.svg")
    assert (done.status, done.out) == (0, "")
    assert (tmp_path / "again.svg").read_bytes() == (tmp_path / "lost-state.svg").read_bytes()
    assert run("reproduce", "lost-state.txt", "-o", "-").out == (
        (tmp_path / "lost-state.txt").read_text()
    )


def test_show_prints_what_made_it_and_the_scenario_inside(run):
    run("reply", "vm-busy", *FEW, "--set", "crypto.slowdown=7")
    for form in FORMATS:
        done = run("show", f"which-policy.{form}")
        assert (done.status, done.err) == (0, "")
        assert "crypto.slowdown = 7.0" in done.out
        done = run("show", f"which-policy.{form}", "--scenario")
        assert fm.Scenario.from_toml(done.out) == fm.preset("vm-busy").replace(
            {"crypto.slowdown": 7}
        )


def test_samples_travel_inside(run, tmp_path):
    (tmp_path / "s.csv").write_text("1\n2\n30\n")
    (tmp_path / "m.toml").write_text(
        "[vcpu]\nout_us = { shape = 'empirical', samples = 's.csv' }\n"
    )
    assert run("reply", "m.toml", *FEW, "-o", "out/").status == 0
    for path in (tmp_path / "s.csv", tmp_path / "m.toml"):
        path.unlink()
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    done = run("reproduce", "elsewhere/which-policy.txt")
    assert (done.status, done.err) == (0, "")
    told = " ".join(run("show", "elsewhere/which-policy.svg").out.split())
    assert "samples = [1.0, 2.0, 30.0]" in told


@pytest.mark.slow
@pytest.mark.parametrize("figure", [name for name in KINDS if name != "simulation"])
def test_every_kind_of_figure_goes_there_and_back(run, figure):
    points = ["--option", "points=5"] if "points" in KINDS[figure].checks else []
    trace = ["--trace", TRACE] if KINDS[figure].data else []
    done = run("reply", "--figure", figure, *points, *trace, "-p", "tracked", "-p", "defer-to-put")
    assert done.status == 0
    assert max(map(len, done.out.splitlines())) <= 72
    assert done.out.isascii()
    found = read_parameters(f"{figure}.pdf")
    assert found["figure"] == figure
    assert run("reproduce", f"{figure}.svg").status == 0


@pytest.mark.slow
def test_a_simulated_figure_is_the_same_again(run):
    done = run("reply", "vm-busy", "-p", "tracked", "--figure", "simulation", "--seconds", "1",
               "--seed", "9")  # fmt: skip
    assert "seed 9" in done.out
    assert run("reproduce", "simulation.png").status == 0
    made = run("reply", "vm-busy", "-p", "tracked", "--figure", "simulation", "--seconds", "1",
               "--seed", "10", "-o", "other")  # fmt: skip
    assert made.out != done.out


MISUSE = {
    ("reply", "nosuch"): "no such file, and no preset",
    ("reply", "vm-busy", "--figure", "pie"): 'figure: "pie" is unknown',
    ("reply", "vm-busy", "-p", "trakced"): "did you mean 'tracked'?",
    ("reply", "vm-busy", "--set", "vcpu.residency_us"): "KEY=VALUE is wanted",
    ("reply", "vm-busy", "--set", "vcpu.residence_us=3"): "unknown key",
    ("reply", "vm-busy", "--set", "vcpu.residency_us=-3"): "-3.0 is negative",
    ("reply", "vm-busy", "--set", "vcpu.residency_us={"): "no value of a scenario file",
    ("reply", "vm-busy", "--option", "points"): "NAME=VALUE is wanted",
    ("reply", "vm-busy", "--option", "points=1"): "points: 1.0 is below 2",
    ("reply", "vm-busy", "--option", "pints=5"): "no option is called",
    ("reply", "vm-busy", "--option", "low=9", "--option", "high=9"): "low is not below high",
    ("reply", "vm-busy", "--option", "panels=cost"): "no metric is called",
    ("reply", "vm-busy", "--seed", "-1"): "-1 is not in the range",
    ("reply", "vm-busy", "--seconds", "0"): "not in the range",
    ("reply", "vm-busy", "--engine", "steam"): "is not one of",
    ("reply", "vm-busy", "-o", "no/where"): "no such folder",
    ("reply", "vm-busy", "-o", "no/where/"): "no such folder can be made",
    ("reply", "--trace", TRACE): "shows no recorded trace; calibration does",
    ("reply", "--figure", "calibration"): "wants a recorded trace",
    ("reply", "--figure", "calibration", "--trace", "none.gz"): "is no file",
    ("reply", "--figure", "lost-state", "-p", "tracked"): "no order of events loses state",
    ("reply", "--figure", "lost-state", "--option", "number=99"): "order of events 99",
    ("show", "nosuch.png"): "cannot be read (no such file or directory)",
    ("show", "."): "is a folder",
    ("show", TRACE): "no parameters of fpsimd_model in this text",
    ("show",): "Missing argument 'FILE'",
    ("reproduce", "nosuch.png"): "cannot be read",
    ("reproduce", TRACE): "no parameters of fpsimd_model",
    ("reproduce", os.devnull): "no regular file",
}


@pytest.mark.parametrize("args", MISUSE, ids=lambda args: " ".join(args)[:60])
def test_misuse_is_one_line_and_nothing_is_written(run, files, args):
    assert MISUSE[args] in run(*args).complaint
    assert files() == []


def test_a_place_in_the_way_leaves_everything_as_it_was(run, files, tmp_path):
    (tmp_path / "which-policy.pdf").mkdir()
    (tmp_path / "which-policy.png").write_text("old")
    assert "which-policy.pdf: cannot be written" in run("reply", "vm-busy", *FEW).complaint
    assert files() == ["which-policy.pdf", "which-policy.png"]
    assert (tmp_path / "which-policy.png").read_text() == "old"
    (tmp_path / "mine.toml").write_text("# mine\n")
    assert "somebody wrote it" in run("reply", "vm-busy", *FEW, "-o", "mine").complaint
    assert (tmp_path / "mine.toml").read_text() == "# mine\n"
