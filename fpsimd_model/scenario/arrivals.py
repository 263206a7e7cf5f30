"""How interrupts come and how many packets each brings, where that is more than one number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike

from fpsimd_model.bounds import BadValue, Choice, Number, known_keys_only
from fpsimd_model.scenario.recorded import Recorded

__all__ = ["Batch", "Mmpp", "Recorded", "read_batch", "read_interrupts"]

_MOST = 1000.0  # netdev_budget is 300 packets a softirq (net/core/hotdata.c)
_RATE = Number("a number of interrupts per second")
_PHASE = Number("a number of microseconds", above=True)
_MEAN = Number("a number of packets", low=1.0, high=_MOST)
_FIXED = Number("a whole number of packets", low=1.0, high=_MOST, multiple=1)
_BATCH_KEYS = ("mean", "shape")
_MMPP_KEYS = ("shape", "rate1_per_s", "rate2_per_s", "mean1_us", "mean2_us")
_MMPP_TAKES = f'shape = "mmpp" takes {", ".join(_MMPP_KEYS[1:-1])} and {_MMPP_KEYS[-1]}'


@dataclass(frozen=True, slots=True)
class Mmpp:
    """Interrupts as a Markov-modulated Poisson process of two phases.

    In phase i they come at ``rate``\\ i per second; a phase lasts ``mean``\\ i microseconds,
    exponentially distributed.

    >>> Mmpp(50_000.0, 0.0, 200.0, 800.0).rate_per_s
    10000.0
    """

    rate1_per_s: float
    rate2_per_s: float
    mean1_us: float
    mean2_us: float

    def __post_init__(self) -> None:
        for key in _MMPP_KEYS[1:]:
            check = _RATE if key.startswith("rate") else _PHASE
            try:
                object.__setattr__(self, key, check(getattr(self, key)))
            except BadValue as error:
                raise error.within(key) from None
        if self.rate1_per_s == self.rate2_per_s == 0.0:
            raise BadValue("is 0 like rate2_per_s; one phase must bring interrupts", "rate1_per_s")

    @property
    def rate_per_s(self) -> float:
        """Interrupts per second in the long run."""
        weighted = self.rate1_per_s * self.mean1_us + self.rate2_per_s * self.mean2_us
        return weighted / (self.mean1_us + self.mean2_us)

    def with_rate(self, rate_per_s: float) -> Mmpp:
        """The same phases with another rate in the long run."""
        factor = rate_per_s / self.rate_per_s
        return Mmpp(
            self.rate1_per_s * factor, self.rate2_per_s * factor, self.mean1_us, self.mean2_us
        )

    def table(self) -> dict[str, object]:
        """The table of a scenario file."""
        return {"shape": "mmpp", **{key: getattr(self, key) for key in _MMPP_KEYS[1:]}}


@dataclass(frozen=True, slots=True)
class Batch:
    """Every interrupt brings the same number of packets (a plain number is a geometric mean)."""

    mean: float

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "mean", float(_FIXED(self.mean)))
        except BadValue as error:
            raise error.within("mean") from None

    @property
    def shape(self) -> str:
        """The word for it in a scenario file."""
        return "fixed"

    def table(self) -> dict[str, object]:
        """The table of a scenario file."""
        return {"mean": self.mean, "shape": self.shape}


def read_interrupts(value: object, directory: str | PathLike[str] = ".") -> float | Mmpp | Recorded:
    """``interrupts_per_s``: a number (Poisson) or a table with shape "mmpp" or "recorded".

    ``directory`` is where the name of a recording's file starts from.
    """
    if isinstance(value, (Mmpp, Recorded)):
        return value
    if not isinstance(value, Mapping):
        return _RATE(value)
    if "shape" not in value:
        raise BadValue(f'has no shape; {_MMPP_TAKES}, shape = "recorded" takes samples')
    try:
        shape = Choice("mmpp", "recorded")(value["shape"])
    except BadValue as error:
        raise error.within("shape") from None
    if shape == "recorded":
        return Recorded.read(value, directory)
    for key in value:
        if key not in _MMPP_KEYS:
            raise BadValue(f"unknown key; {_MMPP_TAKES}", str(key))
    for key in _MMPP_KEYS:
        if key not in value:
            raise BadValue(f"has no {key}; {_MMPP_TAKES}")
    return Mmpp(*(value[key] for key in _MMPP_KEYS[1:]))


def read_batch(value: object) -> float | Batch:
    """``packets_per_interrupt``: a number (mean of a geometric from 1) or a table with a shape."""
    if isinstance(value, Batch):
        return value
    if not isinstance(value, Mapping):
        return _MEAN(value)
    known_keys_only(value, _BATCH_KEYS)
    if "mean" not in value:
        raise BadValue('has no mean; write { mean = 4, shape = "fixed" }')
    try:
        shape = Choice("geometric", "fixed")(value.get("shape", "geometric"))
    except BadValue as error:
        raise error.within("shape") from None
    if shape == "fixed":
        return Batch(value["mean"])
    try:
        return _MEAN(value["mean"])
    except BadValue as error:
        raise error.within("mean") from None
