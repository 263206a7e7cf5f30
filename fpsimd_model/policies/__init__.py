"""Sixteen policies, each as short as the kernel hooks it stands for.

>>> from fpsimd_model import policies
>>> policies.get("tracked").kernel
'v4.18 to v6.13'
>>> len(policies.ALL)
16
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..errors import InputError
from .base import Policy
from .busy_flag import BusyFlagLive, BusyFlagResident
from .deferred import DeferToPut, NestedSave, SoftirqsOff
from .neon_begin import FlushHook, NeonBeginAtLoad, NeonBeginPerEntry
from .pending import PendingCheck, PendingCheckGuarded
from .reload import AdaptiveReload, ReloadAtEntry, ReloadAtLoad
from .tracked import Tracked, TrackedSaveAtLoad
from .world_switch import SwitchOnExit

ALL: tuple[type[Policy], ...] = (
    SwitchOnExit,
    DeferToPut,
    SoftirqsOff,
    NeonBeginAtLoad,
    BusyFlagResident,
    BusyFlagLive,
    PendingCheck,
    PendingCheckGuarded,
    NeonBeginPerEntry,
    FlushHook,
    Tracked,
    TrackedSaveAtLoad,
    ReloadAtEntry,
    ReloadAtLoad,
    AdaptiveReload,
    NestedSave,
)
_BY_NAME = {policy.name: policy for policy in ALL}

__all__ = ["ALL", "Policy", "get", "select", *(policy.__name__ for policy in ALL)]


def get(name: str) -> type[Policy]:
    """The policy called `name`.

    Raises
    ------
    InputError
        If there is none; names the nearest and says where the list is.

    >>> get("trakced")
    Traceback (most recent call last):
    ...
    fpsimd_model.errors.InputError: no policy is called 'trakced'; did you mean 'tracked'?
    """
    try:
        return _BY_NAME[name]
    except (KeyError, TypeError):
        near = difflib.get_close_matches(str(name), _BY_NAME, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`fpsimd-model policies` lists them"
        raise InputError(f"no policy is called {name!r}; {hint}") from None


def select(
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None,
) -> list[type[Policy]]:
    """Policy classes from names, classes, one of either, or None for all sixteen.

    Raises
    ------
    InputError
        On an unknown name, on what is neither name nor policy class, on two policies of one name.
    """
    if policies is None:
        return list(ALL)
    if isinstance(policies, str | type):
        policies = [policies]
    if not isinstance(policies, Iterable):
        raise InputError(f"{policies!r} is no policy; give a name or a subclass of Policy")
    chosen: list[type[Policy]] = []
    for item in policies:
        if isinstance(item, type) and issubclass(item, Policy):
            chosen.append(item)
        elif isinstance(item, str):
            chosen.append(get(item))
        else:
            raise InputError(f"{item!r} is no policy; give a name or a subclass of Policy")
    unique: dict[str, type[Policy]] = {}
    for policy in chosen:
        if unique.setdefault(policy.name, policy) is not policy:
            raise InputError(f"two policies are called {policy.name!r}; rename one of them")
    return list(unique.values())
