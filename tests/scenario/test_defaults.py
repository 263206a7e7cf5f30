"""The scenario file of the specification, word for word, and what it must mean."""

from __future__ import annotations

import json
import tomllib

import pytest

from fpsimd_model.durations import Duration
from fpsimd_model.scenario import TABLES, Scenario, keys_of, preset, presets

SPECIFIED = """
[vcpu]
residency_us = 1000.0
out_us = 1000.0            # from put to the next load
run_loop_us = 3.0
guest_run_us = 50.0
first_fp_us = 10.0
user_exit_share = 0.3
preempted_share = 0.5
exit_put_share = 0.0       # share of the guest's own exits that end the residency
vector_bits = 128          # guest state: 128 is plain FPSIMD (520 bytes); SVE up to 2048
task_neon_per_s = 0.0

[softirq]
interrupts_per_s = 10000.0
packets_per_interrupt = 1.0
packet_bytes = 1500
stack_ns = 1000.0
service = "deterministic"  # or "exponential"
softirq_budget_us = 2000.0 # 0 switches ksoftirqd off
fallback = "scalar"        # or "cryptd"
other_interrupts_per_s = 0.0
other_interrupt_ns = 2000.0
other_softirq_share = 0.5

[crypto]
simd_cycles_per_byte = 0.9
slowdown = 20.0
overhead_ns = 0.0          # fixed cost of one request

[machine]
clock_ghz = 2.0
save_cycles = 141.0        # one 520-byte register file, one way
restore_cycles = 155.0
trap_cycles = 376.0        # trap handled in assembly at EL2, without the moves
trap_c_cycles = 600.0      # trap through the C path (since v4.18)
exit_cycles = 300.0
entry_cycles = 300.0
"""


def test_specified_file_is_the_default_scenario():
    specified = tomllib.loads(SPECIFIED)
    tables = Scenario().to_dict()
    assert tables["softirq"].pop("delay_limit_us") == 1000.0
    assert tables.pop("crypto") == {**specified.pop("crypto"), "neon_sections_per_packet": 1}
    assert tables == specified
    assert Scenario.from_toml(SPECIFIED) == Scenario()


def test_nothing_and_empty_tables_are_the_default_scenario():
    for text in ("", "\n# nothing\n", "[vcpu]\n[softirq]\n[crypto]\n[machine]\n", "\ufeff"[:0]):
        assert Scenario.from_toml(text) == Scenario()
    assert Scenario.from_dict({}) == Scenario()


def test_specified_comments_are_no_sources():
    scenario = Scenario.from_toml(SPECIFIED)
    assert scenario.source_of("vcpu.out_us") == "scenario file"
    assert set(scenario.sources.values()) == {
        "scenario file",
        Scenario().source_of("crypto.neon_sections_per_packet"),
        Scenario().source_of("softirq.delay_limit_us"),
    }


def test_every_key_has_meaning_and_source():
    scenario = Scenario()
    for table, kind in TABLES.items():
        for name, key in keys_of(kind).items():
            assert key.meaning
            assert scenario.source_of(f"{table}.{name}") == key.source != ""
    assert list(scenario.sources) == [
        f"{table}.{name}" for table, kind in TABLES.items() for name in keys_of(kind)
    ]


def test_values_have_the_promised_types():
    scenario = Scenario.from_toml("[vcpu]\nresidency_us = 5\n[softirq]\ninterrupts_per_s = 7")
    assert scenario.vcpu.residency_us == Duration(5.0)
    for name in ("residency_us", "out_us", "run_loop_us", "guest_run_us", "first_fp_us"):
        assert type(getattr(scenario.vcpu, name)) is Duration
    assert type(scenario.softirq.interrupts_per_s) is float
    assert type(scenario.vcpu.vector_bits) is int
    assert type(scenario.crypto.neon_sections_per_packet) is int
    json.dumps(scenario.to_dict(), allow_nan=False)


def test_zero_is_legal_where_it_means_something():
    scenario = Scenario.from_toml(
        "[vcpu]\nuser_exit_share=0\npreempted_share=1\n"
        "[softirq]\ninterrupts_per_s=0\nstack_ns=0\nsoftirq_budget_us=0\nother_interrupt_ns=0\n"
        "[crypto]\nslowdown=1\n"
        "[machine]\nsave_cycles=0\nrestore_cycles=0\ntrap_cycles=0\ntrap_c_cycles=0\n"
        "exit_cycles=0\nentry_cycles=-0.0\n"
    )
    assert scenario.offered_packets_per_s == 0.0
    assert repr(scenario.machine.entry_cycles) == "0.0"


def test_a_repr_is_one_short_line_of_what_differs():
    assert repr(Scenario()) == "<Scenario: every value is the default>"
    wifi = preset("wifi-ap-ccmp").replace({"machine.save_cycles": 7.0})
    assert repr(wifi) == (
        '<Scenario wifi-ap-ccmp: machine.preset = "cortex-a53", crypto.algorithm = "aes-128-ccm", '
        "softirq.interrupts_per_s = 500.0, softirq.packets_per_interrupt = 16.0, "
        "softirq.stack_ns = 4000.0, machine.save_cycles = 7.0>"
    )
    shapes = Scenario().replace(
        {
            "vcpu.out_us": {"shape": "empirical", "samples": [1.0, 2.0] * 500},
            "softirq.packets_per_interrupt": {"mean": 4, "shape": "fixed"},
            "softirq.interrupts_per_s": {"shape": "recorded", "samples": [100.0] * 999},
        }
    )
    assert repr(shapes) == (
        "<Scenario: vcpu.out_us = 1.5 (empirical), softirq.interrupts_per_s = 10000 (recorded), "
        "softirq.packets_per_interrupt = 4 (fixed)>"
    )
    assert repr(Scenario(machine_preset="mine")) == '<Scenario: machine.preset = "mine">'


@pytest.mark.parametrize("name", presets())
def test_a_repr_stays_short(name):
    assert len(repr(preset(name))) < 300
