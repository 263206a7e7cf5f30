"""Event-driven simulation of one CPU, one vCPU thread, one stream of interrupts.

The thread of control is followed as the kernel would run it: ``masked`` is an
operation with interrupts off, ``take_interrupts`` a busy period, the ``*_step``
methods let thread time pass in a position until the next event.
"""

from __future__ import annotations

import math

import numpy as np

from .cpu import BUSY
from .readings import READINGS
from .softirqs import LOOP, SCHED, USER, Softirqs

__all__ = ["READINGS", "replicate", "simulate"]

GUEST = "guest"


class Simulation(Softirqs):
    """The positions of the vCPU thread."""

    # ---- out: positions user and sched -------------------------------------------------
    def out_step(self):
        position = self.position
        if self.raised:
            before = self.now
            self.take_interrupts(position)
            if self.left_over():
                if position is USER and READINGS["user_restore"] == "after":
                    self.cpu.schedule_out()
                    self.masked_moves()
                self.worker()
            if position is USER:
                self.cpu.return_to_user()
                self.masked_moves()
            if READINGS["out_clock"] == "wall":
                self.out_left -= self.now - before
            return
        self.out_left -= self.pass_thread_time(max(self.out_left, 0.0))
        if not self.raised:
            self.load()

    # ---- a residency ---------------------------------------------------------------------
    def load(self):
        self.events += 1
        self.softirqs_off = self.softirqs_off_policy
        self.cpu.vcpu_load()
        self.masked_moves()
        self.residency_left = self.draw_residency()
        if READINGS["run_across_put"] == "redraw":
            self.run_left = 0.0
        self.start_loop()

    def start_loop(self):
        self.loop_left = self.draw_loop()
        self.position = LOOP

    def loop_step(self):
        if self.raised:
            self.take_interrupts(LOOP)
            if self.left_over():
                self.preempt_for_worker()
            return
        event = "entry"
        duration = self.loop_left
        if self.residency_left < duration:
            event, duration = "put", self.residency_left
        if self.task_neon_left < duration:
            event, duration = "neon", self.task_neon_left
        passed = self.pass_thread_time(duration)
        self.loop_left -= passed
        self.residency_left -= passed
        self.task_neon_left -= passed
        if self.raised:
            return
        self.events += 1
        if event == "entry":
            self.enter_guest()
        elif event == "put":
            self.residency_expires()
        else:
            self.task_neon()

    def task_neon(self):
        self.task_neon_left = self.draw_task_neon()
        if self.cpu.busy:
            return
        if self.softirqs_off and not READINGS["task_neon_softirqs_off"]:
            return
        if self.nested:
            moves = self.cpu.nested_section()
            self.masked(moves)
        else:
            self.cpu.neon_begin()
            self.masked_moves()

    def enter_guest(self):
        cpu = self.cpu
        cpu.guest_enter()
        cost, cpu.cost = cpu.cost, 0.0
        if self.run_left <= 0.0:
            self.run_left = self.draw_run()
        self.position = GUEST
        self.masked(self.entry_us + cost)

    def guest_step(self):
        cpu = self.cpu
        if self.raised:
            self.leave_guest()
            if not (self.left_over() and self.preempt_for_worker()):
                self.start_loop()
            return
        if self.access_due:
            self.guest_access()
            return
        event = "exit"
        duration = self.run_left
        if self.residency_left < duration:
            event, duration = "put", self.residency_left
        if cpu.armed or cpu.regs != "G" or cpu.vcpu == "G" or not self.fp_memoryless:
            if self.fp_memoryless:
                self.fp_left = self.draw_fp()
            if self.fp_left <= duration:
                event, duration = "fp", self.fp_left
        passed = self.pass_thread_time(duration)
        self.guest_time += passed
        self.run_left -= passed
        self.residency_left -= passed
        self.fp_left -= passed
        if self.raised:
            return
        self.events += 1
        if event == "fp":
            self.guest_access()
        elif event == "put":
            self.residency_expires()
        else:
            self.own_exit()

    def guest_access(self):
        cpu = self.cpu
        self.access_due = False
        if cpu.armed:
            cpu.fp_trap()
            self.masked_moves()
            if self.raised and READINGS["trap_access"] == "retried":
                self.access_due = True
                return
        cpu.guest_access()
        self.fp_left = self.draw_fp()

    def leave_guest(self, forced=True):
        """The world switch and the exit window up to preempt_enable."""
        cpu = self.cpu
        self.exits += 1
        cpu.guest_exit()
        cost, cpu.cost = cpu.cost, 0.0
        self.masked(self.exit_us + cost)
        self.position = LOOP
        if self.raised and (forced or READINGS["exit_pending"] == "window"):
            self.take_interrupts(LOOP, window=True)
        cpu.preempt_enable()

    def own_exit(self):
        self.run_left = 0.0
        self.leave_guest(forced=False)
        if self.exit_put_share and self.draw_share() < self.exit_put_share:
            rest = 1.0 - self.preempted_share
            self.put(USER if rest and self.draw_share() < self.user_share / rest else SCHED)
        elif not (self.left_over() and self.preempt_for_worker()):
            self.start_loop()

    def residency_expires(self):
        share = self.draw_share()
        preempted = self.user_share <= share < self.user_share + self.preempted_share
        if preempted and not self.preemptible:
            if self.wish_to_preempt is None:
                self.wish_to_preempt = self.now
            self.residency_left = self.draw_residency()
            return
        if self.position is GUEST:
            self.leave_guest(forced=False)
        self.put(USER if share < self.user_share else SCHED)

    def put(self, position):
        cpu = self.cpu
        self.puts += 1
        if self.wish_to_preempt is not None:
            self.wish_sum += self.now - self.wish_to_preempt
            self.wishes += 1
            self.wish_to_preempt = None
        cpu.vcpu_put()
        if self.softirqs_off:
            self.masked_moves()
            self.release_softirqs()
        elif READINGS["put_and_leave"] == "two":
            self.masked_moves()
            if self.raised:
                self.take_interrupts(LOOP)
        if self.left_over():
            cpu.schedule_out()
            self.masked_moves()
            self.worker()
        if position is USER:
            cpu.return_to_user()
        else:
            cpu.schedule_out()
        self.masked_moves()
        self.position = position
        self.out_left = self.draw_out()

    def release_softirqs(self):
        """softirqs-off at vcpu_put: what was held back runs now."""
        self.softirqs_off = False
        self.held_sum += self.held_now * self.now - self.held_arrivals
        self.held_count += self.held_now
        self.held_now, self.held_arrivals = 0, 0.0
        if self.fifo:
            self.held_max = max(self.held_max, self.now - self.fifo[0])
            if READINGS["held_run"] == "before":
                self.take_interrupts(LOOP)
            elif READINGS["held_run"] == "free":
                self.take_interrupts(SCHED)
            else:
                self.raised = True

    # ---- the run and its account ---------------------------------------------------------
    def run(self, seconds):
        self.end = end = seconds * 1e6
        while self.now < end:
            position = self.position
            if position is GUEST:
                self.guest_step()
            elif position is LOOP:
                self.loop_step()
            else:
                self.out_step()
        return self

    def metrics(self):
        cpu, wall = self.cpu, self.now
        seconds = wall * 1e-6
        sojourns = np.frombuffer(self.sojourns)
        packets = len(sojourns)
        scalar = self.scalar_packets
        p50, p99, p999 = np.percentile(sojourns, (50, 99, 99.9)) if packets else [math.nan] * 3
        share = scalar / packets if packets else math.nan
        return {
            "host_saves_per_s": cpu.host_saves / seconds,
            "host_restores_per_s": cpu.host_restores / seconds,
            "guest_saves_per_s": cpu.guest_saves / seconds,
            "guest_restores_per_s": cpu.guest_restores / seconds,
            "traps_per_s": cpu.traps / seconds,
            "exits_per_s": self.exits / seconds,
            "puts_per_s": self.puts / seconds,
            "switch_share": cpu.switching / wall,
            "softirq_share": self.service_time / wall,
            "guest_share": self.guest_time / wall,
            "packets_per_s": packets / seconds,
            "scalar_share": share,
            "crypto_slowdown": 1.0 + share * (self.scalar_us / self.simd_us - 1.0),
            "sojourn_mean_us": float(sojourns.mean()) if packets else math.nan,
            "sojourn_p50_us": float(p50),
            "sojourn_p99_us": float(p99),
            "sojourn_p999_us": float(p999),
            "max_packets_per_s": self.max_packets_per_s(),
            "guest_corruptions_per_s": cpu.guest_corruptions / seconds,
            "host_corruptions_per_s": cpu.host_corruptions / seconds,
            "corruptions_per_s": (cpu.guest_corruptions + cpu.host_corruptions) / seconds,
            "softirq_held_mean_us": self.held_sum / self.held_count if self.held_count else 0.0,
            "softirq_held_max_us": self.held_max,
            "resched_delay_mean_us": self.wish_sum / self.wishes if self.wishes else 0.0,
            "events": float(self.events),
        }

    def max_packets_per_s(self):
        per_packet = self.stack_us + self.simd_us
        if self.nested:
            per_packet += self.sections * (self.cpu.host_save_us + self.cpu.host_restore_us)
        if self.policy in BUSY and not self.cryptd:
            per_packet = max(per_packet, self.stack_us + self.scalar_us)
        return 1e6 / per_packet


def simulate(scenario, policy, seconds, seed):
    """Metrics of one run of ``seconds`` of modelled wall time, from a cold start in user."""
    return Simulation(scenario, policy, seed).run(seconds).metrics()


def replicate(scenario, policy, seconds, seeds, simulate=simulate):
    """Mean and standard error of every metric over one run per seed."""
    runs = [simulate(scenario, policy, seconds, seed) for seed in seeds]
    summary = {}
    for name in runs[0]:
        values = np.array([run[name] for run in runs])
        error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
        summary[name] = (float(values.mean()), float(error))
    return summary
