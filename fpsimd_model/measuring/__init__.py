"""Measuring: the costs that no trace shows, on the machine that this runs on."""

from __future__ import annotations

from .crypto import Speeds, crypto_speeds
from .machine import Measurement, measure
from .registers import Moves, Wide, register_moves
from .spread import Spread

__all__ = [
    "Measurement", "Moves", "Speeds", "Spread", "Wide", "crypto_speeds", "measure",
    "register_moves",
]  # fmt: skip
