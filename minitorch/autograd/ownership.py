"""Who else holds an array: what nobody else sees may be taken over, or written over, instead of copied.

Python counts the references to an object, and torch decides by the same count. So a function here is as exact as its callers:
each variable that still refers to the array, and each argument, is a holder too.
"""

from __future__ import annotations

from sys import getrefcount
from typing import Any

Array = Any  # an array of any device: what a table of kernels takes and gives


def _count_for_a_single_holder() -> int:
    """What getrefcount() says of an object in a variable that only one list refers to beside it."""
    holder = [object()]
    held = holder[0]
    return getrefcount(held)


ALONE = _count_for_a_single_holder()


def is_alone(grads: list[Any], number: int) -> bool:
    """Whether nothing but this list refers to an array in it.

    Whoever keeps a gradient (a hook, a caller, another edge that the same array was sent along) holds a reference.
    """
    array = grads[number]
    return getrefcount(array) == ALONE


def has_memory_of_its_own(array: Array) -> bool:
    """Whether no array but this one, given in a variable, shows its memory, or a part of it: it may be written over."""
    memory = array.base
    if memory is None:
        return True
    return (
        type(memory) is type(array)
        and memory.size == array.size
        and 0 not in array.strides
        and getrefcount(memory) == ALONE
    )
