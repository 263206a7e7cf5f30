"""What a result says beside its figures: who took over, what made it grow, how far it came."""

from __future__ import annotations

from .limits import max_packets_per_s, relief
from .run import Run

__all__ = ["ended", "relieved"]


def relieved(run: Run) -> str:
    """What an overload that a worker ends looks like; "" if there is none."""
    why, wall = relief(run.model), run.wall.sum()
    told = []
    if why:
        often = float(run.sums["handed_over"].sum() / wall)
        share = float(run.sums["thread_time"].sum() / wall)
        queue = float(run.sums["queue_time"].sum() / wall)
        told.append(
            f"{why}: ksoftirqd took over {_digits(often)} times a second and takes "
            f"{_digits(100.0 * share)}% of the CPU; {_digits(queue)} packets are in the system"
        )
    if late := run.sums["cryptd_packets"].sum():
        share = float(late / run.packets.sum())
        told.append(f"cryptd does the crypto of {_digits(100.0 * share)}% of the packets")
    return "; ".join(told)


def ended(run: Run, why: str) -> str:
    """The reason of an unstable result: why, and the queue it ended in."""
    after = float(run.plan.measured)
    queue = float(run.sums["backlog"].mean())
    served = f"; it would be stable below {max_packets_per_s(run.model):.6g} packets/s"
    limit = served if "CPU even with NEON" not in why else ""
    return (
        f"{why}{limit}. The figures are of the first {_digits(after)} s from an empty queue, which "
        f"grows by {_digits(queue / after)} packets/s; {_digits(queue)} packets were in the system "
        "at the end"
    )


def _digits(value: float) -> str:
    """Three digits, no exponent.

    >>> _digits(34261.3), _digits(0.016651)
    ('34300', '0.0167')
    """
    return f"{float(f'{value:.3g}'):.12g}"
