"""How products of matrices and convolutions use memory, by the interpreter's counts: whole sectors, and few bank conflicts."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, convolution, device, from_host, gemm, gemm_tile
from tests.kernels.cuda.programs import compiled
from tests.ptx.device import Interpreter

GPU = tables[DeviceArray]
HOW = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
WEIGHT = (8, 8, 3, 3)

PRODUCTS = {
    "nn": (lambda k, a, b: k.mm(a, b), 1, 1),
    "nt": (lambda k, a, b: k.mm(a, k.t(b)), 1, -1),
    "tn": (lambda k, a, b: k.mm(k.t(a), b), -1, 1),
}
CONVOLUTIONS = {
    "forward": (lambda k, a, b: k.convolution(a, b, None, **HOW), WEIGHT),
    "input_grad": (lambda k, a, b: k.convolution_input_grad(a, b, (2, 8, *a.shape[2:]), **HOW), WEIGHT),
    "weight_grad": (lambda k, a, b: k.convolution_weight_grad(a, b, WEIGHT, **HOW), None),
}


def counts(program, *shapes):
    """What the interpreter counts in the last kernel that a program launches."""
    random = np.random.default_rng(0)
    with device.use(Last()) as last:
        program(GPU, *[from_host(random.random(shape, np.float32)) for shape in shapes])
    return last.counts


class Last(Interpreter):
    def __init__(self):
        super().__init__(counting=True)

    def launch(self, kernel, *args):
        if kernel.__module__ == gemm_tile.__name__:
            self.counts.clear()
            super().launch(kernel, *args)
        else:
            kept = self.counts.copy()
            super().launch(kernel, *args)
            self.counts = kept


def used(found):
    """The part of the stored sectors that is used."""
    return found["global_stores_used"] / (32 * found["global_stores_sectors"])


def conflicts(found):
    return found["shared_answers"] / found["shared_requests"] - 1


@pytest.fixture(params=[gemm_tile.SMALL, gemm_tile.LARGE], ids=["small", "large"])
def tile(request, monkeypatch):
    for module in (gemm, convolution):
        monkeypatch.setattr(module, "choose", lambda *args: request.param)
    return request.param


@pytest.mark.parametrize("kind", PRODUCTS)
@pytest.mark.parametrize(("sizes", "least"), [((68, 36, 72), 1), ((67, 31, 70), 0.75), ((67, 31, 65), 0.6)])
def test_a_product_fills_the_sectors_that_it_stores(kind, sizes, least, tile):
    n, depth, m = sizes
    program, a_way, b_way = PRODUCTS[kind]
    found = counts(program, (n, depth)[::a_way], (depth, m)[::b_way])
    assert used(found) >= least
    assert conflicts(found) <= 0.07


@pytest.mark.parametrize("kind", CONVOLUTIONS)
@pytest.mark.parametrize(("size", "least"), [((8, 10), 1), ((9, 7), 0.6)])
def test_a_convolution_fills_the_sectors_that_it_stores(kind, size, least, tile):
    program, weight = CONVOLUTIONS[kind]
    found = counts(program, (2, 8, *size), weight or (2, 8, *size))
    assert used(found) >= (1 if kind == "weight_grad" else least)  # whose 72 columns do not depend on the images' size
    assert conflicts(found) <= 0.07


def test_of_a_deep_sum_columns_are_read_at_once_even_if_they_cannot_be_written_so():
    program, *_ = PRODUCTS["nn"]
    deep, shallow = (counts(program, (3, depth), (depth, 7)) for depth in (gemm_tile.DEEP, gemm_tile.DEEP - 16))
    assert used(deep) < used(shallow)
    assert deep["ld"] / deep["fma"] < shallow["ld"] / shallow["fma"]


@pytest.mark.parametrize("name", ["mm vectors", "mm large", "convolution", "convolution large"])
def test_what_allows_it_is_written_sixteen_bytes_at_a_time(name):
    (text, _) = compiled(name, (9, 0))[-1]
    assert {*re.findall(r"st\.global[.\w]*", text)} == {"st.global.v4.f32"}
