"""Whatever a file holds, it becomes a Scenario or one line of error."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fpsimd_model.errors import InputError
from fpsimd_model.scenario import TABLES, Scenario
from fpsimd_model.scenario.hints import TOP, known_keys


def scenario_or_line(text: str) -> None:
    message = "load.toml:"
    try:
        assert isinstance(Scenario.from_toml(text, "load.toml"), Scenario)
    except InputError as error:
        message = str(error)
    assert message.startswith("load.toml:")
    assert message.isprintable()
    assert len(message) < 600


@given(st.text())
@example("\r")
@example("a = 'x\0'")
@example("vcpu = 1979-05-27T07:32:00Z")
@example("a = 1979-05-27T99:32:00Z")
@example("a = 1__0")
@example("\ud800 = 1")
@example("a = '''\n''''''")
@example("[vcpu]\nout_us = { shape = 'empirical', samples = \"a\\u0000b\" }")
@example("[vcpu]\nout_us = { shape = 'empirical', samples = '" + "x" * 5000 + "' }")
def test_any_text(text):
    scenario_or_line(text)


names = st.sampled_from([*TABLES, *TOP, *(key for table in TABLES for key in known_keys(table))])
keys = st.one_of(
    names,
    names.map(lambda name: name[:-3] or "x"),
    st.sampled_from(
        ["mean", "shape", "cv2", "samples", "rate1_per_s", '"a.b"', "''", "a.b", "vcpu.out_us"]
    ),
)
scalars = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "0.5",
        "nan",
        "inf",
        "true",
        '"x"',
        "'gamma'",
        '"""\n"""',
        "1e400",
        "[]",
        "[1, 2]",
        '"cortex-a57"',
        "2020-01-01",
        '"empirical"',
        '"mmpp"',
        '"fixed"',
        "128",
        "{}",
    ]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(st.tuples(keys, inner), max_size=4).map(
        lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }"
    ),
    max_leaves=5,
)
lines = st.one_of(
    st.tuples(keys, values).map(" = ".join),
    keys.map(lambda key: f"[{key}]"),
    keys.map(lambda key: f"[[{key}]]"),
    st.sampled_from(["", "# source: x", "[vcpu.out_us]"]),
)


@given(st.lists(lines, max_size=8).map("\n".join))
def test_any_text_that_is_nearly_a_scenario(text):
    scenario_or_line(text)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(names | st.text(), plain | st.dictionaries(names, plain)))
def test_any_tables(tables):
    message = ""
    try:
        assert isinstance(Scenario.from_dict(tables), Scenario)
    except InputError as error:
        message = str(error)
    assert message.isprintable()


@pytest.mark.parametrize("value", [None, object(), b"1", 1j, [], {}, "1", True, 10**400])
@pytest.mark.parametrize("key", [f"{table}.{key}" for table in TABLES for key in known_keys(table)])
def test_any_value_by_program(key, value):
    with pytest.raises(InputError) as caught:
        Scenario().replace({key: value})
    assert str(caught.value).isprintable()
