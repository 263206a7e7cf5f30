"""Shapes of durations: what is drawn, and what a run makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model.durations import Duration
from fpsimd_model.montecarlo import run, simulate
from fpsimd_model.montecarlo.kernel import draw_shape
from fpsimd_model.montecarlo.sampling import sample, shape_rows
from fpsimd_model.montecarlo.statistics import ratio
from fpsimd_model.registers import COUNTERS

from .worlds import FREE, LIMIT, REFERENCE, score

SHAPED = {
    "deterministic": Duration(30.0, "deterministic"),
    "gamma": Duration(30.0, "gamma", 0.25),
    "wide-gamma": Duration(30.0, "gamma", 3.0),
    "lognormal": Duration(30.0, "lognormal", 1.5),
    "hyperexponential": Duration(30.0, "hyperexponential", 4.0),
    "empirical": Duration.empirical([0.0, 10.0, 20.0, 90.0]),
}
TABLES = {"exponential": 30.0} | {name: d.table() for name, d in SHAPED.items()}
N = 40_000


def has_its_moments(drawn: np.ndarray, duration: Duration) -> None:
    mean, cv2 = duration.mean_s, duration.scv
    error = drawn.std() / np.sqrt(N)
    assert abs(drawn.mean() - mean) <= LIMIT * error + 1e-15
    squares = (drawn - mean) ** 2
    error = squares.std() / np.sqrt(N)
    assert abs(squares.mean() - cv2 * mean**2) <= LIMIT * error + 1e-24


@pytest.mark.parametrize("name", SHAPED)
def test_compiled_draws_have_the_mean_and_variance_of_the_shape(name):
    rows, samples = shape_rows([Duration(1.0), SHAPED[name]])
    rng = np.random.default_rng(1)
    drawn = np.array([draw_shape(rng, rows, 1, samples) for _ in range(N)])
    has_its_moments(drawn, SHAPED[name])


@pytest.mark.parametrize("name", SHAPED)
def test_draws_outside_the_loop_have_them_too(name):
    has_its_moments(sample(np.random.default_rng(2), SHAPED[name], N), SHAPED[name])


@given(st.lists(st.just(0.0) | st.floats(1e-6, 1e6), min_size=1).filter(any))
@settings(max_examples=30)
def test_an_empirical_duration_is_always_one_of_its_samples(values):
    duration = Duration.empirical(values)
    rows, samples = shape_rows([SHAPED["empirical"], duration])
    rng = np.random.default_rng(3)
    seconds = set((np.array(values) * 1e-6).tolist())
    assert {draw_shape(rng, rows, 1, samples) for _ in range(50)} <= seconds


@pytest.mark.parametrize("residency", TABLES)
@pytest.mark.parametrize("out", ["deterministic", "exponential", "hyperexponential"])
def test_residencies_alternate_with_time_out_whatever_their_shapes(residency, out):
    scenario = REFERENCE.replace(
        FREE
        | {
            "vcpu.residency_us": TABLES[residency],
            "vcpu.out_us": TABLES[out],
            "softirq.interrupts_per_s": 0,
        }
    )
    (found,) = simulate(scenario, "tracked", seed=8, seconds=10.0)
    assert abs(score(1e6 / 60.0, found["puts_per_s"], found.ci95["puts_per_s"])) < LIMIT


@pytest.mark.parametrize("shape", TABLES)
def test_runs_alternate_with_the_loop_whatever_their_shapes(shape):
    scenario = REFERENCE.replace(
        FREE
        | {
            "vcpu.residency_us": 1e7,
            "vcpu.out_us": 1.0,
            "vcpu.guest_run_us": TABLES[shape],
            "vcpu.run_loop_us": TABLES["gamma"],
            "softirq.interrupts_per_s": 0,
        }
    )
    (found,) = simulate(scenario, "tracked", seed=9, seconds=10.0)
    for metric, expected in (("exits_per_s", 1e6 / 60.0), ("guest_share", 0.5)):
        assert abs(score(expected, found[metric], found.ci95[metric])) < LIMIT


@pytest.mark.parametrize(
    ("gap", "trapped"),
    [
        (250.0, 1.0 - np.exp(-100.0 / 250.0)),
        ({"mean": 250.0, "shape": "deterministic"}, 100.0 / 250.0),
        ({"mean": 25.0, "shape": "deterministic"}, 1.0),
        ({"mean": 300.0, "shape": "empirical", "samples": [60.0, 540.0]}, None),
    ],
    ids=["exponential", "rare", "often", "empirical"],
)
def test_fp_accesses_are_a_renewal_stream_that_exits_do_not_restart(gap, trapped):
    scenario = REFERENCE.replace(
        FREE
        | {
            "vcpu.residency_us": 1e7,
            "vcpu.out_us": 1.0,
            "vcpu.guest_run_us": {"mean": 100.0, "shape": "deterministic"},
            "vcpu.first_fp_us": gap,
            "softirq.interrupts_per_s": 0,
        }
    )
    (found,) = simulate(scenario, "switch-on-exit", seed=10, seconds=10.0)
    (low, high), exits = found.ci95["traps_per_s"], found["exits_per_s"]
    if trapped is None:
        # A gap of 60 us begins at a random place of a run of 100 and stays in it with 0.4.
        trapped = 100.0 / 300.0 * (1.0 - 0.5 * 0.4)
    assert abs(score(trapped, found["traps_per_s"] / exits, (low / exits, high / exits))) < LIMIT


@pytest.mark.parametrize("shape", ["exponential", "deterministic", "hyperexponential"])
def test_an_interrupt_cuts_a_run_and_the_rest_of_it_is_kept(shape):
    scenario = REFERENCE.replace(
        FREE
        | {
            "vcpu.residency_us": 1e7,
            "vcpu.out_us": 1.0,
            "vcpu.guest_run_us": TABLES[shape],
            "softirq.interrupts_per_s": 60_000,
        }
    )
    found = run(scenario, "tracked", seed=11, seconds=10.0)
    exits = found.moves[:, COUNTERS.index("exits")]
    value, interval = ratio(exits, found.sums["guest_time"])
    assert abs(score(60_000 + 1e6 / 30.0, value, interval)) < LIMIT


def resident(shape: str, **vcpu: object):
    """Softirqs and preemption off for residencies of 1 ms of some shape; nothing takes time."""
    return REFERENCE.replace(
        FREE
        | {
            "vcpu.residency_us": {"mean": 1000.0, "shape": shape}
            if shape == "deterministic"
            else {"mean": 1000.0, "shape": shape, "cv2": 3.0},
            "vcpu.user_exit_share": 0,
            "vcpu.preempted_share": 0,
            **{f"vcpu.{key}": value for key, value in vcpu.items()},
        }
    )


@pytest.mark.parametrize(
    ("shape", "held"), [("deterministic", 500.0), ("hyperexponential", 2000.0)]
)
def test_softirqs_are_held_for_the_rest_of_the_residency(shape, held):
    (found,) = simulate(resident(shape), "softirqs-off", seed=12, seconds=40.0)
    value, interval = found["softirq_held_mean_us"], found.ci95["softirq_held_mean_us"]
    assert abs(score(held, value, interval)) < LIMIT


@pytest.mark.parametrize("shape", ["deterministic", "hyperexponential"])
@pytest.mark.parametrize("name", ["softirqs-off", "neon-begin-at-load"])
def test_a_wish_to_preempt_waits_for_draws_until_one_ends_otherwise(shape, name):
    scenario = resident(shape, preempted_share=0.75).replace({"softirq.interrupts_per_s": 0})
    (found,) = simulate(scenario, name, seed=13, seconds=40.0)
    value, interval = found["resched_delay_mean_us"], found.ci95["resched_delay_mean_us"]
    assert abs(score(4000.0, value, interval)) < LIMIT
