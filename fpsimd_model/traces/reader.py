"""Reading a trace: lines to events for people, lines to rows for the model, in one pass each.

Both ways walk the same lines by the same rules, so that they always agree on what was there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..errors import InputError
from .event import Event, Gap
from .forms import sniff
from .lines import Lines
from .meaning import Meaning
from .otherlines import harmless, lost
from .rows import ALL_CPUS, Raw, Rows, pack
from .source import Source

__all__ = ["Reader", "read"]

_LIMIT = 0.01  # share of unread lines above which a trace is refused
_SHOWN = 5  # unread lines that are kept to show
_LOOK = 400  # lines that decide on the form

_QUOTE = re.compile(rb"\A(?:> ?)+")  # a trace that somebody answered to
_ENTRIES = re.compile(rb"# entries-in-buffer/entries-written: (\d{1,18})/(\d{1,18})\b.*")


class Reader:
    """A trace being read: iterate it for `Event` and `Gap`, or take its `rows` for the model.

    A reader can be walked once. Afterwards ``lines``, ``events``, ``gaps`` and ``unread`` count
    what was met; ``unread_lines`` holds the first few unread lines as ``(number, text)``;
    ``form`` names the text form and ``clock`` is ``"seconds"``, or ``"ticks"`` for a trace
    clock that prints a bare count; ``promised`` is the number of entries that the header of a
    tracefs file announces.
    """

    def __init__(
        self,
        source,
        *,
        strict: bool = False,
        progress: Callable[[int | None, int | None], None] | None = None,
        tsc_hz: float | None = None,
    ) -> None:
        if tsc_hz is not None and not 1e3 <= tsc_hz <= 1e12:
            raise InputError(
                f"tsc_hz: {tsc_hz!r} is no rate of a counter, from 1e3 to 1e12 a second"
            )
        self.tick_hz = None if tsc_hz is None else round(tsc_hz)
        self._source = Source(source)
        self.name = self._source.name
        self.strict = strict
        self.progress = progress
        self.form = ""
        self.lines = self.events = self.unread = self.gaps = self.lost = 0
        self.unread_lines: list[tuple[int, str]] = []
        self.promised: int | None = None
        self.cut = False
        self.meaning = Meaning([], [])
        self._grammar: Lines | None = None
        self._walked = False
        self._is_report = self._quoted = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the results should know about the trace, one line each."""
        notes = []
        if self.promised is not None and self.events < self.promised:
            notes.append(f"the file's header promises {self.promised} entries, {self.events} came")
        if self.lost:
            notes.append(f"the recorder lost {self.lost} events or more")
        if self.unread:
            number, line = self.unread_lines[0]
            notes.append(f"{self.unread} lines could not be read, the first is {number}: {line}")
        return tuple(notes)

    @property
    def clock(self) -> str:
        """``"seconds"``; ``"ticks"`` where the trace clock printed a bare count of unknown rate."""
        return "ticks" if self.counted and not self.tick_hz else "seconds"

    @property
    def counted(self) -> bool:
        """Whether the trace clock printed a bare count."""
        return self._grammar is not None and self._grammar.ticks

    def __iter__(self) -> Iterator[Event | Gap]:
        for lines, first, cut in self._blocks():
            grammar = self._grammar
            known, texts = grammar.bodies, grammar.texts
            for number, line in enumerate(lines, first):
                parts = grammar.quickly(line)
                if parts is None or parts[2] not in known or cut:
                    parts = grammar.apart(line)
                    new = parts is not None and (parts[2] not in known or cut)
                    if new and grammar.code(parts[2], cut) is None:
                        gap = self._no_event(line, number, parts[0].cpu, cut)
                        if gap is not None:
                            yield gap
                        continue
                if parts is not None:
                    head, time_ns, body = parts
                    self.events += 1
                    name, text, caller = texts.get(body) or grammar.text(body)
                    _, comm, pid, cpu, flags = head
                    yield Event(time_ns, cpu, pid, comm, flags, name, text, caller, number)
                    continue
                gap = self._no_event(line, number, None, cut)
                if gap is not None:
                    yield gap

    def rows(self, look: Callable[[Reader], None] | None = None) -> Rows:
        """All events that a model of register moves can use; the fast way through a trace.

        ``look`` is called with this reader once a first part of the trace has been read.
        """
        rows = Rows()
        rows.reasons, rows.images = self.meaning.reasons, self.meaning.images
        for lines, first, cut in self._blocks():
            rows.add(self._scan(lines, first, cut, rows))
            if look is not None:
                look, _ = None, look(self)
        rows.comms, rows.arm = self._grammar.comms, self.meaning.arm
        return rows

    def _scan(self, lines: list[bytes], first: int, cut: bool, rows: Rows) -> list[int]:
        """One block's rows, flat. The loop that reading a trace spends its time in."""
        grammar = self._grammar
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
                            grammar._remember(body, code)
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
            gap = self._no_event(line, number, parts and parts[0].cpu, cut)
            if gap is not None:
                cpu = ALL_CPUS if gap.cpu is None else gap.cpu
                flat += (0, pack(Raw.GAP, 0, cpu, -1), -1)
        self.events += events
        for line in reversed(lines[-50:]):
            parts = grammar.apart(line)
            if parts is not None:
                rows.saw(parts[1])
                break
        return flat

    def _blocks(self) -> Iterator[tuple[list[bytes], int, bool]]:
        """Blocks of lines with the number of their first, once the form is known."""
        if self._walked:
            raise InputError(f"{self.name}: this reader has been walked; read the trace again")
        self._walked = True
        try:
            for lines, cut in self._source.blocks():
                if self._grammar is None:
                    self._choose(lines)
                if self._quoted:
                    lines = [_QUOTE.sub(b"", line) for line in lines]
                first = self.lines + 1
                self.lines += len(lines)
                if self._grammar is not None:
                    yield lines, first, cut
                if self.unread > 1000:
                    self._refuse_unread()
                if self.progress:
                    self.progress(self._source.done, self._source.size)
        finally:
            self._source.close()
        if self._grammar is None:
            raise InputError(f"{self.name}: the trace holds no events")
        self._refuse_unread()

    def _choose(self, lines: list[bytes]) -> None:
        look = []
        for number, line in enumerate(lines, self.lines + 1):
            entries = _ENTRIES.fullmatch(line)
            if entries:
                self.promised = int(entries[1])
            self._is_report |= line.startswith((b"cpus=", b"version = "))
            if not harmless(line) and lost(line) is None:
                look.append((number, line[:4096]))
                if len(look) >= _LOOK:
                    break
        if not look:
            return
        self._quoted = 2 * sum(line.startswith(b">") for _, line in look) > len(look)
        if self._quoted:
            look = [(number, _QUOTE.sub(b"", line)) for number, line in look]
        form = sniff([line for _, line in look])
        if form is None:
            raise InputError(
                f"{self.name}:{look[0][0]}: not a trace in a form that is read here (tracefs, "
                f"trace-cmd report, perf script): {_shown(look[0][1])}"
            )
        self._grammar = Lines(form, self.meaning, self.tick_hz)
        self.form = "trace-cmd report" if self._is_report else form.name

    def _no_event(self, line: bytes, number: int, cpu: int | None, cut: bool) -> Gap | None:
        """A line that is no event: nothing, a hole that the kernel reports, or unread."""
        missing = lost(line)
        if missing is not None:
            self.gaps += 1
            self.lost += missing[1] or 1
            return Gap(*missing, number, line.strip().decode("utf-8", "backslashreplace"))
        if harmless(line):
            return None
        self.unread += 1
        self.gaps += 1
        self.cut |= cut
        if len(self.unread_lines) < _SHOWN:
            self.unread_lines.append((number, _shown(line)))
        if self.strict:
            raise InputError(f"{self.name}:{number}: cannot read this line: {_shown(line)}")
        return Gap(cpu if cpu != -1 else None, None, number, "unread")

    def _refuse_unread(self) -> None:
        unread = self.unread - self.cut  # a file's last line may be cut: that is told, not refused
        if self.events == 0:
            number, line = self.unread_lines[0] if self.unread_lines else (1, "")
            raise InputError(f"{self.name}:{number}: the trace holds no event: {line}")
        if unread > _LIMIT * (self.events + unread):
            number, line = self.unread_lines[0]
            share = 100 * unread / (self.events + unread)
            raise InputError(
                f"{self.name}:{number}: {unread} of {self.events + unread} lines ({share:.1f}%) "
                f"cannot be read as {self.form}, the first is: {line}"
            )


