"""How long something lasts: a mean and the shape of the distribution around it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING

from fpsimd_model.bounds import LARGEST, BadValue, Choice, Number, known_keys_only
from fpsimd_model.errors import InputError, shown

if TYPE_CHECKING:
    from fpsimd_model.analytic.phases_fit import PhaseType

__all__ = ["SHAPES", "Duration", "phase_type"]

SHAPES = ("deterministic", "exponential", "gamma", "lognormal", "hyperexponential", "empirical")
KEYS = ("mean", "shape", "cv2", "samples")

_MEAN = Number("a number of microseconds", above=True)
_SAMPLE = Number("a number of microseconds")
_CV2 = Number("a squared coefficient of variation", above=True)
_SHAPE = Choice(*SHAPES)


@dataclass(frozen=True, slots=True)
class Duration:
    """A random time with mean ``mean_us`` microseconds.

    ``cv2`` is the squared coefficient of variation, variance / mean²: above 0 for ``gamma`` and
    ``lognormal``, above 1 for ``hyperexponential``, and None for the other shapes, which fix it.
    ``samples`` (microseconds) belong to ``empirical``, whose mean is theirs; ``file`` is where
    they were read from, if anywhere.

    Raises InputError for a mean, shape, cv2 or sample that is out of its domain.

    >>> Duration(1000.0)
    Duration(mean_us=1000.0, shape='exponential', cv2=None)
    >>> Duration(1000.0, "gamma", 0.25).with_mean(500.0)
    Duration(mean_us=500.0, shape='gamma', cv2=0.25)
    >>> Duration.empirical([1.0, 3.0]).scv
    0.25
    """

    mean_us: float
    shape: str = "exponential"
    cv2: float | None = None
    samples: tuple[float, ...] | None = field(default=None, repr=False)
    file: str | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "mean_us", _within("mean", _MEAN, self.mean_us))
        _within("shape", _SHAPE, self.shape)
        if self.shape in ("gamma", "lognormal", "hyperexponential"):
            put(self, "cv2", _within("cv2", _cv2_of(self.shape), self.cv2))
        elif self.cv2 is not None:
            raise BadValue(
                f"the shape {self.shape} has no cv2 to choose; leave it out, "
                'or take shape = "gamma"',
                "cv2",
            )
        if self.shape == "empirical":
            put(self, "samples", _checked_samples(self.samples))
            self._take_mean_of_samples()
        elif self.samples is not None:
            raise BadValue(
                f'the shape {self.shape} takes no samples; take shape = "empirical"', "samples"
            )

    def _take_mean_of_samples(self) -> None:
        mean = _mean(self.samples)
        if abs(self.mean_us - mean) > 1e-6 * mean:
            raise BadValue(
                f"{self.mean_us:g} disagrees with the mean of the samples, {mean:.9g}; "
                "leave it out, it follows from them",
                "mean",
            )
        object.__setattr__(self, "mean_us", mean)

    @classmethod
    def empirical(cls, samples: Iterable[float], file: str | None = None) -> Duration:
        """The distribution of ``samples`` (microseconds), each as likely as the others."""
        values = _checked_samples(samples)
        return cls(_mean(values), "empirical", samples=values, file=file)

    @classmethod
    def read(cls, value: object, directory: str | PathLike[str] = ".") -> Duration:
        """A duration as a scenario file writes it: a number (exponential mean) or a table.

        ``directory`` is where the name of a file of samples starts from.

        >>> Duration.read({"mean": 50.0, "shape": "deterministic"})
        Duration(mean_us=50.0, shape='deterministic', cv2=None)
        """
        if isinstance(value, Duration):
            return value
        if not isinstance(value, Mapping):
            return cls(_number_or_table(value))
        known_keys_only(value, KEYS)
        shape = _within("shape", _SHAPE, value.get("shape", "exponential"))
        if shape != "empirical":
            if "mean" not in value:
                raise BadValue("has no mean; write { mean = 1000.0, shape = ... }")
            return cls(value["mean"], shape, value.get("cv2"), value.get("samples"))
        samples, file = value.get("samples"), None
        if isinstance(samples, str):
            from fpsimd_model.scenario.samples import read_samples

            samples, file = _within("samples", lambda name: read_samples(name, directory), samples)
        samples = _checked_samples(samples)
        mean = value.get("mean", _mean(samples))
        return cls(mean, shape, value.get("cv2"), samples, file)

    def table(self) -> float | dict[str, object]:
        """The value as `read` takes it: a number when exponential, otherwise a table."""
        if self.shape == "exponential":
            return self.mean_us
        table: dict[str, object] = {"mean": self.mean_us, "shape": self.shape}
        if self.cv2 is not None:
            table["cv2"] = self.cv2
        if self.samples is not None:
            table["samples"] = list(self.samples)
        return table

    def with_mean(self, mean_us: float) -> Duration:
        """The same shape with another mean; samples are scaled."""
        mean = _MEAN(mean_us)
        if self.samples is None:
            return Duration(mean, self.shape, self.cv2)
        return Duration.empirical(sample * (mean / self.mean_us) for sample in self.samples)

    @property
    def mean_s(self) -> float:
        """The mean in seconds."""
        return self.mean_us * 1e-6

    @property
    def scv(self) -> float:
        """The squared coefficient of variation, whatever the shape."""
        if self.samples is not None:
            squares = math.fsum((sample - self.mean_us) ** 2 for sample in self.samples)
            return squares / len(self.samples) / self.mean_us**2
        return {"deterministic": 0.0, "exponential": 1.0}.get(self.shape, self.cv2)


def phase_type(duration: Duration, order: int | None = None) -> PhaseType:
    """The phase-type distribution that the analytic engine takes for `duration`.

    A series of exponential phases, of which each may be the last.  Below cv² = 1 two adjacent
    Erlang orders with the same mean and cv² (Tijms, Stochastic Models, 1994, appendix B); above
    it two exponentials with the same three moments, where there are such (Whitt, Operations
    Research 30 (1982) 125-147).

    Parameters
    ----------
    duration:
        Of any shape; empirical ones are fitted by the moments of their samples.
    order:
        Most phases, 2 or more (default 64): a duration of smaller cv² than 1 / order is an Erlang
        of that order.

    Returns
    -------
    PhaseType
        ``alpha`` (k,), ``T`` (k, k) per microsecond, ``matched_moments`` of the first three, and
        ``error``: ``cv2`` (difference), ``third`` (moment, relative) and ``distance`` (the largest
        between the distribution functions).

    Raises
    ------
    InputError
        On an order below 2.

    >>> four = phase_type(Duration(50.0, "gamma", 0.25))
    >>> len(four), four.matched_moments, four.exact
    (4, 3, True)
    >>> fixed = phase_type(Duration(50.0, "deterministic"))
    >>> len(fixed), fixed.error.cv2, round(fixed.error.distance, 2)
    (64, 0.015625, 0.52)
    """
    from fpsimd_model.analytic.phases_fit import ORDER, fit

    order = ORDER if order is None else order
    if order != int(order) or order < 2:
        raise InputError(f"order {shown(order)}: a whole number of phases, 2 or more, is wanted")
    return fit(duration, int(order))


def _within(key: str, check, value):
    try:
        return check(value)
    except BadValue as error:
        raise error.within(key) from None


def _number_or_table(value: object) -> float:
    try:
        return _MEAN(value)
    except BadValue as error:
        raise BadValue(
            f'{error.message}, or a table such as {{ mean = 1000.0, shape = "gamma", cv2 = 0.25 }}'
        ) from None


def _cv2_of(shape: str):
    def check(value: object) -> float:
        if value is None:
            raise BadValue(f"the shape {shape} needs it; write for example cv2 = 2.0")
        cv2 = _CV2(value)
        if shape == "hyperexponential" and cv2 <= 1.0:
            raise BadValue(
                f"a cv2 of {cv2:g} is not above 1, as the shape hyperexponential needs; "
                'take shape = "gamma"'
            )
        return cv2

    return check


def _mean(samples: tuple[float, ...]) -> float:
    return math.fsum(samples) / len(samples)


def _checked_samples(samples: object) -> tuple[float, ...]:
    if isinstance(samples, tuple) and all(
        type(sample) is float and 0.0 <= sample <= LARGEST for sample in samples
    ):
        values = samples
    elif isinstance(samples, Iterable) and not isinstance(samples, (str, Mapping)):
        values = tuple(_within("samples", _SAMPLE, sample) for sample in samples)
    else:
        raise BadValue(
            f"{'missing' if samples is None else shown(samples)}; the shape empirical wants "
            'samples = "file.csv" with one number of microseconds a line, or a list of numbers',
            "samples",
        )
    if not any(values):
        raise BadValue("no sample above 0; at least one is wanted", "samples")
    return values
