"""The grammar of every text form of a trace: how a line is cut into who, where, when and what.

Sources: kernel/trace/trace_output.c (tracefs), libtraceevent's tep_print_event (trace-cmd),
tools/perf/builtin-script.c (perf script); checked against recordings of 6.1, 6.12 and 7.3.
A comm has at most 15 bytes, may hold blanks, brackets, dashes, slashes and colons, and is
therefore matched lazily, bounded, and anchored on what follows it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["FORMS", "Form", "Head", "context_of", "sniff"]

_COMM = rb" *(?P<comm>.{1,16}?)"
_TGID = rb"(?:\( *(?:\d+|-+)\) *)?"
_FLAGS = rb"(?: +(?P<flags>[^\s:\[\]]{4,8})(?= ))?"
_BODY = rb"(?P<body>\S.*)"


class Form(NamedTuple):
    """One way of printing a trace; ``fast`` says that its head has a fixed width in a file."""

    name: str
    line: re.Pattern[bytes]
    fast: bool


FORMS = (
    # tracefs `trace`, `trace_pipe`; trace-cmd report prints the same head.
    Form(
        "tracefs",
        re.compile(
            rb"(?P<head>"
            + _COMM
            + rb"-(?P<pid>\d+) +"
            + _TGID
            + rb"\[(?P<cpu>\d+)\]"
            + _FLAGS
            + rb") +(?P<time>\d+(?:\.\d+)?): +"
            + _BODY
        ),
        True,
    ),
    # tracefs with latency-format, trace-cmd report -l: the CPU is glued to the flags.
    Form(
        "latency",
        re.compile(
            rb"(?P<head>" + _COMM + rb"-(?P<pid>\d+) +(?P<cpu>\d+)(?P<flags>[^\s\d:][^\s:]{3,7})"
            rb") +(?P<time>\d+us|\d+\.\d+)(?P<mark>[^\s\d]| )?: +" + _BODY
        ),
        False,
    ),
    # latency-format with verbose: flags and times as numbers.
    Form(
        "latency verbose",
        re.compile(
            rb"(?P<head>" + _COMM + rb" +(?P<pid>\d+) +(?P<cpu>\d+) +(?P<bits>\d+)"
            rb") +[0-9a-f]{8} [0-9a-f]{8} \[(?P<time>[0-9a-f]{8,16})\] "
            rb"-?\d+\.\d+ms \(\+?-?\d+\.\d+ms\): +" + _BODY
        ),
        False,
    ),
    # perf script: no dash before the number, event names with their system.
    Form(
        "perf script",
        re.compile(
            rb"(?P<head>" + _COMM + rb" +(?:(?:\d+|-1)/)?(?P<pid>\d+|-1) +\[(?P<cpu>\d+)\]"
            rb"(?: +(?P<misc>[A-Za-z]{1,8}))?) +(?P<time>\d+\.\d+): +(?:\d+ +)?"
            rb"(?P<body>(?:[\w.-]+:)?[^\s:]+:.*)"
        ),
        True,
    ),
    # perf script without a thread, or without a CPU: read, but of no use for residencies.
    Form(
        "perf script, no thread",
        re.compile(
            rb"(?P<head> *\[(?P<cpu>\d+)\](?: +(?P<misc>[A-Za-z]{1,8}))?)"
            rb" +(?P<time>\d+\.\d+): +(?:\d+ +)?(?P<body>[\w.-]+:[^\s:]+:.*)"
        ),
        False,
    ),
    Form(
        "perf script, no CPU",
        re.compile(
            rb"(?P<head>(?: *(?P<comm>.{1,16}?)(?: +(?:(?:\d+|-1)/)?(?P<pid>\d+|-1))?)??)"
            rb" *(?P<time>\d+\.\d+): +(?:\d+ +)?(?P<body>[\w.-]+:[^\s:]+:.*)"
        ),
        False,
    ),
)

#: Contexts of a line, from its flags: 0 unknown, then task, softirq, hardirq, NMI.
UNKNOWN, TASK, SOFTIRQ, HARDIRQ, NMI = range(5)
_CONTEXT = {"s": SOFTIRQ, "h": HARDIRQ, "H": HARDIRQ, "z": NMI, "Z": NMI}


class Head(NamedTuple):
    """Who printed a line and where; ``end`` is the length of this part of the line."""

    comm: str
    pid: int
    cpu: int
    flags: str
    end: int


def context_of(flags: str) -> tuple[int, bool | None]:
    """Context and whether interrupts are off, from the flag characters (4 to 8, or none).

    The context stands third; the columns for a lazy need-resched of old RT patches and RHEL 9
    push it to fourth, and their characters do not collide with it.

    >>> context_of("d.h.."), context_of("....1.."), context_of("")
    ((3, True), (1, False), (0, None))
    """
    if len(flags) < 4:
        return UNKNOWN, None
    context = TASK
    for char in flags[2:4]:
        if char in _CONTEXT:
            context = _CONTEXT[char]
            break
    return context, flags[0] in "dD"


def flags_from_bits(bits: int) -> str:
    """The flag characters for the number that latency-format prints when it is verbose.

    >>> flags_from_bits(9), flags_from_bits(16), flags_from_bits(0)
    ('d.h.', '..s.', '....')
    """
    irqs = "d" if bits & 1 else "X" if bits & 2 else "b" if bits & 0x80 else "."
    resched = "N" if bits & 4 else "."
    context = "z" if bits & 0x40 else "h" if bits & 8 else "s" if bits & 0x10 else "."
    return irqs + resched + context + "."


def sniff(lines: list[bytes]) -> Form | None:
    """The form that most of these lines are in, or None if they are in no known form.

    >>> sniff([b"  init-1  [000] ..s1.  5.763665: softirq_entry: vec=3 [action=NET_RX]"]).name
    'tracefs'
    """
    scores = []
    for form in FORMS:
        scores.append(sum(form.line.fullmatch(line) is not None for line in lines))
        if scores[-1] == len(lines):  # no form can match more
            break
    best = max(range(len(scores)), key=lambda i: (scores[i], -i))
    return FORMS[best] if scores[best] else None
