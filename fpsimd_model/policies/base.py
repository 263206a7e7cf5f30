"""What every policy shares: the kernel's hooks, empty, and the kernel's own NEON rules.

Hooks are named as the kernel names them and called at the same places of
``kvm_arch_vcpu_ioctl_run`` (v4.16 virt/kvm/arm/arm.c, v7.1 arch/arm64/kvm/arm.c).
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import ClassVar

from ..registers import Cpu, PolicyError

__all__ = ["Policy"]


class Policy:
    """One answer to who may leave whose registers live, and for how long.

    Subclass it (or any policy) and override hooks; each gets the
    :class:`~fpsimd_model.registers.Cpu` and acts on it. Policies keep no state of their own (to
    set an attribute is a PolicyError): declare `flags` and use them as attributes of the CPU. A
    method whose name is almost a hook's is a PolicyError too.

    Attributes
    ----------
    name:
        As in tables and on the command line; derived from the class name if not given.
    title:
        One line; by default the first line of the docstring.
    kernel:
        The kernel version that carried it, or where it was proposed.
    sources:
        Where its behaviour is read from.
    flags:
        Extra tracking with initial values, ``{"fp_enabled": False}``; those of the classes that a
        policy is derived from are added to its own.
    trap_through_c:
        The FP trap goes through the C path (since v4.18), not the assembly fast path.

    >>> class Mine(Policy):
    ...     '''Never lets the guest's registers outlive a run.'''
    ...     def guest_enter(self, cpu): cpu.arm_trap()
    >>> Mine.name, Mine.title
    ('mine', "Never lets the guest's registers outlive a run.")
    """

    name: ClassVar[str] = "policy"
    title: ClassVar[str] = ""
    kernel: ClassVar[str] = "your own"
    sources: ClassVar[tuple[str, ...]] = ()
    flags: ClassVar[dict[str, object]] = {}
    trap_through_c: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = _kebab(cls.__name__)
        if "title" not in cls.__dict__:
            cls.title = [*(cls.__doc__ or "").strip().splitlines(), cls.__name__][0]
        if "kernel" not in cls.__dict__ and not cls.__module__.startswith(__package__):
            cls.kernel = "your own"
        cls.flags = _inherited(cls)
        _refuse_misspelt(cls)

    def __setattr__(self, name: str, value: object) -> None:
        raise PolicyError(  # what the CPU does not know, no proof could follow
            f"{self.name}: a policy keeps no state of its own; "
            f"declare {name!r} in its `flags` and set cpu.{name}"
        )

    # -- KVM's hooks -------------------------------------------------------------------------

    def vcpu_load(self, cpu: Cpu) -> None:
        """``kvm_arch_vcpu_load``: KVM_RUN begins, or the thread is scheduled in."""

    def guest_enter(self, cpu: Cpu) -> None:
        """Just before the guest runs, interrupts off, preemption off."""

    def fp_trap(self, cpu: Cpu) -> None:
        """The guest touched FP with the trap armed; must leave it disarmed."""

    def guest_exit(self, cpu: Cpu) -> None:
        """Just after the guest ran, interrupts still off."""

    def softirq_pending(self, cpu: Cpu) -> None:
        """In the exit window, before the softirqs raised by the exit interrupt may run."""

    def preempt_enable(self, cpu: Cpu) -> None:
        """End of the exit window: the run loop may be preempted again."""

    def vcpu_put(self, cpu: Cpu) -> None:
        """``kvm_arch_vcpu_put``: KVM_RUN ends, or the thread is scheduled out."""

    # -- kernel-mode NEON ----------------------------------------------------------------------

    def may_use_simd(self, cpu: Cpu) -> bool:
        """``may_use_simd`` in softirq: only the busy flag forbids NEON (v4.15 asm/simd.h)."""
        return not cpu.busy

    def kernel_neon_begin(self, cpu: Cpu) -> None:
        """Save the tracked owner, unbind; the NEON code overwrites the registers (v4.15)."""
        cpu.fpsimd_save_and_flush_cpu_state()
        cpu.scratch()

    def kernel_neon_end(self, cpu: Cpu) -> None:
        """Nothing since v4.14: registers are reloaded on the way to user space."""


def _inherited(policy: type[Policy]) -> object:
    """A class's flags and its ancestors'; what is no table stays as it is, and fails later."""
    own = policy.__dict__.get("flags", {})
    if not isinstance(own, Mapping):
        return own
    flags: dict[str, object] = {}
    for base in reversed(policy.__mro__):
        flags |= base.__dict__.get("flags", {})
    return flags


def _refuse_misspelt(policy: type[Policy]) -> None:
    """Nobody would call `guest_entr`, and what is never called can do no harm to a proof."""
    hooks = [name for name, value in vars(Policy).items() if callable(value) and name[0] != "_"]
    for name, value in vars(policy).items():
        if not callable(value) or name in hooks or name[0] == "_":
            continue
        if near := get_close_matches(name, hooks, n=1, cutoff=0.85):
            raise PolicyError(
                f"{policy.name}: {name!r} is no hook; did you mean {near[0]!r}? "
                "(if not, give it a name less like a hook's)"
            )


def _kebab(name: str) -> str:
    out = []
    for i, char in enumerate(name):
        if char.isupper() and i and not (name[i - 1].isupper() or name[i - 1] == "_"):
            out.append("-")
        out.append(char.lower())
    return "".join(out).replace("_", "-")
