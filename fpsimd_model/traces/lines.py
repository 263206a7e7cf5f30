"""One file's grammar with a memory: every head and body is taken apart once, then looked up.

A line's head (who printed it, where, in which context) has a fixed width in most files, and its
body (what happened) repeats; so two look-ups replace a regular expression. Nothing is looked up
that the full grammar has not matched before.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .forms import Form, context_of, flags_from_bits
from .meaning import Meaning
from .rows import FROM_TRACER, IRQS_KNOWN, IRQS_OFF, Raw, pack
from .symbols import NAMES

__all__ = ["Head", "Lines"]

LONGEST = 4096  # bytes; the kernel formats a line of a trace in one page
_REMEMBERED = 1 << 15
_FEW = 256
_PLAIN = 300  # bytes; what kvm_entry and kvm_exit print is shorter
_WITH_SYSTEM = re.compile(rb"[\w.-]+:[^\s:]+:")
_COUNTER = re.compile(rb"([a-z][a-z0-9_.-]*)(?::[a-zA-Z]+)?:\s+\S.*")
_INNER_HEAD = re.compile(rb"[-\s/]\d+ +(?:\(.{5,9}\) +)?\[\d{3,}\] +\S.*\d: ")
_NO_NAMES = ("<...>", ":", "[guest")  # what is printed for a thread that is not known
_WITH_IMAGE = (Raw.SAVE, Raw.RESTORE, Raw.BIND)


class Head(NamedTuple):
    """Who printed a line and where; ``packed`` is the same as a row holds it."""

    packed: int
    comm: str
    pid: int
    cpu: int
    flags: str


class Lines:
    """Takes lines of one form apart; ``digits`` is how many a second has behind its point.

    ``tick_hz`` is the rate of the counter where times are bare counts.
    """

    def __init__(self, form: Form, meaning: Meaning, tick_hz: int | None = None) -> None:
        self.form, self.meaning, self.tick_hz = form, meaning, tick_hz
        self.systems = form.name.startswith("perf")  # events are printed with their system
        self.digits = 6
        self.ticks = False
        self.width = 0
        self.heads: dict[bytes, Head] = {}
        self.seconds: dict[bytes, int] = {}  # "   12." with its padding, in ns
        self.bodies: dict[bytes, int] = {}
        self.places: dict[bytes, int] = {}  # bodies up to the guest's program counter
        self.useless: dict[bytes, int] = {}
        self.comms: dict[int, str] = {}
        self.texts: dict[bytes, tuple[str, str, str]] = {}
        self._widths: set[int] = set()

    def fast_way(self) -> tuple[int, int, int]:
        """Width of a head, digits behind a second's point, and ns a last digit; 0s: no such way."""
        if self.width and self.form.fast and not self.ticks and 0 < self.digits <= 9:
            return self.width, self.digits, 10 ** (9 - self.digits)
        return 0, 0, 0

    def quickly(self, line: bytes) -> tuple[Head, int, bytes] | None:
        """The same as `apart` where head and second are known; None where they are not."""
        width, digits = self.width, self.digits
        head = self.heads.get(line[:width])
        if head is None or not 0 < digits <= 9 or len(line) > LONGEST:
            return None
        colon = line.find(b": ", width)
        point = colon - digits
        second = self.seconds.get(line[width:point])
        part = line[point:colon]
        if second is None or not part.isdigit():
            return None
        body = line[colon + 2 :].lstrip(b" ").rstrip()
        return head, second + int(part) * 10 ** (9 - digits), body

    def apart(self, line: bytes) -> tuple[Head, int, bytes] | None:
        """Head, time and body of a line by the full grammar; None if it does not fit."""
        if len(line) > LONGEST:
            return None
        match = self.form.line.fullmatch(line)
        if not match:
            return None
        key = match["head"]
        head = self.heads.get(key) or self._learn(key, match)
        time_ns = self._time(match["time"])
        if self.digits and len(key) == self.width:
            until = match.end("time") - self.digits
            if line[until - 1 : until] == b"." and time_ns < LATEST - 1_000_000_000:
                if len(self.seconds) >= _REMEMBERED:
                    self.seconds.clear()
                self.seconds[line[len(key) : until]] = time_ns // 1_000_000_000 * 1_000_000_000
        return head, time_ns, match["body"].rstrip()

    def _learn(self, key: bytes, match: re.Match[bytes]) -> Head:
        parts = match.groupdict()
        flags = (parts.get("flags") or b"").decode("latin-1")
        if "bits" in parts:
            flags = flags_from_bits(int(parts["bits"]))
        context, irqs_off = context_of(flags)
        where = context
        if irqs_off is not None:
            where |= IRQS_KNOWN | (IRQS_OFF if irqs_off else 0)
        pid = int(parts.get("pid") or -1)
        cpu = int(parts["cpu"]) if parts.get("cpu") else -1
        comm = (parts.get("comm") or b"").decode("utf-8", "backslashreplace").strip()
        if not -1 <= pid < 1 << 30:
            pid = -1
        if not -1 <= cpu < 0xFFFF:
            cpu = -1
        head = Head(pack(0, where, cpu, pid), comm, pid, cpu, flags)
        if len(self.heads) >= _REMEMBERED:
            self.heads.clear()
        self.heads[key] = head
        if pid not in self.comms or not comm.startswith(_NO_NAMES):
            self.comms[pid] = comm
        if self.form.fast and (not self.width or len(self.heads) == 1):
            self.width = len(key)
            point = match["time"].find(b".")
            self.ticks = point < 0
            self.digits = 0 if self.ticks else len(match["time"]) - point - 1
        return head

    def _time(self, text: bytes) -> int:
        """Nanoseconds; what no clock of a kernel holds is its last."""
        return min(self._printed_time(text), LATEST)

    def _printed_time(self, text: bytes) -> int:
        if self.form.name == "latency verbose":
            return int(text, 16) * 1000
        if text.endswith(b"us"):
            return int(text[:-2]) * 1000
        whole, _, part = text.partition(b".")
        if not part:
            ticks = int(whole[:19])
            return ticks * 1_000_000_000 // self.tick_hz if self.tick_hz else ticks
        return int(whole[:19]) * 1_000_000_000 + int(part[:9].ljust(9, b"0"))

    def code(self, body: bytes, cut: bool = False) -> int | None:
        """What a body says as one number (see `code_of`), 0 for nothing; None if it is torn."""
        if len(body) > LONGEST:
            return None
        if self.systems and not _WITH_SYSTEM.match(body):
            return 0 if not cut and self._is_counter(body) else None
        at = body.find(b"PC: 0x")
        if at < 0:
            at = body.find(b" rip 0x")
        if at > 0 and not cut:
            code = self.places.get(body[:at])
            if code is not None and len(body) < _PLAIN and b"] " not in body:
                return code
        name, blank, _ = body.partition(b" ")
        met = self.useless.get(name)
        if met is not None:
            if b"] " in body and _INNER_HEAD.search(body):
                return None
            if met < _FEW:  # its texts may repeat: worth remembering
                self.useless[name] = met + 1
                self.remember(body, 0)
            return 0
        parts = self.text(body)
        if parts is None or _INNER_HEAD.search(body):
            return None
        got = self.meaning.of(*parts)
        if got is None or (cut and got[0] in _WITH_IMAGE):
            return None
        kind, value = got
        code = kind | (value + 1) << 16
        if parts[2]:
            code |= FROM_TRACER << 8
        if kind == Raw.SKIP:
            code = 0
            if blank and name.endswith(b":") and self.meaning.of_no_use(parts[0], parts[1]):
                if len(self.useless) < _REMEMBERED:
                    self.useless[name] = 0
                return 0
        if at > 0 and not cut and kind in (Raw.ENTRY, Raw.KEXIT):
            if len(self.places) >= _REMEMBERED:
                self.places.clear()
            self.places[body[:at]] = code
        else:
            self.remember(body, code)
        return code

    def _is_counter(self, body: bytes) -> bool:
        """Whether this is a sample of a hardware or software event, which has no system."""
        match = _COUNTER.fullmatch(body)
        if match is None or _INNER_HEAD.search(body):
            return False
        name = match[1].decode()
        return self.meaning.of_no_use(name, "") and name not in NAMES

    def remember(self, body: bytes, code: int) -> None:
        """A body that may come again, to the letter."""
        if len(self.bodies) >= _REMEMBERED:
            self.bodies.clear()
        self.bodies[body] = code

    def text(self, body: bytes) -> tuple[str, str, str] | None:
        """Name, text and caller of a body as text."""
        parts = self.texts.get(body)
        if parts is None:
            parts = self.meaning.split(body.decode("utf-8", "backslashreplace"))
            if parts is not None:
                if len(self.texts) >= _REMEMBERED:
                    self.texts.clear()
                self.texts[body] = parts
        return parts


LATEST = (1 << 63) - 1
