"""A made-up machine with known rates: runs like the model, prints like tracefs.

Written apart from the package's engines: one loop, one event after another, in nanoseconds. The
kernel carries `tracked-save-at-load` and prints its register moves.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fpsimd_model.traces import Recording, read, understand

__all__ = ["Machine", "record"]

GUEST, TASK = "st=0xffff000000000100", "st=0xffff000000000200"
_NEON = ("kernel_neon_begin", "kernel_neon_end")
_FPU = ("kernel_fpu_begin_mask", "kernel_fpu_end")
Draw = Callable[[np.random.Generator], float]


def exponential(mean: float) -> Draw:
    """Microseconds with this mean."""
    return lambda rng: rng.exponential(mean)


@dataclass
class Machine:
    """Means in microseconds unless a draw is given; rates per second."""

    residency: float | Draw = 2000.0
    out: float | Draw = 300.0
    run_loop: float | Draw = 5.0
    guest_run: float | Draw = 200.0
    fp_gap: float | Draw = 150.0
    user_share: float = 0.5
    preempted_share: float = 0.3
    exit_put_share: float = 0.0
    crypto_per_s: float = 1000.0
    packets: float = 1.0
    sections: int = 2
    packet_us: float = 10.0
    other_per_s: float = 300.0
    other_us: float = 4.0
    other_softirq_share: float = 0.5
    seconds: float = 0.5
    phases: tuple[float, float, float, float] | None = None  # an MMPP: rates, mean phases in us
    digits: int = 9
    x86: bool = False  # kvm_exit with interrupts off, no other mark of exit or window

    def draw(self, name: str, rng: np.random.Generator) -> float:
        """Nanoseconds."""
        value = getattr(self, name)
        return 1e3 * (value(rng) if callable(value) else rng.exponential(value))


class _Run:
    def __init__(self, machine: Machine, seed: int) -> None:
        self.m, self.rng = machine, np.random.default_rng(seed)
        self.lines: list[str] = []
        self.now = 0.0
        self.pid, self.comm = 100, "CPU 0/KVM"
        self.live = False  # the guest's registers are in the CPU
        self.task = True  # the task's are
        self.counts = dict.fromkeys(("guest_saves", "host_saves", "packets", "bursts"), 0)
        self.phase, self.phase_end = 0, 0.0
        if machine.phases:
            self.phase_end = self.rng.exponential(machine.phases[2] * 1e3)
        self.crypto, self.other = self._next_crypto(0.0), self._gap(machine.other_per_s)

    def _gap(self, rate: float) -> float:
        return self.now + self.rng.exponential(1e9 / rate) if rate > 0 else float("inf")

    def _next_crypto(self, at: float) -> float:
        m = self.m
        if not m.phases:
            if not m.crypto_per_s:
                return float("inf")
            return at + self.rng.exponential(1e9 / m.crypto_per_s)
        while True:
            rate = m.phases[self.phase]
            then = at + self.rng.exponential(1e9 / rate) if rate > 0 else float("inf")
            if then <= self.phase_end:
                return then
            at, self.phase = self.phase_end, 1 - self.phase
            self.phase_end = at + self.rng.exponential(m.phases[2 + self.phase] * 1e3)

    def say(self, text: str, flags: str = ".....") -> None:
        whole, part = divmod(round(self.now), 10**9)
        part = f"{part:09d}"[: self.m.digits]
        self.lines.append(
            f"{self.comm:>16}-{self.pid:<7} [001] {flags} {whole + 7:5d}.{part}: {text}"
        )

    def fp(self, what: str, image: str) -> None:
        where = {"fp_save": "fpsimd_save+0x70/0x140", "fp_load": "task_fpsimd_load+0x5c/0x10c"}
        self.say(f"{what}: ({where[what]}) {image}", "D....")

    def switch(self, out: bool, state: str = "R") -> None:
        vcpu, idle = ("CPU 0/KVM", 100), ("swapper/1", 0)
        (a, p), (b, q) = (vcpu, idle) if out else (idle, vcpu)
        state = state if out else "R"
        self.say(
            f"sched_switch: prev_comm={a} prev_pid={p} prev_prio=120 prev_state={state} ==> "
            f"next_comm={b} next_pid={q} next_prio=120",
            "d....",
        )
        if out:
            self.comm, self.pid = "<idle>", 0
        else:
            self.comm, self.pid = "CPU 0/KVM", 100

    # -- interrupts: serve whatever is due ----------------------------------------------------

    def serve(self, where: str) -> None:
        """Interrupts that are due, crypto first; `where` is user, sched or resident."""
        while min(self.crypto, self.other) <= self.now:
            if self.crypto <= self.now:
                self._busy(where)
            else:
                self._other_interrupt()

    def _busy(self, where: str) -> None:
        m = self.m
        self.say("irq_handler_entry: irq=9 name=eth0", "d.h..")
        self.say("softirq_raise: vec=3 [action=NET_RX]", "d.h..")
        self.say("softirq_entry: vec=3 [action=NET_RX]", "..s..")
        self.counts["bursts"] += 1
        first = True
        while self.crypto <= self.now:
            self.crypto = self._next_crypto(self.crypto)
            packets = self.rng.geometric(1.0 / m.packets)
            self.counts["packets"] += packets
            for _ in range(packets):
                for _ in range(m.sections):
                    begin, end = _FPU if m.x86 else _NEON
                    self.say(f"{begin} <-gcm_decrypt", "..s..")
                    if first and where == "resident" and self.live:
                        self.fp("fp_save", GUEST)
                        self.counts["guest_saves"] += 1
                    if first and where == "user":
                        self.fp("fp_save", TASK)
                        self.counts["host_saves"] += 1
                    first = False
                    self.live = False
                    self.task = False
                    self.now += 1e3 * m.packet_us / m.sections
                    self.say(f"{end} <-gcm_decrypt", "b.s..")
        self.say("softirq_exit: vec=3 [action=NET_RX]", "..s..")
        if where == "user":
            self.back_to_user()

    def _other_interrupt(self) -> None:
        m = self.m
        self.other += self.rng.exponential(1e9 / m.other_per_s)
        self.say("irq_handler_entry: irq=13 name=arch_timer", "d.h..")
        if self.rng.random() < m.other_softirq_share:
            self.say("softirq_raise: vec=9 [action=RCU]", "d.h..")
            self.say("softirq_entry: vec=9 [action=RCU]", "..s..")
            self.now += m.other_us * 1e3
            self.say("softirq_exit: vec=9 [action=RCU]", "..s..")
        else:
            self.now += m.other_us * 1e3

    def back_to_user(self) -> None:
        self.say("fpsimd_restore_current_state <-do_notify_resume")
        if not self.task:
            self.fp("fp_load", TASK)
        self.task = True

    # -- the thread -----------------------------------------------------------------------------

    def spend(self, ns: float, where: str) -> None:
        """Thread time in the run loop or out, interrupts served in between."""
        while ns > 0:
            step = min(ns, min(self.crypto, self.other) - self.now)
            self.now += max(step, 0.0)
            ns -= max(step, 0.0)
            if min(self.crypto, self.other) <= self.now:
                self.serve(where)

    def put(self, reason: str, own: bool) -> None:
        if reason == "user":
            self.say("kvm_arch_vcpu_put <-vcpu_put")
        else:
            self.switch(out=True, state="R" if reason == "preempted" else "S")
            self.comm, self.pid = "CPU 0/KVM", 100
            self.say("kvm_arch_vcpu_put <-kvm_sched_out", "d....")
        if self.live:
            self.fp("fp_save", GUEST)
            self.counts["guest_saves"] += 1
            self.live = False
        if reason == "user":
            why = "MMIO (6)" if own else "INTR (10)"
            self.say(f"kvm_userspace_exit: reason KVM_EXIT_{why}")
            self.back_to_user()
        else:
            self.comm, self.pid = "<idle>", 0

    def load(self, reason: str) -> None:
        if reason == "user":
            self.say("kvm_arch_vcpu_load <-vcpu_load")
            if self.task:
                self.fp("fp_save", TASK)
                self.counts["host_saves"] += 1
        else:
            self.switch(out=False)
            self.say("kvm_arch_vcpu_load <-kvm_sched_in", "d....")
        self.task = self.live = False

    def run(self) -> None:
        m, rng = self.m, self.rng
        end = m.seconds * 1e9
        guest_left = m.draw("guest_run", rng)
        fp_left = m.draw("fp_gap", rng) * rng.random()
        self.back_to_user()
        while self.now < end:
            reason = "user"
            self.load(reason)
            while self.now < end:
                guest_left, fp_left, reason = self._residency(guest_left, fp_left)
                self.spend(m.draw("out", rng), "user" if reason == "user" else "sched")
                self.load(reason)

    def _residency(self, guest_left: float, fp_left: float) -> tuple[float, float, str]:
        m, rng = self.m, self.rng
        left = m.draw("residency", rng)
        while True:
            loop = m.draw("run_loop", rng)
            if loop >= left:
                self.spend(left, "resident")
                return guest_left, fp_left, self._ended()
            self.spend(loop, "resident")
            left -= loop
            self.serve("resident")
            if m.x86:
                self.say("kvm_entry: vcpu 0, rip 0xfff0", "d....")
            else:
                self.say("kvm_arch_vcpu_ctxflush_fp <-kvm_arch_vcpu_ioctl_run", "d....")
                self.say("kvm_entry: PC: 0x0000000040000040", "d....")
            arrival = min(self.crypto, self.other) - self.now
            stay = max(0.0, min(guest_left, left, arrival))
            self.now += stay
            left, guest_left, fp_left = left - stay, guest_left - stay, fp_left - stay
            while fp_left <= 0:
                self.live = True
                fp_left += m.draw("fp_gap", rng)
            forced = (stay >= arrival and guest_left > 0) or left <= 0
            if forced:  # an interrupt, or the one that ends the residency
                self.true_exit("IRQ")
                if left <= 0 and min(self.crypto, self.other) > self.now:
                    self.say("irq_handler_entry: irq=2 name=IPI", "d.h..")
                self.serve("resident")
                self.kvm_exit("IRQ")
                if left <= 0:
                    return guest_left, fp_left, self._ended()
                continue
            guest_left = m.draw("guest_run", rng)
            leaves = rng.random() < m.exit_put_share
            share = m.user_share / (1.0 - m.preempted_share) if leaves else 1.0
            reason = "user" if rng.random() < share else "blocked"
            why = "MMIO" if reason == "user" else "WFI"
            self.true_exit(why)
            self.kvm_exit(why)
            if leaves:
                self.put(reason, own=True)
                return guest_left, fp_left, reason

    def true_exit(self, why: str) -> None:
        """What is printed with interrupts still off."""
        if self.m.x86:
            reason = {"IRQ": "EXTERNAL_INTERRUPT", "MMIO": "EPT_MISCONFIG", "WFI": "HLT"}[why]
            self.say(f"kvm_exit: vcpu 0 reason {reason} rip 0xfff0 info1 0x0 info2 0x0", "d....")
            return
        self.say("kvm_arch_vcpu_ctxsync_fp <-kvm_arch_vcpu_ioctl_run", "d....")
        if self.live:
            self.say(f"fp_bind: (fpsimd_bind_state_to_cpu+0x0/0xac) {GUEST}", "d....")

    def kvm_exit(self, why: str) -> None:
        """arm64 prints it once interrupts and softirqs are done."""
        if self.m.x86:
            return
        what = {"IRQ": "IRQ: HSR_EC: 0x0000 (UNKNOWN)", "MMIO": "TRAP: HSR_EC: 0x0024 (DABT_LOW)",
                "WFI": "TRAP: HSR_EC: 0x0001 (WFx)"}[why]  # fmt: skip
        self.say(f"kvm_exit: {what}, PC: 0x0000000040000040")

    def _ended(self) -> str:
        chance = self.rng.random()
        m = self.m
        reason = (
            "user"
            if chance < m.user_share
            else ("preempted" if chance < m.user_share + m.preempted_share else "blocked")
        )
        self.serve("resident")
        self.put(reason, own=False)
        return reason


def text(machine: Machine, seed: int = 0) -> str:
    """The trace, cut at both ends in the middle of whatever was going on."""
    run = _Run(machine, seed)
    run.run()
    skip = len(run.lines) // 20 + seed % 17
    return "# tracer: nop\n#\n" + "\n".join(run.lines[skip:]) + "\n"


def record(machine: Machine, seed: int = 0) -> Recording:
    """What the package reads out of it."""
    return understand(read(io.BytesIO(text(machine, seed).encode())))
