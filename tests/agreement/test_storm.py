"""The chain of the analytic engine against Storm, a probabilistic model checker.

C. Hensel, S. Junges, J.-P. Katoen, T. Quatmann and M. Volk, International Journal on Software
Tools for Technology Transfer 24 (2022) 589-610.  Storm is under the GPL: these tests run it, the
package never does.
"""

from __future__ import annotations

import platform
import sys

import numpy as np
import pytest

from fpsimd_model import evaluate, policies
from fpsimd_model.scenario import Scenario

from .storm import Chain, stationary

# As the marker in pyproject.toml says; elsewhere the reason stands in the summary of the run.
HAS_WHEEL = (
    sys.platform == "linux"
    and platform.machine() in ("x86_64", "aarch64")
    and platform.python_implementation() == "CPython"
    and sys.version_info < (3, 15)
)
pytestmark = [
    pytest.mark.agreement,
    pytest.mark.skipif(
        not HAS_WHEEL,
        reason="stormpy has no wheel for this system: the chain is not compared with Storm",
    ),
]

SCENARIOS = {
    "reference": {},
    "storm of exits": {
        "vcpu.guest_run_us": 6.0,
        "vcpu.exit_put_share": 0.1,
        "vcpu.residency_us": 80.0,
        "softirq.interrupts_per_s": 30_000.0,
        "crypto.slowdown": 3.0,
        "machine.clock_ghz": 0.4,
        "vcpu.task_neon_per_s": 5_000.0,
    },
}
COUNTED = ("host_saves", "host_restores", "guest_saves", "guest_restores", "traps", "exits")
COUNTED += ("guest_corruptions", "host_corruptions")


def scenario_of(name: str) -> Scenario:
    return Scenario().replace({"softirq.softirq_budget_us": 0.0, **SCENARIOS[name]})


@pytest.mark.parametrize("policy", policies.ALL, ids=lambda policy: policy.name)
@pytest.mark.parametrize("name", SCENARIOS)
def test_rates_are_those_of_storm(name, policy):
    scenario = scenario_of(name)
    chain = Chain(scenario, policy)
    by_storm = chain.rates(stationary(chain.rate))
    found = evaluate(scenario, policy)[policy.name]
    assert found.status == "ok"
    # The engine's are per second of wall time, Storm's of thread time: each by the put.
    per_put = by_storm["puts_per_s"]
    each_section = chain.table.section.any()  # nested-save: moves by the packet, no chain's matter
    for counted in COUNTED[4:] if each_section else COUNTED:
        ours = found[f"{counted}_per_s"] / found["puts_per_s"]
        theirs = by_storm[f"{counted}_per_s"] / per_put
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-15), counted
    in_guest = found["guest_share"] / found["puts_per_s"]
    assert in_guest == pytest.approx(by_storm["guest_share"] / per_put, rel=1e-9)


def test_storm_solves_what_is_known():
    rate = np.array([[0.0, 3.0, 0.0], [1.0, 0.0, 2.0], [4.0, 0.0, 0.0]])
    assert stationary(rate) == pytest.approx(np.array([4.0, 4.0, 2.0]) / 10.0, rel=1e-15)


def test_a_wrong_rate_is_noticed():
    chain = Chain(scenario_of("reference"), policies.get("tracked"))
    right = chain.rates(stationary(chain.rate))
    wrong = chain.rates(stationary(chain.rate * (1.0 + 1e-6 * np.eye(len(chain.rate))[0])))
    assert wrong["traps_per_s"] != pytest.approx(right["traps_per_s"], rel=1e-9)
