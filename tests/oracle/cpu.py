"""The register machine and the sixteen policies as plain variables and if/else.

Written from the model's text (sections 2 and 3, policies part 1), not from the
package: the two must stay strangers for the comparison to mean anything.
Values are the letters of the text: H h G g K.  Every hook adds what its moves
cost to ``cost`` (microseconds), which the caller turns into a masked operation.
"""

from __future__ import annotations

__all__ = ["BUSY", "NOT_PREEMPTIBLE", "POLICIES", "Cpu"]

POLICIES = (
    "switch-on-exit",
    "defer-to-put",
    "softirqs-off",
    "neon-begin-at-load",
    "busy-flag-resident",
    "busy-flag-live",
    "pending-check",
    "pending-check-guarded",
    "neon-begin-per-entry",
    "flush-hook",
    "tracked",
    "tracked-save-at-load",
    "reload-at-entry",
    "reload-at-load",
    "adaptive-reload",
    "nested-save",
)

# Guest registers stay live after the exit, host registers in the old per-CPU context.
DEFERRING = {
    "defer-to-put",
    "softirqs-off",
    "busy-flag-resident",
    "busy-flag-live",
    "pending-check",
    "pending-check-guarded",
    "nested-save",
}
PER_ENTRY = {"neon-begin-per-entry", "flush-hook"}
TRACKED = {"tracked", "tracked-save-at-load", "adaptive-reload"}
RELOAD = {"reload-at-entry", "reload-at-load"}
BINDING = TRACKED | RELOAD  # their tracked owner may be the vCPU
NOT_PREEMPTIBLE = {"softirqs-off", "neon-begin-at-load"}
BUSY = {
    "neon-begin-at-load",
    "busy-flag-resident",
    "busy-flag-live",
    "pending-check-guarded",
    "neon-begin-per-entry",
}  # policies under which a softirq may be refused NEON

ADAPTIVE_LIMIT = 3  # score saturates here, from 2 up the registers are reloaded
ADAPTIVE_PROBE = 255  # reloads after which one loss is spent on a trap, as x86 did


