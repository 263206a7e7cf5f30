"""The compiled loop's edges: numpy's very numbers, what it refuses, when it is compiled anew."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from fpsimd_model.durations import Duration
from fpsimd_model.montecarlo import simulate
from fpsimd_model.montecarlo.kernel import batch_of, calls, draw_shape, next_arrival
from fpsimd_model.montecarlo.kernel.compiling import DIGEST, digest
from fpsimd_model.montecarlo.kernel.cpu import DRAWS, address_of, cpu_of
from fpsimd_model.montecarlo.records import CONSTANTS
from fpsimd_model.montecarlo.run import Rings
from fpsimd_model.montecarlo.sampling import shape_rows
from fpsimd_model.montecarlo.streams import STREAMS

from .worlds import REFERENCE, Driven

BY_NUMPY = {
    "gamma": lambda rng, a, b, c: a * rng.standard_gamma(b),
    "lognormal": lambda rng, a, b, c: np.exp(a + b * rng.standard_normal()),
    "hyperexponential": lambda rng, a, b, c: (
        (a if rng.random() < c else b) * rng.standard_exponential()
    ),
}


def twins(seed=1):
    return np.random.default_rng(seed), np.random.default_rng(seed)


@pytest.mark.parametrize("cv2", [1.5, 4.0])
@pytest.mark.parametrize("name", BY_NUMPY)
def test_durations_are_made_of_numpy_s_very_numbers(name, cv2):
    rows, samples = shape_rows([Duration(30.0, name, cv2)])
    ours, theirs = twins()
    for _ in range(2000):
        drawn = draw_shape(ours, rows, 0, samples)
        assert drawn == pytest.approx(BY_NUMPY[name](theirs, *rows[0, 1:]), rel=1e-14)
    assert ours.bit_generator.state == theirs.bit_generator.state


def test_interrupts_and_batches_are_made_of_numpy_s_very_numbers():
    given = np.zeros(1, CONSTANTS)
    given["gap1"], given["batch_scale"] = 1e-4, 3.5
    ours, theirs = twins()
    for _ in range(5000):
        at, phase, ends = next_arrival(ours, given[0], np.zeros(0), 2.0, 0, np.inf)
        assert (at, phase, ends) == (2.0 + 1e-4 * theirs.standard_exponential(), 0, np.inf)
        batch = batch_of(ours, given[0], np.zeros(0, np.int64), 0)
        assert batch == 1 + int(3.5 * theirs.standard_exponential())


def test_the_loop_takes_the_streams_in_their_order():
    assert (*DRAWS, "start") == STREAMS
    driven = Driven(REFERENCE, "tracked")
    before = [rng.bit_generator.state for rng in driven.rngs]
    driven.to(0.05)
    after = [rng.bit_generator.state for rng in driven.rngs]
    touched = {name for name, a, b in zip(DRAWS, before, after, strict=True) if a != b}
    assert touched == {"arrivals", "residency", "out", "loop", "run", "fp", "reason"}


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros(4, np.int64), "gaps: int64, but the loop takes contiguous float64"),
        (np.zeros(4, np.float32), "gaps: float32, but"),
        (np.zeros(8)[::2], "gaps: float64, strided, but the loop takes contiguous float64"),
    ],
)
def test_an_array_that_the_loop_would_misread_is_refused(array, says):
    with pytest.raises(TypeError, match=says):
        address_of("gaps", array)


def test_rings_of_two_sizes_and_a_stream_too_few_are_refused():
    rings = {"wait_time": np.zeros(8), "crypto_time": np.zeros(16)}
    with pytest.raises(TypeError, match="not of one size"):
        cpu_of(rings, {})
    driven = Driven(REFERENCE, "tracked")
    driven.rngs.pop()
    with pytest.raises(ValueError, match="zip"):
        driven.to(1e-3)


def test_a_change_of_any_file_or_constant_is_compiled_anew(tmp_path):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("a = 1\n")
    other.write_text("b = 1\n")
    before = digest([one, other], ("load", "put"))
    assert before == digest([one, other], ("load", "put"))
    assert before != digest([one, other], ("put", "load"))
    other.write_text("b = 2\n")
    assert before != digest([one, other], ("load", "put"))


def test_what_python_calls_is_kept_by_the_digest_of_the_whole_loop():
    compiled = [f.py_func for f in vars(calls).values() if hasattr(f, "py_func")]
    names = [f.__qualname__ for f in compiled if f.__module__ == calls.__name__]
    assert len(names) == 6
    assert {name.rpartition("_")[2] for name in names} == {DIGEST}


HOLDING = {
    "softirqs-off": {"vcpu.residency_us": 5000.0},
    "neon-begin-at-load": {"softirq.softirq_budget_us": 100.0},  # ksoftirqd waits for vcpu_put
    "busy-flag-resident": {"softirq.fallback": "cryptd"},
}


@pytest.mark.parametrize("policy", HOLDING)
def test_nothing_depends_on_how_small_the_rings_were(policy, monkeypatch):
    """What finds a ring full goes on in a larger one as if nothing had been in the way."""
    scenario = REFERENCE.replace({"softirq.interrupts_per_s": 60_000.0, **HOLDING[policy]})

    def rings(first: int):
        sizes = []

        def made(size: int = first) -> Rings:
            sizes.append(size)
            return Rings(size)

        monkeypatch.setattr(sys.modules[Rings.__module__], "Rings", made)
        (found,) = simulate(scenario, policy, seconds=1.0, workers=1)
        return found.metrics, found.ci95, max(sizes)

    *small, grown = rings(1)
    *large, enough = rings(4096)
    assert enough == 4096  # so large that none grew
    assert grown > 4
    assert small == large
