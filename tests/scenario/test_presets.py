"""Presets: every number is computed again from the published rows, and says where it is from."""

from __future__ import annotations

import csv

import pytest

from fpsimd_model.errors import InputError
from fpsimd_model.resources import data_path
from fpsimd_model.scenario import TABLES, Scenario, describe, keys_of, preset, presets
from fpsimd_model.scenario.presets import CORE_NAMES, algorithm_values, raw_preset

with data_path("costs.csv").open(encoding="utf-8", newline="") as file:
    COSTS = list(csv.DictReader(file))

ALGORITHM_VALUES = [
    (name, core, key)
    for name in presets("algorithms")
    for core, entry in raw_preset("algorithms", name)["cores"].items()
    for key in entry
]
MACHINE_VALUES = [
    (name, key) for name in presets("machines") for key in raw_preset("machines", name)["machine"]
]


def found(row: dict) -> list[dict]:
    """The published rows that a preset names."""
    return [
        cost
        for cost in COSTS
        if (cost["quantity"], cost["hardware"]) == (row["quantity"], row["hardware"])
    ]


def total(rows: list[dict]) -> float:
    result = 0.0
    for row in rows:
        assert set(row) <= {"quantity", "hardware", "column", "times"}
        values = {float(cost[row.get("column", "value")]) for cost in found(row)}
        assert len(values) == 1, row
        result += row.get("times", 1) * values.pop()
    return result


def check_honesty(text: str, rows: list[dict], cores: set[str]) -> None:
    """No rows, or rows of other hardware: assumed. Rows that nobody read: unverified."""
    hardware = {row["hardware"] for row in rows}
    if not rows or any(not any(core in name for core in cores) for name in hardware):
        assert text.startswith("assumed: ")
    if any(cost["verified"] != "yes" for row in rows for cost in found(row)):
        assert "unverified" in text


def test_published_table_is_whole():
    assert len(COSTS) == 442
    assert set(COSTS[0]) == {
        "quantity", "value", "unit", "low", "high", "hardware", "kernel_or_year", "source", "url",
        "verified",
    }  # fmt: skip
    for cost in COSTS:
        float(cost["value"])


@pytest.mark.parametrize(("name", "core", "key"), ALGORITHM_VALUES)
def test_algorithm_costs_follow_from_published_rows(name, core, key):
    entries = raw_preset("algorithms", name)["cores"][core]
    entry = entries[key]
    simd = total(entries["simd_cycles_per_byte"]["rows"])
    if key == "slowdown":
        rows = entry["scalar"]
        assert entry["value"] == pytest.approx(total(rows) / simd, abs=0.005)
        assert entry["value"] >= 1.0
    else:
        assert key == "simd_cycles_per_byte"
        rows = entry["rows"]
        assert entry["value"] == pytest.approx(simd, rel=1e-9)
    check_honesty(entry["text"], rows, {CORE_NAMES[core]})


def test_published_ratios_agree_where_they_are_of_the_same_implementations():
    aes = "vs kernel scalar asm"
    for name, core, quantity in (
        ("aes-128-ctr", "cortex-a53", f"AES-128-CTR|Crypto Ext (cryptogams) {aes} (RPi3)"),
        ("aes-128-cbc", "cortex-a57", f"AES-128-CBC enc|Crypto Ext (cryptogams) {aes}"),
        ("sha-256", "cortex-a57", "SHA-256|Crypto Ext vs scalar asm"),
    ):
        ratio = total([{"quantity": f"crypto_ratio|{quantity}", "hardware": CORE_NAMES[core]}])
        entry = raw_preset("algorithms", name)["cores"][core]["slowdown"]
        assert entry["value"] == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(("name", "key"), MACHINE_VALUES)
def test_machine_costs_follow_from_published_rows(name, key):
    data = raw_preset("machines", name)
    source = data["sources"][key]
    rows = source.get("rows", [])
    if rows:
        assert data["machine"][key] == pytest.approx(total(rows), rel=1e-9)
    hardware = {"x-gene": {"X-Gene"}, "cortex-a57-el2": {"Cortex-A57"}}
    if not source["text"].startswith(("Altra Q80-26 as", "RK3399 as")):  # clocks, see below
        check_honesty(source["text"], rows, hardware.get(name, {CORE_NAMES.get(name)}))


@pytest.mark.parametrize(
    ("name", "quantity", "words"),
    [
        ("neoverse-n1", "Neoverse N1 (Altra Q80-26)", "at 2600 MHz"),
        ("cortex-a72", "Cortex-A72 @1.8 GHz", "@1.8 GHz"),
    ],
)
def test_clocks_that_claim_a_source_have_one(name, quantity, words):
    rows = [cost for cost in COSTS if cost["hardware"] == quantity]
    assert any(words in cost["source"] + cost["hardware"] for cost in rows)
    clock = preset("reference").replace({"machine.preset": name}).machine.clock_ghz
    assert clock == {"neoverse-n1": 2.6, "cortex-a72": 1.8}[name]


def test_every_machine_gives_every_key_and_every_algorithm():
    for machine in presets("machines"):
        data = raw_preset("machines", machine)
        assert set(data["machine"]) == set(data["sources"]) == set(keys_of(TABLES["machine"]))
        for algorithm in presets("algorithms"):
            values = algorithm_values(algorithm, machine)
            assert set(values) == {"simd_cycles_per_byte", "slowdown"}


