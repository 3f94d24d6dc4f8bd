"""Launches kernels, within the limits that every GPU has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.kernels.cuda.array import DeviceArray, no_hosts
from minitorch.kernels.cuda.device import current
from minitorch.kernels.cuda.launcher import NUMBERS

THREADS = 256  # in a block, where nothing speaks for another number
MOST_THREADS = 1024
MOST_BLOCKS = (2**31 - 1, 65535, 65535)


def launch(
    kernel: Callable[..., None],
    grid: tuple[int, ...],
    args: tuple[Any, ...],
    threads: int = THREADS,
    by_address: Sequence[DeviceArray] = (),
) -> None:
    """Runs a kernel on a grid of blocks; nothing where the grid is empty.

    Args:
        grid: blocks in x, y and z, as many as there are.
        args: arrays, which the kernel sees as flat; numbers of numpy's types; tuples of these.
        by_address: arrays that the kernel finds by addresses among its arguments.

    Raises:
        ValueError: more threads or blocks than a GPU takes.
    """
    x, y, z = (*grid, 1, 1)[:3]
    whole = (x, y, z)
    if 0 in whole:
        return
    if not 0 < threads <= MOST_THREADS or threads % 32:
        raise ValueError(f"{threads} threads in a block, where whole warps of at most {MOST_THREADS} are possible")
    if any(given > most for given, most in zip(whole, MOST_BLOCKS, strict=True)):
        raise ValueError(f"a grid of {whole} blocks, where {MOST_BLOCKS} are possible")
    current().launch(kernel, threads, whole, _flattened(args), [each.memory for each in by_address])


def _flattened(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([each if type(each) in NUMBERS else _argument(each) for each in args])


def _argument(value: Any) -> Any:
    if isinstance(value, DeviceArray):
        return value.flat
    if isinstance(value, tuple):
        return _flattened(value)
    return no_hosts(value)


def blocks_for(size: int, threads: int = THREADS) -> tuple[int]:
    """The grid with a thread for each of so many elements."""
    return (-(-size // threads),)
