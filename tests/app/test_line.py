from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fpsimd_model as fm
from fpsimd_model.app.controls import CONTROLS
from fpsimd_model.app.line import call_of, line_of, state_of
from fpsimd_model.app.state import State
from fpsimd_model.durations import Duration


class Mine(fm.policies.Tracked):
    """One's own."""


KNOWN = (*fm.policies.ALL, Mine)
POLICIES = st.lists(st.sampled_from(KNOWN), min_size=1, unique=True)
POSITIVE = st.floats(1e-6, 1e12)
SHAPES = st.one_of(
    POSITIVE,
    st.builds(lambda m, c: {"mean": m, "shape": "gamma", "cv2": c}, POSITIVE, st.floats(0.01, 9)),
    st.builds(lambda m: {"mean": m, "shape": "deterministic"}, POSITIVE),
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "softirq.interrupts_per_s": st.floats(0, 1e12),
        "softirq.fallback": st.sampled_from(["scalar", "cryptd"]),
        "vcpu.vector_bits": st.sampled_from([128, 256, 2048]),
        "vcpu.residency_us": SHAPES,
        "crypto.slowdown": st.floats(1, 1e6),
        "machine.preset": st.sampled_from(fm.presets("machines")),
        "crypto.algorithm": st.sampled_from(fm.presets("algorithms")),
    },
)


@given(st.sampled_from(fm.presets()), CHANGES, POLICIES)
def test_a_line_restores_its_state(name, changes, policies):
    state = State.of(name, policies).put(changes)
    for text in (line_of(state), call_of(state), f"  {line_of(state)}\n"):
        again = state_of(text, known=KNOWN)
        assert again == state
        assert again.scenario == state.scenario
    assert line_of(state).isascii()
    assert " " not in line_of(state)
    assert '"' not in line_of(state)


@given(CHANGES)
def test_a_scenario_of_ones_own_comes_back_too(changes):
    own = replace(fm.Scenario().replace(changes), name="mine")
    assert state_of(line_of(State.of(own))).scenario == own


def test_what_is_plain_is_short():
    assert line_of(State.of("reference")) == "reference"
    state = State.of("reference", ["tracked"]).set(CONTROLS["rate"], 3e4)
    assert call_of(state) == (
        'fm.app.explore("reference?softirq.interrupts_per_s=30000&policies=tracked")'
    )


def test_an_address_starts_from_what_is_there_and_passes_over_other_words():
    start = State.of("vm-idle", ["tracked"])
    query = "?token=secret&softirq.interrupts_per_s=3e4&voila-theme=dark"
    state = state_of(query, start, address=True)
    assert state == start.set(CONTROLS["rate"], 3e4)
    whole = state_of(f"http://localhost:8866/voila/render/x.ipynb{query}", start)
    assert whole == state
    assert state_of("?preset=reference", start, address=True) == State.of("reference", ["tracked"])
    assert state_of("crypto.slowdown=7", start).changes == {"crypto.slowdown": 7.0}


REFUSED = {
    "": "begin it with one",
    "?crypto.slowdown=7": "begin it with one",
    "no-such": "is no known situation",
    "reference?crypto.slowdown=": "is not a number",
    "reference?crypto.slowdown=nan": "not finite",
    "reference?crypto.slow=7": "unknown key",
    "reference?token=7": "unknown key",
    "reference?policies=": "take at least one",
    "reference?policies=trakced": "did you mean 'tracked'",
    "reference?machine.preset=pdp-11": "no known machine",
    "reference?vcpu.residency_us={mean=": "is no table",
    "reference?vcpu.residency_us={ shape = 'empirical', samples = '/etc/passwd' }": "samples",
    "reference?" + "x" * 5000: "too long",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
def test_what_is_no_line_is_refused_in_one_line(text):
    with pytest.raises(fm.InputError, match=REFUSED[text]) as caught:
        state_of(text)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_a_state_or_refused(text):
    for address in (False, True):
        said = ""
        try:
            found = state_of(text, State.of("reference"), address=address)
        except fm.InputError as error:
            said = str(error)
        else:
            assert isinstance(found, State)
        assert "\n" not in said


def test_measured_samples_have_no_line():
    own = fm.Scenario().replace({"vcpu.out_us": Duration.empirical([1.0, 2.0])})
    with pytest.raises(fm.InputError, match="do not fit in a line"):
        line_of(State.of(own))
