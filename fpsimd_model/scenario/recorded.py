"""Interrupts replayed from a recording: the gaps between them, and the packets of each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike

from fpsimd_model.bounds import LARGEST, SMALLEST, BadValue, Number, known_keys_only
from fpsimd_model.errors import shown

__all__ = ["KEYS", "Recorded"]

KEYS = ("shape", "samples", "scale")
MOST = 1000  #: packets of one interrupt; netdev_budget is 300 (net/core/hotdata.c)

_GAP = Number("a number of microseconds")
_PACKETS = Number("a whole number of packets", low=1.0, high=float(MOST), multiple=1)
_SCALE = Number("a factor on the rate", above=True)
_FORM = (
    "microseconds since the interrupt before, one a line, are wanted, "
    "each with its packets behind a comma or none"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Interrupts in the order in which they were recorded, over and over.

    ``gaps_us`` are microseconds from one to the next; ``packets`` how many each brought, or None,
    in which case ``packets_per_interrupt`` says it; ``scale`` a factor on the rate (2 halves the
    gaps); ``file`` where they were read from, if anywhere.

    >>> twice = Recorded((10.0, 30.0), packets=(1, 3), scale=2.0)
    >>> twice.rate_per_s, twice.batch_mean, twice.batch_square
    (100000.0, 2.0, 5.0)
    """

    gaps_us: tuple[float, ...] = field(repr=False)
    packets: tuple[int, ...] | None = field(default=None, repr=False)
    scale: float = 1.0
    file: str | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "gaps_us", _checked("samples", _GAP, float, self.gaps_us))
        mean = math.fsum(self.gaps_us) / max(len(self.gaps_us), 1)
        if mean < SMALLEST:
            fault = "no gap above 0" if self.gaps_us else "no gap"
            raise BadValue(f"{fault}; at least one is wanted", "samples")
        if self.packets is not None:
            put(self, "packets", _checked("samples", _PACKETS, int, self.packets))
            if len(self.packets) != len(self.gaps_us):
                raise BadValue(
                    f"{len(self.gaps_us)} gaps but {len(self.packets)} numbers of packets; "
                    "one of each for every interrupt is wanted",
                    "samples",
                )
        try:
            put(self, "scale", _SCALE(self.scale))
            _SCALE(mean / self.scale)
        except BadValue as error:
            raise error.within("scale") from None

    @classmethod
    def read(cls, value: Mapping[str, object], directory: str | PathLike[str] = ".") -> Recorded:
        """From the table of a scenario file; a file's name starts from ``directory``.

        >>> Recorded.read({"shape": "recorded", "samples": [[10.0, 1], [30.0, 3]]}).packets
        (1, 3)
        """
        known_keys_only(value, KEYS)
        samples, file = value.get("samples"), None
        if isinstance(samples, str):
            from fpsimd_model.scenario.samples import read_rows

            try:
                rows, file = read_rows(samples, directory, (_GAP, _PACKETS), _FORM)
            except BadValue as error:
                raise error.within("samples") from None
        else:
            rows = _rows(samples)
        gaps = tuple(row[0] for row in rows)
        packets = tuple(row[1] for row in rows) if rows and len(rows[0]) == 2 else None
        return cls(gaps, packets, value.get("scale", 1.0), file)

    def table(self) -> dict[str, object]:
        """The table of a scenario file."""
        samples: list[object] = list(self.gaps_us)
        if self.packets is not None:
            samples = [list(row) for row in zip(self.gaps_us, self.packets, strict=True)]
        return {"shape": "recorded", "samples": samples, "scale": self.scale}

    def with_rate(self, rate_per_s: float) -> Recorded:
        """The same recording, faster or slower."""
        scale = self.scale * (rate_per_s / self.rate_per_s)
        return Recorded(self.gaps_us, self.packets, scale, self.file)

    @property
    def rate_per_s(self) -> float:
        """Interrupts per second in the long run."""
        return self.scale * len(self.gaps_us) / math.fsum(self.gaps_us) * 1e6

    @property
    def batch_mean(self) -> float | None:
        """Mean packets of an interrupt; None if they were not recorded."""
        return None if self.packets is None else sum(self.packets) / len(self.packets)

    @property
    def batch_square(self) -> float | None:
        """Mean square of the packets of an interrupt; None if they were not recorded."""
        if self.packets is None:
            return None
        return sum(packets * packets for packets in self.packets) / len(self.packets)


def _checked(key: str, check: Number, kind: type, values: object) -> tuple:
    if isinstance(values, tuple) and all(
        type(value) is kind and check.low <= value <= min(check.high, LARGEST) for value in values
    ):
        return values
    if not isinstance(values, Iterable) or isinstance(values, (str, Mapping)):
        raise BadValue(f"{shown(values)} is no list; {_FORM}", key)
    try:
        return tuple(kind(check(value)) for value in values)
    except BadValue as error:
        raise error.within(key) from None


def _rows(samples: object) -> list[tuple]:
    """A list of gaps, or of pairs of a gap and its packets."""
    if samples is None or not isinstance(samples, (list, tuple)):
        found = "missing" if samples is None else shown(samples)
        raise BadValue(
            f'{found}; the shape recorded wants samples = "file.csv" with one gap in microseconds '
            "a line, or a list",
            "samples",
        )
    rows = [tuple(row) if isinstance(row, (list, tuple)) else (row,) for row in samples]
    lengths = {len(row) for row in rows}
    if len(lengths) > 1 or not lengths <= {1, 2}:
        raise BadValue(f"rows of different length; {_FORM}", "samples")
    return rows
