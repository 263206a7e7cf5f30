"""Costs of this machine, where it can tell them, and clean words where it cannot."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from fpsimd_model.cli.measure import measure as command
from fpsimd_model.errors import InputError
from fpsimd_model.measuring import Spread, crypto_speeds, measure, register_moves
from fpsimd_model.measuring.crypto import WITHOUT
from fpsimd_model.measuring.machine import clock_of_kernel, cpu_model
from fpsimd_model.scenario import Scenario

KNOWN = platform.machine() in WITHOUT
needs_cc = pytest.mark.skipif(
    not KNOWN or not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler"
)
OPENSSL = """#!/bin/sh
echo "$@ [$OPENSSL_ia32cap$OPENSSL_armcap]" >> {log}
[ "$1" = version ] && echo "OpenSSL 9.9 (library)" && exit 0
echo "+H:1500"
if [ -n "$OPENSSL_ia32cap$OPENSSL_armcap" ]; then echo "+F:25:AES:100000000.00"
else echo "+F:25:AES:2000000000.00"; fi
"""
PROGRAM = """#!/bin/sh
for last; do :; done
case "$1" in --version) echo "fakecc 1.0"; exit 0;; esac
while [ "$1" != -o ]; do shift; done
cat > "$2" <<'END'
#!/bin/sh
echo "# 512 2560 XSAVE of all"
i=0; while [ $i -lt $1 ]; do echo "50000 100000 500000 125000 500000"; i=$((i+1)); done
END
chmod +x "$2"
"""


@pytest.fixture
def fakes(tmp_path, monkeypatch) -> Path:
    """A PATH with a made-up compiler and openssl: 2 GHz, 50 ns, 100 ns, 20 times as slow."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("cc", PROGRAM), ("openssl", OPENSSL.format(log=tmp_path / "calls"))):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return folder


def only(folder: Path, monkeypatch, *names: str) -> None:
    for name in ("cc", "openssl"):
        if name not in names:
            (folder / name).unlink(missing_ok=True)
    monkeypatch.setenv("PATH", str(folder))


def test_times_become_cycles_and_a_slowdown(fakes, tmp_path):
    found = measure(repetitions=2)
    machine, crypto = found.scenario.machine, found.scenario.crypto
    assert machine.clock_ghz == pytest.approx(2.0)
    assert machine.save_cycles == pytest.approx(100.0)
    assert machine.restore_cycles == pytest.approx(200.0)
    assert crypto.simd_cycles_per_byte == pytest.approx(1.0)  # 2 GB/s at 2 GHz
    assert crypto.slowdown == pytest.approx(20.0)
    calls = (tmp_path / "calls").read_text()
    assert "speed -mr -seconds 1 -bytes 1500 -evp aes-128-gcm [~0x1200020200000000:0]" in calls


def test_provenance_survives_the_file_and_serves_as_a_preset(fakes, tmp_path):
    found = measure("cortex-a57-ipsec", repetitions=1)
    found.save(tmp_path / "machine.toml")
    again = Scenario.load(tmp_path / "machine.toml")
    assert again.machine == found.scenario.machine
    for key in ("machine.save_cycles", "machine.clock_ghz", "crypto.slowdown"):
        assert again.source_of(key).startswith("measured on ")
        assert "median of" in again.source_of(key)
    kept = "machine.exit_cycles"
    assert again.source_of(kept) == found.scenario.source_of(kept)
    assert not again.source_of(kept).startswith("measured on")


def test_one_part_leaves_the_other_at_the_preset(fakes):
    crypto = measure(only="crypto", repetitions=1) if Path("/proc/cpuinfo").exists() else None
    registers = measure(only="registers", repetitions=1)
    assert registers.speeds is None
    assert registers.scenario.crypto == Scenario().crypto
    if crypto is not None:
        assert crypto.moves is None
        assert crypto.scenario.machine.save_cycles == 141.0


def test_without_a_compiler_or_openssl_one_line_says_so(fakes, monkeypatch):
    only(fakes, monkeypatch, "cc")
    with pytest.raises(InputError, match="openssl is not installed"):
        crypto_speeds()
    only(fakes, monkeypatch)
    with pytest.raises(InputError, match="no C compiler"):
        register_moves()
    result = CliRunner().invoke(command, [])
    assert isinstance(result.exception, InputError)


def test_another_architecture_is_refused(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(InputError, match="not on riscv64"):
        register_moves()
    with pytest.raises(InputError, match="not on riscv64"):
        crypto_speeds()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("openssl", "#!/bin/sh\necho no such cipher >&2; exit 1\n", "failed: no such cipher"),
        ("openssl", "#!/bin/sh\necho hello\n", "no speed in what it printed"),
        ("cc", "#!/bin/sh\necho bad asm >&2; exit 1\n", "cannot be compiled: bad asm"),
        ("cc", PROGRAM.replace("50000 100000 500000", "nonsense"), "printed what it should not"),
        ("cc", PROGRAM.replace("50000 100000", "0 100000"), "printed what it should not"),
        ("cc", PROGRAM.replace("500000 125000", "500000"), "printed what it should not"),
        ("cc", PROGRAM.replace("# 512", "512"), "printed what it should not"),
        ("cc", PROGRAM.replace("$1 ]; do", "0 ]; do"), "printed what it should not"),
        ("cc", PROGRAM.replace("echo", "exit 3; echo"), "cannot be"),
    ],
)
def test_tools_that_fail_are_told_of_in_one_line(fakes, name, text, message):
    (fakes / name).write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        measure(repetitions=1)
    assert "\n" not in str(caught.value)


