"""What a panel shows: a metric, the title and unit there, and its scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError
from ..results import METRICS

__all__ = ["PANELS", "Panel", "panel_of"]


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric: its title, what turns its unit into the title's, and its axis.

    `usual` is the value that most policies have all along: they share one line and one label,
    which says how many they are, and `usual_text` if it is given.  `weight` is the panel's share of
    the height, and a logarithmic axis shows so many `decades` at most, a linear one nothing below
    `least`, in the title's unit.
    """

    metric: str
    title: str
    factor: float = 1.0
    log: bool = True
    weight: float = 1.0
    usual: float | None = None
    usual_text: str = ""
    decades: float = 6.0
    least: float = -math.inf

    def usual_label(self, n: int, of: int) -> str:
        """What the common line of n policies is called, of so many in the figure.

        >>> PANELS["crypto_slowdown"].usual_label(3, 3)
        'all 3: NEON always'
        >>> PANELS["crypto_slowdown"].usual_label(11, 16)
        'all 11 others: NEON always'
        """
        who = f"all {n} others" if n < of else f"all {n}" if n > 2 else "both"
        return f"{who}: {self.usual_text}" if self.usual_text else who


PANELS: dict[str, Panel] = {
    p.metric: p
    for p in (
        Panel(
            "switch_share",
            "CPU time in register moves and FP traps [%]",
            100.0,
            weight=1.75,
            decades=3.0,
        ),
        Panel(
            "saving",
            "time in moves and traps saved, against switch-on-exit [%]",
            100.0,
            log=False,
            least=-100.0,
        ),
        Panel(
            "crypto_slowdown",
            "crypto time per packet, relative to NEON always",
            usual=1.0,
            usual_text="NEON always",
        ),
        Panel(
            "scalar_share",
            "packets whose crypto runs without NEON [%]",
            100.0,
            log=False,
            usual=0.0,
            usual_text="NEON always",
        ),
        Panel("sojourn_mean_us", "packet time from interrupt to completion, mean [us]"),
        Panel("sojourn_p50_us", "packet time from interrupt to completion, median [us]"),
        Panel("sojourn_p99_us", "packet time from interrupt to completion, 99% below [us]"),
        Panel("sojourn_p999_us", "packet time from interrupt to completion, 99.9% below [us]"),
        Panel("packets_per_s", "packets completed [1/s]"),
        Panel("max_packets_per_s", "packets at most [1/s]"),
        Panel("softirq_share", "CPU time serving packets [%]", 100.0, log=False),
        Panel("guest_share", "CPU time in the guest [%]", 100.0, log=False),
    )
}


def panel_of(panel: str | Panel) -> Panel:
    """A panel by its metric; one that is not listed gets its name, unit and a logarithmic axis.

    Raises
    ------
    InputError
        On a name that is no metric.

    >>> panel_of("traps_per_s").title
    'FP traps [1/s]'
    """
    if isinstance(panel, Panel):
        return panel
    if panel in PANELS:
        return PANELS[panel]
    if panel in METRICS:
        metric = METRICS[panel]
        return Panel(panel, f"{metric.meaning} [{metric.unit}]")
    raise InputError(f"no metric is called {panel!r}; there are {', '.join(METRICS)}")
