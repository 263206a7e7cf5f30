"""Hypothesis strategies for legal values of every key."""

from __future__ import annotations

from hypothesis import strategies as st

from fpsimd_model.bounds import LARGEST, SMALLEST
from fpsimd_model.durations import Duration
from fpsimd_model.scenario import Batch, Crypto, Machine, Mmpp, Recorded, Scenario, Softirq, Vcpu

positive = st.floats(SMALLEST, LARGEST)
nonnegative = st.floats(0.0, LARGEST)
rates = nonnegative
shares = st.floats(0.0, 1.0)
words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)

durations = st.one_of(
    positive.map(Duration),
    positive.map(lambda mean: Duration(mean, "deterministic")),
    st.builds(Duration, positive, st.sampled_from(["gamma", "lognormal"]), positive),
    st.builds(
        Duration, positive, st.just("hyperexponential"), st.floats(1.0, LARGEST, exclude_min=True)
    ),
    st.lists(nonnegative, min_size=1, max_size=5)
    .filter(lambda samples: sum(samples) / len(samples) > SMALLEST)
    .map(Duration.empirical),
)
arrivals = st.one_of(
    rates,
    st.lists(st.floats(1e-3, LARGEST), min_size=1, max_size=5).map(tuple).map(Recorded),
    st.builds(Mmpp, rates, positive, positive, positive),
    st.builds(Mmpp, positive, rates, positive, positive),
)
batches = st.one_of(st.floats(1.0, 1000.0), st.integers(1, 1000).map(Batch))


@st.composite
def endings(draw) -> tuple[float, float]:
    """user_exit_share and preempted_share: together at most 1."""
    preempted = draw(shares)
    return draw(st.floats(0.0, 1.0 - preempted)), preempted


@st.composite
def vcpus(draw) -> Vcpu:
    user, preempted = draw(endings())
    return Vcpu(
        *(draw(durations) for _ in range(5)),
        user,
        preempted,
        draw(shares),
        draw(st.integers(1, 16)) * 128,
        draw(rates),
    )


softirqs = st.builds(
    Softirq,
    arrivals,
    batches,
    st.floats(1.0, LARGEST),
    nonnegative,
    st.sampled_from(["deterministic", "exponential"]),
    nonnegative,
    st.sampled_from(["scalar", "cryptd"]),
    rates,
    nonnegative,
    shares,
    nonnegative,
)
cryptos = st.builds(Crypto, positive, st.floats(1.0, LARGEST), nonnegative, st.integers(1, 1000))
machines = st.builds(Machine, positive, *[nonnegative] * 6)
scenarios = st.builds(Scenario, vcpus(), softirqs, cryptos, machines, name=words)
