"""The chain against formulas that can be written down: no interrupts, or a free machine."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fpsimd_model as fm

from .worlds import FREE, changed, resident

EXACT = 1e-9
micro = st.floats(-1.0, 5.0).map(lambda x: 10.0**x)  # 0.1 us to 0.1 s
shares = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])
quiet = {"softirq.interrupts_per_s": 0.0}


@dataclass
class Residency:
    """Mean thread times of one residency without interrupts, from the five means (seconds)."""

    out: float
    residency: float
    loop: float
    run: float
    fp: float
    put: float  # share of own exits that end it

    def __post_init__(self) -> None:
        a, g, k = 1 / self.loop, 1 / self.run, 1 / self.residency
        again, off = g * (1 - self.put), g * self.put + k
        # time in guest y and loop x: 1 + again y = (a + k) x and a x = (g + k) y
        self.guest = 1 / ((a + k) * (g + k) / a - again)
        self.in_loop = (g + k) * self.guest / a
        self.entries = (g + k) * self.guest
        f = 1 / self.fp
        self.fp_runs = self.entries * f / (f + g + k)
        # does it use FP at all? from the guest: f wins, or an own exit and another entry
        back = again * a / (a + k)
        self.uses_fp = a / (a + k) * f / (f + g + k - back)
        self.length = self.in_loop + self.guest
        assert off  # it ends


def world(out, residency, loop, run, fp, user, put, **more):
    keys = ("out_us", "residency_us", "run_loop_us", "guest_run_us", "first_fp_us")
    changes = {f"vcpu.{k}": v for k, v in zip(keys, (out, residency, loop, run, fp), strict=True)}
    changes |= {"vcpu.user_exit_share": user, "vcpu.preempted_share": 0.0}
    scenario = changed(quiet | changes | {"vcpu.exit_put_share": put} | more)
    return scenario, Residency(*(x * 1e-6 for x in (out, residency, loop, run, fp)), put)


@settings(max_examples=40)
@given(micro, micro, micro, micro, micro, shares, shares)
def test_without_interrupts_or_costs_rates_are_those_of_a_renewal_process(
    out, residency, loop, run, fp, user, put
):
    s, one = world(out, residency, loop, run, fp, user, put, **FREE)
    cycle = out * 1e-6 + one.length
    results = fm.evaluate(s, ["switch-on-exit", "tracked", "flush-hook", "reload-at-load"])
    for result in results:
        assert result["puts_per_s"] == pytest.approx(1 / cycle, rel=EXACT)
        assert result["exits_per_s"] == pytest.approx(one.entries / cycle, rel=EXACT)
        assert result["guest_share"] == pytest.approx(one.guest / cycle, rel=EXACT)
        assert result["switch_share"] == result["softirq_share"] == result["packets_per_s"] == 0.0
    switch, tracked, flush, load = results
    assert switch["traps_per_s"] == pytest.approx(one.fp_runs / cycle, rel=EXACT)
    assert flush["guest_saves_per_s"] == pytest.approx(one.fp_runs / cycle, rel=EXACT)
    assert tracked["traps_per_s"] == pytest.approx(one.uses_fp / cycle, rel=EXACT)
    assert tracked["guest_restores_per_s"] == pytest.approx(one.uses_fp / cycle, rel=EXACT)
    assert load["guest_restores_per_s"] == pytest.approx(1 / cycle, rel=EXACT)
    # The host is saved once on its way out of user space and reloaded on its way back.
    assert load["host_restores_per_s"] == pytest.approx(user / cycle, rel=EXACT, abs=1e-9)


@settings(max_examples=30)
@given(micro, micro, micro, micro, micro, st.sampled_from([0.0, 0.2, 1.0]))
def test_costs_lengthen_the_cycle_by_what_is_counted(out, residency, loop, run, fp, put):
    """Wall time is thread time and masked operations: nothing is forgotten, nothing twice."""
    s, one = world(out, residency, loop, run, fp, 0.25, put)
    ghz = s.machine.clock_ghz * 1e9
    cycles = {name: getattr(s.machine, f"{name}_cycles") / ghz for name in COSTS}
    for result in fm.evaluate(s, ["switch-on-exit", "flush-hook", "tracked", "reload-at-entry"]):
        trap = "trap_c" if result.policy in ("tracked", "reload-at-entry") else "trap"
        moves = (
            result["host_saves_per_s"] * cycles["save"]
            + result["guest_saves_per_s"] * cycles["save"]
            + result["host_restores_per_s"] * cycles["restore"]
            + result["guest_restores_per_s"] * cycles["restore"]
            + result["traps_per_s"] * cycles[trap]
        )
        switches = result["exits_per_s"] * (cycles["exit"] + cycles["entry"])
        assert result["switch_share"] == pytest.approx(moves, rel=EXACT)
        thread = result["puts_per_s"] * (out * 1e-6 + one.length)
        assert thread + moves + switches == pytest.approx(1.0, rel=EXACT)
        assert result["guest_share"] == pytest.approx(result["puts_per_s"] * one.guest, rel=EXACT)


COSTS = ("save", "restore", "trap", "trap_c", "exit", "entry")


@settings(max_examples=20)
@given(st.floats(10.0, 1e5), st.floats(0.1, 1e3), st.floats(10.0, 1e4))
def test_an_interrupt_finds_the_guest_live_if_it_used_fp_since_the_last_one(rate, fp, run):
    """Nearly always in the guest: live with probability f / (f + λ), by renewal."""
    s = resident(
        {
            "vcpu.residency_us": 1e12,
            "vcpu.run_loop_us": 1e-9,
            "vcpu.guest_run_us": run,
            "vcpu.first_fp_us": fp,
            "softirq.interrupts_per_s": rate,
            "softirq.stack_ns": 0.0,
            "crypto.simd_cycles_per_byte": 1e-6,
        }
    )
    f = 1e6 / fp
    found = fm.evaluate(s, ["tracked", "reload-at-entry", "defer-to-put"])
    assert found["tracked"]["guest_saves_per_s"] == pytest.approx(rate * f / (f + rate), rel=1e-4)
    assert found["reload-at-entry"]["guest_saves_per_s"] == pytest.approx(rate, rel=1e-4)
    lost = found["defer-to-put"]["guest_corruptions_per_s"]
    assert lost == pytest.approx(rate * f / (f + rate), rel=1e-4)


def test_time_that_packets_take_is_taken_from_the_thread():
    for rate in (0.0, 1e4, 3e5, 5.9e5):
        s = changed(FREE, softirq__interrupts_per_s=rate)
        load = rate * 1.675e-6
        found = fm.evaluate(s, "tracked")[0]
        assert found["softirq_share"] == pytest.approx(load, rel=1e-9)
        assert found["puts_per_s"] == pytest.approx((1 - load) / 2e-3, rel=1e-9)


@pytest.mark.parametrize(("preempted", "user"), [(0.0, 0.3), (0.5, 0.3), (0.9, 0.1), (0.75, 0.0)])
def test_without_preemption_a_residency_is_a_geometric_number_of_draws(preempted, user):
    shares = {"vcpu.preempted_share": preempted, "vcpu.user_exit_share": user}
    s = changed(FREE | quiet | shares)
    found = fm.evaluate(s, ["neon-begin-at-load", "softirqs-off", "tracked"])
    draws = 1.0 / (1.0 - preempted)
    for name in ("neon-begin-at-load", "softirqs-off"):
        assert found[name]["puts_per_s"] == pytest.approx(1e3 / (1.0 + draws), rel=EXACT)
    assert found["tracked"]["puts_per_s"] == pytest.approx(500.0, rel=EXACT)
    for name in ("neon-begin-at-load", "softirqs-off"):
        wait = 1e3 * draws if preempted else None
        expected = pytest.approx(wait, rel=EXACT) if preempted else None
        assert found[name]["resched_delay_mean_us"] == expected
    assert found["tracked"]["resched_delay_mean_us"] == 0.0


@pytest.mark.parametrize("engine", ["analytic", "montecarlo"])
def test_without_interrupts_no_softirq_is_held_and_none_has_a_mean(engine):
    quiet = fm.Scenario().replace({"softirq.interrupts_per_s": 0.0})
    for found in fm.evaluate(quiet, ["softirqs-off", "tracked"], engine=engine, seconds=1):
        known = 0.0 if found.policy == "tracked" else None
        assert found["softirq_held_mean_us"] == found["softirq_held_max"] == known
        assert found["sojourn_mean_us"] is None


@pytest.mark.parametrize("load", [0.001, 0.3, 0.9])
@pytest.mark.parametrize("exponential", [False, True])
def test_softirqs_off_is_a_queue_whose_server_takes_vacations(load, exponential):
    """Always resident: the wait of M/G/1 and, apart from it, the rest of a vacation."""
    s = resident(
        {
            "softirq.interrupts_per_s": load / 1.675e-6,
            "softirq.service": "exponential" if exponential else "deterministic",
            "vcpu.residency_us": 700.0,
        }
    )
    (found,) = fm.evaluate(s, "softirqs-off")
    wait = load * 1.675 * (2.0 if exponential else 1.0) / (2 * (1 - load))
    assert found["softirq_held_mean_us"] == pytest.approx(700.0, rel=1e-6)
    assert found["sojourn_mean_us"] == pytest.approx(700.0 + wait + 1.675, rel=1e-6)
    assert found["softirq_held_max"] is None
    assert found["scalar_share"] == 0.0


def test_held_packets_come_in_batches_too():
    s = resident({"softirq.packets_per_interrupt": {"mean": 6, "shape": "fixed"}})
    s = s.replace({"softirq.interrupts_per_s": 2e4, "vcpu.residency_us": 700.0})
    (found,) = fm.evaluate(s, "softirqs-off")
    load = 2e4 * 6 * 1.675e-6
    wait = load * 6 * 1.675 / (2 * (1 - load)) + 2.5 * 1.675
    assert found["sojourn_mean_us"] == pytest.approx(700.0 + wait + 1.675, rel=1e-6)


def test_a_busy_flag_for_the_whole_residency_refuses_by_packets_not_by_time():
    """Free machine, busy in residencies alone: busy periods of both kinds, weighed by packets."""
    s = changed(FREE, softirq__interrupts_per_s=3e4)
    (found,) = fm.evaluate(s, "busy-flag-resident")
    slow, fast = (1e-6 + 20 * 0.675e-6) * 3e4, 1.675e-6 * 3e4
    # as many thread seconds in residency as out of it; packets of one busy period 1 / (1 - load)
    scalar = (1 / (1 - slow)) / (1 / (1 - slow) + 1 / (1 - fast))
    assert found["scalar_share"] == pytest.approx(scalar, rel=EXACT)
    assert found["crypto_slowdown"] == pytest.approx(1 + 19 * scalar, rel=EXACT)
    assert found["softirq_share"] == pytest.approx(scalar * slow + (1 - scalar) * fast, rel=EXACT)


@pytest.mark.parametrize(("bits", "size"), [(128, 520), (256, 1092), (512, 2184), (2048, 8736)])
def test_guest_moves_cost_by_the_size_of_the_guests_state(bits, size):
    s = changed(vcpu__vector_bits=bits, softirq__interrupts_per_s=0.0)
    (found,) = fm.evaluate(s, "switch-on-exit")
    guest = found["guest_saves_per_s"] * 141 + found["guest_restores_per_s"] * 155
    host = found["host_saves_per_s"] * 141 + found["host_restores_per_s"] * 155
    cycles = guest * size / 520 + host + found["traps_per_s"] * 376
    assert found["switch_share"] == pytest.approx(cycles / 2e9, rel=EXACT)


@pytest.mark.parametrize("sections", [1, 2, 5])
def test_nested_save_pays_for_each_section_of_each_packet(sections):
    """All in user space: H is saved and restored around every section."""
    user = {"vcpu.user_exit_share": 1.0, "vcpu.preempted_share": 0.0, "vcpu.out_us": 1e12}
    s = changed(user, crypto__neon_sections_per_packet=sections)
    (found,) = fm.evaluate(s, "nested-save")
    assert found["host_saves_per_s"] == pytest.approx(1e4 * sections, rel=1e-6)
    assert found["host_restores_per_s"] == pytest.approx(1e4 * sections, rel=1e-6)
    assert found["guest_saves_per_s"] == pytest.approx(0.0, abs=1e-3)
    own = 1.675 + sections * 0.148
    assert found["max_packets_per_s"] == pytest.approx(1e6 / own, rel=EXACT)
    mean = own + 1e-2 * own * own / (2 * (1 - 1e-2 * own))
    assert found["sojourn_mean_us"] == pytest.approx(mean, rel=1e-6)
    (once,) = fm.evaluate(s, "tracked")
    assert once["host_saves_per_s"] < 1e4
