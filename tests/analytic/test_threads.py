"""Numbers do not depend on how many threads BLAS takes: last digits included."""

from __future__ import annotations

import os
import subprocess
import sys

NUMBERS = """
import json
import numpy as np
import fpsimd_model as fm
from fpsimd_model.analytic import evaluate, grid
from fpsimd_model.analytic.latency import sojourn_survival

bursts = {"softirq.interrupts_per_s": {
    "shape": "mmpp", "rate1_per_s": 2e4, "rate2_per_s": 1e3, "mean1_us": 200.0, "mean2_us": 800.0,
}}
others = {"softirq.other_interrupts_per_s": 3e3}
gamma = lambda key, mean, cv2: {f"vcpu.{key}_us": {"mean": mean, "shape": "gamma", "cv2": cv2}}
fp, run = gamma("first_fp", 10.0, 0.05), gamma("guest_run", 50.0, 0.1)
stay, loop = gamma("residency", 1e3, 0.3), gamma("run_loop", 3.0, 0.3)
worlds = [
    {}, others, bursts, bursts | others, bursts | {"softirq.service": "exponential"},
    bursts | {"softirq.packets_per_interrupt": 2.5}, bursts | {"vcpu.residency_us": 1e12},
    {"softirq.packets_per_interrupt": {"mean": 8, "shape": "fixed"}},
    {"vcpu.preempted_share": 1.0 - 1e-9, "vcpu.user_exit_share": 0.0},
    fp, fp | others, fp | run, stay | loop, fp | stay, gamma("first_fp", 10.0, 4.0) | run | stay,
]
scenarios = [fm.Scenario().replace(world) for world in worlds] + list(map(fm.preset, fm.presets()))
for scenario in scenarios:
    for result in evaluate(scenario, list(fm.policies.ALL)):
        print(json.dumps([result.policy, result.reason, result.metrics]))
    print(sojourn_survival(scenario, "softirqs-off", np.geomspace(0.1, 1e4, 20)).tolist())
many = [fm.Scenario().replace({"vcpu.residency_us": us}) for us in np.geomspace(10.0, 1e5, 20)]
for name, values in grid.metrics_of(many, list(fm.policies.ALL)).items():
    print(name, values.tolist())
"""


def printed(threads: int) -> str:
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    env = os.environ | dict.fromkeys(names, str(threads))
    run = [sys.executable, "-c", NUMBERS]
    return subprocess.run(run, env=env, capture_output=True, text=True, check=True).stdout


def test_one_thread_and_two_print_the_same():
    one = printed(1)
    assert one.count("softirq_held_mean_us") >= 200
    assert printed(2) == one
