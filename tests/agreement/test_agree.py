"""The comparison of engines: it finds agreement where there is some, and a fault where not."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest
from click.testing import CliRunner

from fpsimd_model import policies
from fpsimd_model.agreement import Agreement, agree, compare, design, designed
from fpsimd_model.agreement.picture import AgreementPicture
from fpsimd_model.cli import cli
from fpsimd_model.errors import InputError
from fpsimd_model.scenario import Scenario, preset
from fpsimd_model.scenario.arrivals import Mmpp

QUIET = Scenario().replace({"softirq.softirq_budget_us": 0})


def test_the_design_repeats_itself_and_covers_the_domain():
    once, again = design(200, seed=3), design(200, seed=3)
    assert once == again
    assert once != design(200, seed=4)
    loads = [s.scalar_load for s in once]
    assert 0.93 < max(loads) <= 0.95 + 1e-9
    assert sum(load > 0.7 for load in loads) >= 20
    assert 50 < sum(isinstance(s.softirq.interrupts_per_s, Mmpp) for s in once) < 70
    assert {s.vcpu.vector_bits for s in once} == {128, 512, 2048}
    shapes = {(name, getattr(s.vcpu, name).shape) for s in once for name in CLOCKS}
    assert shapes == set(itertools.product(CLOCKS, ("exponential", "gamma", "hyperexponential")))


CLOCKS = ("residency_us", "out_us", "run_loop_us", "guest_run_us", "first_fp_us")


def test_a_designed_scenario_is_found_by_its_name():
    assert all(designed(s.name) == s for s in design(5, seed=2))
    with pytest.raises(InputError, match="no scenario 5"):
        designed("design-5-2-5")


def test_each_policy_has_its_turn_as_often_as_any_other():
    turns = compare._turns(policies.select(None), 4, 0)
    asked = [p.name for _, some in zip(range(32), turns, strict=False) for p in some]
    assert {asked.count(p.name) for p in policies.ALL} == {8}


@pytest.mark.agreement
@pytest.mark.slow
def test_designed_scenarios_agree():
    found = agree(design(8, seed=11), None, ENGINES, each=4, slow=1, seed=11)
    assert len(found.scores) > 400
    assert found.outliers() == []
    assert found.contradictions == []
    assert 0.7 < found.spread < 1.4  # of eight scenarios; test_kept.py has two hundred


ENGINES = ("analytic", "montecarlo", "simpy")


def test_a_planted_fault_is_found_and_its_command_named(monkeypatch):
    honest = compare._engines.evaluate

    def faulty(*args, **options):
        results = honest(*args, **options)
        return dataclasses.replace(results, results=tuple(map(_saves_too_often, results)))

    monkeypatch.setattr(compare._engines, "evaluate", faulty)
    found = agree([QUIET.replace({}), QUIET], "tracked", seconds=40, seed=7)
    assert {d.metric for d in found.outliers()} == {"guest_saves_per_s"}
    worst = found.outliers()[0]
    assert "-p tracked --engines analytic,montecarlo --seed" in found.command(worst)
    assert found.spread > 1.2
    assert "guest_saves_per_s" in found.to_text().partition("beyond 4.5")[2]


def _saves_too_often(result):
    more = {**result.metrics, "guest_saves_per_s": 1.1 * result.metrics["guest_saves_per_s"]}
    return dataclasses.replace(result, metrics=more)


def test_a_loss_that_the_formula_excludes_is_a_contradiction(monkeypatch):
    honest = compare._engines.evaluate

    def faulty(*args, **options):
        results = honest(*args, **options)
        return dataclasses.replace(results, results=tuple(map(_loses_nothing, results)))

    monkeypatch.setattr(compare._engines, "evaluate", faulty)
    found = agree([QUIET], "defer-to-put", seconds=5)
    lost = {"guest_corruptions_per_s", "host_corruptions_per_s"}
    assert {d.metric for d in found.contradictions} == lost


def _loses_nothing(result):
    none = dict.fromkeys(("guest_corruptions_per_s", "host_corruptions_per_s"), 0.0)
    return dataclasses.replace(result, metrics={**result.metrics, **none})


def test_what_the_formula_leaves_out_is_kept_apart():
    shaped = QUIET.replace({"vcpu.first_fp_us": {"mean": 300.0, "shape": "deterministic"}})
    found = agree([shaped], "flush-hook", seconds=20)
    assert not len(found.scores)
    assert all("first_fp_us" in d.note for d in found)
    budget = {"softirq.softirq_budget_us": 50.0, "softirq.interrupts_per_s": 40_000.0}
    found = agree([Scenario().replace(budget)], "busy-flag-resident", seconds=2)
    assert all("ksoftirqd" in d.note for d in found)


def test_what_has_no_steady_state_has_no_score_and_no_error():
    endless = QUIET.replace({"vcpu.preempted_share": 1.0, "vcpu.user_exit_share": 0.0})
    assert len(agree([endless], "softirqs-off", ENGINES, seconds=0.5)) == 0
    overload = {"softirq.interrupts_per_s": 50_000.0, "crypto.slowdown": 40.0}
    relieved = Scenario().replace(overload)
    (only,) = agree([relieved], "busy-flag-resident", seconds=0.5)
    assert (only.metric, only.why) == ("status", "assumed")
    assert len(agree([QUIET.replace(overload)], "busy-flag-resident", seconds=0.5)) == 0


def test_what_is_kept_is_read_back(tmp_path):
    found = agree([QUIET], ["tracked", "softirqs-off"], seconds=2)
    for name in ("kept.csv", "kept.csv.gz"):
        found.save(tmp_path / name)
        again = Agreement.load(tmp_path / name)
        assert again.to_text() == found.to_text()
        assert [d.why for d in again] == [d.why for d in found]
        again.save(tmp_path / f"2-{name}")
        assert (tmp_path / name).read_bytes() == (tmp_path / f"2-{name}").read_bytes()
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no comparison"):
        Agreement.load(tmp_path / "other.csv")
    with pytest.raises(InputError, match="cannot be read"):
        Agreement.load(tmp_path / "none.csv")


def test_the_picture_shows_scores_where_they_are():
    found = agree([QUIET], "tracked", seconds=2)
    far = dataclasses.replace(found.scored[0], z=5.5)
    calm, alarm = (AgreementPicture(Agreement((*found, *more), 1, found.engines))
                   for more in ((), (far,)))  # fmt: skip
    calm.draw(), alarm.draw()
    assert (calm.pixels() != alarm.pixels()).any()
    assert np.clip(far.z, -6, 6) == 5.5
    assert alarm.text() == alarm.found.to_text()


def test_nothing_scored_is_still_a_picture_and_a_text():
    none = Agreement((), 0, ENGINES)
    AgreementPicture(none).draw()
    assert "0 scenarios" in none.to_text()
    assert none.to_dict()["spread"] is None


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "name a scenario"),
        (["reference", "--engines", "analytic"], "two at least"),
        (["reference", "--engines", "analytic,oracle"], "oracle"),
        (["reference", "-p", "tracked", "--each", "2"], "each"),
        (["design-5-2-9"], "no scenario 9"),
        (["nosuch"], "no such file"),
    ],
)
def test_misuse_is_one_line(arguments, word, capsys):
    from fpsimd_model.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(["agree", *arguments])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert word in error


def test_the_command_writes_what_it_says(tmp_path):
    file, kept = tmp_path / "agree.json", tmp_path / "kept.csv.gz"
    done = CliRunner().invoke(
        cli,
        ["agree", "reference", "design-5-2-1", "-p", "tracked", "--seconds", "10",
         "--json", str(file), "--keep", str(kept)],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    written = json.loads(file.read_text())
    assert written["scenarios"] == 2
    assert written["compared"] > 10
    assert max(map(len, done.output.splitlines())) <= 72
    assert done.output == Agreement.load(kept).to_text()
    assert preset("reference").name in done.output or "design" not in done.output
