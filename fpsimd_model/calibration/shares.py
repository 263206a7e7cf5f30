"""Why residencies end (model.md section 2): shares of their clock's ends, and of own exits."""

from __future__ import annotations

import math

from ..scenario import Scenario
from .collected import Collected, rounded
from .intervals import share
from .seen import Seen

__all__ = ["shares"]


def shares(c: Collected, seen: Seen, base: Scenario) -> None:
    """Why residencies end: by their clock or at the guest's own exits (model.md section 2)."""
    ends, own = seen.ends, seen.own_puts
    known = ends["user"] + ends["preempted"] + ends["blocked"]
    at_exits = own["user"] + own["blocked"]
    if seen.own_exits:
        low, high = share(sum(own.values()), seen.own_exits)
        ended = f"{sum(own.values())} of them ended a residency"
        c.put("vcpu.exit_put_share", sum(own.values()) / seen.own_exits, low, high,
              seen.own_exits, "own exits", ended)  # fmt: skip
    others = known - ends["preempted"] + at_exits
    if not known and not at_exits:
        return
    preempted = ends["preempted"] / known if known else base.vcpu.preempted_share
    how = f"{ends['preempted']} of them preempted"
    if known and ends["preempted"] == known and others:
        preempted = (known + 0.5) / (known + 1.0)  # room for what follows own exits
        how += ", half a residency taken off so that the other shares are defined"
    plow, phigh = share(ends["preempted"], known)
    if known:
        c.put("vcpu.preempted_share", preempted, plow, phigh, known,
              "residencies that their clock ended", how)  # fmt: skip
    if not others:
        low, high = share(0, known)
        c.put("vcpu.user_exit_share", 0.0, low, high, known,
              "residencies that their clock ended", "none to user space")  # fmt: skip
        return
    to_user = ends["user"] + own["user"]
    rest = 1.0 - rounded(preempted)
    low, high = share(to_user, others)
    if not at_exits:
        low, high = share(ends["user"], known)
    elif known:
        low, high = low * (1.0 - phigh), high * (1.0 - plow)
    else:
        low, high = low * rest, high * rest
    c.put("vcpu.user_exit_share", min(_down(to_user / others * rest), rest), low, high, others,
          "residencies that were not preempted", f"{to_user} of them to user space")  # fmt: skip


def _down(value: float) -> float:
    """Six digits, rounded down: shares must not add to more than 1."""
    return math.floor(value * 1e6) / 1e6
