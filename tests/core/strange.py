"""Policies that a user might write: each with one fault, or one that the model cannot take."""

# ruff: noqa: RUF012 (users write their flags without an annotation)
from __future__ import annotations

import random

from fpsimd_model.policies import (
    DeferToPut,
    PendingCheckGuarded,
    Policy,
    ReloadAtEntry,
    SoftirqsOff,
    Tracked,
)

__all__ = ["BROKEN", "FAULTY", "ODD", "spy"]

HOOKS = (
    "vcpu_load",
    "guest_enter",
    "fp_trap",
    "guest_exit",
    "softirq_pending",
    "preempt_enable",
    "vcpu_put",
    "may_use_simd",
    "kernel_neon_begin",
    "kernel_neon_end",
)


def spy(base: type[Policy]) -> tuple[type[Policy], list[str]]:
    """A policy like `base` that writes down which hook is called, and the list it writes to."""
    calls: list[str] = []

    def heard(hook: str):
        plain = getattr(base, hook)

        def call(self, cpu):
            calls.append(hook)
            return plain(self, cpu)

        return call

    hooks = {hook: heard(hook) for hook in HOOKS}
    return type("Spy", (base,), {**hooks, "__module__": base.__module__}), calls


# -- faults: the hooks run, and state is lost -------------------------------------------------


class ForgetsToBind(Tracked):
    """The registers are never bound to the vCPU: kernel NEON saves the guest as the task."""

    def guest_exit(self, cpu):
        pass


class ForgetsToFlush(Tracked):
    """vcpu_put leaves the guest bound: later saves go to the wrong image."""

    def vcpu_put(self, cpu):
        cpu.fp_enabled = cpu.fp_host = False


class TrustsTheFlag(ReloadAtEntry):
    """Entry believes fp_enabled and does not look at TIF_FOREIGN_FPSTATE."""

    def guest_enter(self, cpu):
        if not cpu.fp_enabled:
            cpu.restore_guest()
            cpu.fp_enabled = True


class GuardsOnlyTheSecondRun(PendingCheckGuarded):
    """The busy flag comes with the second trap of a residency: the first is not covered."""

    flags = {"trapped": False}

    def fp_trap(self, cpu):
        super().fp_trap(cpu)
        cpu.busy, cpu.trapped = cpu.trapped, True

    def vcpu_put(self, cpu):
        super().vcpu_put(cpu)
        cpu.trapped = False


class SavesEveryThirdLoad(Tracked):
    """A fault far from the start: each third residency forgets the guest's registers."""

    flags = {"turn": 0}

    def vcpu_load(self, cpu):
        super().vcpu_load(cpu)
        cpu.turn = (cpu.turn + 1) % 3

    def vcpu_put(self, cpu):
        if cpu.turn == 0 and cpu.fp_enabled:
            cpu.fpsimd_flush_cpu_state()
            cpu.scratch()
        super().vcpu_put(cpu)


class NeverTraps(Policy):
    """No hook at all: the guest runs on whatever is there."""


class ForgetsTheHost(SoftirqsOff):
    """vcpu_put saves the guest and does not restore the host."""

    def give_back(self, cpu):
        if not cpu.trap_armed:
            cpu.save_guest()
            cpu.scratch()
            cpu.arm_trap()


FAULTY = (
    ForgetsToBind,
    ForgetsToFlush,
    TrustsTheFlag,
    GuardsOnlyTheSecondRun,
    SavesEveryThirdLoad,
    NeverTraps,
    ForgetsTheHost,
)


# -- odd: correct, with states that differ in a single respect ---------------------------------


class TakesTurns(Tracked):
    """Every other residency keeps preemption off; nothing else tells them apart."""

    flags = {"turn": False}

    def vcpu_load(self, cpu):
        super().vcpu_load(cpu)
        cpu.turn = not cpu.turn
        cpu.preempt_off = cpu.turn

    def vcpu_put(self, cpu):
        super().vcpu_put(cpu)
        cpu.preempt_off = False


