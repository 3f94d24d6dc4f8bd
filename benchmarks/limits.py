"""What this machine can do at best: copies and matrix products, measured in the same run and on the same threads.

A computation that has to read and write so many bytes, and to do so many operations on floating point numbers, takes no
less time than a copy of as many bytes, or a product of matrices with as many operations. Taken is what is fastest
of what numpy and torch have for it; on a GPU, what torch has.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch

from benchmarks.comparison import Limit
from benchmarks.measure import Turn
from benchmarks.place import CPU, Place

ROUNDS = 12  # of which the fastest counts
MATRIX = {"cpu": 1024, "cuda": 4096}  # rows and columns of the product
COPIES = [2**power for power in (12, 15, 18, 21, 23, 25, 28)]  # bytes read and written together, from cache to memory


class Limits:
    """Measured when first asked for.

    Args:
        threads: of both libraries; they have been set.
        place: whose limits.
    """

    def __init__(self, threads: int, place: Place = CPU) -> None:
        self.threads, self.place = threads, place

    @cached_property
    def flops_per_second(self) -> float:
        """Of a product of two large float32 matrices (sgemm)."""
        size = MATRIX[self.place.device]
        a, b, out = (np.ones((size, size), np.float32) for _ in range(3))
        x, y, z = (self.place.put(torch.from_numpy(each)) for each in (a, b, out))
        return 2 * size**3 / self._least(lambda: torch.matmul(x, y, out=z), lambda: np.matmul(a, b, out=out))

    @cached_property
    def bytes_per_second(self) -> dict[int, float]:
        """Of copies, by how many bytes they read and write together."""
        return {size: size / self._copy_seconds(size) for size in COPIES}

    def _copy_seconds(self, size: int) -> float:
        source, target = np.zeros(size // 8, np.float32), np.ones(size // 8, np.float32)
        x, y = (self.place.put(torch.from_numpy(each)) for each in (source, target))
        return self._least(lambda: y.copy_(x), lambda: np.copyto(target, source))

    def _least(self, torchs: Callable[[], object], numpys: Callable[[], object]) -> float:
        """Seconds of the faster; numpy has nothing for a GPU."""
        turns = [Turn(torchs, self.place)] if self.place.device == "cuda" else [Turn(numpys), Turn(torchs)]
        return min(turn.seconds() for _ in range(ROUNDS) for turn in turns)

    @cached_property
    def call_seconds(self) -> float:
        """Of one element-wise call of numpy on four numbers."""
        a, b = np.ones(4, np.float32), np.ones(4, np.float32)
        turn = Turn(lambda: [np.multiply(a, b) for _ in range(100)])
        return min(turn.seconds() for _ in range(ROUNDS)) / 100

    def work(self, flops: float = 0, bytes: float = 0) -> Limit | None:
        """The least time for so much arithmetic and memory traffic; None for none.

        Args:
            flops: operations on float32 numbers that the computation cannot do without.
            bytes: what it has to read and to write, even if it does everything in one pass.
        """
        times = []
        if flops:
            times.append(Limit(flops / self.flops_per_second, "sgemm"))
        if bytes:
            sizes = np.array(COPIES)
            rate = np.interp(np.log(bytes), np.log(sizes), [self.bytes_per_second[size] for size in COPIES])
            times.append(Limit(float(bytes / rate), "copy"))
        return max(times, key=lambda limit: limit.value, default=None)

    def calls(self, count: int) -> Limit:
        """The least time for so many operations on tiny arrays, from Python."""
        return Limit(count * self.call_seconds, "numpy call")

    def measured(self) -> dict[str, float]:
        """The figures that were asked for so far, by name and unit."""
        found: dict[str, float] = {}
        if "flops_per_second" in self.__dict__:
            found["sgemm, GFLOP/s"] = self.flops_per_second / 1e9
        if "bytes_per_second" in self.__dict__:
            found |= {f"copy of {s:,} bytes, GB/s": rate / 1e9 for s, rate in self.bytes_per_second.items()}
        if "call_seconds" in self.__dict__:
            found["numpy call, ns"] = self.call_seconds * 1e9
        return found
