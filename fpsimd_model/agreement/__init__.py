"""Do the engines agree?  A designed set of scenarios, and every difference as a z-score."""

from __future__ import annotations

from .compare import Agreement, Difference, agree
from .design import design

__all__ = ["Agreement", "Difference", "agree", "design"]
