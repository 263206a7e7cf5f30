"""Recipes: what goes into a file comes out of it, and nothing else does."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fpsimd_model as fm
from fpsimd_model.cli.reply import _changed, _options
from fpsimd_model.errors import InputError
from fpsimd_model.figures import KINDS, Data, Recipe
from fpsimd_model.figures.commands import command_of
from fpsimd_model.policies import ALL
from fpsimd_model.resources import data_path

TRACE = data_path("traces", "k61-vhe-busy-plain.txt.gz")
SAMPLES = {"shape": "empirical", "samples": [1.0, 2.5, 9.0]}


class Mine(fm.policies.Tracked):
    """One's own."""


def recipe(**changes) -> Recipe:
    return Recipe(**{"figure": "which-policy", "scenario": fm.preset("vm-idle"), **changes})


def again(made: Recipe) -> Recipe:
    """By way of a file."""
    return Recipe.read(json.loads(json.dumps(made.parameters())))


RECIPES = st.builds(
    recipe,
    figure=st.sampled_from([k.name for k in KINDS.values() if not k.data]),
    scenario=st.sampled_from(
        [
            fm.preset("vm-busy"),
            fm.preset("neoverse-ipsec").replace({"vcpu.residency_us": 77.125}),
            fm.Scenario().replace({"machine.preset": "x-gene", "crypto.slowdown": 1.5}),
            fm.preset("reference").replace({"vcpu.out_us": SAMPLES}),
            fm.Scenario.from_toml('name = "g"\n[vcpu]\nresidency_us = 9  # source: a "trace" é\n'),
        ]
    ),
    policies=st.lists(st.sampled_from(ALL), min_size=1, max_size=4),
    engine=st.sampled_from(["analytic", "montecarlo", "both"]),
    seed=st.integers(0, 2**40),
    seconds=st.none() | st.floats(1e-3, 1e3),
)


@settings(max_examples=40)
@given(RECIPES)
def test_a_recipe_comes_back_from_its_parameters(made):
    found = again(made)
    assert found == made
    assert found.parameters() == made.parameters()
    assert dict(found.scenario.sources) == dict(made.scenario.sources)
    assert found.scenario.title == made.scenario.title


def test_a_trace_comes_back_by_name_and_checksum(tmp_path):
    made = recipe(figure="calibration", data=Data.of(TRACE))
    found = again(made)
    assert found.data.path is None
    assert found.located().data.path == TRACE
    other = tmp_path / TRACE.name
    other.write_bytes(b"another")
    assert found.located([tmp_path]).data.path == TRACE  # by what is in it, not by its name
    other.write_bytes(TRACE.read_bytes())
    assert found.located([tmp_path]).data.path == other


def test_a_file_that_is_not_there_is_not_blamed_for_its_name(tmp_path):
    odd = tmp_path / "trace*.gz"
    with pytest.raises(InputError, match="is no file; name a trace"):
        Data.of(odd)
    odd.write_bytes(b"")
    with pytest.raises(InputError, match="name the trace in at most 60"):
        Data.of(odd)


def test_a_trace_that_is_missing_or_another_is_told(tmp_path):
    missing = Data("none.txt.gz", "0" * 64)
    with pytest.raises(InputError, match="put it beside the figure"):
        missing.found([tmp_path])
    (tmp_path / "none.txt.gz").write_bytes(b"x")
    with pytest.raises(InputError, match="is another trace than the one"):
        missing.found([tmp_path])


def words_of(command: str) -> dict[str, list[str]]:
    """Options of a command, and what stands without one under ""."""
    import shlex

    found: dict[str, list[str]] = {"": []}
    words = iter(shlex.split(command)[2:])
    for word in words:
        if word.startswith("--"):
            found.setdefault(word, []).append(next(words))
        else:
            found[""].append(word)
    return found


@settings(max_examples=40)
@given(RECIPES)
def test_the_command_leads_to_the_same_figure(made):
    found = words_of(command_of(made))
    (name,) = found[""]
    if name.endswith(".toml"):
        scenario = made.scenario  # the file that is written with the figure
    else:
        scenario = _changed(fm.preset(name), tuple(found.get("--set", ())))
    options = _options(tuple(found.get("--option", ())), made.kind.lists)
    built = Recipe(
        figure=found.get("--figure", ["which-policy"])[0],
        scenario=scenario,
        policies=found.get("--policy"),
        engine=found.get("--engine", [None])[0],
        seed=int(found.get("--seed", [0])[0]),
        seconds=float(found["--seconds"][0]) if "--seconds" in found else None,
        options=options,
    )
    assert built == made


