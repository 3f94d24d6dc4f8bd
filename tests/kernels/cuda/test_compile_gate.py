"""What compilers make of the kernels, for GPUs from Turing to Blackwell: registers, spills, widths, vector accesses.

These figures are static. They say nothing about time.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, device, from_host, gemm_tile
from minitorch.kernels.cuda.device import compile_to_ptx, signature
from tests.kernels.cuda import cases_pointwise
from tests.ptx.device import EmulatedMemory
from tests.ptx.module import parse

GPU = tables[DeviceArray]
CAPABILITIES = [(7, 5), (8, 0), (9, 0), (10, 0)]
HOW = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
STRIDED = {**HOW, "stride": (2, 2)}


class Recorder:
    """Takes note of launches, and does nothing."""

    def __init__(self):
        self.launches = []

    def allocate(self, size, dtype):
        return EmulatedMemory(dtype, 0, 0, size)

    def address(self, memory):
        return memory.address

    def write(self, memory, array):
        pass

    def read(self, memory, size):
        return np.zeros(size, memory.dtype)

    def launch(self, kernel, threads, grid, args):
        self.launches.append((kernel, signature(args), threads))

    def synchronize(self):
        pass


def zeros(*shape, dtype="f"):
    return np.zeros(shape, dtype)


def sgd(k, a, b, c):
    k.sgd(a, b, c, 0.1, 0.9, 1, 0.1, True, False)


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
PROGRAMS |= cases_pointwise.PROGRAMS
OF_FLOAT32 = {"convolution large", "mm large", "mm large transposed"}


@cache
def launches(name, letter="f"):
    program, *shapes = PROGRAMS[name]
    with device.use(Recorder()) as recorder:
        program(GPU, *[from_host(zeros(*shape, dtype=letter)) for shape in shapes])
    return recorder.launches


@cache
def compiled(name, capability, letter="f"):
    return [
        (compile_to_ptx(kernel, types, capability, threads), threads)
        for kernel, types, threads in launches(name, letter)
    ]


@pytest.mark.parametrize("name", sorted({*PROGRAMS} - cases_pointwise.IN_DOUBLE))
def test_float32_is_not_computed_in_float64(name):
    for text, _ in compiled(name, (9, 0)):
        assert not re.search(r"\.f64\b", text)


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_added_up_atomically(name):
    for text, _ in compiled(name, (9, 0)):
        assert not re.search(r"^\s*(@\S+ )?(atom|red)\.", text, re.M)


@pytest.mark.parametrize("name", PROGRAMS)
def test_arrays_are_known_to_be_in_global_memory(name):
    """A generic access, which first asks in which memory an address is, is never needed."""
    for text, _ in compiled(name, (9, 0)):
        assert not re.search(r"^\s*(@\S+ )?(ld|st)\.(v\d\.)?[fubs]\d", text, re.M)


def resources(text, capability, folder):
    """What ptxas says of a kernel: its registers, its shared memory, and what it could not keep in registers."""
    source = folder / "kernel.ptx"
    source.write_text(text)
    arch = f"sm_{capability[0]}{capability[1]}"
    command = ["ptxas", f"-arch={arch}", "-v", str(source), "-o", str(folder / "kernel.cubin")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    numbers = {key: int(re.search(pattern, said)[1]) for key, pattern in PATTERNS.items()}
    shared = re.search(r"(\d+) bytes smem", said)
    return {**numbers, "shared": int(shared[1]) if shared else 0}


PATTERNS = {
    "registers": r"Used (\d+) registers",
    "stack": r"(\d+) bytes stack frame",
    "spilled": r"(\d+) bytes spill stores",
}


@pytest.mark.skipif(shutil.which("ptxas") is None, reason="NVIDIA's assembler, ptxas, is not installed")
@pytest.mark.parametrize("capability", CAPABILITIES, ids="sm_{0[0]}{0[1]}".format)
@pytest.mark.parametrize("name", PROGRAMS)
def test_registers_and_shared_memory_suffice(name, capability, tmp_path):
    """Blackwell gets what Hopper gets: numba does not compile for it everywhere, and drivers translate it."""
    for text, threads in compiled(name, min(capability, (9, 0))):
        if capability > (9, 0):
            text = text.replace(".target sm_90", f".target sm_{capability[0]}{capability[1]}")
        found = resources(text, capability, tmp_path)
        assert found["spilled"] == 0
        assert found["stack"] == (40 if name in cases_pointwise.OF_ANGLES else 0)
        assert found["registers"] * threads <= 65536
        assert found["registers"] <= (128 if "large" in name or "convolution" in name else 96)
        assert found["shared"] <= 16384


@pytest.mark.parametrize("name", ["mm large", "mm large transposed", "convolution large"])
def test_the_main_loop_of_products_is_products(name):
    """Of the instructions between a step's two barriers at least 85 % are fused products: those of whole parts of the tile."""
    (text, _) = compiled(name, (9, 0))[-1]
    module = parse(text)
    ends = [n for n, each in enumerate(module.code) if each.opcode == "bar"]
    loop = module.code[ends[0] + 1 : ends[1]]
    products = [each for each in loop if each.opcode == "fma"]
    assert products
    assert len(products) % (gemm_tile.LARGE.high * gemm_tile.LARGE.wide) == 0
    assert len(products) >= 0.85 * len(loop)
    assert all({"v4", "shared"} <= {*each.modifiers} for each in loop if each.opcode == "ld")


def test_matrices_that_allow_it_are_read_sixteen_bytes_at_a_time():
    (text, _) = compiled("mm vectors", (9, 0))[-1]
    assert "ld.global.v4" in text


@pytest.mark.parametrize("name", sorted({*PROGRAMS} - OF_FLOAT32))
def test_float64_compiles_too(name):
    assert all(text for text, _ in compiled(name, (9, 0), "d"))
