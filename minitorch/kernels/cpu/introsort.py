"""Musser's introspective sort and selection, step by step as GNU's C++ library takes them.

torch sorts and selects with that library, and where elements are equal, the steps decide in which order their indices come out.
Here keys and indices are two arrays, of which always the same elements are moved. NaN counts as larger than all numbers, unless
the order is ``PLAIN``, in which it is neither smaller nor larger than anything: then the result is what the steps make of it.

Source: D. Musser, "Introspective Sorting and Selection Algorithms", 1997; of the library, which pivot it takes (the median of
the second, the middle and the last element), and that it sorts up to 16 elements by insertion.
"""

from __future__ import annotations

from minitorch.kernels.cpu.compiler import jit
from minitorch.kernels.cpu.sorting import SMALL

__all__ = ["PLAIN", "partial_sort", "select", "sort"]

PLAIN = 2  # in the place of ``descending``


@jit
def _before(a, b, descending):
    if descending == PLAIN:
        return a < b
    if descending:
        return a > b or (a != a and b == b)
    return a < b or (a == a and b != b)


@jit
def _swap(keys, order, i, j):
    keys[i], keys[j] = keys[j], keys[i]
    order[i], order[j] = order[j], order[i]


@jit
def _insertion_sort(keys, order, begin, end, descending):
    for position in range(begin + 1, end):
        key, index = keys[position], order[position]
        to_front = position - begin < SMALL and _before(key, keys[begin], descending)
        while position > begin and (to_front or _before(key, keys[position - 1], descending)):
            keys[position], order[position] = keys[position - 1], order[position - 1]
            position -= 1
        keys[position], order[position] = key, index


@jit
def _partition(keys, order, begin, end, descending):
    """Puts what comes before a pivot to the front; returns where the rest begins."""
    second, middle, last = begin + 1, begin + (end - begin) // 2, end - 1
    if _before(keys[second], keys[middle], descending):
        if _before(keys[middle], keys[last], descending):
            chosen = middle
        else:
            chosen = last if _before(keys[second], keys[last], descending) else second
    elif _before(keys[second], keys[last], descending):
        chosen = second
    else:
        chosen = last if _before(keys[middle], keys[last], descending) else middle
    _swap(keys, order, begin, chosen)
    pivot = keys[begin]
    low, high = begin + 1, end
    while True:
        while _before(keys[low], pivot, descending):
            low += 1
        high -= 1
        while _before(pivot, keys[high], descending):
            high -= 1
        if low >= high:
            return low
        _swap(keys, order, low, high)
        low += 1


@jit
def _sift(keys, order, begin, size, hole, key, index, descending):
    """Fills a hole of a heap: it sinks to the bottom, and the new element rises from there to its place."""
    top, child = hole, hole
    while child < (size - 1) // 2:
        child = 2 * (child + 1)
        if _before(keys[begin + child], keys[begin + child - 1], descending):
            child -= 1
        keys[begin + hole], order[begin + hole] = keys[begin + child], order[begin + child]
        hole = child
    if size % 2 == 0 and child == (size - 2) // 2:
        child = 2 * child + 1
        keys[begin + hole], order[begin + hole] = keys[begin + child], order[begin + child]
        hole = child
    parent = (hole - 1) // 2
    while hole > top and _before(keys[begin + parent], key, descending):
        keys[begin + hole], order[begin + hole] = keys[begin + parent], order[begin + parent]
        hole = parent
        parent = (hole - 1) // 2
    keys[begin + hole], order[begin + hole] = key, index


@jit
def _heap_select(keys, order, begin, middle, end, descending):
    """Gathers the first elements up to ``middle`` as a heap, the last of them on top."""
    size = middle - begin
    for parent in range((size - 2) // 2 if size > 1 else -1, -1, -1):
        _sift(keys, order, begin, size, parent, keys[begin + parent], order[begin + parent], descending)
    for position in range(middle, end):
        if _before(keys[position], keys[begin], descending):
            _pop(keys, order, begin, size, position, descending)


@jit
def _pop(keys, order, begin, size, position, descending):
    """Puts the top of a heap at ``position``, and what was there into the heap."""
    key, index = keys[position], order[position]
    keys[position], order[position] = keys[begin], order[begin]
    _sift(keys, order, begin, size, 0, key, index, descending)


@jit
def partial_sort(keys, order, begin, middle, end, descending):
    """Sorts the first elements to the front, up to ``middle``."""
    _heap_select(keys, order, begin, middle, end, descending)
    for last in range(middle - 1, begin, -1):
        _pop(keys, order, begin, last - begin, last, descending)


@jit
def _most_partitions(count):
    """Twice the logarithm: after so many partitions a heap takes over."""
    most = 0
    while count > 1:
        count >>= 1
        most += 2
    return most


@jit
def select(keys, order, nth, descending):
    """Puts the element that sorting would bring to ``nth`` there, and none that comes after it in front of it."""
    begin, end = 0, len(keys)
    left = _most_partitions(end)
    while end - begin > 3:
        if left == 0:
            _heap_select(keys, order, begin, nth + 1, end, descending)
            _swap(keys, order, begin, nth)
            return
        left -= 1
        cut = _partition(keys, order, begin, end, descending)
        if cut <= nth:
            begin = cut
        else:
            end = cut
    _insertion_sort(keys, order, begin, end, descending)


@jit
def sort(keys, order, descending):
    """Sorts; the order of equal elements is always the same, but not the one that they had."""
    begins, ends, lefts = [0], [len(keys)], [_most_partitions(len(keys))]
    while len(begins):
        begin, end, left = begins.pop(), ends.pop(), lefts.pop()
        while end - begin > SMALL:
            if left == 0:
                partial_sort(keys, order, begin, end, end, descending)
                break
            left -= 1
            cut = _partition(keys, order, begin, end, descending)
            begins.append(cut)
            ends.append(end)
            lefts.append(left)
            end = cut
    _insertion_sort(keys, order, 0, len(keys), descending)
