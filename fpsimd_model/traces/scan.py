"""A block of lines as rows for the model: the loop that reading a trace spends its time in."""

from __future__ import annotations

from collections.abc import Callable

from .event import Gap
from .lines import Lines
from .rows import ALL_CPUS, Raw, Rows, pack

__all__ = ["scan"]


def scan(
    lines: list[bytes],
    first: int,
    cut: bool,
    grammar: Lines,
    rows: Rows,
    no_event: Callable[[bytes, int, int | None, bool], Gap | None],
) -> tuple[list[int], int]:
    """One block's rows, flat, and how many events they are of.

    `first` is the number of its first line; `cut` is for what a file ends with where its last line
    has no end; `no_event` is told of each line that is none, its number, its CPU if known, and
    `cut`, and gives the gap that it makes.
    """
    flat: list[int] = []
    heads, bodies = grammar.heads, grammar.bodies
    known_head, known_body, known_second = heads.get, bodies.get, grammar.seconds.get
    width, digits, scale = grammar.fast_way()
    fast = width > 0 and not cut
    events = 0
    for number, line in enumerate(lines, first):
        head = known_head(line[:width]) if fast else None
        if head is not None:
            colon = line.find(b": ", width)
            second = known_second(line[width : colon - digits])
            part = line[colon - digits : colon]
            if second is not None and part.isdigit():
                body = line[colon + 2 :]
                code = known_body(body)
                if code is None:
                    stripped = body.lstrip(b" ").rstrip()
                    code = known_body(stripped)
                    if code is None:
                        code = grammar.code(stripped)
                    elif stripped is not body:  # a column's padding, the same in every line
                        grammar.remember(body, code)
                if code is not None:
                    events += 1
                    if code:
                        flat += (
                            second + int(part) * scale,
                            head[0] | code & 0xFFFF,
                            (code >> 16) - 1,
                        )
                    continue
        parts = grammar.apart(line)
        if parts is not None:
            head, time_ns, body = parts
            code = known_body(body)
            if code is None or cut:
                code = grammar.code(body, cut)
            if not fast:
                width, digits, scale = grammar.fast_way()
                fast = width > 0 and not cut
            if code is not None:
                events += 1
                if rows.first_ns is None:
                    rows.saw(time_ns)
                if code:
                    flat += (time_ns, head.packed | code & 0xFFFF, (code >> 16) - 1)
                continue
        gap = no_event(line, number, parts and parts[0].cpu, cut)
        if gap is not None:
            cpu = ALL_CPUS if gap.cpu is None else gap.cpu
            flat += (0, pack(Raw.GAP, 0, cpu, -1), -1)
    for line in reversed(lines[-50:]):
        parts = grammar.apart(line)
        if parts is not None:
            rows.saw(parts[1])
            break
    return flat, events
