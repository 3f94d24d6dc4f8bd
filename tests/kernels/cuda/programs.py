"""Programs on a table of kernels that between them launch every kernel, for looking at what compilers make of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, device, from_host
from minitorch.kernels.cuda.device import signature
from tests.kernels.cuda import (
    cases_creation,
    cases_indexing,
    cases_linalg,
    cases_losses,
    cases_normal,
    cases_pointwise,
    cases_sorting,
    cases_spatial,
)
from tests.ptx.compiled import ptx_of
from tests.ptx.device import EmulatedMemory

GPU = tables[DeviceArray]
HOW = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
STRIDED = {**HOW, "stride": (2, 2)}


def sgd(k, a, b, c):
    k.sgd([a], [b], [c], 0.1, 0.9, 1, 0.1, True, False)


PROGRAMS = {
    "add": (lambda k, a, b: k.add(a, b), (257,), (257,)),
    "add strided": (lambda k, a, b: k.add(k.permute(a, (2, 0, 1)), b), (5, 6, 7), (7, 5, 1)),
    "sigmoid": (lambda k, a: k.sigmoid(a), (257,)),
    "pow": (lambda k, a, b: k.pow(a, b), (257,), (257,)),
    "sum by block": (lambda k, a: k.sum(a, (1,), False), (3, 300)),
    "sum by thread": (lambda k, a: k.sum(a, (0,), False), (70, 67)),
    "argmax": (lambda k, a: k.argmax(a, 1, False), (3, 300)),
    "softmax by thread": (lambda k, a: k.softmax(a, 1), (99, 10)),
    "log_softmax by block": (lambda k, a: k.log_softmax(a, 1), (3, 300)),
    "log_softmax_backward": (lambda k, a: k.log_softmax_backward(a, a, 1), (99, 10)),
    "sgd": (sgd, (257,), (257,), (257,)),
    "mm vectors": (lambda k, a, b: k.mm(a, b), (64, 64), (64, 64)),
    "mm large": (lambda k, a, b: k.mm(a, b), (2048, 64), (64, 2048)),
    "mm large transposed": (lambda k, a, b: k.mm(k.t(a), k.t(b)), (64, 2048), (2048, 64)),
    "addmm ragged": (lambda k, c, a, b: k.addmm(c, a, b, 1, 1), (67,), (65, 31), (31, 67)),
    "convolution": (lambda k, a, b, c: k.convolution(a, b, c, **HOW), (2, 3, 8, 9), (5, 3, 3, 3), (5,)),
    "convolution large": (lambda k, a, b: k.convolution(a, b, None, **HOW), (16, 3, 64, 64), (128, 3, 3, 3)),
    "convolution_input_grad": (lambda k, a, b: k.convolution_input_grad(a, b, (2, 3, 8, 9), **HOW), (2, 5, 8, 9), (5, 3, 3, 3)),
    "convolution_input_grad strided": (
        lambda k, a, b: k.convolution_input_grad(a, b, (2, 3, 16, 18), **STRIDED), (2, 5, 8, 9), (5, 3, 3, 3),
    ),
    "convolution_weight_grad": (lambda k, a, b: k.convolution_weight_grad(a, b, (5, 3, 3, 3), **HOW), (2, 5, 8, 9), (2, 3, 8, 9)),
    "max_pool": (lambda k, a: k.max_pool(a, (2, 2), (2, 2), (0, 0), (1, 1), False)[0], (3, 9, 31)),
    "max_pool_backward": (
        lambda k, a, b, c: k.max_pool_backward(a, k.cast(b, np.dtype("i2")), c, 2), (3, 4, 5), (3, 4, 5), (3, 8, 9),
    ),
}  # fmt: skip
FAMILIES = (
    cases_creation, cases_indexing, cases_linalg, cases_losses, cases_normal, cases_pointwise, cases_sorting, cases_spatial,
)  # fmt: skip
for family in FAMILIES:
    PROGRAMS |= family.PROGRAMS
"""By name: a function of a table and of arrays of it, and the arrays' shapes."""
IN_DOUBLE = cases_linalg.DECOMPOSING | cases_pointwise.IN_DOUBLE | cases_creation.IN_DOUBLE
"""Programs that compute float32 in double precision too."""
ON_STACK = dict.fromkeys(cases_linalg.DECOMPOSING, 16) | dict.fromkeys(cases_pointwise.OF_ANGLES, 40)
"""Bytes that kernels may put aside: around calls, to divide numbers of 64 bits; for the sines of huge angles."""


def run(name: str, make: Callable[..., np.ndarray]) -> None:
    """Runs a program on the current device, on arrays that ``make(shape)`` makes."""
    program, *shapes = PROGRAMS[name]
    program(GPU, *[from_host(make(shape)) for shape in shapes])


class Recorder:
    """A device that takes note of launches, and does nothing."""

    def __init__(self) -> None:
        self.launches: list[tuple[Callable[..., None], tuple[Any, ...], int]] = []

    def allocate(self, size: int, dtype: np.dtype) -> EmulatedMemory:
        return EmulatedMemory(dtype, 0, 0, size)

    def address(self, memory: EmulatedMemory) -> int:
        return memory.address

    def write(self, memory: EmulatedMemory, array: np.ndarray, wait: bool = True) -> None:
        pass

    def read(self, memory: EmulatedMemory, size: int, wait: bool = True) -> np.ndarray:
        return np.zeros(size, memory.dtype)

    def launch(
        self, kernel: Callable[..., None], threads: int, grid: Sequence[int], args: Sequence[Any], by_address: Any = ()
    ) -> None:
        self.launches.append((kernel, signature(args), threads))

    def synchronize(self) -> None:
        pass


@cache
def launches(name: str, letter: str = "f") -> list[tuple[Callable[..., None], tuple[Any, ...], int]]:
    """What a program launches on arrays of a dtype: kernels, the types of their arguments, and threads in a block."""
    with device.use(Recorder()) as recorder:
        run(name, lambda shape: np.zeros(shape, letter))
    return recorder.launches


@cache
def compiled(name: str, capability: tuple[int, int], letter: str = "f") -> list[tuple[str, int]]:
    """The PTX of each kernel that a program launches, and its threads in a block."""
    return [(ptx_of(kernel, types, capability, threads), threads) for kernel, types, threads in launches(name, letter)]