def test_nearest_core_is_told():
    cost = algorithm_values("aes-128-gcm", "cortex-a72")
    value, source = cost["simd_cycles_per_byte"]
    assert value == 2.6
    assert source == (
        "assumed: measured on Cortex-A57, not on Cortex-A72: "
        "the kernel's fused driver gcm-aes-ce: Linux 537c1445ab0b"
    )
    assert cost["slowdown"][1].count("assumed:") == 1
    own = algorithm_values("aes-256-cbc", "neoverse-n1")
    assert own["simd_cycles_per_byte"][0] == 1.754
    assert not own["simd_cycles_per_byte"][1].startswith("assumed")
    assert own["slowdown"][1].startswith("assumed: measured on Cortex-A72, not on Neoverse N1: ")
    unnamed = algorithm_values("aes-128-ctr")
    assert unnamed["slowdown"][0] == 14.49
    assert unnamed["slowdown"][1].startswith("assumed: measured on Cortex-A57, as no machine is n")


@pytest.mark.parametrize("name", presets())
def test_situation_is_stable_and_every_departure_has_a_source(name):
    scenario = preset(name)
    assert 0.0 < scenario.simd_load < 0.9
    assert scenario.scalar_load > 2 * scenario.simd_load
    assert scenario.name == name
    data = raw_preset("situations", name)
    stated = {
        f"{table}.{key}"
        for table in TABLES
        for key in data.get(table, {})
        if key not in ("preset", "algorithm")
    }
    assert stated == set(data["sources"])
    for dotted in stated:
        table, key = dotted.split(".")
        source = data["sources"][dotted]
        rows = source.get("rows", [])
        if rows:
            assert data[table][key] == pytest.approx(total(rows), rel=1e-4)
        check_honesty(source["text"], rows, {"Altra"})
    for dotted in scenario.sources:
        table, key = dotted.split(".")
        value = getattr(getattr(scenario, table), key)
        if value != getattr(getattr(Scenario(), table), key):
            assert scenario.source_of(dotted) not in ("scenario file", "set by hand")


def test_what_the_situations_say_of_their_load():
    """The shares of the core in the texts `why`."""
    loads = {name: (preset(name).simd_load, preset(name).scalar_load) for name in presets()}
    assert loads["cortex-a57-ipsec"] == pytest.approx((0.06, 0.80), abs=0.005)
    assert loads["wifi-ap-ccmp"] == pytest.approx((0.06, 0.80), abs=0.006)
    assert loads["neoverse-ipsec"][0] == pytest.approx(0.5, abs=0.05)
    assert loads["neoverse-ipsec"][1] > 1.0


def test_situations_that_must_be_there():
    assert set(presets()) >= {
        "cortex-a57-ipsec", "neoverse-ipsec", "wifi-ap-ccmp", "vm-busy", "vm-idle", "vm-exit-heavy",
    }  # fmt: skip
    assert set(presets("machines")) >= {"cortex-a53", "cortex-a57", "cortex-a72", "neoverse-n1"}
    assert set(presets("algorithms")) >= {
        "aes-128-gcm", "aes-128-cbc", "aes-128-ctr", "aes-128-ccm", "chacha20-poly1305", "sha-256",
    }  # fmt: skip


def test_every_preset_has_a_title_and_a_reason():
    for kind in ("situations", "machines", "algorithms"):
        for name in presets(kind):
            about = describe(kind, name)
            assert about.title
            assert len(about.why) > 40


def test_presets_stand_for_tables_and_single_keys_override():
    scenario = Scenario.from_toml(
        '[crypto]\nalgorithm = "aes-128-ctr"\nslowdown = 5\n'
        '[machine]\nclock_ghz = 1.2\npreset = "cortex-a53"\n'
    )
    assert scenario.machine.clock_ghz == 1.2
    assert scenario.machine.exit_cycles == 2265.0
    assert scenario.crypto.simd_cycles_per_byte == 1.36
    assert scenario.crypto.slowdown == 5.0
    assert scenario.source_of("crypto.slowdown") == "scenario file"
    assert scenario.source_of("crypto.simd_cycles_per_byte").startswith("dot-asm/cryptogams")
    assert (scenario.machine_preset, scenario.algorithm) == ("cortex-a53", "aes-128-ctr")


def test_tables_override_a_situation():
    scenario = Scenario.from_toml(
        'preset = "cortex-a57-ipsec"\n[softirq]\npacket_bytes = 64\n[vcpu]\nout_us = 7\n'
    )
    base = preset("cortex-a57-ipsec")
    assert scenario == base.replace({"softirq.packet_bytes": 64, "vcpu.out_us": 7})
    assert scenario.name == base.name
    assert scenario.source_of("softirq.interrupts_per_s") == base.source_of(
        "softirq.interrupts_per_s"
    )


def test_another_machine_in_a_situation_changes_what_its_algorithm_costs():
    scenario = Scenario.from_toml('preset = "wifi-ap-ccmp"\n[machine]\npreset = "cortex-a57"\n')
    assert scenario.crypto.simd_cycles_per_byte == 2.84
    assert scenario.machine.clock_ghz == 2.0
    assert scenario.softirq.stack_ns == 4000.0


def test_another_algorithm_in_a_situation():
    scenario = Scenario.from_toml('preset = "wifi-ap-ccmp"\n[crypto]\nalgorithm = "sha-256"\n')
    assert scenario.crypto.simd_cycles_per_byte == 2.38
    assert scenario.machine_preset == "cortex-a53"


def test_unknown_names():
    with pytest.raises(InputError, match=r'^preset: "vm-bussy" is no known situation; "vm-busy"'):
        preset("vm-bussy")
    with pytest.raises(InputError, match=r'^"machine" is no kind of preset; "machines" is the nea'):
        presets("machine")
    with pytest.raises(InputError, match=r'^"arm9" is no known machine; one of "cortex-a53", '):
        describe("machines", "arm9")
