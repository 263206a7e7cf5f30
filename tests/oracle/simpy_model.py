"""The same model as SimPy processes, for three policies: a second opinion and a yardstick.

Exponential durations, Poisson or batch Poisson interrupts, scalar fallback, no ksoftirqd.
It shares nothing with the other simulator of this folder but the scenario's defaults: the
policies are counts and flags here, without the values that the registers hold.
"""

from __future__ import annotations

import random

import numpy as np
import simpy

from .scenario import fill, gap, guest_bytes

__all__ = ["POLICIES", "simulate"]


class Registers:
    """What all policies share: who is tracked, and what moves cost (microseconds)."""

    busy = False
    live = False  # guest registers are in the CPU and the trap is off
    foreign = False  # TIF_FOREIGN_FPSTATE
    owner = "task"

    def __init__(self, machine, vector_bits):
        cycle = 1e-3 / machine["clock_ghz"]
        size = guest_bytes(vector_bits) / 520
        self.price = {
            "host_saves": machine["save_cycles"] * cycle,
            "host_restores": machine["restore_cycles"] * cycle,
            "guest_saves": machine["save_cycles"] * cycle * size,
            "guest_restores": machine["restore_cycles"] * cycle * size,
            "traps": machine[self.trap_key] * cycle,
        }
        self.counts = dict.fromkeys(self.price, 0)

    def do(self, *names):
        for name in names:
            self.counts[name] += 1
        return sum(self.price[name] for name in names)

    def neon_begin(self):
        cost = 0.0
        if not self.foreign:
            cost = self.do("guest_saves" if self.owner == "vcpu" else "host_saves")
        self.foreign = True
        return cost

    schedule_out = neon_begin

    def return_to_user(self):
        if not self.foreign:
            return 0.0
        self.foreign, self.owner = False, "task"
        return self.do("host_restores")

    def nothing(self):
        return 0.0

    load = enter = leave = put = nothing


class SwitchOnExit(Registers):
    trap_key = "trap_cycles"

    def trap(self):
        self.live = True
        return self.do("traps", "host_saves", "guest_restores")

    def leave(self):
        if not self.live:
            return 0.0
        self.live = False
        return self.do("guest_saves", "host_restores")


class BusyFlagResident(Registers):
    trap_key = "trap_cycles"

    def load(self):
        self.busy = True
        return 0.0

    trap = SwitchOnExit.trap

    def put(self):
        self.busy = False
        return SwitchOnExit.leave(self)


class Tracked(Registers):
    trap_key = "trap_c_cycles"
    host_in_cpu = False

    def load(self):
        self.live, self.host_in_cpu = False, True
        return 0.0

    def enter(self):
        if self.foreign:
            self.live = self.host_in_cpu = False
        return 0.0

    def trap(self):
        cost = self.do("host_saves") if self.host_in_cpu else 0.0
        self.live, self.host_in_cpu = True, False
        return cost + self.do("traps", "guest_restores")

    def leave(self):
        if self.live:
            self.owner, self.foreign = "vcpu", False
        return 0.0

    def put(self):
        cost = self.neon_begin() if self.live else 0.0
        self.live = self.host_in_cpu = False
        return cost


POLICIES = {
    "switch-on-exit": SwitchOnExit,
    "busy-flag-resident": BusyFlagResident,
    "tracked": Tracked,
}


