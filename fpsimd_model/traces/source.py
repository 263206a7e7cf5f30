"""From a path, standard input or file object to blocks of lines, whatever the compression."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from typing import NoReturn

from ..errors import InputError
from .advice import CONVERT_PERF, CONVERT_TRACE_CMD, OLD_PERF
from .tools import Tool, tool_for

__all__ = ["BLOCK", "Source"]

BLOCK = 1 << 20
_LONGEST = 1 << 16  # no trace line comes near; a longer one is not text
_OPENERS = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\0": lzma.open, b"BZh": bz2.open}


class _Rewound(io.RawIOBase):
    """A stream with the bytes that were read from it for a look put back in front."""

    def __init__(self, head: bytes, rest) -> None:
        self.head, self.rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        if self.head:
            data, self.head = self.head[: len(buffer)], self.head[len(buffer) :]
        else:
            data = self.rest.read(len(buffer)) or b""
        buffer[: len(data)] = data
        return len(data)


class Source:
    """A trace's text as blocks of whole lines; ``done`` counts the bytes taken from the file.

    A ``trace.dat`` or ``perf.data`` given by its path is printed by trace-cmd or perf, as found.
    ``source`` is a path, ``"-"`` for standard input, or a file object (binary, or text that has
    a binary ``buffer``). Compression is recognised by its first bytes. Raises `InputError` for
    what is missing, empty, cut, or no text.
    """

    def __init__(self, source) -> None:
        self.size: int | None = None
        self._ours = self._is_file = False
        self._tool: Tool | None = None
        self._raw, self.name, self._ours = self._open(source)
        try:
            head = self._first_bytes()
            found = tool_for(head)
            if found is not None and self._is_file:
                head = self._by_tool(found[1])
            self._refuse_magic(head)
            stream = io.BufferedReader(_Rewound(head, self._raw), 1 << 16)
            opener = next((o for magic, o in _OPENERS.items() if head.startswith(magic)), None)
            self._text = opener(stream) if opener else stream
            self._packed = opener is not None
        except BaseException:
            self.close()
            raise

    def _open(self, source):
        if isinstance(source, (str, os.PathLike)):
            if os.fspath(source) == "-":
                return sys.stdin.buffer, "<standard input>", False
            path = os.fspath(source)
            try:
                raw = io.FileIO(path, "rb")
                about = os.fstat(raw.fileno())
                self.size = about.st_size or None
                self._is_file = stat.S_ISREG(about.st_mode)
                return raw, str(path), True
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise InputError(f"{path}: cannot read the trace: {reason}") from None
        if not hasattr(source, "read"):
            kind = type(source).__name__
            raise InputError(f"a trace is a path, '-' or an open file, not {kind}")
        if isinstance(source, io.StringIO):
            return io.BytesIO(source.read().encode("utf-8", "surrogateescape")), "<trace>", False
        source = getattr(source, "buffer", source)
        name = getattr(source, "name", None)
        return source, name if isinstance(name, str) else "<trace>", False

    def _first_bytes(self) -> bytes:
        head = b""
        while len(head) < 16:
            data = self._guarded(self._raw.read, 16 - len(head))
            if not data:
                break
            if not isinstance(data, bytes):
                raise InputError(f"{self.name}: open the file in binary mode")
            head += data
        if not head:
            self._refuse_empty()
        return head

    def _refuse_empty(self) -> NoReturn:
        if self._tool is not None:
            self._tool.finish()
            said = f"{self._tool.name} printed nothing{self._tool.complaint()}"
            raise InputError(f"{self.name}: {said}")
        raise InputError(f"{self.name}: the trace is empty")

    def _by_tool(self, command: tuple[str, ...]) -> bytes:
        """Go on with the text that the file's own tool prints, and its first bytes."""
        self._raw.close()
        self.size = None
        self._tool = self._raw = Tool(command, self.name)
        try:
            return self._first_bytes()
        except InputError:
            if "--guest-code" not in command or "guest-code" not in self._tool.complaint():
                raise
        self._tool.close()  # perf before 5.19
        return self._by_tool(tuple(OLD_PERF if word == "--guest-code" else word
                                   for word in command))  # fmt: skip

    def _refuse_magic(self, head: bytes) -> None:
        found = tool_for(head)
        if found is not None:
            what, command = found
            advice = CONVERT_PERF if command[0] == "perf" else CONVERT_TRACE_CMD
            raise InputError(
                f"{self.name}: {what}, not text; give its path, or convert it first: {advice}"
            )
        if head.startswith(b"\x28\xb5\x2f\xfd"):
            raise InputError(f"{self.name}: zstd is not read here; use: zstd -dc FILE | ... -")

    def _guarded(self, call, *args):
        try:
            return call(*args)
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            reason = str(error).split("\n", 1)[0] or "damaged"
            raise InputError(
                f"{self.name}: the compressed trace is cut or damaged ({reason})"
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{self.name}: cannot read the trace: {reason}") from None

    @property
    def done(self) -> int | None:
        """Bytes of the file read so far, or None where the stream cannot tell."""
        if self._tool is not None:
            return self._taken
        try:
            return self._raw.tell()
        except (OSError, ValueError, AttributeError):
            return None

    def blocks(self) -> Iterator[tuple[list[bytes], bool]]:
        """Lists of lines without their ends; the flag says that the last one had no end."""
        tail = b""
        seen = False
        self._taken = 0
        while True:
            data = self._guarded(self._text.read, BLOCK)
            if not data:
                if self._tool is not None:
                    self._tool.finish()
                break
            if b"\0" in data:
                raise InputError(f"{self.name}: not a text trace (it holds zero bytes)")
            self._taken += len(data)
            if not seen and self._packed:
                self._refuse_magic(data[:16])
            seen = True
            data = tail + data
            lines = data.split(b"\n")
            tail = lines.pop()
            if len(tail) > _LONGEST:
                raise InputError(f"{self.name}: not a text trace (a line longer than 64 KiB)")
            if b"\r" in data:
                lines = [line.rstrip(b"\r") for line in lines]
            if lines:
                yield lines, False
        if not seen:
            self._refuse_empty()
        if tail:
            yield [tail.rstrip(b"\r")], True

    def close(self) -> None:
        """Close what was opened here; never the caller's own file."""
        if self._ours:
            self._raw.close()

    __del__ = close
