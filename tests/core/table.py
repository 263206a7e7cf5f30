"""The table of policies once more, as sentences, and an interpreter for them.

The sentences are those of the model's description, put into words that `act` understands; nothing
is taken from the package.  The machine is a plain dictionary.
"""

from __future__ import annotations

__all__ = ["COUNTS", "HOOKS", "NAMES", "TABLE", "act", "machine"]

HOOKS = (
    "vcpu_load",
    "guest_enter",
    "fp_trap",
    "guest_exit",
    "softirq_pending",
    "preempt_enable",
    "vcpu_put",
)
COUNTS = ("host_saves", "host_restores", "guest_saves", "guest_restores")

OLD_TRAP = "registers to host context; vCPU image to registers; disarm"
OLD_EXIT = "if disarmed: registers to vCPU image; host context to registers; arm"
TO_VCPU = "if disarmed: registers to vCPU image; arm"
FROM_VCPU = "vCPU image to registers; disarm"
FLUSH = "save the tracked owner; FOREIGN; unbind"
DEFER = {"vcpu_load": "arm", "fp_trap": OLD_TRAP, "vcpu_put": OLD_EXIT}
PER_ENTRY = {
    "guest_enter": f"{FLUSH}; busy; arm",
    "fp_trap": FROM_VCPU,
    "guest_exit": TO_VCPU,
}
TRACKED = {
    "vcpu_load": "fp_enabled off; fp_host",
    "guest_enter": "if FOREIGN: fp_enabled off; fp_host off. disarm. unless fp_enabled: arm",
    "fp_trap": "if fp_host: registers to task image; fp_host off. "
    "vCPU image to registers; fp_enabled; disarm",
    "guest_exit": "if fp_enabled: bind to the vCPU; FOREIGN off",
    "vcpu_put": f"if fp_enabled: {FLUSH}; registers K. fp_enabled off; fp_host off; arm",
}
SAVE_AT_LOAD = TRACKED | {"vcpu_load": f"{FLUSH}; fp_enabled off; fp_host off"}
RELOAD = SAVE_AT_LOAD | {
    "guest_enter": "if FOREIGN: fp_enabled off. "
    "unless fp_enabled: vCPU image to registers; fp_enabled. disarm",
    "vcpu_put": TRACKED["vcpu_put"] + ". disarm",  # never armed
}

TABLE: dict[str, dict[str, str]] = {
    "switch-on-exit": {"guest_enter": "arm", "fp_trap": OLD_TRAP, "guest_exit": OLD_EXIT},
    "defer-to-put": DEFER,
    "softirqs-off": {
        "vcpu_load": "arm; softirqs off; preemption off",
        "fp_trap": OLD_TRAP,
        "vcpu_put": f"{OLD_EXIT}. softirqs on; preemption on",
    },
    "neon-begin-at-load": {
        "vcpu_load": f"{FLUSH}; busy; preemption off; arm",
        "fp_trap": FROM_VCPU,
        "vcpu_put": f"{TO_VCPU}. busy off; preemption on; registers K",
    },
    "busy-flag-resident": DEFER | {"vcpu_load": "arm; busy", "vcpu_put": f"{OLD_EXIT}. busy off"},
    "busy-flag-live": DEFER | {"fp_trap": f"{OLD_TRAP}; busy", "vcpu_put": f"{OLD_EXIT}. busy off"},
    "pending-check": DEFER | {"softirq_pending": OLD_EXIT},
    "pending-check-guarded": DEFER
    | {
        "fp_trap": f"{OLD_TRAP}; busy",
        "softirq_pending": f"{OLD_EXIT}. busy off",
        "vcpu_put": f"{OLD_EXIT}. busy off",
    },
    "neon-begin-per-entry": PER_ENTRY | {"preempt_enable": "busy off"},
    # busy is off by the time of preempt_enable: there its hook finds nothing left to do
    "flush-hook": PER_ENTRY | {"guest_exit": f"{TO_VCPU}. busy off", "preempt_enable": "busy off"},
    "tracked": TRACKED,
    "tracked-save-at-load": SAVE_AT_LOAD,
    "reload-at-entry": RELOAD,
    "reload-at-load": RELOAD
    | {
        "vcpu_load": SAVE_AT_LOAD["vcpu_load"] + "; vCPU image to registers; fp_enabled",
        "guest_enter": "disarm",
    },
    "nested-save": DEFER,
}
NAMES = tuple(TABLE)

MOVES = {
    "registers to host context": ("registers", "host_context", "host_saves"),
    "host context to registers": ("host_context", "registers", "host_restores"),
    "registers to vCPU image": ("registers", "vcpu_image", "guest_saves"),
    "vCPU image to registers": ("vcpu_image", "registers", "guest_restores"),
    "registers to task image": ("registers", "task_image", "host_saves"),
}
SETTINGS = {
    "arm": ("trap_armed", True),
    "disarm": ("trap_armed", False),
    "busy": ("busy", True),
    "busy off": ("busy", False),
    "FOREIGN": ("foreign_fpstate", True),
    "FOREIGN off": ("foreign_fpstate", False),
    "unbind": ("bound", None),
    "bind to the vCPU": ("bound", "vcpu"),
    "softirqs off": ("softirqs_off", True),
    "softirqs on": ("softirqs_off", False),
    "preemption off": ("preempt_off", True),
    "preemption on": ("preempt_off", False),
    "registers K": ("registers", "K"),
    "fp_enabled": ("fp_enabled", True),
    "fp_enabled off": ("fp_enabled", False),
    "fp_host": ("fp_host", True),
    "fp_host off": ("fp_host", False),
}
CONDITIONS = {
    "if disarmed": lambda m: not m["trap_armed"],
    "if FOREIGN": lambda m: m["foreign_fpstate"],
    "if fp_host": lambda m: m["fp_host"],
    "if fp_enabled": lambda m: m["fp_enabled"],
    "unless fp_enabled": lambda m: not m["fp_enabled"],
}


def machine(**values: object) -> dict[str, object]:
    """A machine with counts at 0."""
    return {"fp_enabled": False, "fp_host": False, **dict.fromkeys(COUNTS, 0), **values}


def act(text: str, m: dict[str, object]) -> dict[str, object]:
    """Do what the sentences say; a condition holds to the end of its sentence."""
    m = dict(m)
    for sentence in filter(None, text.split(". ")):
        condition, colon, rest = sentence.partition(": ")
        if colon and not CONDITIONS[condition](m):
            continue
        for phrase in (rest if colon else sentence).split("; "):
            _do(phrase, m)
    return m


def _do(phrase: str, m: dict[str, object]) -> None:
    if phrase == "save the tracked owner":
        if not m["foreign_fpstate"]:
            to = "vCPU" if m["bound"] == "vcpu" else "task"
            _do(f"registers to {to} image", m)
    elif phrase in MOVES:
        source, target, count = MOVES[phrase]
        m[target] = m[source]
        m[count] += 1
    else:
        name, value = SETTINGS[phrase]
        m[name] = value
