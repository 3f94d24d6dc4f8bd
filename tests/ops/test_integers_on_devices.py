"""Integers and truth values on a GPU, which is interpreted, against torch on the CPU: values, dtypes and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles the kernels for GPUs, is not installed")

import minitorch
from minitorch.kernels.cuda import device
from tests.oracle import assert_same, assert_same_error
from tests.ptx.device import Interpreter

AT = [[0, 3, 1], [2, 2, 0]]

# Of matrices a and b, of 3 by 4 numbers, and a row c of 4.
PROGRAMS = {
    "add": lambda lib, a, b, c: a + c,
    "sub": lambda lib, a, b, c: a - b,
    "rsub": lambda lib, a, b, c: 3 - a,
    "mul": lambda lib, a, b, c: a.t() * c[:3],
    "div": lambda lib, a, b, c: a / b,
    "floor_divide": lambda lib, a, b, c: a // (b + 1),
    "remainder": lambda lib, a, b, c: a % (c + 1),
    "fmod": lambda lib, a, b, c: lib.fmod(a, b + 1),
    "div trunc": lambda lib, a, b, c: lib.div(a, b + 1, rounding_mode="trunc"),
    "neg": lambda lib, a, b, c: -a,
    "abs": lambda lib, a, b, c: a.abs(),
    "sign": lambda lib, a, b, c: a.sign(),
    "pow": lambda lib, a, b, c: a**b,
    "square": lambda lib, a, b, c: a.square(),
    "pow of a number": lambda lib, a, b, c: 2**b,
    "with a float": lambda lib, a, b, c: a * 0.5 + 1,
    "and": lambda lib, a, b, c: a & b,
    "or": lambda lib, a, b, c: a | 1,
    "xor": lambda lib, a, b, c: a ^ c,
    "not": lambda lib, a, b, c: ~a,
    "shift left": lambda lib, a, b, c: a << b,
    "shift right": lambda lib, a, b, c: a >> 1,
    "gcd": lambda lib, a, b, c: lib.gcd(a, b),
    "lcm": lambda lib, a, b, c: lib.lcm(a, b),
    "eq": lambda lib, a, b, c: a == b,
    "lt": lambda lib, a, b, c: a < 2,
    "maximum": lambda lib, a, b, c: lib.maximum(a, c),
    "minimum": lambda lib, a, b, c: lib.minimum(a, b),
    "clamp": lambda lib, a, b, c: a.clamp(1, 3),
    "where": lambda lib, a, b, c: lib.where(a > c, a, b),
    "logical_and": lambda lib, a, b, c: lib.logical_and(a, b),
    "logical_not": lambda lib, a, b, c: lib.logical_not(a),
    "sqrt": lambda lib, a, b, c: a.sqrt(),
    "sigmoid": lambda lib, a, b, c: a.sigmoid(),
    "addcmul": lambda lib, a, b, c: lib.addcmul(a, b, c, value=2),
    "lerp": lambda lib, a, b, c: lib.lerp(a, b, 0.5),
    "add_": lambda lib, a, b, c: a.add_(b),
    "div_": lambda lib, a, b, c: a.div_(b),
    "fill_": lambda lib, a, b, c: a.fill_(1),
    "sum": lambda lib, a, b, c: a.sum(),
    "sum of columns": lambda lib, a, b, c: a.sum(0),
    "prod": lambda lib, a, b, c: a.prod(1),
    "mean": lambda lib, a, b, c: a.mean(),
    "mean in float32": lambda lib, a, b, c: a.mean(1, dtype=lib.float32),
    "std": lambda lib, a, b, c: a.std(),
    "amax": lambda lib, a, b, c: a.amax(0),
    "amin": lambda lib, a, b, c: a.amin(1),
    "max": lambda lib, a, b, c: tuple(a.max(1)),
    "min": lambda lib, a, b, c: a.min(),
    "argmax": lambda lib, a, b, c: a.argmax(),
    "any": lambda lib, a, b, c: a.any(1),
    "all": lambda lib, a, b, c: a.all(),
    "count_nonzero": lambda lib, a, b, c: a.count_nonzero(),
    "cumsum": lambda lib, a, b, c: a.cumsum(1),
    "cumprod": lambda lib, a, b, c: a.cumprod(0),
    "cummax": lambda lib, a, b, c: tuple(a.cummax(1)),
    "logsumexp": lambda lib, a, b, c: a.logsumexp(1),
    "norm": lambda lib, a, b, c: a.norm(),
    "softmax": lambda lib, a, b, c: a.softmax(1),
    "sort": lambda lib, a, b, c: tuple(a.sort(stable=True)),
    "sort down columns": lambda lib, a, b, c: tuple(a.sort(dim=0, descending=True, stable=True)),
    "topk": lambda lib, a, b, c: a.topk(2)[0],
    "kthvalue": lambda lib, a, b, c: a.kthvalue(2)[0],
    "median": lambda lib, a, b, c: a.median(),
    "mode": lambda lib, a, b, c: a.mode()[0],
    "unique": lambda lib, a, b, c: tuple(a.unique(return_inverse=True, return_counts=True)),
    "bincount": lambda lib, a, b, c: a.flatten().bincount(),
    "searchsorted": lambda lib, a, b, c: lib.searchsorted(c.sort()[0], a),
    "isin": lambda lib, a, b, c: lib.isin(a, c),
    "mm": lambda lib, a, b, c: a @ b.t(),
    "mv": lambda lib, a, b, c: a @ c,
    "x[tensor]": lambda lib, a, b, c: a[lib.tensor([2, 0])],
    "x[mask]": lambda lib, a, b, c: a[a > 1],
    "x[tensor] = tensor": lambda lib, a, b, c: _put(a, lib.tensor([2, 0]), c),
    "gather": lambda lib, a, b, c: a.gather(1, lib.tensor(AT)),
    "scatter": lambda lib, a, b, c: a.scatter(1, lib.tensor([[0, 3], [2, 1]]), b),
    "scatter_add": lambda lib, a, b, c: a.scatter_add(1, lib.tensor(AT), b),
    "scatter_reduce": lambda lib, a, b, c: a.scatter_reduce(1, lib.tensor(AT), b, "amax"),
    "index_add": lambda lib, a, b, c: a.index_add(0, lib.tensor([0, 2, 0]), b),
    "index_fill": lambda lib, a, b, c: a.index_fill(1, lib.tensor([0, 2]), 1),
    "take": lambda lib, a, b, c: a.take(lib.tensor(AT)),
    "masked_fill": lambda lib, a, b, c: a.masked_fill(b > 1, 1),
    "masked_scatter": lambda lib, a, b, c: a.masked_scatter(b > 1, b),
    "nonzero": lambda lib, a, b, c: a.nonzero(),
    "cat": lambda lib, a, b, c: lib.cat([a, b.float()]),
    "tril": lambda lib, a, b, c: a.tril(),
    "flip": lambda lib, a, b, c: a.flip(1),
    "roll": lambda lib, a, b, c: a.roll(1, 0),
    "repeat_interleave": lambda lib, a, b, c: a.repeat_interleave(2, 0),
    "to": lambda lib, a, b, c: (a.float(), a.double(), a.half(), a.bool(), a.to(lib.int16)),
    "from floats": lambda lib, a, b, c: (a.float() * 1.5).to(a.dtype),
}  # fmt: skip


def _put(a: Any, index: Any, value: Any) -> Any:
    a[index] = value
    return a


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_integers_are_torchs(program: Any, dtype: str):
    random = np.random.default_rng(3)
    arrays = [random.integers(0, 2 if dtype == "bool" else 5, shape).astype(dtype) for shape in [(3, 4), (3, 4), (4,)]]

    def compute(lib: Any) -> Any:
        on = "cuda" if lib is minitorch else "cpu"
        with lib.device(on):
            return program(lib, *[lib.from_numpy(each.copy()).to(on) for each in arrays])

    with device.use(Interpreter()):
        try:
            theirs = compute(torch)
        except Exception:
            assert_same_error(lambda: compute(minitorch), lambda: compute(torch))
        else:
            assert_same(compute(minitorch), theirs)
