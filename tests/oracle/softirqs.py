"""Time, interrupts and the queue of packets: what happens on top of any position.

Microseconds throughout.
"""

from __future__ import annotations

import math
from array import array
from collections import deque

import numpy as np

from .cpu import BINDING, NOT_PREEMPTIBLE, Cpu
from .readings import READINGS
from .scenario import batch_sizes, fill, gap, guest_bytes, is_memoryless, stream, uniforms

__all__ = ["LOOP", "SCHED", "USER", "Softirqs"]

USER, SCHED, LOOP = "user", "sched", "loop"
INFINITY = math.inf


class Softirqs:
    """The clock, the streams, the queue and who serves it."""

    def __init__(self, scenario, policy, seed):
        s = self.scenario = fill(scenario)
        v, q, c, m = s["vcpu"], s["softirq"], s["crypto"], s["machine"]
        cycle = 1e-3 / m["clock_ghz"]  # microseconds
        self.cpu = Cpu(
            policy,
            m["save_cycles"] * cycle,
            m["restore_cycles"] * cycle,
            m["trap_c_cycles" if policy in BINDING else "trap_cycles"] * cycle,
            guest_bytes(v["vector_bits"]) / 520,
        )
        self.policy = policy
        self.preemptible = policy not in NOT_PREEMPTIBLE
        self.softirqs_off_policy = policy == "softirqs-off"
        self.nested = policy == "nested-save"
        self.sections = c["neon_sections_per_packet"]
        self.exit_us, self.entry_us = m["exit_cycles"] * cycle, m["entry_cycles"] * cycle
        self.other_us = q["other_interrupt_ns"] * 1e-3

        self.stack_us = q["stack_ns"] * 1e-3
        bulk = q["packet_bytes"] * c["simd_cycles_per_byte"] * cycle
        overhead = c["overhead_ns"] * 1e-3
        self.simd_us = overhead + bulk
        if READINGS["overhead_slowed"]:
            self.scalar_us = c["slowdown"] * (overhead + bulk)
        else:
            self.scalar_us = overhead + c["slowdown"] * bulk
        self.cryptd = q["fallback"] == "cryptd"
        self.budget = q["softirq_budget_us"] or INFINITY

        rngs = [np.random.default_rng(x) for x in np.random.SeedSequence(seed).spawn(12)]
        self.draw_residency = stream(rngs[0], v["residency_us"])
        self.draw_out = stream(rngs[1], v["out_us"])
        self.draw_loop = stream(rngs[2], v["run_loop_us"])
        self.draw_run = stream(rngs[3], v["guest_run_us"])
        self.draw_fp = stream(rngs[4], v["first_fp_us"])
        self.fp_memoryless = is_memoryless(v["first_fp_us"])
        self.draw_share = uniforms(rngs[5])
        self.draw_gap = stream(rngs[6], gap(q["interrupts_per_s"]))
        self.draw_batch = batch_sizes(rngs[7], q["packets_per_interrupt"])
        self.draw_other = stream(rngs[8], gap(q["other_interrupts_per_s"]))
        self.draw_pending = uniforms(rngs[9])
        self.draw_task_neon = stream(rngs[10], gap(v["task_neon_per_s"]))
        self.draw_one = stream(rngs[11], 1.0)
        self.exponential_service = q["service"] == "exponential"
        self.other_share = q["other_softirq_share"]
        self.user_share, self.preempted_share = v["user_exit_share"], v["preempted_share"]
        self.exit_put_share = v["exit_put_share"]

        self.now = 0.0
        self.end = INFINITY  # of the run, for busy periods that never end
        self.position = USER
        self.out_left = self.draw_out()
        self.residency_left = self.loop_left = 0.0
        self.run_left = 0.0  # zero: draw at the next entry
        self.fp_left = self.draw_fp()
        self.task_neon_left = self.draw_task_neon()
        self.next_irq = self.draw_gap()
        self.next_other = self.draw_other()
        self.fifo = deque()  # arrival times of packets, raised and not served
        self.crypto_queue = deque()  # the same, at cryptd
        self.others = 0  # other interrupts, raised and not handled
        self.raised = False  # an interrupt has arrived and is not taken yet
        self.access_due = False
        self.softirqs_off = False
        self.ksoftirqd_waits = False  # for the put
        self.wish_to_preempt = None

        self.sojourns = array("d")
        self.scalar_packets = self.refused_packets = 0
        self.exits = self.puts = self.events = 0
        self.service_time = self.guest_time = 0.0
        self.held_sum = self.held_max = 0.0
        self.held_arrivals = 0.0
        self.held_count = self.held_now = 0
        self.wish_sum, self.wishes = 0.0, 0

    # ---- time ----------------------------------------------------------------------
    def collect(self):
        """Move the interrupts that have arrived by now into the queue."""
        now = self.now
        while self.next_irq <= now:
            arrival = self.next_irq
            for _ in range(self.draw_batch()):
                self.fifo.append(arrival)
            self.next_irq = arrival + self.draw_gap()
            self.raised = True
            self.events += 1
            if self.softirqs_off:
                self.held_now += 1
                self.held_arrivals += arrival
        while self.next_other <= now:
            self.others += 1
            self.next_other += self.draw_other()
            self.raised = True
            self.events += 1

    def masked(self, duration):
        self.now += duration
        if self.next_irq <= self.now or self.next_other <= self.now:
            self.collect()

    def masked_moves(self):
        """The moves that the hooks have just made, as one masked operation."""
        cost = self.cpu.cost
        if cost:
            self.cpu.cost = 0.0
            self.masked(cost)

    def pass_thread_time(self, duration):
        """Thread time until the event or the next interrupt; returns what has passed."""
        arrival = self.next_irq if self.next_irq < self.next_other else self.next_other
        if self.now + duration < arrival:
            self.now += duration
            return duration
        passed = arrival - self.now
        self.now = arrival
        self.collect()
        return passed

    # ---- softirqs --------------------------------------------------------------------
    def take_interrupts(self, position, window=False):
        """Hard interrupts, then a busy period if softirqs may run."""
        self.raised = False
        other_softirq = self.handle_others()
        if self.softirqs_off:
            return
        if window and (self.fifo or other_softirq):
            self.cpu.exit_irq()
            self.masked_moves()
        if self.fifo and not self.ksoftirqd_waits:
            self.busy_period(position)
        self.raised = self.others > 0

    def handle_others(self):
        """Interrupts without crypto; did any of them leave a softirq pending?"""
        softirq = False
        while self.others:
            self.others -= 1
            if self.draw_pending() < self.other_share:
                softirq = True
            self.masked(self.other_us)
        return softirq

    def busy_period(self, position):
        free = position is USER or position is SCHED
        simd = free or not self.cpu.busy
        if simd and position is not SCHED:
            self.cpu.neon_begin()
            if position is USER and READINGS["user_restore"] == "before":
                self.cpu.return_to_user()
            self.masked_moves()
            self.handle_others()
        self.serve(simd, position, self.budget)

    def serve(self, simd, position, budget):
        """Packets one at a time until nothing is left, or the budget is exceeded."""
        fifo = self.fifo
        nested = self.nested and simd and position is not SCHED
        to_cryptd = self.cryptd and (not simd or bool(self.crypto_queue))
        mean = self.stack_us
        if not to_cryptd:
            mean += self.simd_us if simd else self.scalar_us
        start = self.now
        deadline = start + budget
        while fifo and self.now <= deadline and self.now < self.end:
            arrival = fifo.popleft()
            service = mean * self.draw_one() if self.exponential_service else mean
            if nested:
                for _ in range(self.sections):
                    moves = self.cpu.nested_section()
                    service += moves
            now = self.now + service
            while self.next_other <= now:  # handled at once, service stands still
                now += self.other_us
                start += self.other_us
                self.next_other += self.draw_other()
            self.now = now
            if self.next_irq <= now:
                self.collect()
            self.events += 1
            if to_cryptd:
                self.refused_packets += 1
                self.crypto_queue.append(arrival)
                continue
            if not simd:
                self.scalar_packets += 1
            self.sojourns.append(now - arrival)
        self.service_time += self.now - start

    def left_over(self):
        """Is there work for ksoftirqd (budget exceeded) or cryptd after a busy period?"""
        return not self.softirqs_off and not self.raised and (self.fifo or self.crypto_queue)

    def worker(self):
        """ksoftirqd and cryptd: threads that have the CPU, NEON free, nothing to save."""
        self.ksoftirqd_waits = False
        while (self.fifo or self.crypto_queue) and self.now < self.end:
            self.handle_others()
            if self.fifo:
                self.serve(True, SCHED, INFINITY)
                continue
            left = self.simd_us * (self.draw_one() if self.exponential_service else 1.0)
            while left > 0:  # softirqs interrupt cryptd
                passed = self.pass_thread_time(left)
                self.service_time += passed
                left -= passed
                self.handle_others()
                self.serve(True, SCHED, INFINITY)
            self.sojourns.append(self.now - self.crypto_queue.popleft())
        self.raised = self.others > 0

    def preempt_for_worker(self):
        """ksoftirqd or cryptd wants the CPU of a resident vCPU thread; does it get it?"""
        if not self.preemptible:
            self.ksoftirqd_waits = bool(self.fifo)
            return False
        self.puts += 1
        self.cpu.vcpu_put()
        self.cpu.schedule_out()
        self.masked_moves()
        self.worker()
        self.load()
        return True
