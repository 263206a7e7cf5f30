"""Lines of a trace that are no events: headers, stacks, and what the kernel says it has lost."""

from __future__ import annotations

import re

from .lines import LONGEST

__all__ = ["harmless", "lost", "shown"]

# Lines that are no events and hide none: headers, stacks, empty buffers, separators of grep.
_OTHER = re.compile(
    rb"\s*(?:#.*)?|version = .*|cpus=\d+|CPU \d+ is empty|-{2,}|\s*=> .*|\s*<stack trace>.*"
    rb"|\s+[0-9a-f]{4,16} .*\)\s*|\t.*|Warning: .*|.*not valid for \w+ events.*"
    rb"|.*PERF_RECORD_(?!LOST)\w+.*"
)
_LOST = re.compile(
    rb"\s*CPU:(?P<cpu>\d{1,5}) \[(?:LOST )?(?:(?P<n>\d{1,18}) )?EVENTS(?: DROPPED)?\]\s*"
    rb"|(?:.{0,40}?\[(?P<on>\d{3,5})\])?.{0,60}?PERF_RECORD_LOST(?:_SAMPLES)?\b"
    rb"(?:.{0,40}?lost:? (?P<m>\d{1,18}).*|.*)"
)


def harmless(line: bytes) -> bool:
    """Whether a line that is no event hides none either.

    >>> harmless(b"# tracer: nop"), harmless(b" => el1h_64_irq"), harmless(b"=NET_RX]")
    (True, True, False)
    """
    return len(line) <= LONGEST and _OTHER.fullmatch(line) is not None


def lost(line: bytes) -> tuple[int | None, int | None] | None:
    """CPU and number of events that this line reports as lost; None if it does not.

    >>> lost(b"CPU:3 [LOST 123 EVENTS]"), lost(b"CPU:7 [EVENTS DROPPED]"), lost(b"CPU 3 is empty")
    ((3, 123), (7, None), None)
    """
    match = _LOST.fullmatch(line) if len(line) <= LONGEST else None
    if match is None:
        return None
    cpu, count = match["cpu"] or match["on"], match["n"] or match["m"]
    return int(cpu) if cpu else None, int(count) if count else None


def shown(line: bytes) -> str:
    """What a message shows of a line.

    >>> shown(b"  what is this?\\xff")
    'what is this?\\\\xff'
    """
    text = line[:160].decode("utf-8", "backslashreplace").strip()
    return text + "..." if len(line) > 160 else text
