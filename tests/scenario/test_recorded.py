"""Recorded arrivals: read, refused, written and read again, made faster."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model.errors import InputError
from fpsimd_model.parameters import Parameters
from fpsimd_model.scenario import Recorded, Scenario, Softirq

FORM = (
    "microseconds since the interrupt before, one a line, are wanted, each with its packets behind "
    "a comma or none"
)
GAP = "a number of microseconds, at least 0, is wanted"
PACKETS = "a whole number of packets from 1 to 1000 is wanted"


def recorded(text: str, tmp_path, scale: str = "") -> Scenario:
    (tmp_path / "arrivals.csv").write_text(text)
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        '[softirq]\ninterrupts_per_s = { shape = "recorded", samples = "arrivals.csv"'
        + scale
        + " }"
    )
    return Scenario.load(scenario)


def test_a_file_of_gaps_is_a_rate_and_leaves_the_packets_to_their_key(tmp_path):
    softirq = recorded("gap_us\n10\n\n30  # slow\n", tmp_path).softirq
    assert softirq.interrupts_per_s == Recorded((10.0, 30.0))
    assert softirq.interrupts_per_s.file == os.path.realpath(tmp_path / "arrivals.csv")
    assert softirq.rate_per_s == 50_000.0
    assert (softirq.batch_mean, softirq.batch_shape) == (1.0, "geometric")


def test_a_second_column_is_the_packets_of_each(tmp_path):
    softirq = recorded("gap_us,packets\n10,1\n30,3\n", tmp_path, ", scale = 2").softirq
    assert softirq.interrupts_per_s == Recorded((10.0, 30.0), (1, 3), 2.0)
    assert softirq.rate_per_s == 100_000.0
    assert (softirq.batch_mean, softirq.batch_square, softirq.batch_shape) == (2.0, 5.0, "recorded")
    same = dataclasses.replace(softirq, interrupts_per_s=Recorded((1.0, 2.0), (4, 4)))
    assert (same.batch_mean, same.batch_square, same.batch_shape) == (4.0, 16.0, "fixed")
    parameters = Parameters.of(Scenario(softirq=softirq))
    assert parameters.batch_second_moment.tolist() == [5.0]


BAD = {
    "": f"arrivals.csv holds no number; {FORM}",
    "gap\n": f"arrivals.csv holds no number; {FORM}",
    "1\nx\n": f'arrivals.csv:2: "x" is not a number; {FORM}',
    "1\n2,3\n": f"arrivals.csv:2: 2 numbers; {FORM}",
    "1,2\n3\n": f"arrivals.csv:2: 1 numbers; {FORM}",
    "1,2,3\n": f"arrivals.csv:1: 3 numbers; {FORM}",
    "1\n-2\n": f"arrivals.csv:2: -2.0 is negative; {GAP}",
    "1\nnan\n": f"arrivals.csv:2: nan is not finite; {GAP}",
    "1,0\n": f"arrivals.csv:1: 0.0 is below 1; {PACKETS}",
    "1,1.5\n": f"arrivals.csv:1: 1.5 is not whole; {PACKETS}",
    "0\n0\n": "no gap above 0; at least one is wanted",
}


@pytest.mark.parametrize(("text", "message"), BAD.items())
def test_a_bad_file_is_one_clear_error(text, message, tmp_path):
    with pytest.raises(InputError) as caught:
        recorded(text, tmp_path)
    where = f"{tmp_path / 's.toml'}:2: [softirq] interrupts_per_s.samples: "
    assert str(caught.value) == where + message


TABLES = {
    '{ shape = "recorded" }': "interrupts_per_s.samples: missing; the shape recorded wants",
    '{ shape = "recorded", samples = 3 }': "interrupts_per_s.samples: 3; the shape recorded wants",
    '{ shape = "recorded", samples = [] }': "interrupts_per_s.samples: no gap; at least one",
    '{ shape = "recorded", samples = [[1, 2, 3]] }': "samples: rows of different length",
    '{ shape = "recorded", samples = [[1, 2], 3] }': "samples: rows of different length",
    '{ shape = "recorded", samples = ["a"] }': 'samples: "a" is not a number',
    '{ shape = "recorded", samples = [1], scale = 0 }': "interrupts_per_s.scale: 0 is zero",
    '{ shape = "recorded", samples = [1], mean = 1 }': "interrupts_per_s.mean: unknown key",
    '{ shape = "recorded", samples = "none.csv" }': "samples: none.csv cannot be read",
    '{ shape = "record" }': '"record" is unknown; "recorded" is the nearest of "mmpp", "recorded"',
}


@pytest.mark.parametrize(("table", "message"), TABLES.items())
def test_a_bad_table_is_one_clear_error(table, message):
    with pytest.raises(InputError) as caught:
        Scenario.from_toml(f"[softirq]\ninterrupts_per_s = {table}", "load.toml")
    assert str(caught.value).startswith("load.toml:2: [softirq] interrupts_per_s")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


gaps = st.lists(st.floats(0.0, 1e6), min_size=1, max_size=6).filter(lambda g: sum(g) > 1e-3)


@st.composite
def recordings(draw) -> Recorded:
    found = tuple(draw(gaps))
    packets = st.lists(st.integers(1, 1000), min_size=len(found), max_size=len(found)).map(tuple)
    return Recorded(found, draw(st.none() | packets), draw(st.floats(0.01, 100.0)))


@given(recordings())
def test_text_and_tables_bring_it_back(arrivals):
    scenario = Scenario(softirq=Softirq(arrivals))
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert Scenario.from_dict(json.loads(json.dumps(scenario.to_dict()))) == scenario


def test_saved_beside_its_file_a_scenario_names_it(tmp_path):
    scenario = recorded("10,1\n30,3\n", tmp_path, ", scale = 2")
    scenario.save(tmp_path / "t.toml")
    text = (tmp_path / "t.toml").read_text()
    assert '{ shape = "recorded", samples = "arrivals.csv", scale = 2.0 }' in text
    assert Scenario.load(tmp_path / "t.toml") == scenario


@given(recordings(), st.floats(1.0, 1e5))
def test_another_rate_is_the_same_recording_faster_or_slower(arrivals, rate):
    before = Scenario(softirq=Softirq(arrivals))
    after = before.replace({"softirq.interrupts_per_s": rate}).softirq.interrupts_per_s
    assert after.rate_per_s == pytest.approx(rate)
    assert (after.gaps_us, after.packets) == (arrivals.gaps_us, arrivals.packets)
    slower = before.replace({"softirq.interrupts_per_s.scale": 0.5}).softirq.interrupts_per_s
    assert slower == dataclasses.replace(arrivals, scale=0.5)
