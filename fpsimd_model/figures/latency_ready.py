"""How long packets wait, in one call a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .ceiling import ceilings_of
from .ceiling_dots import CeilingDots
from .load_panels import LoadPanels
from .overload_data import overload_of
from .overload_strips import OverloadStrips
from .survival import survivals_of
from .survival_picture import SurvivalPicture
from .utilisation import loads_of

if TYPE_CHECKING:
    from ..policies import Policy
    from ..scenario import Scenario

    Policies = Iterable[str | type[Policy]] | str | type[Policy] | None

__all__ = ["ceilings", "delays", "loads", "overload"]


def delays(
    scenario: Scenario,
    policies: Policies = None,
    *,
    simulated: bool = True,
    seconds: float | None = None,
    seed: int = 0,
    points: int = 400,
    **options: object,
) -> SurvivalPicture:
    """The distribution of packet times by policy: the share that takes longer, over the time.

    Policies whose curves are nowhere more than 5% apart share one curve and one entry of the list.

    Parameters
    ----------
    scenario, policies:
        As :func:`fpsimd_model.evaluate` takes them.
    simulated, seconds, seed:
        Whether dots of a simulation stand beside the formula's curves, how many modelled seconds
        it lasts (by default a million packets) and its seed.
    points:
        Of each curve.
    options:
        `size` and `dpi`.

    Raises
    ------
    InputError
        On an unknown policy, or a scenario that the formula does not cover.

    >>> import fpsimd_model as fm
    >>> picture = delays(fm.preset("reference"), ["tracked", "flush-hook"], simulated=False)
    >>> [group.policies for group in picture.groups]
    [('tracked', 'flush-hook')]
    """
    picture = SurvivalPicture(**options)
    picture.set_data(
        survivals_of(
            scenario, policies, simulated=simulated, seconds=seconds, seed=seed, points=points
        )
    )
    return picture


def loads(
    scenario: Scenario, policies: Policies = None, *, points: int = 41, **options: object
) -> LoadPanels:
    """Crypto slowdown and 99th percentile over the load, each policy up to where it saturates.

    The rate of interrupts is varied.  The axis is the share of the CPU that the packets need if
    all their crypto has NEON: the same scale for every policy.

    Parameters
    ----------
    scenario, policies:
        As :func:`fpsimd_model.evaluate` takes them.
    points:
        Loads; more are added near each policy's end.
    options:
        `size` and `dpi`.

    Raises
    ------
    InputError
        On an unknown policy, or a scenario that the formula does not cover.

    >>> import fpsimd_model as fm
    >>> picture = loads(fm.preset("reference"), ["tracked", "softirqs-off"], points=3)
    >>> picture.data.ends["softirqs-off"]
    100.0
    """
    picture = LoadPanels(**options)
    picture.set_data(loads_of(scenario, policies, points=points))
    return picture


def ceilings(
    scenario: Scenario,
    policies: Policies = None,
    *,
    ciphers: Sequence[str] | None = None,
    **options: object,
) -> CeilingDots:
    """Gb/s that one CPU can serve at most, by cipher and policy.

    Parameters
    ----------
    scenario:
        The machine, the size of packets and the stack's time; its cipher and load do not matter.
    policies:
        Names or classes; None for all sixteen.
    ciphers:
        Presets of algorithms; None for all.
    options:
        `size` and `dpi`.

    Raises
    ------
    InputError
        On an unknown policy or algorithm.

    >>> import fpsimd_model as fm
    >>> picture = ceilings(fm.preset("cortex-a57-ipsec"), ["tracked"], ciphers=["aes-128-gcm"])
    >>> picture.data.gbps["tracked"].round(2).tolist()
    [4.07]
    """
    picture = CeilingDots(**options)
    picture.set_data(ceilings_of(scenario, policies, ciphers=ciphers))
    return picture


def overload(
    scenario: Scenario,
    policies: Policies = ("tracked", "busy-flag-live", "neon-begin-at-load", "softirqs-off"),
    *,
    seed: int = 0,
    window_ms: tuple[float, float] = (0.0, 8.0),
    **options: object,
) -> OverloadStrips:
    """The time line of one overload: who has the CPU, and how many packets wait, by policy.

    Parameters
    ----------
    scenario:
        With a load that is too much for scalar crypto; any other is drawn as well.
    policies:
        A strip each; up to five are legible at the default size.
    seed:
        Of the simulation; all policies meet the same interrupts.
    window_ms:
        Beginning and end of what is shown.
    options:
        `size` and `dpi`.

    Raises
    ------
    InputError
        On an unknown policy, a bad seed or window.

    >>> import fpsimd_model as fm
    >>> overload(fm.preset("reference"), "tracked", window_ms=(0, 1)).policies
    ('tracked',)
    """
    picture = OverloadStrips(**options)
    picture.set_data(overload_of(scenario, policies, seed=seed, window_ms=window_ms))
    return picture
