"""Every kind of mistake gives one line that names file, line, key and what would be right."""

from __future__ import annotations

import os

import pytest

from fpsimd_model.errors import InputError
from fpsimd_model.scenario import Scenario

DURATION = (
    "a number of microseconds above 0 is wanted, "
    'or a table such as { mean = 1000.0, shape = "gamma", cv2 = 0.25 }'
)
SHAPES = '"deterministic", "exponential", "gamma", "lognormal", "hyperexponential", "empirical"'
VCPU_KEYS = (
    "residency_us, out_us, run_loop_us, guest_run_us, first_fp_us, user_exit_share, "
    "preempted_share, exit_put_share, vector_bits, task_neon_per_s"
)

MISTAKES = {
    # unknown keys
    "[vcpu]\nresidency = 5": "2: [vcpu] residency: unknown key; "
    "the unit belongs to the name: residency_us",
    "[softirq]\ninterrupts = 5": "2: [softirq] interrupts: unknown key; "
    "the unit belongs to the name: interrupts_per_s",
    "[machine]\nsave = 5": "2: [machine] save: unknown key; "
    "the unit belongs to the name: save_cycles",
    "[crypto]\nsimd_cycles = 5": "2: [crypto] simd_cycles: unknown key; "
    "the unit belongs to the name: simd_cycles_per_byte",
    "[vcpu]\nresidency_ms = 5": "2: [vcpu] residency_ms: unknown key; "
    "the unit is another: residency_us",
    "[machine]\nclock_mhz = 5": "2: [machine] clock_mhz: unknown key; "
    "the unit is another: clock_ghz",
    "[vcpu]\nresidencey_us = 5": "2: [vcpu] residencey_us: unknown key; "
    "the nearest known key is residency_us",
    "[vcpu]\nrezidency = 5": "2: [vcpu] rezidency: unknown key; "
    "the nearest known key is residency_us",
    "[softirq]\nclock_ghz = 1": "2: [softirq] clock_ghz: unknown key; it belongs to [machine]",
    "[vcpu]\nxyz = 1": f"2: [vcpu] xyz: unknown key; [vcpu] knows {VCPU_KEYS}",
    "residency_us = 1": "1: residency_us: unknown key; "
    "it belongs to [vcpu]; write it below that line",
    "[vpcu]": "1: [vpcu]: unknown table; the nearest known is [vcpu]",
    "presett = 1": "1: presett: unknown key; the nearest known is preset",
    "qqq = 1": "1: qqq: unknown key; "
    "[vcpu], [softirq], [crypto], [machine], name, title, why, preset are known",
    "vcpu = 3": "1: [vcpu]: 3 is no table; write [vcpu] on a line, keys below it",
    "[[vcpu]]": "1: [vcpu]: [{}] is no table; write [vcpu] on a line, keys below it",
    # numbers
    "[vcpu]\nout_us = -1": f"2: [vcpu] out_us: -1 is negative; {DURATION}",
    "[vcpu]\nout_us = 0": f"2: [vcpu] out_us: 0 is zero; {DURATION}",
    "[vcpu]\nout_us = 1e-12": f"2: [vcpu] out_us: 1e-12 is below 1e-09; {DURATION}",
    "[vcpu]\nout_us = 1e16": f"2: [vcpu] out_us: 1e+16 is above 1e+15; {DURATION}",
    "[vcpu]\nout_us = nan": f"2: [vcpu] out_us: nan is not finite; {DURATION}",
    "[vcpu]\nout_us = -inf": f"2: [vcpu] out_us: -inf is not finite; {DURATION}",
    "[vcpu]\nout_us = true": f"2: [vcpu] out_us: true is not a number; {DURATION}",
    '[vcpu]\nout_us = "1 ms"': f'2: [vcpu] out_us: "1 ms" is not a number; {DURATION}',
    "[vcpu]\nout_us = [1]": f"2: [vcpu] out_us: [1] is not a number; {DURATION}",
    "[vcpu]\nout_us = 1" + "0" * 400: "2: [vcpu] out_us: 1000000000000000000000000000000000000... "
    f"is too large; {DURATION}",
    "[softirq]\nstack_ns = -1": "2: [softirq] stack_ns: -1 is negative; "
    "a number of nanoseconds, at least 0, is wanted",
    "[softirq]\ninterrupts_per_s = -1": "2: [softirq] interrupts_per_s: -1 is negative; "
    "a number of interrupts per second, at least 0, is wanted",
    "[softirq]\npacket_bytes = 0.5": "2: [softirq] packet_bytes: 0.5 is below 1; "
    "a number of bytes, at least 1, is wanted",
    "[crypto]\nslowdown = 0.5": "2: [crypto] slowdown: 0.5 is below 1; "
    "a ratio, at least 1, is wanted",
    "[crypto]\nneon_sections_per_packet = 1.5": "2: [crypto] neon_sections_per_packet: "
    "1.5 is not whole; a whole number from 1 to 1000 is wanted",
    "[crypto]\nsimd_cycles_per_byte = 0": "2: [crypto] simd_cycles_per_byte: "
    "0 like overhead_ns makes crypto take no time; one of them must be above 0",
    "[machine]\nclock_ghz = 0": "2: [machine] clock_ghz: 0 is zero; "
    "a number of gigahertz above 0 is wanted",
    "[machine]\nexit_cycles = false": "2: [machine] exit_cycles: false is not a number; "
    "a number of cycles, at least 0, is wanted",
    "[vcpu]\nvector_bits = 200": "2: [vcpu] vector_bits: 200 is not a multiple of 128; "
    "a multiple of 128 from 128 to 2048 is wanted",
    "[vcpu]\nvector_bits = 4096": "2: [vcpu] vector_bits: 4096 is above 2048; "
    "a multiple of 128 from 128 to 2048 is wanted",
    "[vcpu]\nvector_bits = 0": "2: [vcpu] vector_bits: 0 is below 128; "
    "a multiple of 128 from 128 to 2048 is wanted",
    # shares
    "[vcpu]\nuser_exit_share = 1.5": "2: [vcpu] user_exit_share: 1.5 is above 1; "
    "a share from 0 to 1 is wanted",
    "[vcpu]\nuser_exit_share = 0.8": "2: [vcpu] preempted_share: preempted_share 0.5 and "
    "user_exit_share 0.8 add to 1.3; "
    "shares of one whole, with blocking as the rest, add to 1 at most",
    "[vcpu]\nuser_exit_share = 0.4\n\npreempted_share = 0.9": "4: [vcpu] preempted_share: "
    "preempted_share 0.9 and user_exit_share 0.4 add to 1.3; "
    "shares of one whole, with blocking as the rest, add to 1 at most",
    # words
    '[softirq]\nservice = "erlang"': '2: [softirq] service: "erlang" is unknown; '
    'one of "deterministic", "exponential" is wanted',
    '[softirq]\nfallback = "crypd"': '2: [softirq] fallback: "crypd" is unknown; '
    '"cryptd" is the nearest of "scalar", "cryptd"',
    "[softirq]\nfallback = 3": "2: [softirq] fallback: 3 is unknown; "
    'one of "scalar", "cryptd" is wanted',
    "name = 3": '1: name: 3 is no short text; write name = "..." of at most 2000 characters',
    # durations
    '[vcpu]\nout_us = { mean = 1, shape = "gama" }': '2: [vcpu] out_us.shape: "gama" is unknown; '
    f'"gamma" is the nearest of {SHAPES}',
    '[vcpu]\nout_us = { mean = 1, shape = "gamma" }': "2: [vcpu] out_us.cv2: "
    "the shape gamma needs it; write for example cv2 = 2.0",
    '[vcpu]\nout_us = { mean = 1, shape = "lognormal", cv2 = 0 }': "2: [vcpu] out_us.cv2: "
    "0 is zero; a squared coefficient of variation above 0 is wanted",
    '[vcpu]\nout_us = { mean = 1, shape = "hyperexponential", cv2 = 1 }': "2: [vcpu] out_us.cv2: "
    'a cv2 of 1 is not above 1, as the shape hyperexponential needs; take shape = "gamma"',
    '[vcpu]\nout_us = { mean = 1, shape = "deterministic", cv2 = 1 }': "2: [vcpu] out_us.cv2: "
    'the shape deterministic has no cv2 to choose; leave it out, or take shape = "gamma"',
    "[vcpu]\nout_us = { mean = 1, cv2 = 2 }": "2: [vcpu] out_us.cv2: "
    'the shape exponential has no cv2 to choose; leave it out, or take shape = "gamma"',
    '[vcpu]\nout_us = { shape = "deterministic" }': "2: [vcpu] out_us: has no mean; "
    "write { mean = 1000.0, shape = ... }",
    "[vcpu]\nout_us = { mean_us = 1 }": "2: [vcpu] out_us.mean_us: unknown key; "
    '"mean" is the nearest of "mean", "shape", "cv2", "samples"',
    "[vcpu]\nout_us = { mean = 0 }": "2: [vcpu] out_us.mean: 0 is zero; "
    "a number of microseconds above 0 is wanted",
    "[vcpu.out_us]\n\nmean = -3": "3: [vcpu] out_us.mean: -3 is negative; "
    "a number of microseconds above 0 is wanted",
    '[vcpu]\nout_us = { mean = 1, shape = "empirical" }': "2: [vcpu] out_us.samples: missing; "
    'the shape empirical wants samples = "file.csv" with one number of microseconds a line, '
    "or a list of numbers",
    "[vcpu]\nout_us = { mean = 1, samples = [1] }": "2: [vcpu] out_us.samples: "
    'the shape exponential takes no samples; take shape = "empirical"',
    '[vcpu]\nout_us = { shape = "empirical", samples = [1, -1] }': "2: [vcpu] out_us.samples: "
    "-1 is negative; a number of microseconds, at least 0, is wanted",
    '[vcpu]\nout_us = { shape = "empirical", samples = [0, 0] }': "2: [vcpu] out_us.samples: "
    "no sample above 0; at least one is wanted",
    '[vcpu]\nout_us = { mean = 3, shape = "empirical", samples = [1, 3] }': "2: [vcpu] "
    "out_us.mean: 3 disagrees with the mean of the samples, 2; "
    "leave it out, it follows from them",
    # arrivals
    "[softirq]\npackets_per_interrupt = 0.5": "2: [softirq] packets_per_interrupt: "
    "0.5 is below 1; a number of packets from 1 to 1000 is wanted",
    '[softirq]\npackets_per_interrupt = { mean = 2.5, shape = "fixed" }': "2: [softirq] "
    "packets_per_interrupt.mean: 2.5 is not whole; "
    "a whole number of packets from 1 to 1000 is wanted",
    '[softirq]\npackets_per_interrupt = { mean = 2, shape = "poisson" }': "2: [softirq] "
    'packets_per_interrupt.shape: "poisson" is unknown; one of "geometric", "fixed" is wanted',
    '[softirq]\npackets_per_interrupt = { shape = "fixed" }': "2: [softirq] "
    'packets_per_interrupt: has no mean; write { mean = 4, shape = "fixed" }',
    '[softirq]\ninterrupts_per_s = { shape = "mmpp", rate1_per_s = 1 }': "2: [softirq] "
    "interrupts_per_s: has no rate2_per_s; "
    'shape = "mmpp" takes rate1_per_s, rate2_per_s, mean1_us and mean2_us',
    '[softirq]\ninterrupts_per_s = { mean = 3, shape = "mmpp" }': "2: [softirq] "
    'interrupts_per_s.mean: unknown key; shape = "mmpp" takes '
    "rate1_per_s, rate2_per_s, mean1_us and mean2_us",
    "[softirq]\ninterrupts_per_s = { mean = 3 }": "2: [softirq] interrupts_per_s: has no shape; "
    'shape = "mmpp" takes rate1_per_s, rate2_per_s, mean1_us and mean2_us, '
    'shape = "recorded" takes samples',
    '[softirq.interrupts_per_s]\nshape = "mmpp"\nrate1_per_s = 0\nrate2_per_s = 0\nmean1_us = 1\n'
    "mean2_us = 1": "3: [softirq] interrupts_per_s.rate1_per_s: is 0 like rate2_per_s; "
    "one phase must bring interrupts",
    '[softirq.interrupts_per_s]\nshape = "mmpp"\nrate1_per_s = 1\nrate2_per_s = 0\nmean1_us = 0\n'
    "mean2_us = 1": "5: [softirq] interrupts_per_s.mean1_us: 0 is zero; "
    "a number of microseconds above 0 is wanted",
    # presets
    'preset = "cortex-a57-ipsek"': '1: preset: "cortex-a57-ipsek" is no known situation; '
    '"cortex-a57-ipsec" is the nearest of "cortex-a57-ipsec", "neoverse-ipsec", "overload", '
    '"reference", "vm-busy", "vm-exit-heavy", "vm-idle", "wifi-ap-ccmp"',
    'preset = "cortex-a72"': '1: preset: "cortex-a72" is no situation but one of the machines, '
    'which [machine] preset takes; "cortex-a57-ipsec" is the nearest of "cortex-a57-ipsec", '
    '"neoverse-ipsec", "overload", "reference", "vm-busy", "vm-exit-heavy", "vm-idle", '
    '"wifi-ap-ccmp"',
    '[machine]\npreset = "cortex-a75"': '2: [machine] preset: "cortex-a75" is no known machine; '
    '"cortex-a72" is the nearest of "cortex-a53", "cortex-a57", "cortex-a57-el2", "cortex-a72", '
    '"neoverse-n1", "x-gene"',
    "[crypto]\nalgorithm = 3": "2: [crypto] algorithm: 3 is no known algorithm; "
    'one of "aes-128-cbc", "aes-128-ccm", "aes-128-ctr", "aes-128-gcm", "aes-256-cbc", '
    '"chacha20-poly1305", "sha-1", "sha-256" is wanted',
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_message(text, message):
    with pytest.raises(InputError) as caught:
        Scenario.from_toml(text, "load.toml")
    assert str(caught.value) == f"load.toml:{message}"


@pytest.mark.parametrize(
    ("text", "line", "where"),
    [
        ("\n\n[vcpu]\nresidency_us 5", 4, "at column 14"),
        ("[vcpu]\nout_us = 1\nout_us = 2\n", 3, "at column 11"),
        ("[vcpu]\nout_us =", 2, "at the end"),
        ("[vcpu]\n[vcpu]\n", 2, "at column 6"),
    ],
)
def test_message_for_what_is_no_toml(text, line, where):
    with pytest.raises(InputError) as caught:
        Scenario.from_toml(text, "load.toml")
    assert str(caught.value).startswith(f"load.toml:{line}: not TOML: ")  # the parser's own words
    assert str(caught.value).endswith(
        f" {where}; TOML has lines such as [vcpu] and residency_us = 1000.0"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = " + "[" * 5000, "nested too deeply"),
        ("a = 2020-13-45", "not TOML: "),
        ("a = " + "9" * 5000, "not TOML: a number or date out of range"),
        ("#" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_message_without_a_line(text, message):
    with pytest.raises(InputError) as caught:
        Scenario.from_toml(text, "load.toml")
    assert str(caught.value).startswith("load.toml:")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_huge_hexadecimal_number():
    with pytest.raises(InputError, match=r"^load.toml:2: \[vcpu\] out_us: a huge integer is too l"):
        Scenario.from_toml("[vcpu]\nout_us = 0x" + "f" * 9000, "load.toml")


def test_message_is_one_harmless_line():
    with pytest.raises(InputError) as caught:
        Scenario.from_toml('[vcpu]\n"\\u001b[31m\\nred" = 1', "bad\nname")
    assert str(caught.value).startswith(
        "bad\\nname:2: [vcpu] \\x1b[31m\\nred: unknown key; [vcpu] knows"
    )


def message_of_load(path):
    with pytest.raises(InputError) as caught:
        Scenario.load(path)
    return str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    missing = tmp_path / "missing.toml"
    assert message_of_load(missing) == (
        f"{missing}: cannot be read (no such file or directory); name a scenario file (TOML)"
    )
    assert message_of_load(tmp_path) == f"{tmp_path}: is a folder; name a scenario file in it"
    assert "cannot be read (embedded null byte)" in message_of_load("a\0b")


def test_files_that_are_no_text(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[vcpu]\n# \xe9t\xe9\n")
    assert message_of_load(path) == (
        f"{path}:2: byte 0xe9 is not UTF-8; save the file as UTF-8 text"
    )
    path.write_bytes(b"[vcpu]\n" * 200_000)
    assert message_of_load(path) == (
        f"{path}: larger than 1 MB; a scenario is a page of TOML, "
        'measured durations go to a file of their own (samples = "file.csv")'
    )


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: Scenario(vcpu={"residency_us": 3}), r"^vcpu: {'residency_us': 3} is no Vcpu; "),
        (lambda: Scenario(machine=3), r"^machine: 3 is no Machine; .*from_dict"),
        (lambda: Scenario(crypto=Scenario().softirq), "^crypto: Softirq.* is no Crypto; "),
        (lambda: Scenario.load(3), "^3 is no path; name a scenario file"),
        (lambda: Scenario.load(None), "^None is no path"),
        (lambda: Scenario.from_toml(3), "^3 is no text"),
        (lambda: Scenario.from_dict(3), "^3 is no table"),
        (lambda: Scenario().replace(3), "^3 is no table"),
        (lambda: Scenario().save(3), "^3 is no path"),
        (lambda: Scenario().source_of(3), "^3: unknown key"),
    ],
)
def test_arguments_of_another_kind_are_told_in_a_line(mistake, message):
    with pytest.raises(InputError, match=message) as caught:
        mistake()
    assert "\n" not in str(caught.value)


def test_endless_file_is_not_read_to_its_end():
    assert "larger than 1 MB" in message_of_load("/dev/zero")


def test_empty_file_and_byte_order_mark_are_legal(tmp_path):
    path = tmp_path / "load.toml"
    path.write_bytes(b"")
    assert Scenario.load(path) == Scenario()
    path.write_bytes(b"\xef\xbb\xbf[vcpu]\r\nout_us = 5.0\r\n")
    assert Scenario.load(os.fspath(path)).vcpu.out_us.mean_us == 5.0
    assert Scenario.load(path).name == "load"


def test_tables_from_a_program_have_errors_without_a_file():
    with pytest.raises(InputError, match=r"^\[vcpu\] residency: unknown key; the unit belongs"):
        Scenario.from_dict({"vcpu": {"residency": 1}})
    with pytest.raises(InputError, match=r"^3: unknown key; "):
        Scenario.from_dict({3: 4})
    with pytest.raises(InputError, match=r"^3 is no table; a scenario's tables by name are wanted"):
        Scenario.from_dict(3)


def test_unknown_key_of_source_of():
    with pytest.raises(InputError, match=r"^residency_us: unknown key; write vcpu.residency_us$"):
        Scenario().source_of("residency_us")
