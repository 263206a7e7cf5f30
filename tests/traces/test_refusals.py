"""What would mislead is refused in one line that says what to do instead."""

from __future__ import annotations

import io

import pytest

from fpsimd_model import traces
from fpsimd_model.errors import InputError

from .samples import sample
from .synthetic import Writer

SAMPLES = {
    "ps_default": "perf script --guest-code",
    "perf_script": "perf script --guest-code",
    "perf_script_ns": "perf script --guest-code",
    "perf_script_min": "no CPU column",
    "ps_callchain": "no vcpu_load events.*kvm_arch_vcpu_load",
    "tcl_lost": "no vcpu_load events",
    "trace_clock_counter": "which are no times.*echo mono",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_that_mislead(name):
    with pytest.raises(InputError, match=SAMPLES[name]) as caught:
        traces.understand(traces.read(sample(name)))
    assert str(sample(name)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_events_of_loaded_vcpus_are_what_perf_leaves_out():
    """The same recording printed with --guest-code is accepted and has 80 lines more."""
    whole, less = traces.read(sample("ps_guest")), traces.read(sample("ps_default"))
    assert traces.understand(whole).loads == 17
    with pytest.raises(InputError):
        traces.understand(less)
    assert whole.events - less.events == 80


def run(writer: Writer) -> Writer:
    return writer.load().run().put(live=True).user_exit().user()


def test_no_loads():
    writer = run(Writer())
    writer.lines = [line for line in writer.lines if "kvm_arch_vcpu_load" not in line]
    with pytest.raises(InputError, match=r"no vcpu_load events.*trace-cmd record"):
        writer.understand()


@pytest.mark.parametrize("comm", ["ktimers/1", "ksoftirqd/1", "irq/45-eth0"])
def test_softirqs_in_threads(comm):
    """PREEMPT_RT and threadirqs: refused; ksoftirqd among others is no sign of either."""
    writer = run(Writer())
    for _ in range(30):
        writer.on(comm, 20)("softirq_entry: vec=3 [action=NET_RX]", "..s.2")
        writer("softirq_exit: vec=3 [action=NET_RX]", "..s.2")
    with pytest.raises(InputError, match="PREEMPT_RT or threadirqs"):
        writer.understand()
    if comm.startswith("ksoftirqd"):
        run(writer.on("CPU 0/KVM", 219).softirq())
        assert writer.understand().softirqs_outside == {3: 31}


def test_too_much_loss():
    writer = Writer()
    for _ in range(10):
        run(writer)
    writer.line("CPU:1 [LOST 4 EVENTS]")
    assert writer.understand().lost == 4
    writer.line("CPU:0 [LOST 40 EVENTS]")
    with pytest.raises(InputError, match=r"44 events \(\d+%\) were lost.*larger buffers"):
        writer.understand()


def test_times_that_run_backwards():
    """perf script --deltatime prints differences: no order of time on a CPU."""
    writer = Writer()
    for _ in range(20):
        writer.now = 1_000_000
        run(writer)
    with pytest.raises(InputError, match="times run backwards on one CPU 19 times"):
        writer.understand()


def test_ticks_are_read_and_not_understood():
    text = run(Writer()).text().replace("1.0", "10")
    reader = traces.read(io.StringIO(text))
    assert len(list(reader)) == reader.events > 0
    assert reader.clock == "ticks"
    with pytest.raises(InputError, match="bare counts"):
        traces.understand(traces.read(io.StringIO(text)))


def test_a_list_of_events_is_checked_too():
    events = [event for event in run(Writer()).read() if event.name != "kvm_arch_vcpu_load"]
    with pytest.raises(InputError, match="the trace: no vcpu_load events"):
        traces.understand(events)
