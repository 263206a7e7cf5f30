"""The comparison of engines: it finds agreement where there is some, and a fault where not."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from click.testing import CliRunner

from fpsimd_model import agreement
from fpsimd_model.agreement import agree, compare, design
from fpsimd_model.cli import cli
from fpsimd_model.scenario import preset

POLICIES = ["switch-on-exit", "tracked", "busy-flag-live"]


def test_the_design_repeats_itself_and_stays_below_saturation():
    once, again = design(16, seed=3), design(16, seed=3)
    assert once == again
    assert once != design(16, seed=4)
    assert max(s.scalar_load for s in once) <= 0.95 + 1e-9


@pytest.mark.agreement
def test_designed_scenarios_agree():
    found = agree(design(6, seed=11), POLICIES)
    assert len(found.scores) > 200
    assert np.abs(found.scores).max() < 4.5
    assert not found.contradictions


def test_a_planted_fault_is_found(monkeypatch):
    honest = compare.evaluate

    def faulty(*args, **options):
        results = honest(*args, **options)
        return dataclasses.replace(results, results=tuple(map(_saves_too_often, results)))

    monkeypatch.setattr(compare, "evaluate", faulty)
    found = agree([preset("reference")], "tracked", seconds=40)
    assert {d.metric for d in found.outliers()} == {"guest_saves_per_s"}


def _saves_too_often(result):
    if result.engine != "analytic":
        return result
    more = {**result.metrics, "guest_saves_per_s": 1.1 * result.metrics["guest_saves_per_s"]}
    return dataclasses.replace(result, metrics=more)


def test_the_command_writes_what_it_says(tmp_path):
    file = tmp_path / "agree.json"
    done = CliRunner().invoke(
        cli, ["agree", "reference", "-p", "tracked", "--seconds", "10", "--json", str(file)]
    )
    assert done.exit_code == 0, done.output
    written = json.loads(file.read_text())
    assert written["scenarios"] == 1
    assert written["compared"] > 10
    assert max(map(len, done.output.splitlines())) <= 72
    assert set(agreement.__all__) >= {"agree", "design"}
