"""The three recorded traces: for the policy that the kernel ran, its own counts."""

from __future__ import annotations

import gzip

import pytest

import fpsimd_model as fm
from fpsimd_model.errors import InputError
from fpsimd_model.replayer.walk import COUNTS
from fpsimd_model.resources import data_path

OWN = "tracked-save-at-load"  # Debian 6.1.176 carries it
# From data/traces/README.md, counted from the kernel's own probes.
KERNEL = {
    "k61-vhe-busy-ipsec": {
        "loads": 19, "entries": 2514, "guest": 1853, "host": 0, "neon_begins": 4030,
    },
    "k61-vhe-busy-plain": {
        "loads": 8, "entries": 2640, "guest": 8, "host": 0, "neon_begins": 0,
    },
    "k61-vhe-mmio-ipsec": {
        "loads": 3092, "entries": 5348, "guest": 4886, "host": 3080, "neon_begins": 3982,
    },
}  # fmt: skip
CLOSE = {  # (guest saves, host saves): what the trace's ends cut off
    "k61-vhe-busy-ipsec": (2, 2),
    "k61-vhe-busy-plain": (2, 2),
    "k61-vhe-mmio-ipsec": (5, 6),
}


@pytest.fixture(scope="module", params=KERNEL)
def trace(request):
    return request.param


@pytest.fixture(scope="module")
def done(trace):
    return fm.replay(data_path("traces", f"{trace}.txt.gz"))


def test_the_trace_is_read_as_its_readme_says(trace, done):
    told = done.to_dict()["trace"]
    for name in ("loads", "entries", "neon_begins"):
        assert told[name] == KERNEL[trace][name]
    assert told["cpu"] == 1
    assert told["seconds"] == pytest.approx(2.0, abs=0.01)


def test_the_recorded_policy_has_the_kernels_own_counts(trace, done):
    guest, host = CLOSE[trace]
    found = done[OWN]
    assert abs(found["guest_saves"] - KERNEL[trace]["guest"]) <= guest
    assert abs(found["host_saves"] - KERNEL[trace]["host"]) <= host
    assert abs(found["host_restores"] - KERNEL[trace]["host"]) <= host
    assert all(abs(off) <= max(guest, host) for off in done.off_by(OWN).values())
    assert found.bounds == {}
    assert done.kernel["guest_saves"] == KERNEL[trace]["guest"]
    assert done.kernel["host_saves"] == KERNEL[trace]["host"]


def test_of_the_sixteen_only_the_wrong_ones_lose_state(trace, done):
    assert [r.policy for r in done] == [p.name for p in fm.policies.ALL]
    losers = {"defer-to-put", "pending-check", "reload-at-load"}
    for result in done:
        lost = result["guest_corruptions"] + result["host_corruptions"]
        assert lost == 0 or result.policy in losers
    if KERNEL[trace]["neon_begins"]:
        assert done["defer-to-put"]["guest_corruptions"] > 1000
        assert done["reload-at-load"]["guest_corruptions"] > 1000


def test_each_softirq_is_served_once_under_every_policy(trace, done):
    served = {r.policy: r["simd"] + r["scalar"] for r in done}
    held = served.pop("softirqs-off")
    assert len(set(served.values())) == 1
    assert served["tracked"] >= KERNEL[trace]["neon_begins"]
    assert held <= served["tracked"]  # the last residency is cut off before its put
    busy = {r.policy for r in done if r["scalar"]}
    refuse = {"neon-begin-at-load", "busy-flag-resident", "busy-flag-live", "neon-begin-per-entry"}
    assert busy <= refuse | {"pending-check-guarded"}
    if KERNEL[trace]["neon_begins"]:
        assert busy >= refuse


def test_counts_are_whole_and_bounds_hold_them(done):
    for result in done:
        assert tuple(result.counts) == COUNTS
        assert all(isinstance(n, int) and n >= 0 for n in result.counts.values())
        for name, (low, high) in result.bounds.items():
            assert low < high
            assert result[name] in (low, high)
    assert done.fp_runs + done.unsure_runs <= done.recording.exits


def test_traps_of_the_trapping_policies_are_the_runs_that_used_fp(done):
    """One trap for every run that used FP under the policies that trap at every entry."""
    for name in ("switch-on-exit", "flush-hook", "neon-begin-per-entry"):
        assert done[name]["traps"] == done.fp_runs
        assert done[name].bounds["traps"][1] == done.fp_runs + done.unsure_runs
    assert done["reload-at-entry"]["traps"] == done["reload-at-load"]["traps"] == 0


def test_text_gzip_and_an_open_file_are_the_same_trace(tmp_path):
    packed = data_path("traces", "k61-vhe-busy-plain.txt.gz")
    plain = tmp_path / "trace.txt"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    expected = fm.replay(packed, OWN)[OWN].counts
    assert fm.replay(plain, OWN)[OWN].counts == expected
    assert fm.replay(str(plain), OWN)[OWN].counts == expected
    with plain.open("rb") as file:
        assert fm.replay(file, OWN)[OWN].counts == expected


@pytest.mark.parametrize("content", [b"", b"nothing of the kind\n", b"\x00\x01\x02" * 99])
def test_what_is_no_trace_is_refused_in_one_line(tmp_path, content):
    file = tmp_path / "trace.txt"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        fm.replay(file)
    assert "trace.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [40, 20_000])
def test_a_truncated_gzip_is_refused(tmp_path, length):
    file = tmp_path / "cut.txt.gz"
    file.write_bytes(data_path("traces", "k61-vhe-mmio-ipsec.txt.gz").read_bytes()[:length])
    with pytest.raises(InputError, match=r"cut\.txt\.gz: the compressed trace is cut or damaged"):
        fm.replay(file, OWN)
