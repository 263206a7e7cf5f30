"""Ten thousand small traces, cut, mutated and spliced: an answer that holds, or one line."""

from __future__ import annotations

import datetime
import io
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fpsimd_model import traces
from fpsimd_model.calibration.sample import COMPLETE
from fpsimd_model.calibration.watch import watch
from fpsimd_model.errors import InputError
from fpsimd_model.replayer import replay
from fpsimd_model.traces import Kind

from .samples import recorded, sample, text_of
from .synthetic import Writer
from .test_fuzz import attempt, refusal

FORMS = (
    "trace_default", "trace_noirqinfo", "trace_latfmt", "trace_latfmt_verbose", "tc_report",
    "tc_report_t_l", "ps_guest", "recommended_pscript", "ps_callchain", "trace_pipe_lost",
    "trace_fields", "perf_script_min", "trace_clock_counter", "mmio", "synthetic",
)  # fmt: skip
TOTALS = ("loads", "puts", "entries", "exits", "neon_begins", "neon_begins_task")
many = settings(
    max_examples=2000,
    deadline=datetime.timedelta(seconds=20),  # none takes a hundredth of it: a hang
    suppress_health_check=list(HealthCheck),
    database=None,
)


@cache
def piece(name: str) -> tuple[bytes, ...]:
    """Some twenty lines of a form around its first load, with their ends."""
    if name == "synthetic":
        return tuple(life(1))
    text = text_of(recorded("mmio-ipsec") if name == "mmio" else sample(name))
    lines = text.splitlines(keepends=True)
    at = next((i for i, line in enumerate(lines) if b"vcpu_load" in line), 20)
    return (*lines[:1], *lines[max(at - 2, 1) : at + 17])


def life(times: int) -> list[bytes]:
    """Ioctls, preemptions and softirqs of one vCPU thread, everything recorded."""
    writer = Writer()
    for number in range(times):
        writer.load().run().softirq(number % 3).run(live=False).put(live=True).user_exit().user()
        writer.load().run().switch("R", "idle", 0).put("kvm_sched_out", live=True)
        writer.on("<idle>", 0).switch("R", "CPU 0/KVM", 219).on("CPU 0/KVM", 219)
        writer.load("kvm_sched_in").run().softirq(2).put(live=True).user_exit().user()
    return writer.text().encode().splitlines(keepends=True)


def understood(data: bytes):
    return refusal(lambda: traces.understand(traces.read(io.BytesIO(data))))


BYTES = st.sampled_from(
    [b"", b"\0", b"\r", b"\n", b"\r\n", b"\xff", b"\xc3", b" ", b":", b": ", b"[", b"]", b"-", b"(",
     b"9" * 25, b"-1", b"99999999999", b"<", b">", b"=", b"\t", b"\x1f\x8b", b"0x", b"\xe2\x80\xa8"]
)  # fmt: skip


@pytest.mark.slow
@given(
    st.sampled_from(FORMS),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 4), BYTES), min_size=1, max_size=4),
)
@many
def test_bytes(name, changes):
    """Bytes doubled, left out, exchanged or put in, anywhere."""
    data = b"".join(piece(name))
    for at, length, put in changes:
        at %= len(data) + 1
        data = data[:at] + put + data[at + length :]
    attempt(data)


LINES = st.one_of(
    st.tuples(st.just("drop"), st.integers(0, 30), st.integers(1, 4)),
    st.tuples(st.just("double"), st.integers(0, 30), st.integers(1, 4)),
    st.tuples(st.just("swap"), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("cut"), st.integers(0, 30), st.integers(0, 99)),
    st.tuples(st.just("glue"), st.integers(0, 30), st.integers(0, 99)),
    st.tuples(st.just("crlf"), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("quote"), st.integers(0, 30), st.integers(1, 3)),
    st.tuples(st.just("long"), st.integers(0, 30), st.sampled_from([300, 5000, 70_000])),
    st.tuples(st.just("number"), st.integers(0, 30), st.integers(0, 12)),
    st.tuples(st.just("other"), st.integers(0, 30), st.integers(0, 400)),
    st.tuples(st.just("lost"), st.integers(0, 30), st.integers(0, 3)),
)


