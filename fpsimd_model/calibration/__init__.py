"""Calibration: what a recorded trace says about a machine, as a scenario with intervals."""

from __future__ import annotations

from .calibration import Calibration, calibrate
from .prediction import Prediction, predict
from .value import Value

__all__ = ["Calibration", "Prediction", "Value", "calibrate", "predict"]