class Cpu:
    def __init__(self, policy, save_us, restore_us, trap_us, guest_scale):
        if policy not in POLICIES:
            raise ValueError(f"unknown policy {policy!r}")
        self.policy = policy
        self.deferring = policy in DEFERRING
        self.per_entry = policy in PER_ENTRY
        self.binding = policy in BINDING
        self.host_save_us, self.host_restore_us = save_us, restore_us
        self.guest_save_us, self.guest_restore_us = save_us * guest_scale, restore_us * guest_scale
        self.trap_us = trap_us
        # the four places
        self.regs, self.task, self.vcpu, self.context = "H", "h", "G", "K"
        # tracking
        self.foreign, self.bound = False, "task"
        self.armed, self.busy = True, False
        self.fp_enabled = self.fp_host = False
        self.score, self.reloads, self.loss_open = 0, 0, False
        # counts
        self.cost = self.switching = 0.0
        self.host_saves = self.host_restores = self.guest_saves = self.guest_restores = 0
        self.traps = self.guest_corruptions = self.host_corruptions = 0

    def spend(self, duration):
        self.cost += duration
        self.switching += duration

    # ---- moves ---------------------------------------------------------------------
    def save_host(self, place):
        self.host_saves += 1
        self.spend(self.host_save_us)
        setattr(self, place, self.regs)

    def restore_host(self, place):
        self.host_restores += 1
        self.spend(self.host_restore_us)
        self.regs = getattr(self, place)

    def save_guest(self):
        self.guest_saves += 1
        self.spend(self.guest_save_us)
        self.vcpu = self.regs

    def restore_guest(self):
        self.guest_restores += 1
        self.spend(self.guest_restore_us)
        self.regs = self.vcpu

    # ---- the kernel's own part -----------------------------------------------------
    def save_tracked_owner(self):
        if not self.foreign:
            if self.bound == "vcpu":
                self.save_guest()
            else:
                self.save_host("task")

    def unbind(self):
        self.foreign, self.bound = True, None

    def neon_begin(self):
        if self.policy == "nested-save":
            return  # saves and restores around every section, see nested_section
        self.save_tracked_owner()
        self.unbind()
        self.regs = "K"

    def nested_section(self):
        """Save and restore whatever is in the registers; returns the time it takes."""
        if self.regs in "Gg":
            self.guest_saves += 1
            self.guest_restores += 1
        elif self.regs in "Hh":
            self.host_saves += 1
            self.host_restores += 1
        moves = self.host_save_us + self.host_restore_us
        self.switching += moves
        return moves

    def schedule_out(self):
        self.save_tracked_owner()
        self.unbind()
        self.regs = "K"

    def return_to_user(self):
        if self.foreign:
            self.restore_host("task")
            self.foreign, self.bound = False, "task"
        if self.regs != "H":
            self.host_corruptions += 1
        self.regs = "H"  # user code makes it new
        if self.task == "H":
            self.task = "h"
        if self.vcpu == "H":
            self.vcpu = "h"
        if self.context == "H":
            self.context = "h"

    # ---- the policy's hooks --------------------------------------------------------
    def vcpu_load(self):
        p = self.policy
        if self.deferring:
            self.armed = True
            if p == "busy-flag-resident":
                self.busy = True
        elif p == "neon-begin-at-load":
            self.save_tracked_owner()
            self.unbind()
            self.busy = self.armed = True
        elif p == "tracked":
            self.fp_enabled, self.fp_host = False, True
        elif self.binding:
            self.save_tracked_owner()
            self.unbind()
            self.fp_enabled = self.fp_host = False
            if p == "reload-at-load":
                self.restore_guest()
                self.fp_enabled = True

    def guest_enter(self):
        p = self.policy
        if p == "switch-on-exit":
            self.armed = True
        elif self.per_entry:
            self.save_tracked_owner()
            self.unbind()
            self.busy = p == "neon-begin-per-entry"
            self.armed = True
        elif p == "reload-at-entry":
            self.reload()
        elif p == "reload-at-load":
            self.armed = False
        elif p == "adaptive-reload":
            self.adapt()
        elif self.binding:
            self.arm_unless_enabled()

    def arm_unless_enabled(self):
        if self.foreign:
            self.fp_enabled = self.fp_host = False
        self.armed = not self.fp_enabled

    def reload(self):
        if self.foreign:
            self.fp_enabled = False
        if not self.fp_enabled:
            self.restore_guest()
            self.fp_enabled = True
        self.armed = False

    def adapt(self):
        """Reload while the guest has used FP after most losses, trap otherwise.

        A loss is open from the first entry without the guest's registers until its next
        trap (used: score up) or the put (not used: score down).  A reload hides the use,
        so after 255 of them one loss is left to the trap again, as x86 did.
        """
        if self.score >= 2 and self.reloads < ADAPTIVE_PROBE:
            before = self.guest_restores
            self.reload()
            self.reloads += self.guest_restores - before
        else:
            if self.reloads >= ADAPTIVE_PROBE:
                self.reloads, self.score = 0, 1
            self.arm_unless_enabled()
            self.loss_open = self.armed

    def fp_trap(self):
        self.traps += 1
        self.spend(self.trap_us)
        p = self.policy
        if p == "switch-on-exit" or self.deferring:
            self.save_host("context")
            self.restore_guest()
            if p in ("busy-flag-live", "pending-check-guarded"):
                self.busy = True
        elif p == "neon-begin-at-load" or self.per_entry:
            self.restore_guest()
        else:
            if self.fp_host:
                self.save_host("task")
                self.fp_host = False
            self.restore_guest()
            self.fp_enabled = True
            self.score, self.loss_open = min(self.score + 1, ADAPTIVE_LIMIT), False
        self.armed = False

    def guest_access(self):
        """One FP instruction of the guest; the trap, if armed, came first."""
        if self.regs != "G":
            self.guest_corruptions += 1
            self.regs = "G"
        if self.task == "G":
            self.task = "g"
        if self.vcpu == "G":
            self.vcpu = "g"
        if self.context == "G":
            self.context = "g"

    def give_back(self):
        """The old world switch: guest registers out, host registers in, trap armed."""
        if not self.armed:
            self.save_guest()
            self.restore_host("context")
            self.armed = True

    def guest_exit(self):
        if self.policy == "switch-on-exit":
            self.give_back()
        elif self.per_entry:
            if not self.armed:
                self.save_guest()
                self.armed = True
            if self.policy == "flush-hook":
                self.busy = False
        elif self.binding and self.fp_enabled:
            self.bound, self.foreign = "vcpu", False

    def exit_irq(self):
        """In the exit window, some softirq is pending and about to run."""
        if self.policy in ("pending-check", "pending-check-guarded"):
            self.give_back()
            self.busy = False

    def preempt_enable(self):
        if self.policy == "neon-begin-per-entry":
            self.busy = False

    def vcpu_put(self):
        if self.deferring:
            self.give_back()
            self.busy = False
        elif self.policy == "neon-begin-at-load":
            if not self.armed:
                self.save_guest()
                self.armed = True
            self.busy = False
            self.regs = "K"
        elif self.binding:
            if self.fp_enabled:
                self.save_tracked_owner()
                self.unbind()
                self.regs = "K"
            self.fp_enabled = self.fp_host = False
            self.armed = True
            if self.loss_open:
                self.score, self.loss_open = max(self.score - 1, 0), False
