"""A long chain of multiplications, forward and backward: its time, and the memory it takes above what was there before."""

import importlib
import time
from typing import Any

from benchmarks.children import arguments, peak_memory, report, reset_peak, resident_memory

NODES = 100_000  # to be timed, at least


def chain(library: Any, links: int) -> list[float]:
    """Builds the chain, goes back through it, and lets it go; returns the gradient of what it begins with."""
    leaf = library.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    factor = library.tensor([1.0, -1.0, 1.0000001, 0.9999999])
    result = leaf
    for _ in range(links):
        result = result * factor
    result.sum().backward()
    return leaf.grad.tolist()


def main() -> None:
    given = arguments()
    library: Any = importlib.import_module(given["library"])
    chain(library, 1000)
    before = resident_memory()
    reset_peak()
    repeats = max(1, NODES // given["links"])
    start = time.perf_counter()
    for _ in range(repeats):
        gradient = chain(library, given["links"])
    seconds = (time.perf_counter() - start) / repeats
    report(result=gradient, seconds=seconds, memory=peak_memory() - before)


if __name__ == "__main__":
    main()
