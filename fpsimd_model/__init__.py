"""What to do with a KVM guest's FPSIMD registers while softirqs want kernel-mode NEON.

>>> import fpsimd_model as fm
>>> scenario = fm.preset("reference")
>>> fm.check(fm.policies.Tracked)[0].correct
True
>>> round(fm.evaluate(scenario, ["tracked"])["tracked"]["guest_saves_per_s"])
4694
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it; importing typing takes longer than all the rest

__version__ = "0.1.0"

_WHERE = {
    "InputError": "errors",
    "METRICS": "results",
    "PolicyError": "registers",
    "Result": "results",
    "Results": "results",
    "Scenario": "scenario",
    "calibrate": "calibration",
    "check": "proof",
    "compare": "engines",
    "evaluate": "engines",
    "predict": "calibration",
    "preset": "scenario",
    "presets": "scenario",
    "replay": "replayer",
    "sweep": "grids",
}
_MODULES = ("app", "figures", "policies", "traces")

__all__ = ["__version__", *_WHERE, *_MODULES]

if TYPE_CHECKING:
    from . import figures, policies, traces
    from .engines import compare, evaluate
    from .errors import InputError
    from .proof import check
    from .registers import PolicyError
    from .results import METRICS, Result, Results
    from .scenario import Scenario, preset, presets


def __getattr__(name: str) -> object:
    """Load what is asked for when it is asked for: the package itself imports in no time."""
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _WHERE:
        value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