class SectionsCostInTurns(SoftirqsOff):
    """As softirqs-off, but each further NEON section of every other residency is billed."""

    flags = {"turn": False}

    def vcpu_load(self, cpu):
        super().vcpu_load(cpu)
        cpu.turn = not cpu.turn

    def kernel_neon_begin(self, cpu):
        if cpu.registers == "K" and cpu.turn and cpu.foreign_fpstate:
            cpu.tally("host_saves")
        super().kernel_neon_begin(cpu)


ODD = (TakesTurns, SectionsCostInTurns)


# -- broken: no kernel could go on; a PolicyError says which policy and why --------------------


class Raises(Tracked):
    def guest_exit(self, cpu):
        return 1 / 0


class NoArgument(Tracked):
    def guest_exit(self):
        pass


class Misspelt(Tracked):
    def guest_exit(self, cpu):
        cpu.fp_enable = True


class MisspeltMove(Tracked):
    def guest_exit(self, cpu):
        cpu.save_geust()


class MisspeltCount(Tracked):
    def guest_exit(self, cpu):
        cpu.tally("guest_save")


class CountsForEver(Tracked):
    flags = {"entries_so_far": 0}

    def guest_enter(self, cpu):
        super().guest_enter(cpu)
        cpu.entries_so_far += 1


class LeavesSoftirqsOff(SoftirqsOff):
    def vcpu_put(self, cpu):
        super().vcpu_put(cpu)
        cpu.softirqs_off = True


class LeavesPreemptionOff(SoftirqsOff):
    def vcpu_put(self, cpu):
        super().vcpu_put(cpu)
        cpu.preempt_off = True


class SoftirqsOffInTheWindow(Tracked):
    """local_bh_disable around the exit window alone: what was held would have to run there."""

    def guest_exit(self, cpu):
        super().guest_exit(cpu)
        cpu.softirqs_off = True

    def preempt_enable(self, cpu):
        cpu.softirqs_off = False


class TrapStaysArmed(Tracked):
    def fp_trap(self, cpu):
        super().fp_trap(cpu)
        cpu.arm_trap()


class WantsArguments(Tracked):
    def __init__(self, eager):
        pass


class KeepsStateInItself(DeferToPut):
    live = False

    def fp_trap(self, cpu):
        super().fp_trap(cpu)
        self.live = True


class ListAsFlag(Tracked):
    flags = {"seen": []}


class FlagHidesTheCpus(Tracked):
    flags = {"scratch": False}


class SixthValue(Tracked):
    def guest_exit(self, cpu):
        cpu.registers = "guest"


class SectionsDiffer(Tracked):
    flags = {"sections": 0}

    def kernel_neon_begin(self, cpu):
        super().kernel_neon_begin(cpu)
        cpu.sections = (cpu.sections + 1) % 3


class ThrowsDice(Tracked):
    dice = random.Random(1)

    def guest_exit(self, cpu):
        if self.dice.random() < 0.5:
            super().guest_exit(cpu)
            cpu.save_guest()


#: Each with words that its message must have, where 500 states are the most.
BROKEN = {
    Raises: ("raises", "ZeroDivisionError", "division by zero", "'exit'"),
    NoArgument: ("no-argument", "guest_exit"),
    Misspelt: ("misspelt", "'fp_enable'", "`flags`"),
    MisspeltMove: ("misspelt-move", "'save_geust'"),
    MisspeltCount: ("misspelt-count", "guest_save"),
    CountsForEver: ("counts-for-ever", "500 states", "flag without bound"),
    LeavesSoftirqsOff: ("leaves-softirqs-off", "vcpu_put", "softirqs"),
    LeavesPreemptionOff: ("leaves-preemption-off", "vcpu_put", "preemption"),
    SoftirqsOffInTheWindow: ("softirqs-off-in-the-window", "vcpu_put", "held"),
    TrapStaysArmed: ("trap-stays-armed", "fp_trap", "armed"),
    WantsArguments: ("wants-arguments", "__init__", "eager"),
    KeepsStateInItself: ("keeps-state-in-itself", "'live'", "`flags`"),
    ListAsFlag: ("list-as-flag", "list"),
    FlagHidesTheCpus: ("scratch",),
    SixthValue: ("sixth-value", "'guest'", "registers"),
    ThrowsDice: ("throws-dice", "state alone"),
    SectionsDiffer: ("sections-differ", "second NEON section"),
}
