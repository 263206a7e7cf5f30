"""Interrupts in bursts: a two-phase MMPP whose phase goes on through whatever the CPU does."""

from __future__ import annotations

from .chain import solve

__all__ = ["solve"]
