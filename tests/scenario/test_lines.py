"""The line in an error is the line of the key, however the TOML is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model.errors import InputError
from fpsimd_model.scenario import TABLES, Scenario, keys_of
from fpsimd_model.scenario.lines import find_places

VARIED = '''
# a comment with [brackets] and = signs
title = """
[vcpu]
out_us = 7 \\
"""  # source: this is no value of a table
"why" = '[machine]'

vcpu.out_us.mean = 3.0
vcpu."out_us".shape = "deterministic"   # assumed: a dotted key
vcpu.'run_loop_us' = 4  # source: measured, n = 12

[ softirq ]  # source: not a value
interrupts_per_s = { shape="mmpp", rate1_per_s=1, rate2_per_s=2, mean1_us=3, mean2_us=4 }#source:x
"packet_bytes"=64 # bytes of a small packet
fallback = 'scalar' # source: a "quoted" # text
[machine]
clock_ghz = 1.5	#	source:	tabs
'''


def test_places_of_varied_toml():
    places = find_places(VARIED)
    lines = {".".join(path): line for path, line in places.lines.items() if path[0] != "interrupts"}
    assert lines == {
        "title": 3,
        "why": 7,
        "vcpu": 9,
        "vcpu.out_us": 9,
        "vcpu.out_us.mean": 9,
        "vcpu.out_us.shape": 10,
        "vcpu.run_loop_us": 11,
        "softirq": 13,
        "softirq.interrupts_per_s": 14,
        "softirq.interrupts_per_s.shape": 14,
        "softirq.interrupts_per_s.rate1_per_s": 14,
        "softirq.interrupts_per_s.rate2_per_s": 14,
        "softirq.interrupts_per_s.mean1_us": 14,
        "softirq.interrupts_per_s.mean2_us": 14,
        "softirq.packet_bytes": 15,
        "softirq.fallback": 16,
        "machine": 17,
        "machine.clock_ghz": 18,
    }
    assert {".".join(path): source for path, source in places.sources.items()} == {
        "title": "this is no value of a table",
        "vcpu.out_us.shape": "assumed: a dotted key",
        "vcpu.run_loop_us": "measured, n = 12",
        "softirq.interrupts_per_s": "x",
        "softirq.fallback": 'a "quoted" # text',
        "machine.clock_ghz": "tabs",
    }


def test_varied_toml_is_read():
    scenario = Scenario.from_toml(VARIED)
    assert scenario.title == "[vcpu] out_us = 7"
    assert scenario.why == "[machine]"
    assert scenario.vcpu.out_us.shape == "deterministic"
    assert scenario.source_of("machine.clock_ghz") == "tabs"
    assert scenario.source_of("softirq.packet_bytes") == "scenario file"


def test_arrays_over_several_lines():
    places = find_places(
        "a = [ # ]\n  1, '''\n]''', { b = 2 }, [\n 3 ],\n]\nc = [[[]]]\nd = 1979-05-27 07:32:00\n"
    )
    assert {path: line for path, line in places.lines.items() if len(path) == 1} == {
        ("a",): 1,
        ("b",): 3,
        ("c",): 6,
        ("d",): 7,
    }


def test_text_that_is_no_toml_gives_no_line_and_no_exception():
    for text in ("=", "[", "a", "a =", "a = {", 'a = "', "a = [1", "a.", "]]]", "a = {b", '"""'):
        find_places(text)


KEYS = [(table, key) for table, kind in TABLES.items() for key in keys_of(kind)]


@given(
    st.sampled_from(KEYS),
    st.lists(st.sampled_from(["", "# out_us = 5", "   # [vcpu]", "\t"]), max_size=5),
    st.sampled_from(["{key}", '"{key}"', "'{key}'", "  {key} "]),
    st.integers(0, 3),
)
def test_error_names_the_line_of_the_key(place, fill, spelling, rotation):
    table, wrong = place
    text = ['why = """', "[vcpu]", '""" # one', *fill]
    order = list(TABLES)[rotation:] + list(TABLES)[:rotation]
    for name in order:
        text += [f"[{name}]", *fill]
        for key, value in Scenario().to_dict()[name].items():
            shown = repr(value).replace("'", '"')
            if (name, key) == place:
                expected, shown = len(text) + 1, "-1"
            text += [f"{spelling.format(key=key)} = {shown}", *fill]
    with pytest.raises(InputError) as caught:
        Scenario.from_toml("\n".join(text), "load.toml")
    assert str(caught.value).startswith(f"load.toml:{expected}: [{table}] {wrong}: -1 is ")
