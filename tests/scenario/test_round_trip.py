"""What is written is read back: values, names and sources."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given

from fpsimd_model.durations import Duration
from fpsimd_model.errors import InputError
from fpsimd_model.scenario import Scenario, preset, presets
from tests.scenario.strategies import scenarios


@given(scenarios)
def test_text(scenario):
    text = scenario.to_toml()
    again = Scenario.from_toml(text)
    assert again == scenario
    assert hash(again) == hash(scenario)
    assert again.name == scenario.name
    assert dict(again.sources) == dict(scenario.sources)
    assert again.to_toml() == text


@given(scenarios)
def test_tables_through_json(scenario):
    assert Scenario.from_dict(json.loads(json.dumps(scenario.to_dict()))) == scenario


@given(scenarios)
def test_processes_and_copies(scenario):
    for again in (pickle.loads(pickle.dumps(scenario)), copy.deepcopy(scenario)):
        assert again == scenario
        assert again.sources == scenario.sources


@pytest.mark.parametrize("name", presets())
def test_presets_keep_everything(name, tmp_path):
    scenario = preset(name)
    scenario.save(tmp_path / "load.toml")
    again = Scenario.load(tmp_path / "load.toml")
    assert again == scenario
    assert dict(again.sources) == dict(scenario.sources)
    for word in ("name", "title", "why", "machine_preset", "algorithm"):
        assert getattr(again, word) == getattr(scenario, word)


def test_unequal_values_make_unequal_scenarios():
    assert Scenario() != Scenario().replace({"machine.save_cycles": 142})
    fixed = Scenario().replace({"softirq.packets_per_interrupt": {"mean": 1, "shape": "fixed"}})
    assert fixed != Scenario()


def test_names_and_sources_do_not_count_for_equality():
    text = 'name = "x"\n[machine]\nsave_cycles = 141  # source: a manual\n'
    scenario = Scenario.from_toml(text)
    assert scenario == Scenario()
    assert hash(scenario) == hash(Scenario())
    assert scenario.source_of("machine.save_cycles") == "a manual"


def test_samples_are_found_from_another_folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "data" / "runs.csv").write_text("1.5\n2.5\n")
    (tmp_path / "load.toml").write_text(
        '[vcpu]\nguest_run_us = { shape = "empirical", samples = "data/runs.csv" }\n'
    )
    scenario = Scenario.load(tmp_path / "load.toml")
    assert scenario.vcpu.guest_run_us == Duration.empirical([1.5, 2.5])
    scenario.save(tmp_path / "out" / "again.toml")
    text = (tmp_path / "out" / "again.toml").read_text()
    assert '{ mean = 2.0, shape = "empirical", samples = "../data/runs.csv" }' in text
    assert Scenario.load(tmp_path / "out" / "again.toml") == scenario
    assert Scenario.from_dict(scenario.to_dict()) == scenario


def test_saved_scenario_notices_changed_samples(tmp_path):
    (tmp_path / "runs.csv").write_text("1.5\n2.5\n")
    (tmp_path / "load.toml").write_text(
        '[vcpu]\nguest_run_us = { shape = "empirical", samples = "runs.csv" }\n'
    )
    Scenario.load(tmp_path / "load.toml").save(tmp_path / "again.toml")
    (tmp_path / "runs.csv").write_text("1.5\n2.6\n")
    with pytest.raises(InputError, match=r"again.toml:\d+: \[vcpu\] guest_run_us.mean: 2 disagr"):
        Scenario.load(tmp_path / "again.toml")


def test_scaled_samples_are_written_out(tmp_path):
    (tmp_path / "runs.csv").write_text("1.5\n2.5\n")
    text = '[vcpu]\nguest_run_us = { shape = "empirical", samples = "runs.csv" }\n'
    scenario = Scenario.from_toml(text, directory=tmp_path).replace({"vcpu.guest_run_us": 4.0})
    assert "samples = [3.0, 5.0]" in scenario.to_toml()


def test_save_refuses_what_load_would_refuse(tmp_path):
    samples = Duration.empirical([1.0 + 1e-9 * i for i in range(100_000)])
    scenario = Scenario().replace({"vcpu.out_us": samples})
    with pytest.raises(InputError, match="larger than 1 MB; keep its samples in a file"):
        scenario.save(tmp_path / "load.toml")
    assert list(tmp_path.iterdir()) == []


def test_save_where_nothing_can_be_written(tmp_path):
    with pytest.raises(InputError, match=r"cannot be written \(no such file or directory\); name"):
        Scenario().save(tmp_path / "missing" / "load.toml")
    with pytest.raises(InputError, match=r"cannot be written \(is a directory\)"):
        Scenario().save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_save_replaces_a_file_as_a_whole(tmp_path):
    path = tmp_path / "load.toml"
    path.write_text("old")
    (tmp_path / "link.toml").symlink_to(path)
    Scenario(name="new").save(tmp_path / "link.toml")
    assert (tmp_path / "link.toml").is_symlink()
    assert Scenario.load(path).name == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.toml", "load.toml"]


def test_save_to_a_device_leaves_the_device():
    Scenario().save("/dev/null")
    assert Path("/dev/null").is_char_device()
