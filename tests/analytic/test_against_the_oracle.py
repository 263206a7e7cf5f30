"""The engine against the independent simulator, on scenarios that strain one part each.

One long run of each policy is cut into batches.  A metric is a ratio, of counts to time or of sums
to packets, and with the right ratio r the batches' (numerator - r x denominator) have mean 0: that
gives a Student's t.  What the number of arrivals explains is taken out first.  Percentiles are
compared as the share of packets above them, which has no trouble with atoms.  The bound is for all
comparisons of this file together: a right engine fails with one in a thousand sets of seeds.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import fpsimd_model as fm
from tests.oracle.simulator import GUEST, LOOP, Simulation

pytestmark = pytest.mark.agreement

BATCHES, WARM_UP_US = 64, 20e3
PERCENTILES = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.01, "sojourn_p999_us": 0.001}
TINY = 1e-6  # of a time: on which side of an atom a percentile lies is a matter of rounding

SCENARIOS = {
    # name: (tables, modelled seconds, policies)
    "reference": (
        {},
        5.0,
        ["switch-on-exit", "softirqs-off", "neon-begin-at-load", "tracked", "reload-at-load"],
    ),
    "exit-storm": (
        {
            "vcpu": {
                "guest_run_us": 2.0,
                "run_loop_us": 1.0,
                "first_fp_us": 1.0,
                "residency_us": 200.0,
                "out_us": 50.0,
            },
        },
        1.0,
        ["switch-on-exit", "neon-begin-per-entry", "flush-hook", "tracked", "reload-at-entry"],
    ),
    "rare-fp": (
        {"vcpu": {"first_fp_us": 5000.0, "guest_run_us": 500.0}},
        10.0,
        ["defer-to-put", "busy-flag-live", "tracked", "tracked-save-at-load", "reload-at-entry"],
    ),
    "batches": (
        {"softirq": {"interrupts_per_s": 3000.0, "packets_per_interrupt": 4.0}},
        10.0,
        ["softirqs-off", "busy-flag-resident", "pending-check-guarded", "tracked", "nested-save"],
    ),
    "fixed-batches": (
        {
            "softirq": {
                "interrupts_per_s": 2000.0,
                "packets_per_interrupt": {"mean": 8, "shape": "fixed"},
            },
            "crypto": {"neon_sections_per_packet": 3, "slowdown": 5.0},
        },
        10.0,
        ["softirqs-off", "neon-begin-per-entry", "flush-hook", "nested-save"],
    ),
    "exponential-service": (
        {"softirq": {"service": "exponential", "interrupts_per_s": 20000.0}},
        5.0,
        ["softirqs-off", "busy-flag-live", "pending-check", "tracked"],
    ),
    "near-saturation": (
        {"softirq": {"interrupts_per_s": 50000.0}, "crypto": {"slowdown": 20.0}},
        3.0,
        ["neon-begin-at-load", "busy-flag-resident", "pending-check-guarded", "tracked"],
    ),
    "slow-machine": (  # an exit takes 6 us, a save 2.8 us
        {
            "machine": {"clock_ghz": 0.05},
            "softirq": {"interrupts_per_s": 20000.0},
            "crypto": {"simd_cycles_per_byte": 0.01, "slowdown": 4.0},
        },
        5.0,
        ["switch-on-exit", "busy-flag-live", "pending-check", "tracked", "nested-save"],
    ),
    "own-exits-put": (
        {"vcpu": {"exit_put_share": 0.3, "preempted_share": 0.6}},
        5.0,
        ["softirqs-off", "neon-begin-at-load", "pending-check", "tracked", "reload-at-entry"],
    ),
    "no-way-out-but-own-exits": (
        {"vcpu": {"exit_put_share": 1.0, "preempted_share": 1.0, "user_exit_share": 0.0}},
        5.0,
        ["softirqs-off", "neon-begin-at-load", "flush-hook", "tracked"],
    ),
    "always-to-user-space": (
        {"vcpu": {"user_exit_share": 1.0, "preempted_share": 0.0}},
        5.0,
        ["defer-to-put", "softirqs-off", "busy-flag-live", "tracked-save-at-load"],
    ),
    "task-neon": (
        {"vcpu": {"task_neon_per_s": 50000.0, "run_loop_us": 20.0}},
        5.0,
        ["defer-to-put", "softirqs-off", "pending-check-guarded", "tracked", "reload-at-load"],
    ),
    "sve": (
        {"vcpu": {"vector_bits": 2048}},
        5.0,
        ["switch-on-exit", "softirqs-off", "flush-hook", "tracked"],
    ),
    "no-stack-time": (
        {"softirq": {"stack_ns": 0.0, "interrupts_per_s": 40000.0}},
        2.0,
        ["busy-flag-resident", "tracked"],
    ),
    "other-interrupts": (
        {"softirq": {"other_interrupts_per_s": 20000.0, "other_softirq_share": 0.5}},
        5.0,
        ["switch-on-exit", "softirqs-off", "busy-flag-live", "tracked", "reload-at-entry"],
    ),
    "other-interrupts-in-the-window": (
        {"softirq": {"other_interrupts_per_s": 20000.0, "other_softirq_share": 0.5}},
        5.0,
        ["pending-check", "pending-check-guarded", "neon-begin-per-entry"],
    ),
    "idle": (
        {"softirq": {"interrupts_per_s": 0.0}},
        10.0,
        ["switch-on-exit", "softirqs-off", "neon-begin-at-load", "tracked"],
    ),
}
CASES = [(name, policy) for name, (_, _, chosen) in SCENARIOS.items() for policy in chosen]
# What comes while an interrupt without crypto ends a guest run finds the exit window, says the
# oracle; the automaton has it behind preempt_enable, where pending-check no longer looks.
IN_WINDOW = [
    ("other-interrupts-in-the-window", policy)
    for policy in ("pending-check", "pending-check-guarded")
]
BOUND = float(stats.t.isf(1e-3 / (2 * len(CASES) * 21), BATCHES - 2))


def scenario_of(tables: dict) -> tuple[fm.Scenario, dict]:
    tables = {name: dict(values) for name, values in tables.items()}
    tables.setdefault("softirq", {})["softirq_budget_us"] = 0.0
    return fm.Scenario.from_dict(tables), tables


def go_on(sim: Simulation, until_us: float) -> None:
    """As the simulator's own loop, which would stop in the middle of a busy period."""
    while sim.now < until_us:
        if sim.position is GUEST:
            sim.guest_step()
        elif sim.position is LOOP:
            sim.loop_step()
        else:
            sim.out_step()