def change(lines: list[bytes], what: str, at: int, n: int) -> None:
    at %= len(lines)
    line = lines[at]
    if what == "drop":
        del lines[at : at + n]
    elif what == "double":
        lines[at:at] = lines[at : at + n]
    elif what == "swap":
        n %= len(lines)
        lines[at], lines[n] = lines[n], lines[at]
    elif what == "cut":
        lines[at] = line[:n] + b"\n"
    elif what == "glue":
        lines[at : at + 2] = [b"".join([line[:n], *lines[at + 1 : at + 2]])]
    elif what == "crlf":
        lines[at:] = [x.replace(b"\n", b"\r\n") for x in lines[at:]]
    elif what == "quote":
        lines[at:] = [b">" * n + b" " + x for x in lines[at:]]
    elif what == "long":
        lines[at] = line.rstrip() + b" x" * (n // 2) + b"\n"
    elif what == "number":
        words = line.split(b" ")
        words[n % len(words)] = b"123456789012345678901234567890"
        lines[at] = b" ".join(words).rstrip() + b"\n"
    elif what == "other":
        other = piece(FORMS[n % len(FORMS)])
        lines.insert(at, other[n % len(other)])
    else:
        lines.insert(at, b"CPU:%d [LOST 1 EVENTS]\n" % n)


@pytest.mark.slow
@given(
    st.sampled_from(FORMS), st.lists(LINES, min_size=1, max_size=5), st.integers(0, 5)
)  # fmt: skip
@many
def test_lines(name, changes, pad):
    """Lines dropped, doubled, glued, too long, quoted, of other forms, with absurd numbers."""
    lines = list(piece(name))
    for what, at, n in changes:
        if lines:
            change(lines, what, at, n)
    if not pad:  # so many good lines that a few bad ones pass
        lines += [x for x in piece(name) if b"vcpu" not in x and b"kvm" not in x] * 30
    attempt(b"".join(lines))


@pytest.mark.slow
@given(st.sampled_from(FORMS), st.sampled_from(FORMS), st.integers(0, 3000), st.integers(0, 3000))
@many
def test_spliced(one, other, head, tail):
    """The beginning of one form and the end of another."""
    first, last = b"".join(piece(one)), b"".join(piece(other))
    attempt(first[: head % (len(first) + 1)] + last[tail % (len(last) + 1) :])


LIFE = tuple(life(4))


@pytest.mark.slow
@given(st.integers(0, len(LIFE)), st.integers(0, 60), st.integers(0, 9))
@many
def test_a_prefix_counts_what_it_holds(end, more, blocks):
    """Counts grow with the trace, and never beyond what its lines say."""
    shorter, longer = LIFE[:end], LIFE[: end + more]
    one, two = understood(b"".join(shorter)), understood(b"".join(longer))
    if isinstance(one, InputError):
        return
    assert not isinstance(two, InputError)
    for name in TOTALS:
        assert getattr(one, name) <= getattr(two, name) <= getattr(one, name) + more
    text = b"".join(shorter)
    assert one.loads == text.count(b"kvm_arch_vcpu_load")
    assert one.puts == text.count(b"kvm_arch_vcpu_put")
    assert one.entries == text.count(b"ctxflush_fp")
    assert one.exits == text.count(b"ctxsync_fp")
    assert one.neon_begins == text.count(b"kernel_neon_begin")
    if blocks == 1:
        for less, whole in zip(replay(one), replay(two), strict=True):
            assert all(less[name] <= whole[name] for name in ("simd", "scalar"))


def lasted(recording) -> Counter[float]:
    """Residencies of which both ends were seen, by their length."""
    sample = watch(recording).residency
    return Counter(np.round(sample.us[sample.kinds == COMPLETE], 3).tolist())


WHOLE = lasted(understood(b"".join(LIFE)))


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(0, len(LIFE)), st.integers(0, 12)), min_size=1, max_size=2),
    st.booleans(),
)  # fmt: skip
@many
def test_a_gap_cuts_what_was_open(holes, told):
    """Lines lost with a mark: no residency is longer than it was, none is told from two halves."""
    lines, lost = list(LIFE), 0
    for at, length in holes:
        lost += len(lines[at : at + length])
        lines[at : at + length] = [b"CPU:1 [LOST %d EVENTS]\n" % length if told else
                                   b"CPU:1 [LOST EVENTS]\n"]  # fmt: skip
    found = understood(b"".join(lines))
    if isinstance(found, InputError):
        assert "were lost" in str(found)
        return
    assert found.gaps >= 1
    assert (found.steps["kind"] == Kind.GAP).sum() >= 1
    assert lasted(found) <= WHOLE
    count = b"".join(lines).count
    assert (found.loads, found.puts) == (
        count(b"kvm_arch_vcpu_load"), count(b"kvm_arch_vcpu_put"),
    )  # fmt: skip
    both = count(b"ctxflush_fp"), count(b"kvm_entry:")  # of one entry, the other line may be lost
    assert max(both) <= found.entries <= sum(both)
    assert found.exits <= count(b"ctxsync_fp") + count(b"kvm_exit")


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_every_prefix_of_every_form(name):
    """Byte by byte: events are those of the whole, and only the last line may be told unread."""
    data = b"".join(piece(name)[:9])
    whole = refusal(lambda: list(traces.read(io.BytesIO(data))))
    for end in range(len(data)):
        some = refusal(lambda end=end: list(traces.read(io.BytesIO(data[:end]))))
        if isinstance(some, InputError) or isinstance(whole, InputError):
            continue
        keep = len(some) - 1
        assert some[:keep] == whole[:keep]
        understood(data[:end])
