"""Reading a trace: lines to events for people, lines to rows for the model, in one pass each.

Both ways walk the same lines by the same rules, so that they always agree on what was there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import InputError
from .event import Event, Gap
from .firstlines import FirstLines, unquoted
from .lines import Lines
from .meaning import Meaning
from .otherlines import harmless, lost, shown
from .rows import Rows
from .scan import scan
from .source import Source

__all__ = ["Reader", "read"]

_LIMIT = 0.01  # share of unread lines above which a trace is refused
_SHOWN = 5  # unread lines that are kept to show


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
        self.cut = False
        self.meaning = Meaning([], [])
        self._grammar: Lines | None = None
        self._first = FirstLines(self.name)
        self._walked = False

    @property
    def promised(self) -> int | None:
        """Entries that the header of a tracefs file announces."""
        return self._first.promised

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
            flat, events = scan(lines, first, cut, self._grammar, rows, self._no_event)
            rows.add(flat)
            self.events += events
            if look is not None:
                look, _ = None, look(self)
        rows.comms, rows.arm = self._grammar.comms, self.meaning.arm
        return rows

    def _blocks(self) -> Iterator[tuple[list[bytes], int, bool]]:
        """Blocks of lines with the number of their first, once the form is known."""
        if self._walked:
            raise InputError(f"{self.name}: this reader has been walked; read the trace again")
        self._walked = True
        try:
            for lines, cut in self._source.blocks():
                if self._grammar is None:
                    form = self._first.form_of(lines, self.lines + 1)
                    if form is not None:
                        self._grammar = Lines(form, self.meaning, self.tick_hz)
                        self.form = self._first.name_of(form)
                if self._first.quoted:
                    lines = unquoted(lines)
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
            self.unread_lines.append((number, shown(line)))
        if self.strict:
            raise InputError(f"{self.name}:{number}: cannot read this line: {shown(line)}")
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