def totals(sim: Simulation, found: fm.Result, since: int) -> dict[str, tuple[float, float]]:
    """Numerator and denominator of each metric so far; sojourns of the packets after `since`."""
    cpu, now = sim.cpu, sim.now * 1e-6
    times = np.frombuffer(sim.sojourns)[since:]
    per_s = ("host_saves", "host_restores", "guest_saves", "guest_restores", "traps",
             "guest_corruptions", "host_corruptions")  # fmt: skip
    out = {f"{name}_per_s": (getattr(cpu, name), now) for name in per_s}
    packets = len(sim.sojourns)
    out |= {
        "exits_per_s": (sim.exits, now),
        "puts_per_s": (sim.puts, now),
        "switch_share": (cpu.switching * 1e-6, now),
        "softirq_share": (sim.service_time * 1e-6, now),
        "guest_share": (sim.guest_time * 1e-6, now),
        "packets_per_s": (packets, now),
        "scalar_share": (sim.scalar_packets, packets),
        "softirq_held_mean_us": (sim.held_sum, sim.held_count),
        "resched_delay_mean_us": (sim.wish_sum, sim.wishes),
        "sojourn_mean_us": (float(times.sum()), len(times)),
    }
    for key in PERCENTILES:
        if found[key] is not None:
            out[f"{key} at most"] = (int((times > found[key] * (1 + TINY)).sum()), len(times))
            out[f"{key} at least"] = (int((times >= found[key] * (1 - TINY)).sum()), len(times))
    return out


def in_batches(sim: Simulation, found: fm.Result, seconds: float) -> dict[str, np.ndarray]:
    """(batches, 2) numerators and denominators of each batch."""
    go_on(sim, WARM_UP_US)
    since = len(sim.sojourns)
    before, rows = totals(sim, found, since), []
    for _ in range(BATCHES):
        go_on(sim, sim.now + seconds * 1e6 / BATCHES)
        after = totals(sim, found, since)
        fresh = ("sojourn_mean_us", *(k for k in after if " at " in k))
        rows.append({
            key: after[key] if key in fresh else np.subtract(after[key], before[key])
            for key in after
        })  # fmt: skip
        since, before = len(sim.sojourns), after
    return {key: np.array([row[key] for row in rows], dtype=float) for key in rows[0]}


