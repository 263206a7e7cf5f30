"""docs/scenario.md: what the code knows is in it, and every line of TOML means what it says."""

from __future__ import annotations

import importlib.util
import re

import pytest

from fpsimd_model import durations
from fpsimd_model.scenario import TABLES, Batch, Mmpp, Recorded, Scenario, hints, keys_of, recorded
from fpsimd_model.scenario.arrivals import read_batch, read_interrupts
from tests.house import ROOT

PAGE = ROOT / "docs" / "scenario.md"
TEXT = PAGE.read_text(encoding="utf-8")
INLINE = re.findall(r"`(\{ .*? \})`", TEXT)


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("scenario_page", ROOT / "tools/scenario_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_its_tool_makes(tool):
    """If not: .venv/bin/python tools/scenario_page.py."""
    assert tool.PAGE == PAGE
    assert tool.page(TEXT) == TEXT
    marked = {found[2] for found in tool.MARKED.finditer(TEXT)}
    assert marked == {*TABLES, "situations", "machines", "algorithms"}


def test_an_older_page_would_be_made_anew(tool):
    old = TEXT.replace("| `residency_us` |", "| `residence_us` |")
    assert old != TEXT
    assert tool.page(old) == TEXT


@pytest.mark.parametrize("table", TABLES)
def test_every_key_has_a_row_with_unit_default_and_domain(tool, table):
    rows = [line.split(" | ") for line in tool.keys(table).splitlines()[2:]]
    assert [row[0] for row in rows] == [f"| `{key}`" for key in keys_of(TABLES[table])]
    for row in rows:
        assert len(row) == 5
        assert row[3]
        value = Scenario.from_toml(f"[{table}]\n{row[0][3:-1]} = {row[2].strip('`')}")
        assert value == Scenario()  # what is called the default is


def test_the_example_is_a_scenario():
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    scenario = Scenario.from_toml(example)
    assert scenario.machine_preset == "cortex-a72"
    assert scenario.machine.trap_c_cycles == 700.0
    assert scenario.vcpu.residency_us.cv2 == 0.25
    assert isinstance(scenario.softirq.interrupts_per_s, Mmpp)
    assert scenario.source_of("vcpu.preempted_share") == "half an hour of sched_switch"
    assert set(re.findall(r"^\[(\w+)\]", example, re.MULTILINE)) == set(TABLES)


def test_every_value_in_the_text_can_be_read():
    kinds = {"50.0": durations.Duration, "empirical": durations.Duration}
    found = []
    for text in INLINE:
        key = "vcpu.out_us" if any(mark in text for mark in kinds) else "softirq.interrupts_per_s"
        key = "softirq.packets_per_interrupt" if "mean = 4" in text else key
        table, _, name = key.partition(".")
        scenario = Scenario.from_toml(f"[{table}]\n{name} = {text}")
        found.append(type(getattr(getattr(scenario, table), name)))
    assert {*found} == {durations.Duration, Mmpp, Recorded, Batch, float}


def test_every_shape_and_every_inner_key_is_told():
    for shape in durations.SHAPES:
        assert f'| `"{shape}"` |' in TEXT
    for key in (*durations.KEYS, *recorded.KEYS, "rate1_per_s", "rate2_per_s", "mean1_us",
                "mean2_us", *hints.TOP, *hints.EXTRA.values()):  # fmt: skip
        assert f"`{key}`" in TEXT or f"`{key} = " in TEXT or f"{key} = " in "".join(INLINE), key
    with pytest.raises(ValueError, match="rate1_per_s, rate2_per_s, mean1_us and mean2_us"):
        read_interrupts({"shape": "mmpp"})
    assert read_batch({"mean": 4.0, "shape": "geometric"}) == 4.0
