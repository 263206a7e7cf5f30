"""What the first lines of a trace tell: its form, if it is quoted, what its header promises."""

from __future__ import annotations

import re

from ..errors import InputError
from .forms import Form, sniff
from .otherlines import harmless, lost, shown

__all__ = ["FirstLines", "unquoted"]

_LOOK = 400  # lines that decide on the form

_QUOTE = re.compile(rb"\A(?:> ?)+")  # a trace that somebody answered to
_ENTRIES = re.compile(rb"# entries-in-buffer/entries-written: (\d{1,18})/(\d{1,18})\b.*")


def unquoted(lines: list[bytes]) -> list[bytes]:
    """Lines of a mail without what its reply put ahead of them.

    >>> unquoted([b"> > # tracer: nop"])
    [b'# tracer: nop']
    """
    return [_QUOTE.sub(b"", line) for line in lines]


class FirstLines:
    """Of the trace of this name; ``quoted``, and ``promised`` entries, None where none are."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.promised: int | None = None
        self.quoted = self._is_report = False

    def form_of(self, lines: list[bytes], first: int) -> Form | None:
        """The form of a trace's first block with events; None while there are none.

        Raises
        ------
        InputError
            On lines in no known form; `first` is the number of the block's first.
        """
        look = []
        for number, line in enumerate(lines, first):
            entries = _ENTRIES.fullmatch(line)
            if entries:
                self.promised = int(entries[1])
            self._is_report |= line.startswith((b"cpus=", b"version = "))
            if not harmless(line) and lost(line) is None:
                look.append((number, line[:4096]))
                if len(look) >= _LOOK:
                    break
        if not look:
            return None
        number, texts = look[0][0], [line for _, line in look]
        self.quoted = 2 * sum(line.startswith(b">") for line in texts) > len(texts)
        if self.quoted:
            texts = unquoted(texts)
        form = sniff(texts)
        if form is None:
            raise InputError(
                f"{self._name}:{number}: not a trace in a form that is read here (tracefs, "
                f"trace-cmd report, perf script): {shown(texts[0])}"
            )
        return form

    def name_of(self, form: Form) -> str:
        """The form's name for people."""
        return "trace-cmd report" if self._is_report else form.name
