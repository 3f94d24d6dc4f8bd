"""What compilers make of the kernels, for GPUs from Turing to Blackwell: registers, spills, widths, vector accesses.

These figures are static. They say nothing about time.
"""

from __future__ import annotations

import re

import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels.cuda import gemm_tile
from tests.kernels.cuda.programs import IN_DOUBLE, ON_STACK, PROGRAMS, compiled, launches
from tests.ptx.module import parse
from tests.ptx.toolkit import CAPABILITIES, NEWEST_TARGET, assemble, machine_code, main_loop, tool

OF_FLOAT32 = {"convolution large", "mm large", "mm large transposed"}


@pytest.mark.parametrize("name", sorted({*PROGRAMS} - IN_DOUBLE))
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


needs_assembler = pytest.mark.skipif(tool("ptxas") is None, reason="NVIDIA's assembler, ptxas, is not installed")
architectures = pytest.mark.parametrize("capability", CAPABILITIES, ids="sm_{0[0]}{0[1]}".format)


@needs_assembler
@architectures
@pytest.mark.parametrize("name", PROGRAMS)
def test_registers_and_shared_memory_suffice(name, capability, tmp_path):
    for text, threads in compiled(name, min(capability, NEWEST_TARGET)):
        found, _ = assemble(text, capability, tmp_path)
        assert max(found.spilled, found.stack) <= ON_STACK.get(name, 0)
        assert found.registers * threads <= 65536
        assert found.registers <= (128 if "large" in name or "convolution" in name else 96)
        assert found.shared <= 17 << 10


WITH_LARGE_TILES = ["mm large", "mm large transposed", "convolution large"]


@pytest.mark.parametrize("name", WITH_LARGE_TILES)
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


@needs_assembler
@pytest.mark.skipif(tool("nvdisasm") is None, reason="NVIDIA's disassembler, nvdisasm, is not installed")
@architectures
@pytest.mark.parametrize("name", WITH_LARGE_TILES)
def test_machine_codes_main_loop_is_products(name, capability, tmp_path):
    """At least 85 % of what a GPU does in it: four steps of a thread's part, whether of matrices or of a convolution."""
    (text, _) = compiled(name, min(capability, NEWEST_TARGET))[-1]
    loop = main_loop(machine_code(assemble(text, capability, tmp_path)[1]))
    high, wide = gemm_tile.LARGE.high, gemm_tile.LARGE.wide
    loads = [each.text for each in loop.steps if "LD" in each.text]
    assert loop.products == 4 * high * wide
    assert len(loads) == 4 * (high + wide) // 4
    assert all("LDS" in each and ".128" in each for each in loads)
    assert loop.share >= 0.85


def test_matrices_that_allow_it_are_read_sixteen_bytes_at_a_time():
    (text, _) = compiled("mm vectors", (9, 0))[-1]
    assert "ld.global.v4" in text


@pytest.mark.parametrize("name", sorted({*PROGRAMS} - OF_FLOAT32))
def test_float64_compiles_too(name):
    assert all(text for text, _ in compiled(name, (9, 0), "d"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_runs_again_has_its_kernels(name):
    """None is made anew, which would be compiled anew."""
    first, again = ([kernel for kernel, _, _ in launches.__wrapped__(name)] for _ in range(2))
    assert first == again
