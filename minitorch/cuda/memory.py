"""What is known of a GPU's memory. What was freed is kept for other tensors, so more is reserved than allocated."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from minitorch.cuda.gpu import gpu, in_use, index_of, is_available

ROWS = {"Allocated memory": "allocated_bytes", "GPU reserved memory": "reserved_bytes", "Allocations": "allocation"}
FIGURES = ("current", "peak", "allocated", "freed")


def memory_stats(device: Any = None) -> OrderedDict[str, int]:
    """What torch's dictionary of that name has, as far as it is known; nothing if the GPU was never used.

    ``allocated_bytes.all.current`` and the like: ``allocated_bytes`` of tensors, ``reserved_bytes`` that the driver gave,
    ``allocation`` counts these tensors' arrays; ``current``, the ``peak``, and all ``allocated`` and ``freed`` since the start.
    ``num_alloc_retries`` counts how often the driver had no more, ``num_ooms`` how often there was none to be found.
    """
    stats: OrderedDict[str, int] = OrderedDict()
    if not in_use():
        return stats
    _check(device)
    pool = gpu().pool
    for name, tally in (
        ("allocated_bytes", pool.in_use),
        ("allocation", pool.arrays),
        ("reserved_bytes", pool.reserved),
    ):
        figures = (tally.current, tally.peak, tally.allocated, tally.allocated - tally.current)
        stats.update({f"{name}.all.{figure}": number for figure, number in zip(FIGURES, figures, strict=True)})
    stats["num_alloc_retries"], stats["num_ooms"] = pool.refused, pool.failed
    return stats


def _check(device: Any) -> None:
    if index_of(device, optional=True) != 0:
        raise RuntimeError(f"Invalid device argument {device}: did you call init?")


def memory_allocated(device: Any = None) -> int:
    """The bytes of tensors that are on the GPU."""
    return memory_stats(device).get("allocated_bytes.all.current", 0)


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes of tensors that have been on the GPU at once."""
    return memory_stats(device).get("allocated_bytes.all.peak", 0)


def memory_reserved(device: Any = None) -> int:
    """The bytes that the driver gave, for tensors that are or were on the GPU."""
    return memory_stats(device).get("reserved_bytes.all.current", 0)


def max_memory_reserved(device: Any = None) -> int:
    """The most bytes that the driver has given."""
    return memory_stats(device).get("reserved_bytes.all.peak", 0)


def reset_peak_memory_stats(device: Any = None) -> None:
    """The most that there were are counted anew from now on.

    Raises:
        RuntimeError: there is no GPU.
    """
    if not is_available():
        raise RuntimeError("invalid argument to reset_peak_memory_stats")
    found = gpu()
    _check(device)
    for tally in (found.pool.in_use, found.pool.reserved, found.pool.arrays):
        tally.reset()


def empty_cache() -> None:
    """Gives the driver back the memory that no tensor uses; nothing if the GPU was never used."""
    if in_use():
        gpu().empty_cache()


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """The bytes of the GPU's memory that are free, and all.

    Raises:
        RuntimeError: there is no GPU.
        NotImplementedError: it is numba's simulator, which has no memory of its own.
    """
    index_of(device, optional=True)
    free, total = gpu().capacity()
    return free, total


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """``memory_stats`` as a table."""
    stats = memory_stats(device)
    failed, retried = stats.get("num_ooms", 0), stats.get("num_alloc_retries", 0)
    lines = [
        f"|{'=' * 75}|",
        f"| {'minitorch CUDA memory summary, device ID 0':<74}|",
        f"|{'-' * 75}|",
        f"|  {'':9} CUDA OOMs: {failed:<12d} | {'':6} cudaMalloc retries: {retried:<8d}  |",
        f"|{'=' * 75}|",
        _row("       Metric", ("Cur Usage ", "Peak Usage", "Tot Alloc ", "Tot Freed ")),
    ]
    for words, name in ROWS.items():
        figures = [stats.get(f"{name}.all.{figure}", 0) for figure in FIGURES]
        shown = [str(each) if name == "allocation" else _size(each) for each in figures]
        lines += [f"|{'-' * 75}|", _row(words, shown)]
    return "\n".join([*lines, f"|{'=' * 75}|", ""])


def _row(words: str, cells: Sequence[str]) -> str:
    return f"| {words:<21} | {' | '.join(f'{each:>10}' for each in cells)} |"


def _size(size: int) -> str:
    """A number of bytes in the largest unit of which there are ten or more."""
    for unit in ("B", "KiB", "MiB"):
        if size < 10240:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} GiB"
