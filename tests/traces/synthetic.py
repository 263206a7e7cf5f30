"""Small traces written as a kernel would print them, for orders that the recordings lack."""

from __future__ import annotations

import io

from fpsimd_model import traces

__all__ = ["Writer"]

VCPU_IMAGE, TASK_IMAGE = "0xffff000004ea8230", "0xffff00000262bd00"


class Writer:
    """Writes lines of tracefs; ``on`` says which thread on which CPU prints the next ones."""

    def __init__(self, comm: str = "CPU 0/KVM", pid: int = 219, cpu: int = 1) -> None:
        self.lines: list[str] = []
        self.now = 1_000_000
        self.on(comm, pid, cpu)

    def on(self, comm: str, pid: int, cpu: int = 1) -> Writer:
        self.comm, self.pid, self.cpu = comm, pid, cpu
        return self

    def __call__(self, body: str, flags: str = "d....") -> Writer:
        self.now += 1
        time = f"{self.now // 1_000_000:5d}.{self.now % 1_000_000:06d}"
        self.lines.append(f"{self.comm:>16}-{self.pid:<7} [{self.cpu:03d}] {flags} {time}: {body}")
        return self

    def line(self, text: str) -> Writer:
        self.lines.append(text)
        return self

    # -- what a kernel does, in its own order ---------------------------------------------------

    def load(self, caller: str = "vcpu_load") -> Writer:
        return self(f"kvm_arch_vcpu_load <-{caller}")

    def put(self, caller: str = "vcpu_put", live: bool = False) -> Writer:
        self(f"kvm_arch_vcpu_put <-{caller}")
        return self.save(VCPU_IMAGE) if live else self

    def run(self, live: bool = True, reason: str = "TRAP: HSR_EC: 0x0024 (DABT_LOW)") -> Writer:
        return self.enter().leave(live)(f"kvm_exit: {reason}, PC: 0x40000000", ".....")

    def enter(self) -> Writer:
        self("kvm_arch_vcpu_ctxflush_fp <-kvm_arch_vcpu_ioctl_run")
        return self("kvm_entry: PC: 0x0000000040000000")

    def leave(self, live: bool = True) -> Writer:
        self("kvm_arch_vcpu_ctxsync_fp <-kvm_arch_vcpu_ioctl_run")
        return (
            self(f"fp_bind: (fpsimd_bind_state_to_cpu+0x0/0xac) st={VCPU_IMAGE}") if live else self
        )

    def save(self, image: str) -> Writer:
        return self(f"fp_save: (fpsimd_save+0x70/0x140) st={image}", "D....")

    def softirq(self, sections: int = 0, saves: str = "", vec: int = 3) -> Writer:
        self("irq_handler_entry: irq=2 name=IPI", "d.h..")
        self(f"softirq_raise: vec={vec} [action=NET_RX]", "d.h..")
        self(f"softirq_entry: vec={vec} [action=NET_RX]", "..s..")
        for section in range(sections):
            self("kernel_neon_begin <-cbc_decrypt", "..s..")
            if saves and not section:
                self(f"fp_save: (fpsimd_save+0x70/0x140) st={saves}", "D.s..")
            self("kernel_neon_end <-cbc_decrypt", "b.s..")
        return self(f"softirq_exit: vec={vec} [action=NET_RX]", "..s..")

    def user(self, reload: bool = True) -> Writer:
        if reload:
            self("fpsimd_restore_current_state <-do_notify_resume", ".....")
            self(f"fp_load: (task_fpsimd_load+0x5c/0x10c) st={TASK_IMAGE}", "D....")
        return self

    def user_exit(self, reason: str = "KVM_EXIT_MMIO (6)") -> Writer:
        return self(f"kvm_userspace_exit: reason {reason}", ".....")

    def switch(self, state: str, comm: str, pid: int) -> Writer:
        """The scheduler's line; the outgoing thread still prints until `on` says otherwise."""
        return self(
            f"sched_switch: prev_comm={self.comm} prev_pid={self.pid} prev_prio=120 "
            f"prev_state={state} ==> next_comm={comm} next_pid={pid} next_prio=120"
        )

    # -- reading it -----------------------------------------------------------------------------

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def read(self, **options) -> traces.Reader:
        return traces.read(io.StringIO(self.text()), **options)

    def understand(self, cpu: int | None = None) -> traces.Recording:
        return traces.understand(self.read(), cpu)

    def story(self) -> list[str]:
        """Steps in short: kind, and (inferred) where it was."""
        return [step.kind.name + "?" * step.inferred for step in self.understand()]