def test_the_clock_and_the_name_come_from_the_kernel(tmp_path):
    with pytest.raises(InputError, match="clock"):
        clock_of_kernel(tmp_path)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("model name\t: A  Core\ncpu MHz\t\t: 2500.0\n")
    assert clock_of_kernel(tmp_path) == 2.5
    assert cpu_model(tmp_path) == "A Core"
    (tmp_path / "proc/cpuinfo").write_text("CPU part\t: 0xd07\n")
    assert cpu_model(tmp_path) == "CPU part 0xd07"
    frequency = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"
    frequency.parent.mkdir(parents=True)
    frequency.write_text("1800000\n")
    assert clock_of_kernel(tmp_path) == pytest.approx(1.8)


@needs_cc
def test_the_real_program_compiles_and_its_figures_are_plausible():
    found = register_moves(9)
    assert len(found.save_ns.values) == 9
    assert 0.2 < found.clock_ghz.median < 8.0
    for moves in (found.save_ns, found.restore_ns):
        # 512 bytes: at most 128 a cycle, and not slower than a trip to memory a line
        assert 4.0 < moves.median * found.clock_ghz.median < 5000.0
    wide = found.wide
    if wide is not None:  # AVX and more, or SVE of 128 bits at least
        assert found.bytes < wide.bytes <= 8736
        for moves, narrow in ((wide.save_ns, found.save_ns), (wide.restore_ns, found.restore_ns)):
            assert len(moves.values) == 9
            # more bytes take at least half as long, and not a trip to memory a line
            assert 0.5 < moves.median / narrow.median < 100.0


SOURCE = Path(measure.__code__.co_filename).with_name("registers.c")
STRICT = ["-O2", "-Wall", "-Wextra", "-Werror"]


@needs_cc
def test_the_program_has_no_warnings(tmp_path):
    words = ["cc", *STRICT, "-o", str(tmp_path / "x"), str(SOURCE)]
    assert subprocess.run(words, capture_output=True, text=True, check=False).stderr == ""


@pytest.mark.parametrize("other", ["aarch64-linux-gnu-gcc", "x86_64-linux-gnu-gcc"])
def test_the_program_compiles_for_the_other_architecture(tmp_path, other):
    if shutil.which(other) is None:
        pytest.skip(f"no cross compiler {other}")
    words = [other, *STRICT, "-c", "-o", str(tmp_path / "x.o"), str(SOURCE)]
    assert subprocess.run(words, capture_output=True, text=True, check=False).stderr == ""


def test_wide_moves_are_told_beside_the_narrow_ones(fakes, tmp_path):
    found = measure(only="registers", repetitions=1)
    wide = found.moves.wide
    assert (found.moves.bytes, wide.bytes, wide.name) == (512, 2560, "XSAVE of all")
    # five times the bytes: 125 ns instead of 250, and 500 ns as they should be
    assert found.moves.by_bytes == pytest.approx((0.5, 1.0))
    source = found.scenario.source_of("machine.save_cycles")
    assert source.endswith("XSAVE of all: 2560 bytes in 250 cycles")
    assert found.to_dict()["registers"]["wide"]["save_ns"][0] == pytest.approx(125.0)
    out = CliRunner().invoke(command, ["--only", "registers", "--repeat", "1"]).output
    assert "XSAVE of all                       2560                0.098    0.391" in out
    assert "save takes 0.50 and the wide restore 1.00 times that" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 72


def test_without_a_wide_file_nothing_is_said_of_it(fakes):
    plain = PROGRAM.replace("# 512 2560 XSAVE of all", "# 520 0 ").replace(" 125000 500000", "")
    (fakes / "cc").write_text(plain)
    found = measure(only="registers", repetitions=1)
    assert found.moves.wide is None
    assert found.moves.by_bytes is None
    assert found.to_dict()["registers"]["wide"] is None
    assert "FXSAVE" not in found.scenario.source_of("machine.save_cycles")
    out = CliRunner().invoke(command, ["--only", "registers", "--repeat", "1"]).output
    assert "proportion" not in out


def test_command_writes_json_and_file(fakes, tmp_path):
    file = tmp_path / "m.toml"
    result = CliRunner().invoke(command, ["-o", str(file), "--repeat", "1", "--json", "-"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["registers"]["save_ns"][0] == pytest.approx(50.0)
    assert file.exists()


def test_slowdown_is_at_least_one():
    assert Spread.of([1.0]).times(2.0).values == (2.0,)
    from fpsimd_model.measuring import Speeds

    speeds = Speeds("sha1", 64, Spread.of([2.0, 1.0]), Spread.of([1.0, 3.0]), "x")
    assert speeds.slowdown.values == (1.0, 3.0)
