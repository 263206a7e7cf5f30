"""Whatever the bytes: events or one line of `InputError`, never anything else, never a hang."""

from __future__ import annotations

import gzip
import io
import lzma
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model import traces
from fpsimd_model.errors import InputError
from fpsimd_model.traces import Kind

from .samples import recorded, sample, text_of

FORMS = [
    "trace_default", "trace_clock_mono", "trace_noirqinfo", "trace_latfmt",
    "trace_latfmt_verbose", "tc_report", "tc_report_t_l", "recommended_rec", "ps_guest",
    "recommended_pscript", "tcl_lost", "ps_callchain", "trace_pipe_lost",
]  # fmt: skip


@cache
def piece(name: str) -> tuple[bytes, ...]:
    """Some seventy lines of a trace around its first vCPU load."""
    text = text_of(recorded(name) if name.startswith(("busy", "mmio")) else sample(name))
    lines = text.split(b"\n")
    at = next((i for i, line in enumerate(lines) if b"vcpu_load" in line), 10)
    return (*lines[:4], *lines[max(at - 10, 4) : at + 60])


def refusal(work, *args):
    """What `work` gives, or its `InputError`, which is one line."""
    try:
        return work(*args)
    except InputError as error:
        text = str(error)
    assert "\n" not in text
    return InputError(text)


def met(data: bytes) -> list[traces.Event | traces.Gap] | InputError:
    """Events and gaps, or the refusal; both ways of reading agree on all of it."""
    reader = refusal(traces.read, io.BytesIO(data))
    if isinstance(reader, InputError):
        return reader
    other = traces.read(io.BytesIO(data))
    found, rows = refusal(list, reader), refusal(other.rows)
    assert (reader.events, reader.unread, reader.gaps) == (other.events, other.unread, other.gaps)
    if isinstance(found, InputError):
        assert str(found) == str(rows)
        return found
    assert len(found) == reader.events + reader.gaps
    assert rows.counts.sum() <= len(found)
    return found


def understood(data: bytes) -> None:
    """A recording with every total equal to its steps, or a refusal."""
    recording = refusal(lambda: traces.understand(traces.read(io.BytesIO(data))))
    if isinstance(recording, InputError):
        return
    seen = recording.steps[~recording.steps["inferred"]]
    for kind, total in {
        Kind.LOAD: recording.loads,
        Kind.PUT: recording.puts,
        Kind.ENTER: recording.entries,
        Kind.EXIT: recording.exits,
    }.items():
        assert (seen["kind"] == kind).sum() == total
    assert sum(recording.exits_by_reason().values()) == (recording.steps["kind"] == Kind.EXIT).sum()
    recording.to_dict()


def attempt(data: bytes) -> None:
    met(data)
    understood(data)


@given(st.binary(max_size=600))
@settings(max_examples=300)
def test_random_bytes(data):
    attempt(data)


@given(st.binary(max_size=300), st.sampled_from([gzip.compress, lzma.compress]), st.data())
@settings(max_examples=200)
def test_random_compressed_bytes(data, pack, draw):
    packed = pack(b"\n".join(piece("trace_default")[:20]) + data)
    at = draw.draw(st.integers(0, len(packed) - 1))
    attempt(packed)
    attempt(packed[:at])
    attempt(packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :])


WORDS = (
    b"  CPU 0/KVM-134 |  <idle>-0  |[000] |[001]| d.h.. |..s.|  12.000001: | 12.5: |7: |kvm_exit: |"
    b"kvm:kvm_entry: |sched_switch: |prev_pid=1 prev_prio=| prev_state=R ==> next_comm= next_pid=2"
    b" next_prio=1|vec=3 [action=NET_RX]|(|)|kvm_arch_vcpu_load| <-|vcpu_load|+0x0/0x10)|PC: 0x40|"
    b": HSR_EC: 0x24 (X), |\n|\n|\n|\t| |-|\r\n|CPU:1 [LOST 5 EVENTS]|\xff\xfe|_|1/2 |"
    b"99999999999999999999|   a  1 [000] |softirq_entry: |=0xffff000004ea8230"
).split(b"|")


