"""Recorded traces of real kernels: read them, and tell what they say about a vCPU."""

from __future__ import annotations

from .event import Event, Gap
from .reader import Reader, read
from .recording import PACKETS, Context, Image, Kernel, Kind, Position, Recording, Step, Why
from .understand import understand, understand_all

__all__ = [
    "PACKETS",
    "Context",
    "Event",
    "Gap",
    "Image",
    "Kernel",
    "Kind",
    "Position",
    "Reader",
    "Recording",
    "Step",
    "Why",
    "read",
    "understand",
    "understand_all",
]
