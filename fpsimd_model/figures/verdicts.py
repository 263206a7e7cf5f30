"""What the check said, in the forms that callers have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ..proof import Verdict

__all__ = ["Verdicts", "correctness"]

Verdicts: TypeAlias = "Iterable[Verdict] | Mapping[str, Verdict | bool]"


def correctness(verdicts: Verdicts | None) -> dict[str, bool]:
    """Whether each policy is correct, from verdicts, from a mapping by name, or from nothing.

    >>> correctness({"tracked": True}), correctness(None)
    ({'tracked': True}, {})
    """
    if verdicts is None:
        return {}
    if isinstance(verdicts, Mapping):
        return {name: v if isinstance(v, bool) else v.correct for name, v in verdicts.items()}
    return {verdict.policy: verdict.correct for verdict in verdicts}
