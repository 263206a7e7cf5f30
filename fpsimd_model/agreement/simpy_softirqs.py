"""Half of the SimPy model: what moves cost, interrupts, and who serves the packets.

Written from the text of the model (docs/model.md) alone.  It knows neither the automaton nor the
two engines; of the package it takes the scenario, and the policies' hooks with the abstract CPU
that they act on, for these are the question and not the answer.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator

import numpy as np

from ..policies.base import Policy
from ..registers import COUNTERS, Cpu
from ..scenario import Scenario
from .simpy_streams import Streams

__all__ = ["GUEST", "LOOP", "SCHED", "USER", "Softirqs"]

USER, SCHED, LOOP, GUEST = "user", "sched", "loop", "guest"
Steps = Generator[object, None, object]


class Softirqs:
    """Time, interrupts and packets around one CPU; :class:`.simpy_model.Thread` adds the vCPU.

    Times are seconds.  `new` holds when each interrupt came that has not been taken yet, `fifo`
    when each packet came that waits, `others` how many interrupts without crypto wait.
    """

    def __init__(
        self, simpy, scenario: Scenario, policy: type[Policy], seeds: np.random.SeedSequence
    ) -> None:
        self.scenario, self.hooks, self.cpu = scenario, policy(), Cpu(policy.flags)
        self.draw = Streams(scenario, seeds)
        trap = scenario.trap_c_s if policy.trap_through_c else scenario.trap_s
        price = {
            "host_saves": scenario.host_save_s,
            "host_restores": scenario.host_restore_s,
            "guest_saves": scenario.guest_save_s,
            "guest_restores": scenario.guest_restore_s,
            "traps": trap,
        }
        self.price = [price.get(name, 0.0) for name in COUNTERS]
        q, c = scenario.softirq, scenario.crypto
        self.packet_s = {True: scenario.simd_packet_s, False: scenario.scalar_packet_s}
        self.other_s, self.sections = q.other_interrupt_ns * 1e-9, c.neon_sections_per_packet
        self.exponential = q.service == "exponential"
        self.budget = q.softirq_budget_us * 1e-6 or math.inf
        self.position, self.loop_left = USER, None
        self.new: list[float] = []
        self.held: list[float] = []
        self.fifo: deque[float] = deque()
        self.others = 0
        self.ksoftirqd = self.interruptible = False
        self.forget()
        self.interrupt = simpy.Interrupt
        self.env = simpy.Environment()
        self.env.process(self.crypto_interrupts())
        self.env.process(self.other_interrupts())
        self.process = self.env.process(self.life())

    def forget(self) -> None:
        """Count from here on."""
        self.counts = [0] * len(COUNTERS)
        self.exits = self.puts = self.scalar = self.wishes = 0
        self.held_count = self.handed_over = 0
        self.moving = self.serving = self.in_guest = self.wish_delay = self.held_time = 0.0
        self.by_thread = 0.0
        self.sojourns: list[float] = []

    # -- interrupts come -------------------------------------------------------------------

    def crypto_interrupts(self) -> Steps:
        while (gap := self.draw.interrupt_gap()) < math.inf:
            yield self.env.timeout(gap)
            self.new.append(self.env.now)
            self.fifo.extend([self.env.now] * self.draw.packets())
            self.ring()

    def other_interrupts(self) -> Steps:
        while (gap := self.draw.other_gap()) < math.inf:
            yield self.env.timeout(gap)
            self.others += 1
            self.ring()

    def ring(self) -> None:
        if self.interruptible:
            self.interruptible = False
            self.process.interrupt()

    # -- time passes -----------------------------------------------------------------------

    def thread_time(self, duration: float) -> Generator[object, None, tuple[float, bool]]:
        """Until `duration` is over or an interrupt comes: what has passed, and if that is all."""
        begin = self.env.now
        self.interruptible = True
        try:
            yield self.env.timeout(duration)
        except self.interrupt:
            return self.env.now - begin, False
        self.interruptible = False
        return duration, True

    def masked(self, cost: float = 0.0, off: list[int] | None = None) -> Steps:
        """One masked operation: the moves that hooks just made (but for `off`) and `cost`."""
        counts = self.cpu.counts
        if any(counts):
            for i, n in enumerate(counts):
                n -= off[i] if off else 0
                if n:
                    self.counts[i] += n
                    cost += n * self.price[i]
                    self.moving += n * self.price[i]
                counts[i] = 0
            self.cpu.losses.clear()
        if cost:
            yield self.env.timeout(cost)

    # -- interrupts are taken ----------------------------------------------------------------

    def take(self) -> Steps:
        """All that have come, in this position."""
        while self.new or self.others:
            if self.new:
                yield from self.take_crypto()
            else:
                yield from self.take_other()

    def leave_guest(self, pending: bool) -> float:
        """The hooks of an exit; returns what the world switch costs."""
        self.exits += 1
        self.hooks.guest_exit(self.cpu)
        if pending and not self.cpu.softirqs_off:
            self.hooks.softirq_pending(self.cpu)
        self.position, self.loop_left = LOOP, None
        return self.scenario.exit_s

    def take_crypto(self) -> Steps:
        cpu, hooks, position, cost = self.cpu, self.hooks, self.position, 0.0
        resident = position in (LOOP, GUEST)
        if cpu.softirqs_off or self.ksoftirqd:  # taken, but the softirq waits for the put
            if cpu.softirqs_off:
                self.held += self.new
            self.new.clear()
            if position == GUEST:
                cost = self.leave_guest(True)
                hooks.preempt_enable(cpu)
            yield from self.masked(cost)
            return
        if position == GUEST:
            cost = self.leave_guest(True)
        simd, each = True, None
        if position != SCHED:
            simd = hooks.may_use_simd(cpu)
            if simd:
                each = self.section_again()
        if position == GUEST:
            hooks.preempt_enable(cpu)
        elif position == USER:
            cpu.return_to_user()
        yield from self.masked(cost, each)
        yield from self.serve(simd, each, self.budget)
        if self.fifo:
            self.handed_over += 1
            self.ksoftirqd = resident  # once the vCPU is put
            if not resident:
                yield from self.run_ksoftirqd()

    def run_ksoftirqd(self) -> Steps:
        """A thread of its own: NEON is free and nobody's registers are there to be moved."""
        self.ksoftirqd = False
        begin = yield from self.serve(True, None, math.inf)
        self.by_thread += self.env.now - begin

    def section_again(self) -> list[int]:
        """A NEON section; returns the moves of every further one (none under most policies)."""
        cpu, hooks = self.cpu, self.hooks
        hooks.kernel_neon_begin(cpu)
        hooks.kernel_neon_end(cpu)
        once = list(cpu.counts)
        hooks.kernel_neon_begin(cpu)
        hooks.kernel_neon_end(cpu)
        each = [b - a for a, b in zip(once, cpu.counts, strict=True)]
        cpu.counts[:] = once
        return each

    def take_other(self) -> Steps:
        self.others -= 1
        pending = self.draw.pending() < self.scenario.softirq.other_softirq_share
        cost = self.other_s
        if self.position == GUEST:
            cost += self.leave_guest(pending)
            self.hooks.preempt_enable(self.cpu)
        yield from self.masked(cost)

    def serve(
        self, simd: bool, each: list[int] | None, budget: float
    ) -> Generator[object, None, float]:
        """Packets one by one until none waits or the budget is spent; returns since when."""
        env, fifo, moves = self.env, self.fifo, 0.0
        if each is not None and any(each):
            each = [self.sections * n for n in each]
            moves = sum(n * p for n, p in zip(each, self.price, strict=True))
        yield from self.stopped()
        begin = env.now
        while fifo and env.now <= begin + budget:
            came = fifo.popleft()
            time = self.packet_s[simd]
            if self.exponential:
                time *= self.draw.service()
            if moves:
                time += moves
                self.moving += moves
                self.counts = [a + b for a, b in zip(self.counts, each, strict=True)]
            yield env.timeout(time)
            self.serving += time
            yield from self.stopped()
            self.scalar += not simd
            self.sojourns.append(env.now - came)
        self.new.clear()
        return begin

    def stopped(self) -> Steps:
        """Interrupts without crypto stop what is under way."""
        while self.others:
            n, self.others = self.others, 0
            yield self.env.timeout(n * self.other_s)
