"""The queues of packets in one scenario, each made once for all its policies."""

from __future__ import annotations

from functools import lru_cache

from ...automaton import EVENT_NAMES, Automaton
from ...parameters import Parameters
from ..rows import SCALAR
from .busy import Queue
from .phases import Phases

__all__ = ["queue_of", "released_kind", "released_queue"]

_PUTS = [EVENT_NAMES.index("put_user"), EVENT_NAMES.index("put_sched")]


@lru_cache(maxsize=64)
def queue_of(p: Parameters, phases: Phases, service: float, moves: float = 0.0) -> Queue:
    """The queue of packets of `service` seconds, `moves` of it fixed in any case."""
    return Queue(
        phases,
        service,
        bool(p.service_cv2[0] > 0),
        float(p.batch[0]),
        bool(p.batch_fixed[0]),
        float(p.other_rate[0]),
        float(p.other_cost[0]),
        moves,
    )


def released_kind(table: Automaton) -> int:
    """How vcpu_put serves what was held, an index into ``SOFTIRQ``; of a policy that holds any."""
    return int(table.softirq[table.softirqs_off][:, _PUTS].max())


def released_queue(table: Automaton, p: Parameters, phases: Phases) -> Queue:
    """The queue that vcpu_put serves."""
    return queue_of(p, phases, float(p.packet(released_kind(table) == SCALAR)[0]))
