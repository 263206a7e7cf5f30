"""Commands and the JSON that outside checks rely on (model.md section 9)."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.resources import data_path
from fpsimd_model.results import METRICS
from tests.house import ROOT

NAMES = [p.name for p in policies.ALL]
TRACE = str(data_path("traces", "k61-vhe-busy-plain.txt.gz"))
FIGURES = sorted((ROOT / "figures").glob("*.*"))
TABLES = {"vcpu", "softirq", "crypto", "machine"}


def strict(text: str) -> dict:
    """JSON proper: no NaN, no Infinity, one document, a newline at its end."""

    def refuse(word: str):
        raise ValueError(word)

    assert text.endswith("\n")
    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def scenario(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[softirq]\ninterrupts_per_s = 30000.0\nsoftirq_budget_us = 0.0\n")
    return str(file)


def test_evaluate_writes_scenario_and_results(run, scenario):
    done = run("evaluate", scenario, "--engine", "analytic", "--json", "-")
    assert (done.status, done.err) == (0, "")
    told = strict(done.out)
    assert list(told) == ["scenario", "results"]
    assert set(told["scenario"]) >= TABLES
    assert told["scenario"]["softirq"]["interrupts_per_s"] == 30000.0
    assert [r["policy"] for r in told["results"]] == NAMES
    for result in told["results"]:
        assert list(result) == ["policy", "engine", "metrics", "ci95", "status", "reason"]
        assert result["engine"] == "analytic"
        assert list(result["metrics"]) == list(METRICS)
        assert all(v is None or isinstance(v, float) for v in result["metrics"].values())
        assert (result["status"], result["reason"], result["ci95"]) == ("ok", "", {})


def test_its_numbers_are_those_of_the_library(run, scenario):
    told = strict(run("evaluate", scenario, "-p", "tracked", "--json", "-").out)
    (found,) = fm.evaluate(fm.Scenario.load(scenario), "tracked")
    assert told["results"][0]["metrics"] == dict(found.metrics)
    assert fm.Scenario.from_dict(told["scenario"]) == fm.Scenario.load(scenario)


def test_both_engines_stand_side_by_side_with_intervals_for_the_simulation(run, scenario):
    done = run(
        "evaluate", scenario, "--engine", "both", "-p", "tracked", "--policy", "flush-hook",
        "--seed", "3", "--seconds", "0.2", "--json", "-",
    )  # fmt: skip
    told = strict(done.out)["results"]
    assert [(r["policy"], r["engine"]) for r in told] == [
        ("tracked", "analytic"),
        ("tracked", "montecarlo"),
        ("flush-hook", "analytic"),
        ("flush-hook", "montecarlo"),
    ]
    interval = told[1]["ci95"]
    assert told[0]["ci95"] == {}
    assert set(interval) <= set(METRICS)
    for name in ("guest_saves_per_s", "sojourn_mean_us", "packets_per_s"):
        low, high = interval[name]
        assert low < told[1]["metrics"][name] < high


def test_the_same_seed_gives_the_same_json(run, scenario):
    command = ("evaluate", scenario, "--engine", "montecarlo", "-p", "tracked",
               "--seconds", "0.1", "--seed", "7", "--json", "-")  # fmt: skip
    once = run(*command).out
    assert once == run(*command).out
    assert once == run(*command, "--workers", "2").out
    assert once != run(*command, "--seed", "8").out


def test_policies_without_a_steady_state_are_results(run):
    text = "[softirq]\ninterrupts_per_s = 2e5\n[vcpu]\nuser_exit_share = 0\npreempted_share = 1\n"
    done = run("evaluate", "-", "--json", "-", stdin=text)
    assert done.status == 0
    told = {r["policy"]: r for r in strict(done.out)["results"]}
    assert told["busy-flag-live"]["status"] == "unstable"
    assert told["softirqs-off"]["status"] == "unbounded"
    assert told["tracked"]["status"] == "ok"
    for result in told.values():
        assert bool(result["reason"]) is (result["status"] != "ok")
        if result["status"] != "ok":
            assert result["metrics"]["sojourn_mean_us"] is None
            assert result["metrics"]["max_packets_per_s"] > 0
    # where the table is not shown, a person is told too, one line each, on standard error
    lines = done.err.splitlines()
    assert len(lines) == sum(r["status"] != "ok" for r in told.values())
    assert any(line.startswith("busy-flag-live (analytic): unstable: ") for line in lines)


def test_why_a_policy_has_no_steady_state_is_told_once(run):
    done = run("evaluate", "overload", "-p", "busy-flag-live", "-p", "tracked")
    assert (done.status, done.err) == (0, "")
    assert done.out.count("crypto without NEON serves at most") == 1
    away = run("evaluate", "overload", "-p", "busy-flag-live", "--csv", "-")
    assert away.err.startswith("busy-flag-live (analytic): unstable: crypto without NEON")
    assert away.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--seed", "3", "--workers", "2", "--seconds", "1"], "--seed, --seconds, --workers"),
        (["--seed", "0"], "--seed"),
        ([], ""),
        (["--engine", "montecarlo", "--seed", "0", "--seconds", "0.1"], ""),
    ],
)
def test_options_of_the_simulation_are_not_ignored_in_silence(run, options, told):
    done = run("evaluate", "reference", "-p", "tracked", *options)
    note = f"note: not used without --engine montecarlo: {told}\n"
    assert (done.status, done.err) == (0, note if told else "")
    assert all(len(line) <= 72 for line in done.err.splitlines())


def test_reply_says_which_options_nothing_used(run):
    command = ("reply", "reference", "--figure", "what-it-saves", "-p", "tracked", "-o", "-")
    done = run(*command, "--seed", "2")
    assert done.err == "note: not used, as nothing here is simulated: --seed\n"
    assert run(*command).err == ""


@pytest.mark.parametrize(
    ("options", "told", "kept"),
    [
        (("overload", "--seconds", "5", "--seed", "3"),
         "note: not used, as --option end_ms sets the end: --seconds\n", "--seed 3"),
        (("lost-state", "--engine", "both"),
         "note: not used, as lost-state asks no engine: --engine\n", "--policy defer-to-put"),
        (("packet-delay", "--option", "simulated=0", "--option", "points=9", "--seed", "3"),
         "note: not used, as nothing here is simulated: --seed\n", "points=9"),
    ],
)  # fmt: skip
def test_what_changes_nothing_in_a_figure_is_told_and_not_claimed(run, options, told, kept):
    done = run("reply", "--figure", *options, "-p", "defer-to-put", "-o", "-")
    assert (done.status, done.err) == (0, told)
    command = " ".join(done.out.split("\n\n")[1].replace("\\\n", " ").split())
    assert kept in command
    assert not [word for word in told.split() if word.startswith("--s") and word in command]


def test_csv_has_every_metric_with_its_unit_and_both_ends_of_its_interval(run, tmp_path):
    command = ("evaluate", "reference", "--engine", "both", "--seconds", "0.2", "-p", "tracked")
    done = run(*command, "--csv", "out.csv", "--json", "out.json")
    assert "+-" in done.out
    text = (tmp_path / "out.csv").read_text()
    assert run(*command, "--csv", "-").out == text
    formula, simulation = csv.DictReader(io.StringIO(text))
    told = strict((tmp_path / "out.json").read_text())["results"]
    assert (simulation["policy"], simulation["engine"]) == ("tracked", "montecarlo")
    for name, metric in METRICS.items():
        for row, result in ((formula, told[0]), (simulation, told[1])):
            value = result["metrics"][name]
            assert row[f"{name} [{metric.unit}]"] == ("" if value is None else str(value))
            low, high = result["ci95"].get(name, ("", ""))
            assert row.get(f"{name} low [{metric.unit}]", "") == str(low)
            assert row.get(f"{name} high [{metric.unit}]", "") == str(high)
    plain = run("evaluate", "reference", "-p", "tracked", "--csv", "-").out
    assert " low" not in plain.splitlines()[0]


def test_the_interval_is_in_the_table_and_explained(run):
    done = run("evaluate", "reference", "--engine", "montecarlo", "--seconds", "0.2", "-q")
    assert done.out.count("\n  +-") > 16
    assert "\n+-: half of the 95% confidence interval" in done.out
    assert "+-" in run("evaluate", "--help").out


@pytest.mark.parametrize("name", fm.presets())
@pytest.mark.parametrize("engine", ["analytic", "montecarlo", "both"])
def test_evaluate_keeps_to_72_columns(run, name, engine):
    some = ["tracked-save-at-load", "pending-check-guarded", "softirqs-off"]
    few = ["--seconds", ".05", *(word for p in some for word in ("-p", p))]
    done = run("evaluate", name, "--engine", engine, *([] if engine == "analytic" else few))
    lines = done.out.splitlines()
    assert len(lines) > 20
    assert [line for line in lines if len(line) > 72 or not line.isascii()] == []


@pytest.mark.parametrize("file", FIGURES, ids=lambda file: file.name)
def test_show_keeps_to_72_columns(run, file):
    lines = run("show", str(file)).out.splitlines()
    assert len(lines) > 3
    assert [line for line in lines if len(line) > 72 or not line.isascii()] == []


def test_check_writes_verdicts_and_orders_of_events(run):
    done = run("check", "--json", "-")
    assert (done.status, done.err) == (0, "")
    told = strict(done.out)
    assert list(told) == ["results"]
    assert [r["policy"] for r in told["results"]] == NAMES
    for result in told["results"]:
        assert list(result) == ["policy", "states", "correct", "counterexamples"]
        assert type(result["states"]) is int
        assert type(result["correct"]) is bool
        for example in result["counterexamples"]:
            assert list(example) == ["lost", "found", "events"]
            assert example["lost"] in ("guest", "host")
            assert example["found"] in list("HhGgK")
            assert example["events"]
            assert all(type(event) is str for event in example["events"])
    wrong = {r["policy"] for r in told["results"] if not r["correct"]}
    assert wrong == {"defer-to-put", "pending-check", "reload-at-load"}


def test_check_tells_a_person_the_same(run):
    done = run("check", "defer-to-put", "tracked")
    assert done.status == 0
    assert "defer-to-put: LOSES STATE" in done.out
    assert "tracked: correct; no order of events loses state" in done.out
    assert "  1. vcpu_load" in done.out
    assert run("check", "--task-neon", "tracked").status == 0


def test_replay_writes_the_trace_and_the_counts(run):
    done = run("replay", TRACE, "-p", "tracked", "-p", "defer-to-put", "--json", "-")
    assert done.status == 0
    told = strict(done.out)
    assert list(told) == ["trace", "results"]
    for name in ("cpu", "loads", "entries", "neon_begins"):
        assert type(told["trace"][name]) is int
    assert type(told["trace"]["seconds"]) is float
    assert [r["policy"] for r in told["results"]] == ["tracked", "defer-to-put"]
    for result in told["results"]:
        assert list(result["counts"]) == [
            "host_saves", "host_restores", "guest_saves", "guest_restores", "traps",
            "simd", "scalar", "guest_corruptions", "host_corruptions",
        ]  # fmt: skip
        assert all(type(n) is int for n in result["counts"].values())
    assert told["results"][0]["counts"]["guest_saves"] == 8


def test_replay_reads_text_gzip_and_standard_input(run, tmp_path):
    packed = gzip.decompress(Path(TRACE).read_bytes())
    plain = tmp_path / "plain.txt"
    plain.write_bytes(packed)
    counts = [
        strict(run("replay", name, "--json", "-", stdin=data).out)["results"]
        for name, data in ((TRACE, b""), (str(plain), b""), ("-", packed))
    ]
    assert counts[0] == counts[1] == counts[2]


def test_policies_writes_versions_a_line_and_sources(run):
    told = strict(run("policies", "--json", "-").out)["policies"]
    assert [entry["policy"] for entry in told] == NAMES
    for entry, policy in zip(told, policies.ALL, strict=True):
        assert entry["kernel"] == policy.kernel
        assert entry["description"] == policy.title
        assert "\n" not in entry["description"]
        assert entry["sources"] == list(policy.sources)
        assert entry["sources"]


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "reference", "-p", "tracked"),
        ("check", "tracked"),
        ("replay", TRACE, "-p", "tracked"),
        ("policies",),
    ],
    ids=lambda command: command[0],
)
def test_a_file_of_json_is_whole_and_the_table_goes_to_standard_output(run, command, tmp_path):
    done = run(*command, "--json", "out.json")
    assert done.status == 0
    assert done.out
    file = tmp_path / "out.json"
    told = strict(file.read_text())
    again = run(*command, "--json", "-")
    assert strict(again.out) == told
    assert again.out.startswith("{")
    assert max(map(len, done.out.splitlines())) <= 100 or command[0] == "check"


def test_tables_fit_an_e_mail(run):
    for command in (("evaluate", "reference"), ("replay", TRACE), ("policies",), ("presets",)):
        for line in run(*command).out.splitlines():
            assert len(line) <= 80
            assert line.isprintable()


def test_presets_are_listed_and_printed_as_files(run, tmp_path):
    listed = run("presets").out
    for name in fm.presets():
        assert name in listed
        text = run("presets", name).out
        assert fm.Scenario.from_toml(text) == fm.preset(name)
    (tmp_path / "again.toml").write_text(run("presets", "vm-busy").out)
    told = strict(run("evaluate", "again.toml", "-p", "tracked", "--json", "-").out)
    assert fm.Scenario.from_dict(told["scenario"]) == fm.preset("vm-busy")


def test_a_scenario_comes_from_a_file_a_preset_or_standard_input(run, tmp_path):
    text = fm.preset("reference").to_toml()
    (tmp_path / "here.toml").write_text(text)
    outs = [
        strict(run("evaluate", name, "-p", "tracked", "--json", "-", stdin=text).out)["results"]
        for name in ("here.toml", "reference", "-")
    ]
    assert outs[0] == outs[1] == outs[2]


def test_a_file_beside_goes_before_a_preset_of_its_name(run, tmp_path):
    (tmp_path / "reference").write_text("[softirq]\ninterrupts_per_s = 5.0\n")
    told = strict(run("evaluate", "reference", "-p", "tracked", "--json", "-").out)
    assert told["scenario"]["softirq"]["interrupts_per_s"] == 5.0


def test_a_policy_asked_for_twice_is_told_of_once(run):
    told = strict(run("evaluate", "reference", *["-p", "tracked"] * 2, "--json", "-").out)
    assert len(told["results"]) == 1


@pytest.mark.parametrize("command", [[], ["evaluate"], ["check"], ["replay"], ["policies"]])
def test_every_command_explains_itself(run, command):
    done = run(*command, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Usage: fpsimd-model")
    short = run(*command, "-h")
    assert short.out == done.out


def test_the_version_is_that_of_the_package(run):
    assert run("--version").out.split()[-1] == fm.__version__
