"""A residency that holds softirqs back: what is held so far, and how long until vcpu_put."""

from __future__ import annotations

from .moments import Moments, moments_of
from .plan import plan_of
from .residency import Residency

__all__ = ["Moments", "Residency", "moments_of", "plan_of"]
