"""The abstract CPU that policies act on: places that hold one value each, tracking, moves.

The machine of the kernel's ``arch/arm64/kernel/fpsimd.c`` reduced to what decides who loses
registers.  A *place* (the registers, an image in memory) holds one of five values:

====  ==========================================================
``H``  the host task's current state
``h``  an outdated copy of it
``G``  the guest's current state
``g``  an outdated copy of it
``K``  anything else: kernel scratch, another task's registers
====  ==========================================================

Every move is counted, so that the same hooks give a proof, a rate and a bill.

>>> cpu = Cpu()
>>> cpu.registers, cpu.foreign_fpstate
('H', False)
>>> cpu.fpsimd_save(); cpu.task_image
'H'
>>> cpu.count("host_saves")
1
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["COUNTERS", "FIELDS", "TASK", "VALUES", "VCPU", "Cpu", "Loss", "PolicyError"]

VALUES = ("H", "h", "G", "g", "K")
TASK, VCPU = "task", "vcpu"

COUNTERS = (
    "host_saves",
    "host_restores",
    "guest_saves",
    "guest_restores",
    "traps",
    "entries",
    "exits",
    "puts",
    "guest_corruptions",
    "host_corruptions",
)
_INDEX = {name: i for i, name in enumerate(COUNTERS)}
FIELDS = (
    "registers",
    "task_image",
    "vcpu_image",
    "host_context",
    "foreign_fpstate",
    "bound",
    "trap_armed",
    "busy",
    "softirqs_off",
    "preempt_off",
    "softirq_held",
)


class PolicyError(ValueError):
    """A policy's hooks did something that no kernel could: one line says which and what."""


class Loss(NamedTuple):
    """State lost: whose it was (``guest`` or ``host``) and the value found in its place."""

    lost: str
    found: str


