"""Arrivals as they were recorded: gaps and packets of busy periods, in a file of their own."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner

from fpsimd_model.calibration import calibrate
from fpsimd_model.cli.calibrate import calibrate as command
from fpsimd_model.errors import InputError
from fpsimd_model.scenario import Recorded, Scenario

from .machine import Machine, text

MADE_UP = text(Machine(seconds=0.3, packets=2.0), 3).encode()


def test_busy_periods_become_interrupts_in_their_order():
    fitted = calibrate(io.BytesIO(MADE_UP), sections=2)
    found = calibrate(io.BytesIO(MADE_UP), sections=2, arrivals="recorded")
    arrivals = found.scenario.softirq.interrupts_per_s
    assert isinstance(arrivals, Recorded)
    episodes = found.seen.episodes
    starts = episodes.start[episodes.crypto]
    assert len(arrivals.gaps_us) == len(starts) - 1
    assert sum(arrivals.gaps_us) == pytest.approx(starts[-1] - starts[0], rel=1e-6)
    assert sum(arrivals.packets) <= fitted.arrivals.number
    offered = fitted.scenario.offered_packets_per_s
    assert found.scenario.offered_packets_per_s == pytest.approx(offered, rel=0.05)
    assert found["softirq.interrupts_per_s"].shape == "recorded"
    assert found.analytic.softirq.interrupts_per_s == fitted.arrivals.rate
    # All else is as before.
    changed = found.scenario.replace(
        {"softirq.interrupts_per_s": {"shape": "recorded", "samples": [1.0]}}
    )
    same = fitted.scenario.replace(
        {"softirq.interrupts_per_s": {"shape": "recorded", "samples": [1.0]}}
    )
    assert changed == same


def test_the_command_writes_them_beside_the_scenario(tmp_path):
    trace, out = tmp_path / "t.txt", tmp_path / "out.toml"
    trace.write_bytes(MADE_UP)
    result = CliRunner().invoke(
        command, [str(trace), "-o", str(out), "--arrivals", "recorded", "--no-predict"]
    )
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "out.arrivals.csv").read_text().splitlines()
    assert lines[0] == "gap_us,packets  # of each interrupt, from t.txt"
    read = Scenario.load(out)
    assert read.softirq.interrupts_per_s.file == str((tmp_path / "out.arrivals.csv").resolve())
    assert len(read.softirq.interrupts_per_s.gaps_us) == len(lines) - 1
    assert 'samples = "out.arrivals.csv"' in out.read_text()
    again = calibrate(str(trace), arrivals="recorded").scenario
    assert read.softirq == again.softirq


def test_what_cannot_be_replayed_is_refused_in_one_line():
    silent = text(Machine(seconds=0.1, crypto_per_s=0.0), 1).encode()
    with pytest.raises(InputError, match="no two busy periods with kernel NEON follow each other"):
        calibrate(io.BytesIO(silent), arrivals="recorded")
    with pytest.raises(InputError, match="arrivals: 'record' is unknown; fitted or recorded"):
        calibrate(io.BytesIO(silent), arrivals="record")
