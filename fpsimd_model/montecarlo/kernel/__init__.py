"""The compiled loop: one CPU, one vCPU thread, its interrupts, until a given time.

``loop`` says whose turn it is: ``service`` (a busy period), ``interrupts``, ``put`` (vcpu_put),
``residency`` (in the guest and in the run loop) or ``elsewhere``.  These rest on ``happening`` (an
event of the automaton), ``arrivals``, ``draws``, ``sojourns`` and ``notes``, know things by
``codes``, and work on the one record of ``cpu``, whose arrays they find by ``pointers``.
``calls`` is what Python calls, ``compiling`` how all of it becomes one piece of machine code.
"""

from __future__ import annotations

from .calls import advance, batch_of, draw_shape, next_arrival, record, waiting
from .codes import NEON, SCALAR
from .sojourns import BIN_BITS, FIRST_BIN

__all__ = [
    "BIN_BITS",
    "FIRST_BIN",
    "NEON",
    "SCALAR",
    "advance",
    "batch_of",
    "draw_shape",
    "next_arrival",
    "record",
    "waiting",
]
