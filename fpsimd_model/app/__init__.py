"""The explorer: sliders, curves and a table, for JupyterLab, notebooks and Voila.

>>> app = explore("cortex-a57-ipsec", ["tracked", "switch-on-exit"])
>>> app.scenario.machine_preset
'cortex-a57'
"""

from __future__ import annotations

from collections.abc import Iterable

from ..policies import ALL, Policy, select
from ..scenario import Scenario
from .address import state_asked
from .explorer import Explorer
from .line import file_of, state_of
from .state import State

__all__ = ["Explorer", "explore"]


def explore(
    scenario: str | Scenario = "cortex-a57-ipsec",
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
) -> Explorer:
    """A widget to turn the knobs of a scenario and see what each policy makes of it.

    Parameters
    ----------
    scenario:
        The name of a situation, a file that ends in ``.toml``, a line that the app gave, or a
        :class:`~fpsimd_model.Scenario`.  Under Voila the page's address may change it
        (``?softirq.interrupts_per_s=3e4``).
    policies:
        Names or classes, your own among them; None for all sixteen.

    Raises
    ------
    InputError
        On what cannot be read.

    >>> explore("reference?crypto.slowdown=7").scenario.crypto.slowdown
    7.0
    """
    chosen = None if policies is None else tuple(select(policies))
    known = tuple(dict.fromkeys([*ALL, *(chosen or ())]))
    if isinstance(scenario, Scenario):
        state = State.of(scenario)
    elif file := file_of(scenario):
        state = State.of(Scenario.load(file))
    else:
        state = state_of(scenario, known=known)
    if chosen is not None:
        state = state.show(chosen)
    return Explorer(*state_asked(state, known))
