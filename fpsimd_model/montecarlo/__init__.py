"""Monte Carlo engine: the model event by event, with random numbers.

It covers all of docs/model.md: any shape of duration, MMPP arrivals, ksoftirqd, cryptd, overload.
:func:`simulate` gives results with 95% intervals, :func:`run` one policy's sums and distribution
of sojourns for figures, :func:`timeline` one short simulation event by event.

Where the model leaves a choice, a kernel developer would expect this:

**ksoftirqd.**  The budget runs from the end of the set-up and is looked at before each packet, so
that the packet under way is finished.  A preemptible vCPU thread is put (``put_sched``), what is
left is served with NEON and without moves until the queue is empty, new arrivals included, and
the thread is loaded at once, with a new residency.  A thread that is not preemptible keeps the
CPU: from then on interrupts force their exits, but their packets only queue, until vcpu_put; they
are served there, before the thread goes on to user space or sleep.  Of a busy period in ``user``
or ``sched`` ksoftirqd takes what is beyond its budget at once: with NEON and without moves (also
under ``nested-save``), and no vCPU needs to be put.

**cryptd.**  A packet that finds NEON forbidden costs its stack time in softirq; its crypto joins
the queue.  So does that of every packet that comes while the queue is not empty, NEON or not
(v4.15 crypto/simd.c: ``in_atomic() && cryptd_skcipher_queued``), which keeps packets in order.
After the busy period the kworker preempts the vCPU thread (``put_sched``) and does one request
after another with NEON; softirqs interrupt it.  Then the thread is loaded again.  Without
preemption the kworker waits for vcpu_put.  The queue has no limit (cryptd: 1000 requests).  Such
packets are not scalar; they end when their crypto does.

**Recorded arrivals** are played in their order, over and over; a replication begins at a random
moment of the recording.

**The queue** in `queue_mean_packets` and `queue_end_packets` is every packet from its interrupt
to its completion, those under way included; the end is the end of a replication.

**Interrupts without crypto** stop the packet under way, as hard interrupts do.

**A wish to preempt** is a residency that ends by preemption while the policy keeps preemption
off; ``resched_delay_mean_us`` is the mean time from each to the end of vcpu_put.
"""

from __future__ import annotations

from .engine import run, simulate
from .timeline import TimeLine, timeline

__all__ = ["TimeLine", "run", "simulate", "timeline"]
