"""Trace clocks that print a bare count: refused, unless the user says how fast it counts."""

from __future__ import annotations

import io
import re

import pytest

from fpsimd_model import traces
from fpsimd_model.errors import InputError

from .samples import recorded, sample, text_of
from .synthetic import Writer

HZ = 2_900_000_000


def recording_text() -> str:
    writer = Writer()
    for _ in range(4):
        writer.load().run().softirq(2).put(live=True).user_exit().user()
    return writer.text()


def counted(text: str, hz: int) -> str:
    """The same with the x86-tsc clock, which prints `` %12llu: ``."""

    def ticks(match: re.Match) -> str:
        us = int(match[1]) * 1_000_000 + int(match[2])
        return f" {us * hz // 1_000_000:12d}: "

    return re.sub(r" +(\d+)\.(\d{6}): ", ticks, text)


@pytest.mark.parametrize("hz", [1_000_000_000, HZ, 25_000_000])
def test_ticks_become_times(hz):
    text = recording_text()
    seconds = traces.understand(traces.read(io.StringIO(text)))
    ticks = counted(text, hz)
    found = traces.understand(traces.read(io.StringIO(ticks), tsc_hz=hz))
    assert (found.steps["kind"] == seconds.steps["kind"]).all()
    apart = found.steps["time_ns"] - seconds.steps["time_ns"]
    assert abs(apart).max() <= max(1, 1_000_000_000 // hz)
    assert found.seconds == pytest.approx(seconds.seconds, abs=1e-7)


def test_ticks_of_a_recorded_trace():
    lines = text_of(recorded("busy-plain")).decode().splitlines(keepends=True)[:4000]
    text = "".join(lines)
    ticks = counted(text, HZ)
    one, other = traces.read(io.StringIO(text)), traces.read(io.StringIO(ticks), tsc_hz=HZ)
    table, ticked = one.rows().table(), other.rows().table()
    assert len(table) == len(ticked) > 1000
    for name in ("kind", "cpu", "pid", "value", "where"):
        assert (table[name] == ticked[name]).all()
    assert abs(table["time"] - ticked["time"]).max() <= 1


def test_without_the_rate_it_is_refused_at_once():
    """And not after the whole file: the refusal comes with the first part."""

    class Long(io.RawIOBase):
        given = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            data = (ticks.encode() * 9000)[self.given : self.given + len(buffer)]
            self.given += len(data)
            buffer[: len(data)] = data
            return len(data)

    ticks = counted(recording_text(), HZ)
    long = Long()
    with pytest.raises(InputError, match=r"bare counts.*--tsc-hz.*dmesg.*echo mono"):
        traces.understand(traces.read(long))
    assert 0 < long.given < 4 << 20 < 9000 * len(ticks)


def test_a_counter_of_events_is_no_tsc():
    with pytest.raises(InputError, match=r"no TSC.*counter or uptime"):
        traces.understand(traces.read(sample("trace_clock_counter"), tsc_hz=HZ))


def test_a_rate_for_times_in_seconds_is_refused():
    with pytest.raises(InputError, match="its times are seconds: read it without --tsc-hz"):
        traces.understand(traces.read(io.StringIO(recording_text()), tsc_hz=HZ))


@pytest.mark.parametrize("hz", [0, -1.0, float("nan"), float("inf"), 10.0])
def test_no_rate(hz):
    with pytest.raises(InputError, match="no rate of a counter"):
        traces.read(io.StringIO("x"), tsc_hz=hz)


@pytest.mark.parametrize(
    "times",
    [
        ("[ffffffffffffffff] 1.0ms (+0.0ms)",),
        ("99999999999999999999us",),
        ("99999999999.5",),
        ("9223372036.1", "9223372036.9"),  # the same second before and behind the last ns
        ("99999999999999999999",),
    ],
)
def test_times_that_no_clock_holds_are_its_last(times):
    heads = {"[": " task 1 0 0 00000000 00000001 ", "9": " task-1 [000] d.... "}
    lines = []
    for time in times * 2:
        head = " task-1 0d.... " if time.endswith("us") else heads[time[0]]
        lines.append(f"{head}{time}: softirq_raise: vec=3 [action=NET_RX]\n".encode())
    data = b"".join(lines)
    last = (1 << 63) - 1
    found = [event.time_ns for event in traces.read(io.BytesIO(data))]
    assert len(found) == 2 * len(times)
    assert found[-1] == last
    rows = traces.read(io.BytesIO(data)).rows()
    assert rows.counts.sum() == len(found)
    assert rows.last_ns == last