@given(st.lists(st.sampled_from(WORDS), max_size=80))
@settings(max_examples=400)
def test_words_of_the_grammar_in_any_order(words):
    attempt(b"".join(words))


OPERATIONS = st.one_of(
    st.tuples(st.just("drop"), st.integers(0, 80), st.integers(1, 30)),
    st.tuples(st.just("double"), st.integers(0, 80), st.integers(1, 5)),
    st.tuples(st.just("swap"), st.integers(0, 80), st.integers(0, 80)),
    st.tuples(st.just("cut"), st.integers(0, 80), st.integers(0, 100)),
    st.tuples(st.just("glue"), st.integers(0, 80), st.integers(0, 100)),
    st.tuples(st.just("byte"), st.integers(0, 80), st.integers(0, 100)),
    st.tuples(st.just("lost"), st.integers(0, 80), st.integers(0, 3)),
)


def damage(lines: list[bytes], operation: str, at: int, n: int) -> None:
    at %= len(lines)
    if operation == "drop":
        del lines[at : at + n]
    elif operation == "double":
        lines[at:at] = lines[at : at + n]
    elif operation == "swap":
        n %= len(lines)
        lines[at], lines[n] = lines[n], lines[at]
    elif operation == "cut":
        lines[at] = lines[at][:n]
    elif operation == "glue":
        lines[at : at + 2] = [b"".join([lines[at][:n], *lines[at + 1 : at + 2]])]
    elif operation == "byte":
        lines[at] = lines[at][:n] + b"%" + lines[at][n + 1 :]
    else:
        lines.insert(at, b"CPU:%d [LOST 1 EVENTS]" % n)


@pytest.mark.parametrize("name", [*FORMS, "mmio-ipsec", "busy-ipsec"])
@given(operations=st.lists(OPERATIONS, max_size=8), pad=st.booleans())
@settings(max_examples=40)
def test_damaged_traces(name, operations, pad):
    """Lines dropped, doubled, swapped, cut, glued, with a wrong byte."""
    lines = list(piece(name))
    for operation, at, n in operations:
        if lines:
            damage(lines, operation, at, n)
    if pad and lines:  # so many good lines that a few bad ones pass
        lines += [line for line in piece(name) if b"vcpu" not in line] * 20
    attempt(b"\n".join(lines))


@pytest.mark.parametrize("name", ["mmio-ipsec", "trace_default", "tc_report", "ps_guest"])
@given(order=st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_shuffled_lines(name, order):
    lines = list(piece(name))
    order.shuffle(lines)
    attempt(b"\n".join(lines) + b"\n")


@pytest.mark.parametrize("name", ["mmio-ipsec", "trace_default", "tc_report", "ps_guest"])
def test_every_prefix_of_a_small_trace(name):
    """Cut anywhere: what was whole is read as before, the cut line is read or told."""
    data = b"\n".join(piece(name)[:18]) + b"\n"
    whole = met(data)
    assert len(whole) > 10
    for end in range(len(data)):
        some = met(data[:end])
        if isinstance(some, InputError):
            assert end < 400  # nothing but headers, or one line that is cut
            continue
        *before, last = some
        assert before == whole[: len(before)]
        if isinstance(last, traces.Event):
            same = whole[len(before)]
            assert (last.time_ns, last.cpu, last.pid) == (same.time_ns, same.cpu, same.pid)
            assert same.name == last.name
        else:
            assert last.cause == "unread"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_every_prefix_of_a_compressed_trace(pack):
    """Cut anywhere, a compressed trace is refused: its end is known to be missing."""
    data = pack(b"\n".join(piece("mmio-ipsec")) + b"\n")
    for end in range(len(data)):
        for walk in (list, traces.Reader.rows):
            with pytest.raises(InputError):
                walk(traces.read(io.BytesIO(data[:end])))
