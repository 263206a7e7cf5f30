"""What the address of a page under Voila asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..errors import InputError
from ..policies import Policy
from .line import state_of
from .state import State

__all__ = ["asked_of_voila", "state_asked"]


def asked_of_voila() -> str:
    """What stands behind the "?" of the page's address, if Voila serves this kernel."""
    if not os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return ""
    return "?" + os.environ.get("QUERY_STRING", "")


def state_asked(state: State, known: Sequence[type[Policy]]) -> tuple[State, str]:
    """`state` with what the page's address changes of it, and what is wrong with that, if it is.

    >>> state = State.of("reference")
    >>> state_asked(state, state.policies) == (state, "")  # not under Voila
    True
    """
    try:
        asked = asked_of_voila()
        return (state_of(asked, state, known, address=True) if asked else state), ""
    except InputError as error:
        return state, f"the page's address: {error}"
