"""Every form in the samples is read with no event lost."""

from __future__ import annotations

from collections import Counter

import pytest

from fpsimd_model import traces
from fpsimd_model.traces.understand import _rows_of

from .samples import COUNTS, FORMS, sample

NAMES = sorted(COUNTS)


@pytest.mark.parametrize("name", NAMES)
def test_no_event_is_lost(name):
    """Each event of each kind that grep finds comes out, and each report of loss as a gap."""
    reader = traces.read(sample(name))
    met = list(reader)
    events = [event for event in met if isinstance(event, traces.Event)]
    gaps = [event for event in met if isinstance(event, traces.Gap)]
    expected = dict(COUNTS[name])
    assert len(events) == reader.events == expected.pop("lines")
    assert len(gaps) == reader.gaps == expected.pop("lost")
    assert reader.unread == 0
    assert reader.form == FORMS[name]
    counted = Counter(event.name for event in events)
    assert {key: counted[key] for key in expected} == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_fast_way_sees_what_the_events_say(name):
    """Rows made in one sweep are those made from the events one by one."""
    fast = traces.read(sample(name)).rows()
    slow = _rows_of(traces.read(sample(name)))
    assert (fast.counts == slow.counts).all()
    assert (fast.first_ns, fast.last_ns, fast.arm) == (slow.first_ns, slow.last_ns, slow.arm)
    assert fast.reasons == slow.reasons
    ours, theirs = fast.table(), slow.table()
    assert len(ours) == len(theirs)
    assert (ours == theirs).all()


def test_heads():
    """Thread, CPU, time and flags of one line of each form, read by eye."""
    wanted = {
        "trace_default": ("CPU 0/KVM", 134, 0, "d....", 12_055_700_000),
        "trace_clock_mono": ("CPU 0/KVM", 154, 0, "d....", 13_218_766_000),
        "trace_noirqinfo": ("CPU 0/KVM", 134, 0, "", 12_055_700_000),
        "trace_latfmt": ("CPU 0/KV", 134, 0, "d....", 12_055_700_000),
        "trace_latfmt_verbose": ("CPU 0/KVM", 134, 0, "d...", 12_055_700_000),
        "tc_report": ("CPU 0/KVM", 186, 0, "d....", 41_993_383_000),
        "tc_report_t_l": ("CPU 0/KV", 186, 0, "d....", 41_993_383_472),
        "recommended_rec": ("CPU 0/KVM", 134, 0, "d....", 14_499_183_200),
        "recommended_pscript": ("[guest/151]", 151, 0, "", 25_219_611_152),
        "ps_guest": (":135", 135, 0, "", 35_610_638_000),
        "trace_clock_counter": ("CPU 0/KVM", 160, 0, "d....", 1215),
    }
    for name, head in wanted.items():
        first = next(
            event
            for event in traces.read(sample(name))
            if isinstance(event, traces.Event) and event.name == "kvm_entry"
        )
        assert (first.comm, first.pid, first.cpu, first.flags, first.time_ns) == head, name


def test_x86_plugin_garbles_and_the_exits_are_the_same():
    """trace-cmd's x86 plugin prints rubbish before an arm64 exit; the reasons survive."""
    garbled = traces.understand(traces.read(sample("tc_report")))
    clean = traces.understand(traces.read(sample("tc_report_N")))
    latency = traces.understand(traces.read(sample("tc_report_t_l")))
    assert clean.exits_by_reason() == latency.exits_by_reason()
    assert set(garbled.exits_by_reason()) == set(clean.exits_by_reason())
    assert "TRAP IABT_LOW" in clean.exits_by_reason()


@pytest.mark.parametrize(
    ("name", "loads", "puts", "entries"),
    [
        ("ps_guest", 17, 17, 15),
        ("recommended_pscript", 27, 27, 21),
        ("recommended_rec", 53, 53, 41),
        ("tc_report", 134, 134, 104),
        ("tc_report_N", 123, 122, 96),
        ("tc_report_lost", 81, 81, 63),
        ("tc_report_t_l", 123, 122, 96),
        ("trace_clock_mono", 34, 34, 27),
        ("trace_default", 207, 207, 154),
        ("trace_latfmt", 113, 112, 83),
        ("trace_overrun", 1, 1, 0),
        ("trace_pipe_lost", 42, 42, 6),
    ],
)
def test_every_form_is_understood(name, loads, puts, entries):
    """Loads, puts and entries are those that grep finds; nothing else had to be made up."""
    recording = traces.understand(traces.read(sample(name)))
    assert (recording.loads, recording.puts, recording.entries) == (loads, puts, entries)
    made_up = {s.kind for s in recording if s.inferred} - {traces.Kind.RETURN_TO_USER}
    assert made_up == set()
    inside, outside = recording.softirqs_inside, recording.softirqs_outside
    assert sum(inside.values()) + sum(outside.values()) > 0


def test_the_same_recording_in_two_forms_is_the_same():
    """latency format, verbose, no irq flags: one buffer printed three ways, up to where cut."""
    plain = list(traces.understand(traces.read(sample("trace_fields"))))
    bare = list(traces.understand(traces.read(sample("trace_noirqinfo"))))
    verbose = list(traces.understand(traces.read(sample("trace_latfmt_verbose"))))
    keys = [[(s.time_ns, s.kind, s.value) for s in steps] for steps in (plain, bare, verbose)]
    shortest = min(map(len, keys)) - 5
    assert shortest > 300
    assert keys[0][:shortest] == keys[1][:shortest] == keys[2][:shortest]
