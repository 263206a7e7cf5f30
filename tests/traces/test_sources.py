"""Where a trace can come from: compression, pipes, file objects, and what is no trace."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import threading
import tracemalloc

import pytest

from fpsimd_model import traces
from fpsimd_model.errors import InputError

from .samples import recorded, text_of

LINE = b"         kvm-7       [001] ..s1.     5.763665: softirq_entry: vec=3 [action=NET_RX]\n"
TEXT = b"# tracer: nop\n#\n" + LINE * 40


def names(source) -> list[str]:
    return [event.name for event in traces.read(source)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress])
def test_compression_is_told_from_the_content(tmp_path, pack):
    path = tmp_path / "trace.dat"  # the name says nothing
    path.write_bytes(pack(TEXT))
    assert names(path) == ["softirq_entry"] * 40
    assert names(str(path)) == ["softirq_entry"] * 40
    with path.open("rb") as file:
        assert names(file) == ["softirq_entry"] * 40
        assert not file.closed
    assert names(io.BytesIO(pack(TEXT))) == ["softirq_entry"] * 40


def test_two_gzip_members():
    assert len(names(io.BytesIO(gzip.compress(TEXT) + gzip.compress(LINE)))) == 41


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT))))
    reader = traces.read("-")
    assert reader.name == "<standard input>"
    assert len(list(reader)) == 40


def test_text_files_and_string_files(tmp_path):
    (tmp_path / "trace.txt").write_bytes(TEXT)
    with (tmp_path / "trace.txt").open() as file:
        assert len(names(file)) == 40
    assert len(names(io.StringIO(TEXT.decode()))) == 40


def test_a_slow_pipe():
    """Short reads, as trace_pipe gives them, split lines and even the magic number."""
    ours, theirs = os.pipe()

    def write() -> None:
        with os.fdopen(theirs, "wb", buffering=0) as pipe:
            data = gzip.compress(TEXT)
            for at in range(0, len(data), 7):
                pipe.write(data[at : at + 7])

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(ours, "rb", buffering=0) as pipe:
        assert len(names(pipe)) == 40
    writer.join()


def test_carriage_returns_and_a_last_line_without_end():
    assert len(names(io.BytesIO(TEXT.replace(b"\n", b"\r\n")))) == 40
    assert len(names(io.BytesIO(TEXT[:-1]))) == 40


def test_a_last_line_that_is_cut_is_a_gap():
    reader = traces.read(io.BytesIO(TEXT + LINE[:70]))
    met = list(reader)
    assert isinstance(met[-1], traces.Gap)
    assert met[-1].cpu == 1
    assert (reader.events, reader.unread) == (40, 1)


def test_progress(tmp_path):
    path = tmp_path / "trace.gz"
    path.write_bytes(gzip.compress(TEXT))
    calls: list[tuple[int | None, int | None]] = []
    list(traces.read(path, progress=lambda done, size: calls.append((done, size))))
    assert calls[-1] == (path.stat().st_size,) * 2


GZIP = gzip.compress(TEXT)
BAD = {
    "empty": (b"", "the trace is empty"),
    "empty gzip": (gzip.compress(b""), "the trace is empty"),
    "cut gzip": (GZIP[:-9], "cut or damaged"),
    "gzip header alone": (GZIP[:10], "cut or damaged"),
    "damaged gzip": (GZIP[:30] + b"\xff\xff\xff\xff" + GZIP[34:], "cut or damaged"),
    "gzip with rubbish behind": (GZIP + b"rubbish", "cut or damaged"),
    "cut xz": (lzma.compress(TEXT)[:-20], "cut or damaged"),
    "cut bzip2": (bz2.compress(TEXT)[:-9], "cut or damaged"),
    "zstd": (b"\x28\xb5\x2f\xfd" + b"x" * 40, "zstd"),
    "zeros": (b"\0" * 5000, "not a text trace"),
    "binary": (bytes(range(1, 256)) * 40, "not a trace in a form"),
    "one endless line": (b"x" * 200_000, "longer than 64 KiB"),
    "headers alone": (b"# tracer: nop\n#\n\n", "the trace holds no events"),
    "prose": (b"This is not a trace.\nNot at all.\n", "<trace>:1: not a trace in a form"),
    "trace.dat": (b"\x17\x08\x44tracing7\0" + b"\0" * 90, "trace-cmd report -N -t trace.dat"),
    "trace.dat.gz": (
        gzip.compress(b"\x17\x08\x44tracing7\n" + b"x" * 90),
        "trace-cmd report -N -t trace.dat > trace.txt",
    ),
    "perf.data": (b"PERFILE2" + b"h" * 90, "perf script --guest-code --ns -F comm,pid,tid"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_trace(what):
    """One line that says what is wrong, from both ways of reading."""
    data, message = BAD[what]
    for walk in (list, traces.Reader.rows):
        with pytest.raises(InputError) as caught:
            walk(traces.read(io.BytesIO(data)))
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


def test_missing_and_directory(tmp_path):
    with pytest.raises(InputError, match=r"none\.txt: cannot read the trace: No such file"):
        traces.read(tmp_path / "none.txt")
    with pytest.raises(InputError, match="Is a directory"):
        traces.read(tmp_path)
    with pytest.raises(InputError, match="not int"):
        traces.read(7)
    with pytest.raises(InputError, match="null"):
        traces.read("a\0b")


def test_a_closed_file(tmp_path):
    (tmp_path / "trace.txt").write_bytes(TEXT)
    file = (tmp_path / "trace.txt").open("rb")
    file.close()
    with pytest.raises(InputError, match="cannot read the trace"):
        traces.read(file)


def test_a_reader_is_walked_once():
    reader = traces.read(io.BytesIO(TEXT))
    assert len(list(reader)) == 40
    with pytest.raises(InputError, match="has been walked"):
        list(reader)


class Endless(io.RawIOBase):
    """``times`` copies of a text, without having them in memory."""

    def __init__(self, text: bytes, times: int) -> None:
        self.left, self.text, self.times = b"", text, times

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        if not self.left and self.times:
            self.left, self.times = self.text, self.times - 1
        data, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def test_memory_does_not_grow_with_the_file():
    """Six times the text, the same peak."""
    text = text_of(recorded("busy-plain"))[:400_000].rpartition(b"\n")[0] + b"\n"
    peaks = []
    for times in (3, 18):
        tracemalloc.start()
        reader = traces.read(Endless(text, times))
        assert sum(1 for _ in reader) == reader.events > times * 3000
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_a_file_is_closed(tmp_path):
    """Also when the reader is dropped half way or was never walked (a warning is an error)."""
    path = tmp_path / "trace.txt"
    path.write_bytes(TEXT)
    traces.read(path)
    events = iter(traces.read(path))
    next(events)
    del events
