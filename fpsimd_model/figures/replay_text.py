"""A replay as text of at most 72 columns: the recording, the kernel's own counts, each policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plain import WIDTH, fill, tidy

if TYPE_CHECKING:
    from ..replayer import Replay

__all__ = ["replay_table"]

_THREADS = 16  # vCPU threads with a line of their own
_COLUMNS = (
    ("host_saves", "host", "saves"),
    ("host_restores", "host", "rest."),
    ("guest_saves", "guest", "saves"),
    ("guest_restores", "guest", "rest."),
    ("traps", "FP", "traps"),
    ("scalar", "crypto", "scalar"),
    ("guest_corruptions", "guest", "lost"),
    ("host_corruptions", "host", "lost"),
)


def replay_table(replay: Replay) -> str:
    """What the trace is, what the kernel did, and what each policy would have done.

    ``+`` marks a count that the trace shows only from below: the guest may have used FP in runs
    that it entered with its registers live.

    >>> import fpsimd_model as fm
    >>> from fpsimd_model.resources import data_path
    >>> trace = data_path("traces", "k61-vhe-busy-plain.txt.gz")
    >>> print(replay_table(fm.replay(trace, ["tracked-save-at-load"])).splitlines()[0])
    k61-vhe-busy-plain.txt.gz: vCPU thread kvmload (pid 203) on CPU 1, 2.001
    """
    about = replay.total
    who = f"vCPU thread {about.comm} (pid {about.pid}) on CPU {about.cpu}"
    if replay.vcpus:
        who = f"{len(replay.vcpus)} vCPU threads on {len(about.cpus)} CPUs"
    lines = fill(
        f"{about.name.rpartition('/')[2]}: {who}, {about.seconds:.4g} s, {about.loads} loads, "
        f"{about.entries} guest entries, NEON {about.neon_begins} times in softirq while loaded"
    )
    for one in replay.vcpus[:_THREADS]:
        thread = one.recording
        on = ", ".join(str(cpu) for cpu in thread.cpus)
        lines += fill(
            f"{thread.comm} (pid {thread.pid}) on CPU {on}: {thread.loads} loads, "
            f"{thread.entries} guest entries, NEON {thread.neon_begins} times",
            WIDTH, "  ", "    ",
        )  # fmt: skip
    if len(replay.vcpus) > _THREADS:
        lines.append(f"  and {len(replay.vcpus) - _THREADS} more")
    rows = [["policy", *(f"{a}\n{b}" for _, a, b in _COLUMNS)]]
    seen = replay.kernel
    if any(value is not None for value in seen.values()):
        rows.append(["(the kernel)", *(_count(seen.get(name)) for name, _, _ in _COLUMNS)])
    unsure = False
    for result in replay:
        cells = []
        for name, _, _ in _COLUMNS:
            low = min(result.counts[name], result.most[name])
            open_above = result.counts[name] != result.most[name]
            unsure |= open_above
            cells.append(str(low) + ("+" if open_above else ""))
        rows.append([result.policy, *cells])
    lines += ["", *_aligned(rows)]
    if unsure:
        lines.append("")
        lines += fill(
            f"+: at least; {replay.unsure_runs} of {about.exits} guest runs began with the guest's "
            "registers live, and the trace cannot tell whether they used FP"
        )
    return tidy(lines)


def _count(value: int | None) -> str:
    return "" if value is None else str(value)


def _aligned(rows: list[list[str]]) -> list[str]:
    head, body = rows[0], rows[1:]
    first = max(len(row[0]) for row in rows)
    parts = [cell.split("\n") for cell in head[1:]]
    widths = [
        max(*map(len, parts[i]), *(len(row[i + 1]) for row in body)) for i in range(len(parts))
    ]
    while first + sum(widths) + len(widths) > WIDTH and first > 12:
        first -= 1
    lines = [
        " ".join([" " * first, *(p[0].rjust(w) for p, w in zip(parts, widths, strict=True))]),
        " ".join(
            [head[0].ljust(first), *(p[1].rjust(w) for p, w in zip(parts, widths, strict=True))]
        ),
        " ".join(["-" * first, *("-" * w for w in widths)]),
    ]
    for row in body:
        cells = [c.rjust(w) for c, w in zip(row[1:], widths, strict=True)]
        lines.append(" ".join([row[0][:first].ljust(first), *cells]))
    return lines
