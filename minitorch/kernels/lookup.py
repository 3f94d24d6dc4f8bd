"""How what is read at positions lies in memory, for all devices."""

from __future__ import annotations

from collections.abc import Sequence


def first_dimension(given: Sequence[int]) -> int:
    """Where the dimensions of what is read begin: those ``given`` an index, if they are side by side; else the front."""
    return given[0] if given[-1] - given[0] == len(given) - 1 else 0


def memory_order(
    shape: tuple[int, ...],
    strides: Sequence[int],
    given: Sequence[int],
    read: tuple[int, ...],
    read_strides: Sequence[Sequence[int]],
) -> list[int]:
    """The dimensions of what is read, in the order in which they are to lie in memory, from the widest steps to the closest.

    The steps of the array that is read decide, where they do not those of the indices; as in torch's iterator over several
    tensors.

    Args:
        shape, strides: of the array that is read.
        given: its dimensions that have an index.
        read: what the indices are broadcast to.
        read_strides: the strides of each index in that shape.
    """
    first = first_dimension(given)
    rest = [d for d in range(len(shape)) if d not in given]
    rest_steps, rest_sizes = ([each[d] for d in rest] for each in (strides, shape))
    ndim = len(rest) + len(read)
    steps = [[*rest_steps[:first], *[0] * len(read), *rest_steps[first:]]]
    steps += [[*[0] * first, *each, *[0] * (ndim - first - len(read))] for each in read_strides]
    sizes = [*rest_sizes[:first], *read, *rest_sizes[first:]]

    def closer(d: int, e: int) -> int:
        """Negative if dimension ``d`` is to lie closer than ``e``, positive if wider, 0 if nothing says so."""
        for each in steps:
            if each[d] and each[e]:
                if each[d] != each[e]:
                    return each[d] - each[e]
                if sizes[d] > sizes[e]:
                    return 1
        return 0

    order = list(reversed(range(ndim)))  # the closest first
    for at in range(1, ndim):
        for before in reversed(range(at)):
            verdict = closer(order[before], order[at])
            if verdict > 0:
                order[before], order[at], at = order[at], order[before], before
            elif verdict < 0:
                break
    return order[::-1]