def t_of(batch: np.ndarray, ratio: float, arrivals: np.ndarray) -> float:
    """Student's t of a ratio; `arrivals` (mean 0) takes out what chance arrivals explain."""
    off = batch[:, 0] - ratio * batch[:, 1]
    size = abs(batch).max()
    if np.ptp(arrivals) > 0:
        slope = np.cov(off, arrivals)[0, 1] / arrivals.var(ddof=1)
        off = off - slope * arrivals
    error = off.std(ddof=2) / math.sqrt(len(off))
    if error <= 1e-9 * size:  # nothing is left to chance
        return 0.0 if abs(off.mean()) <= 1e-6 * size else math.inf
    return off.mean() / error


def left_out(policy: str) -> set[str]:
    # Where neither owner's state is in the registers the package bills the host, the oracle nobody.
    return {"host_saves_per_s", "host_restores_per_s"} if policy == "nested-save" else set()


def compared(name: str, policy: str, seed: int = 1, seconds: float | None = None) -> dict:
    """Student's t of every metric of a policy in a scenario."""
    tables, plain, _ = SCENARIOS[name]
    scenario, dictionary = scenario_of(tables)
    (found,) = fm.evaluate(scenario, policy)
    batches = in_batches(Simulation(dictionary, policy, seed), found, seconds or plain)
    done, time = batches["packets_per_s"].T
    arrivals = done - scenario.offered_packets_per_s * time
    off = {"packets_per_s": t_of(batches.pop("packets_per_s"), found["packets_per_s"], 0 * done)}
    for key, batch in batches.items():
        metric = key.partition(" ")[0]
        if metric in left_out(policy):
            continue
        if metric in PERCENTILES:
            t = t_of(batch, PERCENTILES[metric], 0 * done)
            off[key] = max(t if key.endswith("most") else -t, 0.0)
        elif found[metric] is None:
            assert not batch.any()
        else:
            off[key] = t_of(batch, found[metric], arrivals)
    return {key: float(t) for key, t in off.items()}


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        pytest.param(*case, marks=pytest.mark.xfail(reason="events after `other` are in loop"))
        if case in IN_WINDOW
        else case
        for case in CASES
    ],
)
def test_every_metric_agrees(name, policy):
    off = compared(name, policy)
    # Where nothing comes, no softirq is held and none has a mean.
    assert len(off) >= (17 if name != "idle" else 14 if policy == "softirqs-off" else 15)
    wrong = {key: round(t, 1) for key, t in off.items() if not abs(t) <= BOUND}
    assert not wrong, f"beyond {BOUND:.1f} standard errors: {wrong}"


def test_no_metric_is_off_a_little_everywhere():
    """All policies together see what is too small to be seen in one."""
    off = [compared("reference", p, seed=7 + i, seconds=4.0) for i, p in enumerate(PLAIN)]
    bound = float(stats.norm.isf(1e-3 / (2 * 15)))
    for key in off[0]:
        if key.partition(" ")[0] not in PERCENTILES:
            together = math.fsum(one[key] for one in off) / math.sqrt(len(off))
            assert abs(together) <= bound, key


PLAIN = [p.name for p in fm.policies.ALL if p.name not in ("adaptive-reload", "nested-save")]


def test_the_comparison_would_see_a_wrong_number():
    """10% off is beyond the bound in a short run of the reference scenario, 0% is not."""
    _, dictionary = scenario_of({})
    (found,) = fm.evaluate(fm.preset("reference"), "tracked")
    batches = in_batches(Simulation(dictionary, "tracked", seed=1), found, 4.0)
    for key in ("guest_saves_per_s", "exits_per_s", "sojourn_mean_us", "guest_share"):
        assert abs(t_of(batches[key], found[key], np.zeros(BATCHES))) < BOUND
        assert abs(t_of(batches[key], 1.1 * found[key], np.zeros(BATCHES))) > BOUND
