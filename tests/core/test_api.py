"""The interface itself: names, documentation, keywords."""

from __future__ import annotations

import csv
import dataclasses
import importlib
import inspect
import io
import pkgutil
import re

import pytest

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.policies import Policy

PARTS = ("registers", "events", "automaton", "proof", "parameters", "results", "engines", "grids",
         "policies", "analytic", "replayer", "cli")  # fmt: skip


def modules() -> list[str]:
    found = []
    for part in PARTS:
        module = importlib.import_module(f"fpsimd_model.{part}")
        found.append(module.__name__)
        if hasattr(module, "__path__"):
            found += [m.name for m in pkgutil.iter_modules(module.__path__, f"{module.__name__}.")]
    return found


MODULES = modules()


def load(name: str):
    importlib.import_module(name)
    import sys

    return sys.modules[name]


def defined(module) -> dict[str, object]:
    """Public functions and classes whose home is this module."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    }


PUBLIC = [
    (name, thing)
    for name in MODULES
    for thing in getattr(load(name), "__all__", ())
    if getattr(getattr(load(name), thing), "__module__", None) == name
]


@pytest.mark.parametrize("name", MODULES)
def test_all_is_exact(name):
    module = load(name)
    listed = module.__all__
    assert len(set(listed)) == len(listed)
    assert [n for n in listed if not hasattr(module, n)] == []
    if name.startswith("fpsimd_model.cli."):
        return  # commands are click's objects, not functions
    assert sorted(set(defined(module)) - set(listed)) == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for(name):
    assert load(name).__doc__
    assert load(name).__doc__.splitlines()[0].endswith((".", "?", ";", ":", ","))


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_what_is_public_is_documented(module, name):
    thing = getattr(load(module), name)
    text = inspect.getdoc(thing)
    assert text
    assert text.splitlines()[0].endswith((".", ":", "?", ",")) or "\n" in text
    if inspect.isclass(thing) and not module.startswith("fpsimd_model.analytic."):
        for key, value in vars(thing).items():
            if key.startswith("_") or not callable(getattr(value, "__func__", value)):
                continue
            if inspect.isfunction(value) and issubclass(thing, Policy) and hasattr(Policy, key):
                continue  # a hook: its meaning is the base's
            assert inspect.getdoc(getattr(thing, key)), f"{name}.{key}"


def parameters(thing) -> list[str]:
    if dataclasses.is_dataclass(thing):
        return [f.name for f in dataclasses.fields(thing)]
    if inspect.isclass(thing) and "__init__" not in vars(thing):
        return []
    found = inspect.signature(thing).parameters.values()
    return [p.name for p in found if p.name not in ("self", "args", "cpu")]


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_every_parameter_is_in_the_documentation(module, name):
    """Inside the engine and the command line a sentence is enough."""
    thing = getattr(load(module), name)
    inside = module.startswith(("fpsimd_model.analytic.", "fpsimd_model.cli."))
    if inside or name == "Parameters" or not callable(thing):
        return  # the fields of Parameters have the names of the scenario's keys
    if inspect.isclass(thing) and issubclass(thing, (Exception, Policy)):
        return
    text = inspect.getdoc(thing) or ""
    missing = [p for p in parameters(thing) if not re.search(rf"(?<!\w){p}(?!\w)", text)]
    assert missing == []


CALLS = {
    "check": lambda **more: fm.check("tracked", **more),
    "evaluate": lambda **more: fm.evaluate(fm.Scenario(), "tracked", **more),
    "compare": lambda **more: fm.compare(fm.Scenario(), ["tracked"], **more),
    "preset": lambda **more: fm.preset("reference", **more),
    "presets": lambda **more: fm.presets(**more),
    "replay": lambda **more: fm.replay("nosuch", **more),
    "sweep": lambda **more: fm.sweep(fm.Scenario(), {"vcpu.out_us": [1.0]}, **more),
    "policies.get": lambda **more: policies.get("tracked", **more),
    "policies.select": lambda **more: policies.select(None, **more),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_keyword_that_nobody_knows_is_refused(name):
    with pytest.raises(TypeError, match="unexpected keyword argument 'sede'"):
        CALLS[name](sede=1)


def test_the_package_offers_what_it_lists():
    assert dir(fm) == sorted(fm.__all__)
    assert len(set(fm.__all__)) == len(fm.__all__)
    for name in fm.__all__:
        assert getattr(fm, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        fm.evalute  # noqa: B018


def test_policies_offer_their_classes():
    assert set(policies.__all__) == {"ALL", "Policy", "get", "select"} | {
        p.__name__ for p in policies.ALL
    }
    for policy in policies.ALL:
        assert policies.get(policy.name) is policy
        assert getattr(policies, policy.__name__) is policy


@pytest.mark.parametrize("name", ["", "Tracked", " tracked", None, 3, ["tracked"]])
def test_only_a_policys_own_name_finds_it(name):
    with pytest.raises(fm.InputError, match="no policy is called"):
        policies.get(name)


def test_select_takes_names_classes_one_or_many_or_none():
    tracked = policies.Tracked
    assert policies.select(None) == list(policies.ALL)
    assert policies.select("tracked") == policies.select(tracked) == [tracked]
    assert policies.select(["tracked", tracked]) == [tracked]
    assert policies.select(x for x in ("tracked", "flush-hook")) == [tracked, policies.FlushHook]
    assert policies.select([]) == []


@pytest.mark.parametrize("engine", ["analytical", "", None, "Analytic"])
def test_an_unknown_engine_is_refused(engine):
    with pytest.raises(fm.InputError, match="analytic, montecarlo, both"):
        fm.evaluate(fm.Scenario(), "tracked", engine)
    with pytest.raises(fm.InputError, match="analytic, montecarlo, both"):
        fm.compare(fm.Scenario(), ["tracked"], engine=engine)


@pytest.mark.parametrize("scenario", [None, {}, fm.Scenario, 3, b"reference"])
def test_what_is_no_scenario_is_refused_with_a_way_to_get_one(scenario):
    with pytest.raises(fm.InputError, match="is no scenario; give one, the name of a preset"):
        fm.evaluate(scenario, "tracked")
    with pytest.raises(fm.InputError, match="is no scenario"):
        fm.sweep(scenario, {"crypto.slowdown": [2.0]})


def test_a_preset_or_a_file_is_named_wherever_a_scenario_is_wanted(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(fm.preset("vm-busy").to_toml())
    for given in ("vm-busy", file, str(file)):
        found = fm.evaluate(given, "tracked")
        assert found.scenario == fm.preset("vm-busy")
        assert found == fm.compare(fm.preset("vm-busy"), ["tracked"])
        grid = fm.sweep(given, {"crypto.slowdown": [2.0, 3.0]}, "tracked")
        assert grid.sizes == {"policy": 1, "crypto.slowdown": 2}
    with pytest.raises(fm.InputError, match='"vm-busy" is the nearest'):
        fm.evaluate("vm-bussy")
    with pytest.raises(fm.InputError, match=r"nowhere\.toml: cannot be read"):
        fm.sweep("nowhere.toml", {"crypto.slowdown": [2.0]})


@pytest.mark.parametrize("asked", [3, 3.5, object(), [3], [None], policies.Tracked()])
def test_what_is_no_policy_is_refused(asked):
    with pytest.raises(fm.InputError, match="is no policy; give a name or a subclass"):
        fm.evaluate(fm.Scenario(), asked)


def test_results_are_found_by_name_position_and_engine():
    results = fm.evaluate(fm.Scenario(), ["tracked", "flush-hook"])
    assert len(results) == 2
    assert results[0] is results["tracked"] is results.get("tracked", "analytic")
    assert [r.policy for r in results] == ["tracked", "flush-hook"]
    with pytest.raises(fm.InputError, match="no result for 'trakced'; there are tracked, flush"):
        results["trakced"]
    with pytest.raises(fm.InputError):
        results.get("tracked", "montecarlo")
    with pytest.raises(fm.InputError, match="no metric is called 'savings'"):
        results[0]["savings"]


def test_results_become_a_data_set_with_units():
    results = fm.evaluate(
        fm.Scenario().replace({"softirq.interrupts_per_s": 2e5}), ["tracked", "busy-flag-live"]
    )
    data = results.to_dataset()
    assert data.sojourn_mean_us.dims == ("policy", "engine")
    assert data.sojourn_mean_us.attrs["units"] == "us"
    one = float(data.packets_per_s.sel(policy="tracked", engine="analytic"))
    assert one == results["tracked"]["packets_per_s"]
    assert data.packets_per_s.sel(policy="busy-flag-live").isnull().all()
    assert set(data.data_vars) == set(fm.METRICS)


def test_results_show_themselves_as_a_table_for_a_notebook_and_for_an_e_mail():
    results = fm.evaluate(fm.Scenario(), ["tracked", "busy-flag-live"])
    page, text = results._repr_html_(), results.to_text()
    for result in results:
        assert result.policy in page
        assert result.policy in text
    assert "<table" in page
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 72


def test_results_leave_as_csv_with_units_and_every_digit(tmp_path):
    load = fm.Scenario().replace({"softirq.interrupts_per_s": 2e5})
    results = fm.evaluate(load, ["tracked", "busy-flag-live"])
    text = results.to_csv(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == text
    stable, unstable = csv.DictReader(io.StringIO(text))
    assert float(stable["sojourn_mean_us [us]"]) == results["tracked"]["sojourn_mean_us"]
    assert unstable["sojourn_mean_us [us]"] == ""
    assert (unstable["status"], unstable["reason"]) == ("unstable", results[1].reason)
    assert [name.partition(" [")[0] for name in stable][4:] == list(fm.METRICS)
    with pytest.raises(fm.InputError, match="cannot be written"):
        results.to_csv(tmp_path / "nowhere" / "out.csv")


def test_what_a_notebook_shows_of_results_and_verdicts_is_a_line_each():
    results = fm.evaluate("reference", ["tracked", "defer-to-put"])
    assert repr(results) == (
        "<Results in reference: 2 policies by analytic; to_text, to_dict, to_csv, to_dataset>"
    )
    assert repr(results[0]) == "<Result tracked, analytic: ok, 29 metrics>"
    assert repr(fm.Results(fm.Scenario(), ())).startswith("<Results: 0 policies; ")
    for way in ("to_text", "to_dict", "to_csv", "to_dataset"):
        assert callable(getattr(results, way))
        assert f"`{way}`" in fm.Results.__doc__
    right, wrong = fm.check("tracked", "defer-to-put")
    assert re.fullmatch(r"<Verdict tracked: correct, \d+ states>", repr(right))
    assert re.fullmatch(
        r"<Verdict defer-to-put: LOSES STATE \(guest finds K, .*\), \d+ states>", repr(wrong)
    )
    assert str(wrong).startswith("defer-to-put: LOSES STATE")
    assert "\n" not in repr([right, wrong, *results])


def test_a_grid_by_formula_says_what_it_leaves_out():
    grid = fm.sweep(fm.Scenario(), {"vcpu.out_us": [10.0]}, ["tracked"])
    absent = set(fm.METRICS) - set(grid.data_vars)
    assert "sojourn_p99_us" in absent
    assert all(name in grid.attrs["note"] for name in absent)
    assert grid.attrs["engine"] == "analytic"
    assert "percentiles" in fm.sweep.__doc__
    simulated = fm.sweep(
        fm.Scenario(), {"vcpu.out_us": [10.0]}, ["tracked"], engine="montecarlo", seconds=0.05
    )
    assert simulated.attrs == {"engine": "montecarlo"}
    assert "sojourn_p99_us" in simulated


def test_a_policy_of_a_notebook_goes_wherever_a_name_goes():
    class Mine(policies.Tracked):
        """As upstream, with the host saved when it is loaded."""

        def vcpu_load(self, cpu):
            cpu.fpsimd_save_and_flush_cpu_state()
            cpu.fp_enabled = cpu.fp_host = False

    theirs = fm.evaluate(fm.Scenario(), "tracked-save-at-load")[0]
    mine = fm.evaluate(fm.Scenario(), Mine)[0]
    assert mine.policy == "mine"
    assert dict(mine.metrics) == dict(theirs.metrics)
    assert fm.check(Mine)[0].correct
    assert fm.compare(fm.Scenario(), [Mine, "tracked"])["mine"].metrics == mine.metrics
    grid = fm.sweep(fm.Scenario(), {"vcpu.out_us": [10.0]}, [Mine])
    assert list(grid.policy.values) == ["mine"]


def test_a_class_that_a_cell_defines_again_is_the_new_one():
    def cell(keeps_binding: bool) -> type[Policy]:
        class Mine(policies.Tracked):
            def guest_exit(self, cpu):
                if keeps_binding:
                    super().guest_exit(cpu)

        return Mine

    assert not fm.check(cell(False))[0].correct
    assert fm.check(cell(True))[0].correct
    good, bad = (fm.evaluate(fm.Scenario(), cell(b))[0] for b in (True, False))
    assert good["guest_corruptions_per_s"] == 0 < bad["guest_corruptions_per_s"]