def test_a_scenario_that_no_line_can_hold_is_a_file_in_the_command():
    many = {f"machine.{key}": 77.0 for key in ("save_cycles", "restore_cycles", "trap_cycles")}
    few = fm.preset("vm-idle").replace(many)
    assert "--set machine.save_cycles=77" in command_of(recipe(scenario=few))
    samples = fm.preset("vm-idle").replace({"vcpu.out_us": {**SAMPLES, "samples": [1.0] * 99}})
    assert command_of(recipe(scenario=samples, file="mine.toml")) == "fpsimd-model reply mine.toml"
    assert command_of(recipe(scenario=samples)) == "fpsimd-model reply which-policy.toml"


def test_no_command_knows_a_policy_of_ones_own():
    made = recipe(policies=[Mine, "tracked"])
    assert command_of(made) == ""
    with pytest.raises(InputError, match="a policy of one's own is not in the file"):
        again(made)


WRONG = {
    "figure": ({"figure": "pie"}, "is unknown"),
    "an option": ({"options": {"colour": 3}}, "no option is called"),
    "a value": ({"options": {"points": 1e9}}, "is above 1000"),
    "an end": ({"options": {"low": 5.0, "high": 5.0}}, "low is not below high"),
    "metrics": ({"options": {"panels": ["cost"]}}, "no metric is called"),
    "no metrics": ({"options": {"panels": []}}, "is no list"),
    "engine": ({"engine": "steam"}, "engine"),
    "seed": ({"seed": -1}, "seed"),
    "seconds": ({"seconds": 0}, "seconds"),
    "policies": ({"policies": ["nosuch"]}, "no policy is called"),
    "no policies": ({"policies": []}, "take at least one"),
    "no scenario": ({"scenario": None}, "wants a scenario"),
    "no trace": ({"figure": "calibration"}, "wants a recorded trace"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_recipe_that_cannot_be_is_refused_in_one_line(name):
    changes, says = WRONG[name]
    with pytest.raises(InputError, match=says) as caught:
        recipe(**changes)
    assert "\n" not in str(caught.value)


STRANGE = {
    "figure": 3,
    "options": {"points": "49"},
    "policies": "tracked",
    "engine": None,
    "seed": 1.5,
    "seconds": 1e300,
    "scenario": {"vcpu": {}},
    "data": {"name": "../../etc/passwd", "sha256": "0" * 64},
    "file": "mine.toml; rm -rf /",
    "line": "\x1b[2J",
}


@pytest.mark.parametrize("key", STRANGE)
def test_parameters_of_a_stranger_are_data_within_bounds(key):
    parameters = {**recipe().parameters(), key: STRANGE[key]}
    with pytest.raises(InputError):
        Recipe.read(parameters)


@pytest.mark.parametrize(
    "text",
    [
        "[vcpu]\nout_us = { shape = 'empirical', samples = '/etc/passwd' }\n",
        "[vcpu]\nout_us = -1\n",
        "x = [" * 5000,
        "#" * 2_000_000,
        "\x00",
    ],
    ids=["file", "domain", "deep", "large", "nul"],
)
def test_a_strangers_scenario_opens_no_file_and_is_checked(text):
    with pytest.raises(InputError):
        Recipe.read({**recipe().parameters(), "scenario": text})


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from([*STRANGE, "command", "fpsimd_model"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=5,
        ),
        min_size=1,
    )
)
def test_whatever_the_parameters_are_they_are_read_or_refused(changes):
    parameters = {**recipe().parameters(), **changes}
    with suppress(InputError):
        Recipe.read(parameters)


def test_too_many_samples_for_the_files_are_told():
    samples = {"shape": "empirical", "samples": [1.0 + i * 1e-9 for i in range(90_000)]}
    made = recipe(scenario=fm.preset("vm-idle").replace({"vcpu.out_us": samples}))
    with pytest.raises(InputError, match="thin the samples out"):
        made.parameters()
