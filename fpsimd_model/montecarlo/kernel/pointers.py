"""What is at an address: numbers, or a stream of random numbers.

numba counts references to arrays and generators, and a function that takes some counts again,
atomically, wherever there is a loop between its beginning and its end.  That made the loop thirty
times slower.  Addresses are counted by nobody; :mod:`.cpu` holds them, and its caller the arrays.
"""

from __future__ import annotations

from numba.core import cgutils, types
from numba.extending import intrinsic

__all__ = ["flags", "floats", "ints", "stream"]


def _at(element):
    """Python's view of :func:`floats` and the like: its type, and how to make it."""
    kind = types.CPointer(element)

    def codegen(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(kind))

    return kind(types.int64), codegen


@intrinsic
def floats(typing_context, address):
    """The ``float64`` numbers at `address`."""
    return _at(types.float64)


@intrinsic
def ints(typing_context, address):
    """The ``int64`` numbers at `address`."""
    return _at(types.int64)


@intrinsic
def flags(typing_context, address):
    """The truth values, a byte each, at `address`."""
    return _at(types.uint8)


@intrinsic
def stream(typing_context, state, next_uint64, next_double):
    """The bit generator with this state and these functions, all of them addresses."""
    kind = types.NumPyRandomBitGeneratorType("bit_generator")

    def codegen(context, builder, signature, arguments):
        bits = cgutils.create_struct_proxy(kind)(context, builder)
        bits.state, bits.fnptr_next_uint64, bits.fnptr_next_double = arguments
        return bits._getvalue()

    return kind(types.int64, types.int64, types.int64), codegen
