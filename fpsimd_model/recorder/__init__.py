"""Recording a trace: what this machine offers, the commands, and the recording itself."""

from __future__ import annotations

from .commands import TOOLS, script
from .offer import Offer, look
from .probes import Probe, probes
from .session import record

__all__ = ["TOOLS", "Offer", "Probe", "look", "probes", "record", "script"]
