"""Interrupts without crypto that wait behind masked operations, many of them."""

from __future__ import annotations

import numpy as np
import pytest

from fpsimd_model import policies
from fpsimd_model.analytic.behind import COUNTED, FIRST, HELD_FIRST
from fpsimd_model.analytic.queue import Stretch, residual_moments, rest_moments, stretched
from fpsimd_model.analytic.rows import HELD, NEON, SCALAR
from fpsimd_model.analytic.solved import Solved
from fpsimd_model.automaton import EVENT_NAMES
from fpsimd_model.parameters import Parameters

from .scores import agree
from .worlds import changed

EACH = pytest.mark.parametrize("policy", policies.ALL, ids=lambda p: p.name)
BUSY = {
    "vcpu.residency_us": 300.0,
    "vcpu.out_us": 100.0,
    "vcpu.run_loop_us": 5.0,
    "vcpu.first_fp_us": 60.0,
    "vcpu.exit_put_share": 0.1,
    "softirq.interrupts_per_s": 2e4,
    "crypto.slowdown": 4.0,
    "machine.exit_cycles": 3000.0,
    "machine.entry_cycles": 3000.0,
    "machine.trap_cycles": 3000.0,
}
OTHERS = {
    "8%": (4e4, 2000.0),
    "30%": (1e5, 3000.0),
    "50%": (1e5, 5000.0),
    "40%, long ones": (2e4, 20000.0),
}


def busy(share: str, **more: object):
    rate, cost = OTHERS[share]
    others = {"softirq.other_interrupts_per_s": rate, "softirq.other_interrupt_ns": cost}
    return changed(BUSY | others, **more)


@EACH
@pytest.mark.parametrize("share", OTHERS)
def test_every_interrupt_without_crypto_is_taken(policy, share):
    """As many as come in thread time and in masked operations, however they wait."""
    p = Parameters.of(busy(share))
    flows = Solved(policy, p).flows
    rows, table, nu = flows.rows, flows.table, p.other_rate[0]
    other = np.isin(rows.event, [EVENT_NAMES.index(e) for e in ("other", "other_softirq")])
    kind = table.softirq[rows.state, rows.event]
    at_once = np.isin(kind, (NEON, SCALAR))
    cost = flows.before[0, rows.state, rows.event]
    served = at_once & (rows.event == EVENT_NAMES.index("interrupt"))
    came = nu * (1.0 + (flows.flow[0] * cost * ~served).sum())
    taken = flows.flow[0, other].sum()
    taken += (flows.period_flow * flows.periods.late)[0].sum()  # lengthen a set-up
    taken += nu * (flows.flow[0] * cost)[at_once & ~served].sum()  # wait for packets at the put
    assert taken == pytest.approx(came, rel=1e-12)
    used = set(rows.how[flows.flow[0] > 0.0].tolist())
    assert {COUNTED, FIRST} <= used
    assert (HELD_FIRST in used) == (table.softirq == HELD).any()


@EACH
@pytest.mark.parametrize("share", OTHERS)
def test_packets_are_those_that_come(policy, share):
    found = Solved(policy, Parameters.of(busy(share))).metrics
    assert found["packets_per_s"] == pytest.approx(2e4, rel=1e-11)


def test_none_of_them_is_the_limit_of_few():
    for name in ("tracked", "softirqs-off", "pending-check-guarded"):
        policy = policies.select([name])[0]
        none, few = (
            Solved(policy, Parameters.of(busy("8%", softirq__other_interrupts_per_s=rate))).metrics
            for rate in (0.0, 1e-5)
        )
        for key, value in none.items():
            assert few[key] == pytest.approx(value, rel=1e-8, nan_ok=True), key


def test_what_is_left_of_a_period_is_the_same_on_both_sides_of_the_series():
    cost, nu, o = 2.0, 0.1, 3.0
    stretch = Stretch(np.array(nu), np.array(o))
    period = stretch.moments(cost, cost**2, cost**3)

    def rest(lam):
        sigma = stretched(np.array(lam), np.array(nu), np.array(o))
        return rest_moments(np.array(lam), -np.expm1(-sigma * cost), *period)

    lam = 1e-5 * period[1] / period[2]
    for below, above in zip(rest(lam * (1 - 1e-9)), rest(lam * (1 + 1e-9)), strict=True):
        assert below == pytest.approx(above, rel=1e-5)
    assert rest(1e-12)[0] == pytest.approx(period[1] / (2 * period[0]), rel=1e-9)


@pytest.mark.parametrize("lam", [1e-9, 1e-3, 1.0, 50.0])
def test_without_others_what_is_left_is_that_of_a_fixed_time(lam):
    rate, length = np.array(lam), np.array(0.7)
    found = rest_moments(rate, -np.expm1(-rate * length), length, length**2, length**3)
    for one, other in zip(found, residual_moments(rate, length), strict=True):
        assert one == pytest.approx(float(other), rel=1e-6)


@pytest.mark.agreement
@pytest.mark.parametrize("share", OTHERS)
def test_both_engines_agree(share):
    names = [p.name for p in policies.ALL]
    agree(busy(share), names, 2.0, list(OTHERS).index(share))
