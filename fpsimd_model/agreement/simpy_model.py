"""The other half of the SimPy model: the vCPU thread through its four positions."""

from __future__ import annotations

import math
from collections.abc import Generator

from .simpy_softirqs import GUEST, LOOP, SCHED, USER, Softirqs

__all__ = ["Thread"]

Steps = Generator[object, None, object]


class Thread(Softirqs):
    """One vCPU thread as a SimPy process that interrupts interrupt."""

    def life(self) -> Steps:
        """Out, resident, out, ... for ever."""
        v = self.scenario.vcpu
        self.fp_left, self.run_left, self.task_left = self.draw.fp(), None, self.draw.task_gap()
        self.memoryless = v.first_fp_us.shape == "exponential"
        at_once = False
        while True:
            left = 0.0 if at_once else self.draw.out()
            while True:
                yield from self.take()
                if left <= 0.0:
                    break
                passed, _ = yield from self.thread_time(left)
                left -= passed
            at_once = yield from self.residency()

    def residency(self) -> Generator[object, None, bool]:
        """From vcpu_load to vcpu_put; whether the thread wants the CPU back at once."""
        self.wished: list[float] = []
        self.hooks.vcpu_load(self.cpu)
        self.position, self.loop_left = LOOP, None
        yield from self.masked()
        self.left = self.draw.residency()
        to = None
        while to is None:
            yield from self.take()
            if self.ksoftirqd and not self.cpu.preempt_off:
                yield from self.put(SCHED)
                return True
            to = yield from (self.in_loop() if self.position == LOOP else self.in_guest_mode())
        yield from self.take()  # what came during an exit, ahead of the put
        yield from self.put(to)
        return False

    def in_loop(self) -> Generator[object, None, str | None]:
        if self.loop_left is None:
            self.loop_left = self.draw.run_loop()
        until = min(self.loop_left, self.left, self.task_left)
        passed, whole = yield from self.thread_time(until)
        task, ends = whole and self.task_left == until, whole and self.left == until
        enters = whole and self.loop_left == until
        self.loop_left -= passed
        self.left -= passed
        self.task_left -= passed
        if task:
            self.task_left = self.draw.task_gap()
            if not self.cpu.softirqs_off and self.hooks.may_use_simd(self.cpu):
                self.hooks.kernel_neon_begin(self.cpu)
                self.hooks.kernel_neon_end(self.cpu)
            yield from self.masked()
        elif ends:
            return self.end()
        elif enters:
            self.hooks.guest_enter(self.cpu)
            self.position = GUEST
            yield from self.masked(self.scenario.entry_s)
        return None

    def in_guest_mode(self) -> Generator[object, None, str | None]:
        if self.run_left is None:
            self.run_left = self.draw.guest_run()
        matters = self.access_matters()
        until = min(self.run_left, self.left, self.fp_left if matters else math.inf)
        passed, whole = yield from self.thread_time(until)
        access = whole and matters and self.fp_left == until
        ends, exits = whole and self.left == until, whole and self.run_left == until
        self.in_guest += passed
        self.run_left -= passed
        self.left -= passed
        if matters or not self.memoryless:
            self.fp_left -= passed
            while self.fp_left <= 0.0 and not access:
                self.fp_left += self.draw.fp()  # an access that changes nothing
        if access:
            yield from self.access()
            return None
        to = None
        if ends:
            to = self.end()
            if to is None:
                return None
        elif exits:
            self.run_left = None
            to = self.own_exit()
        if ends or exits:
            cost = self.leave_guest(False)
            self.hooks.preempt_enable(self.cpu)
            yield from self.masked(cost)
        return to

    def access_matters(self) -> bool:
        """Whether the guest's next use of FP would trap or change who holds what."""
        cpu = self.cpu
        if cpu.trap_armed or cpu.registers != "G":
            return True
        places = (cpu.task_image, cpu.vcpu_image, cpu.host_context, *cpu.flags.values())
        return "G" in places

    def access(self) -> Steps:
        self.fp_left = self.draw.fp()
        if self.cpu.trap_armed:
            self.cpu.tally("traps")
            self.hooks.fp_trap(self.cpu)
        self.cpu.guest_uses_fp()
        yield from self.masked()

    def own_exit(self) -> str | None:
        """Where the guest's own exit leads the thread: None for the run loop."""
        share = self.scenario.vcpu.exit_put_share
        if share and self.draw.reason() < share:
            return USER if self.draw.reason() < self.scenario.user_after_own_exit_share else SCHED
        return None

    def end(self) -> str | None:
        """Why the residency ends, as a position; None if it goes on."""
        v, u = self.scenario.vcpu, self.draw.reason()
        if u < v.user_exit_share:
            return USER
        if u < v.user_exit_share + v.preempted_share and self.cpu.preempt_off:
            self.wished.append(self.env.now)
            self.left = self.draw.residency()
            return None
        return SCHED

    def put(self, to: str) -> Steps:
        """vcpu_put and what follows it, one operation; then what waited for it."""
        cpu, held = self.cpu, bool(self.held)
        self.puts += 1
        self.hooks.vcpu_put(cpu)
        simd = self.hooks.may_use_simd(cpu)
        if to == USER:
            cpu.return_to_user()
        else:
            cpu.sched_out()
        self.position = to
        yield from self.masked()
        now = self.env.now
        self.wishes += len(self.wished)
        self.wish_delay += sum(now - wish for wish in self.wished)
        self.held_count += len(self.held)
        self.held_time += sum(now - came for came in self.held)
        self.held.clear()
        if held:
            yield from self.serve(simd, None, self.budget)
            if self.fifo:
                self.handed_over, self.ksoftirqd = self.handed_over + 1, True
        if self.ksoftirqd:
            yield from self.run_ksoftirqd()
