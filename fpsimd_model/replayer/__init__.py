"""The replay engine: no formula, no random numbers; a recorded trace through a policy's hooks.

For the policy that the recorded kernel ran, the counts are the kernel's own, up to what the
trace's ends cut off.  For every other they say what would have happened on that machine, in that
order of events.
"""

from __future__ import annotations

from .engine import Replay, ReplayResult, replay

__all__ = ["Replay", "ReplayResult", "replay"]