class Machine:
    def __init__(self, scenario, policy, seed):
        s = fill(scenario)
        v, q, c, m = self.tables = s["vcpu"], s["softirq"], s["crypto"], s["machine"]
        self.random = random.Random(seed)
        self.env = simpy.Environment()
        self.registers = POLICIES[policy](m, v["vector_bits"])
        cycle = 1e-3 / m["clock_ghz"]
        self.exit_us, self.entry_us = m["exit_cycles"] * cycle, m["entry_cycles"] * cycle
        stack = q["stack_ns"] * 1e-3
        crypto = c["overhead_ns"] * 1e-3 + q["packet_bytes"] * c["simd_cycles_per_byte"] * cycle
        self.service = {True: stack + crypto, False: stack + crypto * c["slowdown"]}
        self.fifo = []
        self.open = False  # thread time is passing, an interrupt may cut it
        self.exits = self.puts = self.scalar = 0
        self.events = 0
        self.guest_time = self.service_time = 0.0
        self.sojourns = []
        self.env.process(self.interrupts())
        self.cpu = self.env.process(self.life())

    def draw(self, mean):
        self.events += 1
        return self.random.expovariate(1.0 / mean)

    def interrupts(self):
        rate, batch = self.tables[1]["interrupts_per_s"], self.tables[1]["packets_per_interrupt"]
        if not rate:
            return
        while True:
            yield self.env.timeout(self.draw(gap(rate)))
            self.fifo.append(self.env.now)
            while self.random.random() > 1.0 / batch:  # geometric from 1
                self.fifo.append(self.env.now)
            if self.open:
                self.open = False
                self.cpu.interrupt()

    def pass_time(self, duration):
        """Thread time until it has passed or an interrupt comes; returns what has passed."""
        begin = self.env.now
        self.open = True
        try:
            yield self.env.timeout(duration)
        except simpy.Interrupt:
            return self.env.now - begin
        self.open = False
        return duration

    def masked(self, cost):
        if cost:
            yield self.env.timeout(cost)

    def busy_period(self, position):
        simd = position != "loop" or not self.registers.busy
        if simd and position != "sched":
            cost = self.registers.neon_begin()
            if position == "user":  # as in the other simulator: lumped with the set-up
                cost += self.registers.return_to_user()
            yield from self.masked(cost)
        while self.fifo:
            arrival = self.fifo.pop(0)
            service = self.service[simd]
            if self.tables[1]["service"] == "exponential":
                service = self.draw(service)
            yield self.env.timeout(service)
            self.service_time += service
            self.events += 1
            self.scalar += not simd
            self.sojourns.append(self.env.now - arrival)

    def life(self):
        vcpu = self.tables[0]
        position = "user"
        while True:
            left = self.draw(vcpu["out_us"])
            while left > 0:
                left -= yield from self.pass_time(left)
                if self.fifo:
                    yield from self.busy_period(position)
            yield from self.masked(self.registers.load())
            yield from self.residency()
            self.puts += 1
            cost = self.registers.put()
            if self.random.random() < vcpu["user_exit_share"]:
                position = "user"
                cost += self.registers.return_to_user()
            else:
                position = "sched"
                cost += self.registers.schedule_out()
            yield from self.masked(cost)
            while self.fifo:
                yield from self.busy_period(position)

    def residency(self):
        vcpu = self.tables[0]
        left = self.draw(vcpu["residency_us"])
        while True:
            segment = self.draw(vcpu["run_loop_us"])
            while segment > 0:
                if self.fifo:
                    yield from self.busy_period("loop")
                passed = yield from self.pass_time(min(segment, left))
                segment -= passed
                left -= passed
                if left <= 0 and not self.fifo:
                    return
            left = yield from self.guest(left)
            if left <= 0:
                return

    def guest(self, left):
        vcpu, registers = self.tables[0], self.registers
        yield from self.masked(self.entry_us + registers.enter())
        run = self.draw(vcpu["guest_run_us"])
        forced = bool(self.fifo)
        while not forced:
            duration = min(run, left)
            access = False
            if not registers.live:
                first = self.draw(vcpu["first_fp_us"])
                access = first < duration
                duration = min(first, duration)
            passed = yield from self.pass_time(duration)
            self.guest_time += passed
            run -= passed
            left -= passed
            forced = bool(self.fifo)
            if not forced:
                if not access:
                    break
                yield from self.masked(registers.trap())
                forced = bool(self.fifo)
        self.exits += 1
        yield from self.masked(self.exit_us + registers.leave())
        if forced:
            yield from self.busy_period("loop")
        return left


def simulate(scenario, policy, seconds, seed):
    """The metrics that this model has, by the names of the other simulator."""
    machine = Machine(scenario, policy, seed)
    machine.env.run(until=seconds * 1e6)
    sojourns = np.array(machine.sojourns)
    result = {f"{name}_per_s": n / seconds for name, n in machine.registers.counts.items()}
    return result | {
        "exits_per_s": machine.exits / seconds,
        "puts_per_s": machine.puts / seconds,
        "softirq_share": machine.service_time / (seconds * 1e6),
        "guest_share": machine.guest_time / (seconds * 1e6),
        "packets_per_s": len(sojourns) / seconds,
        "scalar_share": machine.scalar / len(sojourns) if len(sojourns) else float("nan"),
        "sojourn_mean_us": float(sojourns.mean()) if len(sojourns) else float("nan"),
        "sojourn_p99_us": float(np.percentile(sojourns, 99)) if len(sojourns) else float("nan"),
        "events": float(machine.events),
    }