def _shown(line: bytes) -> str:
    text = line[:160].decode("utf-8", "backslashreplace").strip()
    return text + "..." if len(line) > 160 else text


def read(
    source, *, strict: bool = False, progress=None, tsc_hz: float | None = None
) -> Reader:  # fmt: skip
    """Open a trace for reading: an iterator of `Event` and `Gap`, in the order of the file.

    Parameters
    ----------
    source:
        A path, ``"-"`` for standard input, or an open file. Raw tracefs text (``trace`` or
        ``trace_pipe``, latency format too), ``trace-cmd report`` and ``perf script``, plain or
        compressed with gzip, xz or bzip2; form and compression are told from the content. A
        ``trace.dat`` or ``perf.data`` given by its path is printed by trace-cmd or perf.
    strict:
        Stop at the first line that cannot be read; otherwise such lines become gaps, are
        counted, and only more than 1% of them stop the reading.
    progress:
        Called as ``progress(bytes_done, size)`` after each block; either may be None.
    tsc_hz:
        Rate of the counter that the trace clock ``x86-tsc`` prints, in ticks a second.

    Raises
    ------
    InputError
        One line with file and line number, for what is missing, empty, cut, binary, in no
        known form, or mostly unread. It may come while iterating.

    >>> import io
    >>> line = b"  kvm-7  [001] ..s1.  5.763665: softirq_entry: vec=3 [action=NET_RX]\\n"
    >>> [(event.cpu, event.name, event.text) for event in read(io.BytesIO(line))]
    [(1, 'softirq_entry', 'vec=3 [action=NET_RX]')]
    """
    return Reader(source, strict=strict, progress=progress, tsc_hz=tsc_hz)
