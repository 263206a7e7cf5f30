"""What the figures of packet delay are made of, against closed forms, engines and bookkeeping."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fpsimd_model as fm
from fpsimd_model.figures import ceilings_of, loads_of, overload_of, survivals_of
from fpsimd_model.figures.curves import Curves, axis_of
from fpsimd_model.figures.groups import NEAR, groups_of
from fpsimd_model.figures.overload_data import KINDS, kinds_of, shares_of
from fpsimd_model.figures.survival import LOWEST, MARKS, OVER
from fpsimd_model.figures.tags import CLEAR, tag_places
from fpsimd_model.figures.trace_lines import trace_lines
from tests.figures.latency_samples import EVENTS, line

POLICIES = ["tracked", "busy-flag-live", "softirqs-off"]


@pytest.fixture(scope="module")
def scenario():
    return fm.preset("cortex-a57-ipsec")


@pytest.fixture(scope="module")
def distributions(scenario):
    return survivals_of(scenario, POLICIES, seconds=20.0, seed=3)


# -- distributions -----------------------------------------------------------------------------


def test_curves_are_the_engines_and_marks_its_percentiles(scenario, distributions):
    curves = distributions.curves
    exact = fm.evaluate(scenario, POLICIES)
    for row, policy in zip(
        fm.analytic.sojourn_survival(scenario, POLICIES, curves.x), POLICIES, strict=True
    ):
        y = curves.y(policy, OVER)
        shown = np.isfinite(y)
        np.testing.assert_array_equal(y[shown], row[shown])
        assert (row[~shown] < LOWEST).all()
        assert distributions.marks[policy] == tuple(exact[policy][m] for m in MARKS.values())


def test_the_axis_holds_every_curve_down_to_the_lowest_share(distributions):
    for policy in POLICIES:
        y = distributions.curves.y(policy, OVER)
        assert y[0] == pytest.approx(1.0)
        assert np.nanmin(y) < 1.5 * LOWEST


@pytest.mark.agreement
def test_dots_of_the_simulation_lie_on_the_curves(distributions, scenario):
    """Half of each interval is 1.96 standard errors; dots of one run hang together."""
    for policy, dots in distributions.dots.items():
        assert len(dots.t_us) > 10
        (exact,) = fm.analytic.sojourn_survival(scenario, policy, dots.t_us)
        error = (dots.high - dots.low) / (2 * 1.96)
        # Beyond a bin's upper edge: an atom on the edge belongs to the bin before.
        z = (dots.over - exact) / np.maximum(error, 1e-5)
        assert np.abs(z).max() < 4.5, policy


def test_one_policy_of_each_group_is_simulated(scenario):
    found = survivals_of(scenario, ["tracked", "flush-hook", "softirqs-off"], seconds=0.5)
    assert set(found.dots) == {"tracked", "softirqs-off"}


def test_the_same_seed_gives_the_same_dots(scenario, distributions):
    again = survivals_of(scenario, POLICIES, seconds=20.0, seed=3)
    other = survivals_of(scenario, ["tracked"], seconds=20.0, seed=4)
    for policy, dots in distributions.dots.items():
        np.testing.assert_array_equal(again.dots[policy].over, dots.over)
    assert not np.array_equal(other.dots["tracked"].over, distributions.dots["tracked"].over)


def test_an_overloaded_policy_has_a_reason_instead_of_a_curve(scenario):
    busy = scenario.replace({"softirq.interrupts_per_s": 3e4})
    found = survivals_of(busy, POLICIES, simulated=False)
    assert found.without == {"busy-flag-live": "unstable"}
    assert np.isnan(found.curves.y("busy-flag-live", OVER)).all()
    picture = fm.figures.delays(busy, POLICIES, simulated=False)
    picture.draw()
    assert "unstable: busy-flag-live" in picture.text()


@pytest.mark.parametrize("rate", [0.0, 3e6])
def test_nothing_to_draw_is_drawn(scenario, rate):
    quiet = scenario.replace({"softirq.interrupts_per_s": rate})
    picture = fm.figures.delays(quiet, POLICIES)
    picture.draw()
    assert picture.groups == []
    why = "no packets" if rate == 0.0 else "unstable"
    assert picture.text() == f"{why}: tracked, busy-flag-live, softirqs-off"


def test_too_few_points_are_refused(scenario):
    with pytest.raises(fm.InputError, match="points: 1 is too few"):
        survivals_of(scenario, POLICIES, points=1)
    with pytest.raises(fm.InputError, match="points: 1 is too few"):
        loads_of(scenario, POLICIES, points=1)


# -- loads -------------------------------------------------------------------------------------


def test_curves_end_where_each_policy_saturates(scenario):
    found = loads_of(scenario, POLICIES, points=9)
    exact = fm.evaluate(scenario, POLICIES)
    for policy in POLICIES:
        end = 100.0 * exact[policy]["max_packets_per_s"] * scenario.simd_packet_s
        assert found.ends[policy] == pytest.approx(end, rel=1e-12)
        y = found.curves.y(policy, "sojourn_p99_us")
        np.testing.assert_array_equal(np.isfinite(y), found.curves.x < end)
        assert found.curves.x[np.isfinite(y)][-1] > 0.998 * end
    assert found.curves.at == pytest.approx(100.0 * scenario.simd_load)


def test_a_load_is_a_rate_in_other_units(scenario):
    found = loads_of(scenario, ["busy-flag-live"], points=3)
    load, slow = found.curves.x[2], found.curves.y("busy-flag-live", "crypto_slowdown")[2]
    rate = load / 100.0 / (scenario.simd_packet_s * scenario.softirq.batch_mean)
    there = fm.evaluate(scenario.replace({"softirq.interrupts_per_s": rate}), "busy-flag-live")
    assert slow == pytest.approx(there[0]["crypto_slowdown"], rel=1e-9)
    packets = scenario.softirq.batch_mean * rate
    assert found.gbps * load / 100.0 == pytest.approx(packets * 1500 * 8 / 1e9)


# -- ceilings ----------------------------------------------------------------------------------


def test_ceilings_are_the_largest_packet_rate_in_gbps(scenario):
    found = ceilings_of(scenario, POLICIES)
    assert set(found.ciphers) == set(fm.presets("algorithms"))
    best = np.max(list(found.gbps.values()), axis=0)
    assert (np.diff(best) <= 0).all()
    i = found.ciphers.index("aes-128-gcm")
    for policy in POLICIES:
        most = fm.evaluate(scenario, policy)[0]["max_packets_per_s"]
        assert found.gbps[policy][i] == pytest.approx(most * 1500 * 8 / 1e9, rel=1e-12)
    assert [g.policies for g in found.groups] == [("tracked", "softirqs-off"), ("busy-flag-live",)]


def test_ceilings_do_not_depend_on_the_load(scenario):
    a, b = (
        ceilings_of(scenario.replace({"softirq.interrupts_per_s": rate}), ["busy-flag-live"])
        for rate in (0.0, 1e6)
    )
    np.testing.assert_array_equal(a.gbps["busy-flag-live"], b.gbps["busy-flag-live"])


@pytest.mark.parametrize(("ciphers", "said"), [([], "no cipher"), (["rot13"], "rot13")])
def test_unknown_ciphers_are_refused(scenario, ciphers, said):
    with pytest.raises(fm.InputError, match=said):
        ceilings_of(scenario, POLICIES, ciphers=ciphers)


# -- overload ----------------------------------------------------------------------------------


def test_every_moment_of_a_time_line_belongs_to_somebody():
    shares = dict(zip(KINDS, shares_of(line(), np.array([0.0, 1e-3]))[:, 0], strict=True))
    # By hand, from the events: microseconds of 1000.
    assert shares["neon"] == pytest.approx(2e-3)
    assert shares["guest"] == pytest.approx(190e-3)
    assert shares["scalar"] == pytest.approx(399e-3)
    assert shares["ksoftirqd"] == pytest.approx(6e-3)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_shares_of_a_simulation_are_the_engines():
    """One long time line against the formula, within what 20,000 packets allow."""
    scenario = fm.preset("reference")
    from fpsimd_model.montecarlo import timeline

    found = timeline(scenario, "tracked", seed=5, seconds=2.0, limit=1_000_000)
    shares = dict(zip(KINDS, shares_of(found, np.linspace(0.0, 2.0, 41)), strict=True))
    exact = fm.evaluate(scenario, "tracked")[0]
    served = shares["neon"] + shares["scalar"]
    for seen, metric in ((served, "softirq_share"), (shares["guest"], "guest_share")):
        error = seen.std(ddof=1) / math.sqrt(len(seen))
        assert abs(seen.mean() - exact[metric]) < 4.5 * error, metric


def test_who_has_the_cpu_follows_the_events():
    named = [KINDS[kind] for kind in kinds_of(line())]
    at = {name: i for i, (_, name, *_) in enumerate(EVENTS)}
    assert named[at["entry"]] == "guest"
    assert named[8] == "scalar"
    assert named[at["ksoftirqd_start"]] == "ksoftirqd"
    assert named[at["ksoftirqd_end"]] == named[at["load"]] == "else"


def test_trace_lines_tell_of_the_longest_queue():
    lines = trace_lines(line(), 0.0, 1e-3)
    text = "\n".join(lines)
    assert "softirq_exit: 1 packet, budget spent" in text
    assert "sched_switch ==> ksoftirqd/0" in text
    assert "ksoftirqd/0     708.00:     0  sched_switch: 3 packets done" in text
    assert max(map(len, lines)) <= 72
    assert trace_lines(line(), 0.95e-3, 1e-3)[1:] == ["# nothing happens"]


def test_a_policy_that_never_ends_a_residency_is_told_of():
    scenario = fm.preset("reference").replace(
        {"vcpu.preempted_share": 1.0, "vcpu.user_exit_share": 0.0}
    )
    found = overload_of(scenario, ["tracked", "neon-begin-at-load"], window_ms=(0.0, 1.0))
    assert list(found.lines) == ["tracked"]
    assert list(found.without) == ["neon-begin-at-load"]
    picture = fm.figures.overload(scenario, ["neon-begin-at-load"], window_ms=(0.0, 1.0))
    picture.draw()
    assert "never end" in picture.text()


@pytest.mark.parametrize("window", [(1.0, 1.0), (-1.0, 2.0), (0.0, math.inf), (0.0, math.nan)])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(fm.InputError, match="window_ms"):
        overload_of(fm.preset("reference"), ["tracked"], window_ms=window)


def test_a_window_with_too_many_events_is_refused():
    with pytest.raises(fm.InputError, match="a million events"):
        overload_of(fm.preset("reference"), ["tracked"], window_ms=(0.0, 60_000.0))


# -- groups and letters ------------------------------------------------------------------------


@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=6), st.floats(-0.9, 0.9))
def test_what_is_nearer_than_the_bound_is_one_group(levels, share):
    x = np.arange(1.0, 6.0)
    levels = sorted({round(level, 1) for level in levels})
    near = 1.0 + share * NEAR
    values = {f"a{i}": {"m": level * x} for i, level in enumerate(levels)}
    values |= {f"b{i}": {"m": level * x * near} for i, level in enumerate(levels)}
    curves = Curves(axis_of("crypto.slowdown"), x, values)
    groups = groups_of(curves, ["m"], reach=0)
    assert sorted(p for g in groups for p in g.policies) == sorted(values)
    for i in range(len(levels)):
        (own,) = [g for g in groups if f"a{i}" in g.policies]
        (other,) = [g for g in groups if f"b{i}" in g.policies]
        assert own == other or len(levels) > 1  # another level may be nearer to b


def test_curves_that_end_elsewhere_are_no_group():
    values = {"a": {"m": [1.0, 1.0, 1.0, np.nan]}, "b": {"m": [1.0, np.nan, np.nan, np.nan]}}
    curves = Curves(axis_of("crypto.slowdown"), [1.0, 2.0, 3.0, 4.0], values)
    assert len(groups_of(curves, ["m"])) == 2
    assert len(groups_of(curves, ["m"], reach=2)) == 1


def test_a_letter_goes_where_its_curve_is_alone():
    """Two curves that run together and part: both letters stand behind the fork."""
    x = np.linspace(0.0, 300.0, 31)
    up = np.column_stack([x, 50.0 + np.maximum(x - 200.0, 0.0) * 0.4])
    down = np.column_stack([x, 50.0 - np.maximum(x - 200.0, 0.0) * 0.4])
    (ax, ay), (bx, by) = tag_places([up, down], (0.0, 0.0, 300.0, 100.0))
    assert min(ax, bx) > 200.0
    assert ay > 60.0
    assert by < 40.0


def test_a_curve_outside_the_frame_has_no_letter():
    outside = np.array([[0.0, 500.0], [100.0, 500.0]])
    assert tag_places([outside, np.full((2, 2), np.nan)], (0, 0, 100, 100)) == [None, None]


@given(
    st.lists(st.lists(st.floats(-20.0, 220.0), min_size=2, max_size=8), min_size=1, max_size=16),
    st.floats(60.0, 400.0),
)
def test_letters_stand_on_their_curves_inside_and_clear_of_each_other(heights, width):
    curves = [np.column_stack([np.linspace(0.0, width, len(y)), y]) for y in heights]
    found = tag_places(curves, (0.0, 0.0, width, 200.0))
    there = [place for place in found if place is not None]
    assert all(math.dist(a, b) >= CLEAR for a, b in combinations(there, 2))
    for curve, place in zip(curves, found, strict=True):
        if place is not None:
            x, y = place
            assert np.interp(x, *curve.T) == pytest.approx(y, abs=1e-6)
            assert 9.0 < x < width - 9.0
            assert 9.0 < y < 191.0


def test_a_letter_without_room_is_left_out():
    """Four curves on one short line: letters have room for two."""
    same = np.array([[0.0, 50.0], [60.0, 50.0]])
    found = tag_places([same] * 4, (0.0, 0.0, 60.0, 100.0))
    assert [place is None for place in found] == [False, False, True, True]
