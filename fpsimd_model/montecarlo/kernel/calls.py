"""The loop and some of its parts as Python calls them: with numpy's arrays and generators."""

from __future__ import annotations

import numpy as np

from . import arrivals, draws, sojourns
from .compiling import called_from_python
from .cpu import DRAWS, SHAPE, STREAM, address_of, cpu_of, stream_of
from .loop import turn_by_turn
from .pointers import floats, ints
from .waiting import in_system

__all__ = ["advance", "batch_of", "draw_shape", "next_arrival", "record", "waiting"]


def advance(
    until: float,
    position: np.ndarray,
    following: np.ndarray,
    before: np.ndarray,
    section: np.ndarray,
    softirq: np.ndarray,
    live: np.ndarray,
    preempt_off: np.ndarray,
    constants: np.ndarray,
    shapes: np.ndarray,
    samples: np.ndarray,
    gaps: np.ndarray,
    packets: np.ndarray,
    carried: np.ndarray,
    wait_time: np.ndarray,
    wait_packets: np.ndarray,
    crypto_time: np.ndarray,
    crypto_packets: np.ndarray,
    counts: np.ndarray,
    served: np.ndarray,
    sums: np.ndarray,
    histogram: np.ndarray,
    *rngs_and_log: np.random.Generator | np.ndarray | None,
) -> bool:
    """Simulate up to the first event at or after `until`; False if a ring or the log is full.

    After False give it larger rings and call again: nothing is lost, and nothing drawn twice.

    Parameters
    ----------
    until:
        Seconds on the clock.
    position, live, preempt_off, following, before, section, softirq:
        (S * E,) of the automaton, see :class:`..tables.Model`.
    constants, carried, sums:
        (1,) of the records of that kind; the last two are changed.
    shapes, samples:
        (5, 4) rows for residency, out, run loop, guest run and FP gap; samples for the empirical.
    gaps, packets:
        Recorded arrivals: seconds before each interrupt and its packets; empty if they are drawn.
    wait_*, crypto_*:
        Rings of batches whose softirq waits, and whose crypto waits for cryptd; sizes are powers
        of two, and the same.
    counts, served:
        (S * E,) events, and packets served in busy periods that began with that event; added to.
    histogram:
        (bins, 3) of sojourns; added to.
    rngs_and_log:
        A generator for each kind of draw, in the order of :data:`..streams.STREAMS`; and the log:
        :data:`..records.LOG` lines, or None, for which none of what would write is compiled.

    Raises
    ------
    TypeError
        If an array is not of the kind that the loop takes, see :func:`.cpu.address_of`.
    """
    *rngs, log = rngs_and_log
    arrays = {
        "position": position,
        "following": following,
        "before": before,
        "section": section,
        "softirq": softirq,
        "live": live,
        "preempt_off": preempt_off,
        "samples": samples,
        "gaps": gaps,
        "packets": packets,
        "wait_time": wait_time,
        "wait_packets": wait_packets,
        "crypto_time": crypto_time,
        "crypto_packets": crypto_packets,
        "counts": counts,
        "served": served,
        "histogram": histogram,
    }
    if log is not None:
        arrays["log"] = log
    cpu = cpu_of(arrays, dict(zip(DRAWS, rngs, strict=True)))
    cpu["shape"] = np.ascontiguousarray(shapes).ravel().view(cpu.dtype["shape"])
    cpu["given"], cpu["kept"], cpu["total"] = constants, carried, sums
    fits = _advance(cpu, None if log is None else True, until)
    carried[:], sums[:] = cpu["kept"], cpu["total"]
    return fits


def waiting(
    until: float,
    given: np.void,
    kept: np.void,
    wait_time: np.ndarray,
    wait_packets: np.ndarray,
    crypto_time: np.ndarray,
    crypto_packets: np.ndarray,
    gaps: np.ndarray,
    packets: np.ndarray,
    rng: np.random.Generator,
) -> tuple[int, float]:
    """After `advance` to `until`: packets in the system then, and the sum of their ages now.

    The clock stands at the event that came next, which is the more likely an arrival the fewer
    packets there are.  Interrupts that were not looked at yet are drawn from `rng`: a copy of the
    stream of arrivals.  The other arguments are as those of :func:`advance`.
    """
    arrays = {
        "wait_time": wait_time,
        "wait_packets": wait_packets,
        "crypto_time": crypto_time,
        "crypto_packets": crypto_packets,
        "gaps": gaps,
        "packets": packets,
    }
    cpu = cpu_of(arrays, {"arrivals": rng})
    cpu["given"], cpu["kept"] = given, kept
    return _waiting(cpu, until)


def next_arrival(
    rng: np.random.Generator,
    given: np.void,
    gaps: np.ndarray,
    at: float,
    phase: int,
    phase_end: float,
) -> tuple[float, int, float]:
    """The interrupt after time `at`: (time, phase, when the phase ends), seconds.

    Of recorded arrivals, whose `gaps` are not empty, the phase is the place of the gap that ends
    with the interrupt.  `given` is one record of :data:`..records.CONSTANTS`.
    """
    where = address_of("gaps", gaps)
    return _next_arrival(_stream(rng), given, where, len(gaps), at, phase, phase_end)


def batch_of(rng: np.random.Generator, given: np.void, packets: np.ndarray, phase: int) -> int:
    """Packets of an interrupt; `phase` is what :func:`next_arrival` said of it."""
    return _batch_of(_stream(rng), given, address_of("packets", packets), phase)


def draw_shape(
    rng: np.random.Generator, shapes: np.ndarray, which: int, samples: np.ndarray
) -> float:
    """Seconds of a duration that is not exponential; `shapes` are rows of `shape_rows`.

    >>> rows = np.array([[0.0, 3e-6, 0.0, 0.0]])
    >>> draw_shape(np.random.default_rng(1), rows, 0, np.zeros(0))
    3e-06
    """
    shape = np.ascontiguousarray(shapes[which]).view(SHAPE)
    return _draw_shape(_stream(rng), shape, address_of("samples", samples))


def record(histogram: np.ndarray, sojourn: float) -> int:
    """Add a sojourn, seconds, to a (bins, 3) histogram; which bin it is in.

    A row is a count, and sum and sum of squares of the place within the bin.

    >>> record(np.zeros((90000, 3)), 2.0**-30)
    0
    """
    return _record(address_of("histogram", histogram), len(histogram), float(sojourn))


def _stream(rng: np.random.Generator) -> np.ndarray:
    return np.array([stream_of(rng)], STREAM)


@called_from_python
def _advance(cpu, log, until):
    return turn_by_turn(cpu[0], log, until)


@called_from_python
def _waiting(cpu, until):
    return in_system(cpu[0], until)


@called_from_python
def _next_arrival(rng, given, gaps, recorded, at, phase, phase_end):
    return arrivals.next_arrival(rng[0], given, floats(gaps), recorded, at, phase, phase_end)


@called_from_python
def _batch_of(rng, given, packets, phase):
    return arrivals.batch_of(rng[0], given, ints(packets), phase)


@called_from_python
def _draw_shape(rng, shape, samples):
    return draws.draw_shape(rng[0], shape[0], floats(samples))


@called_from_python
def _record(histogram, n_bins, sojourn):
    return sojourns.record(floats(histogram), n_bins, sojourn)
