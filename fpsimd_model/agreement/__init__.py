"""Do the engines agree?  A designed set of scenarios, and every difference as a z-score."""

from __future__ import annotations

from .agreement import Agreement, Difference
from .compare import agree
from .design import design, designed
from .found import ENGINES

__all__ = ["ENGINES", "Agreement", "Difference", "agree", "design", "designed"]
