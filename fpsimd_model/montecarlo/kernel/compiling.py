"""How the loop is compiled, and whether what was compiled before is still right.

numba looks for what it has compiled by the file of the function that Python calls, not by those
of the functions that this calls in turn (numba #8396), nor by the constants that were compiled
in.  So the name of such a function ends with a digest of all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from numba import njit

from ...automaton import EVENT_NAMES, SOFTIRQ
from ...events import POSITIONS
from ..records import NOTES, SHAPES

__all__ = ["DIGEST", "called_from_python", "compiled", "digest", "part"]


def digest(files: list[Path], *constants: object) -> str:
    """Of the text of `files` and of `constants`; 12 hexadecimal digits.

    >>> digest([], "a") == digest([], "a") != digest([], "b")
    True
    """
    found = hashlib.sha256(repr(constants).encode())
    for file in files:
        found.update(file.read_bytes())
    return found.hexdigest()[:12]


#: Of all that is compiled in.
DIGEST = digest(
    sorted(Path(__file__).parent.glob("*.py")), EVENT_NAMES, SOFTIRQ, POSITIONS, NOTES, SHAPES
)

#: A turn of the loop, or what is seldom called: small functions make better machine code.
compiled = njit(nogil=True, error_model="numpy")

#: A part of one, which becomes part of the code of whoever calls it.
part = njit(nogil=True, error_model="numpy", forceinline=True)


def called_from_python(function: Callable) -> Callable:
    """Compile `function`, and keep what was compiled."""
    function.__qualname__ += f"_{DIGEST}"
    return njit(cache=True, nogil=True, error_model="numpy")(function)