class Cpu:
    """One physical CPU's FPSIMD registers, the images in memory and the kernel's tracking.

    Parameters
    ----------
    flags:
        What a policy declares beyond the kernel's own tracking: names and initial values
        (hashable).  They become attributes.

    Attributes
    ----------
    registers, task_image, vcpu_image, host_context:
        One of :data:`VALUES` each; ``host_context`` is the per-CPU area of the old world switch.
    foreign_fpstate:
        ``TIF_FOREIGN_FPSTATE`` of the vCPU thread: the registers do not hold what is bound.
    bound:
        ``fpsimd_last_state``: the image the registers belong to (``"task"``, ``"vcpu"``, ``None``).
    trap_armed, busy, softirqs_off, preempt_off:
        The guest's FP trap; ``kernel_neon_busy``; ``local_bh_disable``; ``preempt_disable``.
    softirq_held:
        A crypto softirq is pending and held back by ``softirqs_off``.

    Raises
    ------
    AttributeError
        On any other name: a misspelt flag in a hook must not pass in silence.
    PolicyError
        On a flag with the name of something that every CPU has.
    """

    __slots__ = (*FIELDS, "flags", "counts", "losses")

    def __init__(self, flags: dict[str, object] | None = None) -> None:
        put = object.__setattr__
        put(self, "flags", dict(flags or {}))
        for name in self.flags:
            if hasattr(type(self), name):  # it would hide the CPU's own
                raise PolicyError(f"a flag cannot be called {name!r}, as every CPU has that")
        put(self, "counts", [0] * len(COUNTERS))
        put(self, "losses", [])
        self.registers = "H"
        self.task_image = "h"
        self.vcpu_image = "G"
        self.host_context = "K"
        self.foreign_fpstate = False
        self.bound = TASK
        self.trap_armed = False
        self.busy = False
        self.softirqs_off = False
        self.preempt_off = False
        self.softirq_held = False

    def __getattr__(self, name: str) -> object:
        try:
            return self.flags[name]
        except KeyError:
            raise AttributeError(self._lacks(name)) from None

    def __setattr__(self, name: str, value: object) -> None:
        if name in FIELDS:
            object.__setattr__(self, name, value)
        elif name in self.flags:
            self.flags[name] = value
        else:
            raise AttributeError(self._lacks(name))

    def _lacks(self, name: str) -> str:
        from difflib import get_close_matches

        known = [*self.flags, *(word for word in dir(type(self)) if word[0] != "_")]
        near = get_close_matches(name, known, n=1, cutoff=0.7)
        hint = f"did you mean {near[0]!r}, or " if near else ""
        return f"the CPU has no {name!r}: {hint}declare it in the policy's `flags`"

    def __reduce__(self) -> tuple:  # for copies: slots and __getattr__ alone would go in circles
        return _again, (self.flags, self.state(), self.counts, self.losses)

    # -- state as a value ------------------------------------------------------------------

    def state(self) -> tuple:
        """Everything that decides the future, hashable; counts are not part of it."""
        return (*(getattr(self, f) for f in FIELDS), *self.flags.values())

    def set_state(self, state: tuple) -> None:
        """Set the CPU to a :meth:`state` and forget the counts."""
        put = object.__setattr__
        for name, value in zip(FIELDS, state, strict=False):
            put(self, name, value)
        for name, value in zip(self.flags, state[len(FIELDS) :], strict=True):
            self.flags[name] = value
        self.counts[:] = [0] * len(COUNTERS)
        self.losses.clear()

    def describe(self) -> dict[str, object]:
        """The state by name, for people: ``{"registers": "H", ...}``."""
        return {**{f: getattr(self, f) for f in FIELDS}, **self.flags}

    # -- counting --------------------------------------------------------------------------

    def count(self, name: str) -> int:
        """How often `name` (one of :data:`COUNTERS`) happened since the last `set_state`."""
        return self.counts[_INDEX[name]]

    def tally(self, name: str) -> None:
        """Count one `name`."""
        self.counts[_INDEX[name]] += 1

    # -- moves -----------------------------------------------------------------------------

    def save_guest(self) -> None:
        """Registers to the vCPU image (``__fpsimd_save_state(guest)``)."""
        self.vcpu_image = self.registers
        self.tally("guest_saves")

    def restore_guest(self) -> None:
        """VCPU image to registers (``__fpsimd_restore_state(guest)``)."""
        self.registers = self.vcpu_image
        self.tally("guest_restores")

    def save_host_context(self) -> None:
        """Registers to the per-CPU host context of the old world switch (v4.15 hyp/entry.S)."""
        self.host_context = self.registers
        self.tally("host_saves")

    def restore_host_context(self) -> None:
        """Per-CPU host context to registers (v4.15 hyp/switch.c)."""
        self.registers = self.host_context
        self.tally("host_restores")

    def save_task(self) -> None:
        """Registers to the task image, whatever is tracked (v4.19 ``__hyp_switch_fpsimd``)."""
        self.task_image = self.registers
        self.tally("host_saves")

    def fpsimd_save(self) -> None:
        """Save the tracked owner: nothing if TIF_FOREIGN_FPSTATE, else to the bound image."""
        if self.foreign_fpstate:
            return
        if self.bound == VCPU:
            self.save_guest()
        else:
            self.save_task()

    def fpsimd_flush_cpu_state(self) -> None:
        """Nothing of the thread's is in the registers: set TIF_FOREIGN_FPSTATE, unbind."""
        self.foreign_fpstate = True
        self.bound = None

    def fpsimd_bind_vcpu(self) -> None:
        """Bind the registers to the vCPU image, clear TIF_FOREIGN_FPSTATE (``ctxsync_fp``)."""
        self.bound = VCPU
        self.foreign_fpstate = False

    def fpsimd_save_and_flush_cpu_state(self) -> None:
        """Save the tracked owner and unbind (``fpsimd_save_and_flush_cpu_state``)."""
        self.fpsimd_save()
        self.fpsimd_flush_cpu_state()

    def scratch(self) -> None:
        """Kernel code or another task overwrites the registers."""
        self.registers = "K"

    def arm_trap(self) -> None:
        """The guest's next FP access traps to EL2 (CPTR_EL2.TFP, CPACR_EL1.FPEN)."""
        self.trap_armed = True

    def disarm_trap(self) -> None:
        """Guest FP accesses go through."""
        self.trap_armed = False

    # -- owners use their registers ----------------------------------------------------------

    def guest_uses_fp(self) -> None:
        """The guest reads and writes its registers; finding anything but ``G`` is a loss."""
        self._use("guest", "G", "g")

    def user_uses_fp(self) -> None:
        """The VMM's user code runs; finding anything but ``H`` in the registers is a loss."""
        self._use("host", "H", "h")

    def _use(self, owner: str, current: str, outdated: str) -> None:
        if self.registers != current:
            self.losses.append(Loss(owner, self.registers))
            self.tally(f"{owner}_corruptions")
        self.registers = current  # after a loss the value found counts as the new state
        for place in ("task_image", "vcpu_image", "host_context"):
            if getattr(self, place) == current:
                object.__setattr__(self, place, outdated)
        for name, value in self.flags.items():
            if value == current:
                self.flags[name] = outdated

    # -- what the kernel itself does -----------------------------------------------------------

    def return_to_user(self) -> None:
        """``do_notify_resume``: reload the task image if TIF_FOREIGN_FPSTATE; user code runs."""
        if self.foreign_fpstate:
            self.registers = self.task_image
            self.tally("host_restores")
            self.foreign_fpstate = False
            self.bound = TASK
        self.user_uses_fp()

    def sched_out(self) -> None:
        """``fpsimd_thread_switch``: save the tracked owner; other tasks overwrite the registers."""
        self.fpsimd_save_and_flush_cpu_state()
        self.scratch()


def _again(flags: dict[str, object], state: tuple, counts: list[int], losses: list[Loss]) -> Cpu:
    cpu = Cpu(flags)
    cpu.set_state(state)
    cpu.counts[:], cpu.losses[:] = counts, losses
    return cpu
