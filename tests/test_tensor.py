"""Tensors: their properties, Python's protocols, memory shared with numpy and between views; as in torch."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error, cotangent, pull_back

both = pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])


def cube(lib: Any) -> Any:
    return lib.arange(24, dtype=lib.float32).reshape(2, 3, 4)


PROPERTIES: dict[str, Callable[[Any], Any]] = {
    "shape": lambda x: tuple(x.shape),
    "size of a dimension": lambda x: (x.size(0), x.size(-1), tuple(x.size())),
    "shape as text": lambda x: (repr(x.shape), repr(x.shape[1:]), x.shape.numel()),
    "ndim": lambda x: (x.ndim, x.dim()),
    "numel": lambda x: (x.numel(), x.nelement(), x.nbytes, x.element_size(), x.itemsize),
    "stride": lambda x: (x.stride(), x.stride(0), x.t().stride() if x.ndim == 2 else None),
    "offset": lambda x: (x.storage_offset(), x[1:].storage_offset(), x[:, 1].storage_offset()),
    "contiguity": lambda x: (x.is_contiguous(), x.transpose(0, 1).is_contiguous(), x[:, :1].is_contiguous()),
    "dtype": lambda x: (str(x.dtype), x.is_floating_point(), x.dtype.is_floating_point, x.type()),
    "device": lambda x: (str(x.device), x.is_cuda, repr(x.device)),
    "flags": lambda x: (x.requires_grad, x.is_leaf, x.grad, x.grad_fn, x._version),
    "lists": lambda x: x.tolist(),
    "numbers": lambda x: (
        x[0, 0, 1].item(),
        float(x[0, 1, 1]),
        int(x[1, 2, 3]),
        bool(x[0, 0, 0]),
        operator.index(x[1, 0, 0].long()),
    ),
    "length": lambda x: (len(x), [tuple(row.shape) for row in x]),
    "membership": lambda x: (3 in x, 100 in x, x[0, 0, 2] in x),
    "hash": lambda x: hash(x) == id(x),
    "truth": lambda x: (x == x).all().item() and not (x != x).any(),
    "formats": lambda x: (f"{x[0, 0, 1]:.3f}", f"{x[1, 0]}"),
    "equality": lambda x: (x.equal(x.clone()), x.equal(x + 1), x.equal(x[0])),
}


@pytest.mark.parametrize("read", PROPERTIES.values(), ids=PROPERTIES)
def test_a_property_is_torchs(read: Callable[[Any], Any]):
    assert read(cube(minitorch)) == read(cube(torch))


SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+x": lambda lib, x: +x,
    "-x": lambda lib, x: -x,
    "abs": lambda lib, x: abs(x - 5),
    "~": lambda lib, x: ~(x > 5),
    "~ of integers": lambda lib, x: ~x.int(),
    "reversed": lambda lib, x: 1 - (2 + (3 * (4 / (x + 1)))),
    "powers": lambda lib, x: 2**x + x**2,
    "floor": lambda lib, x: 100 // (x + 1) + x // 2,
    "modulo": lambda lib, x: 7 % (x + 1) + x % 3,
    "matrices": lambda lib, x: x @ x.transpose(1, 2),
    "comparisons": lambda lib, x: (x > 3) | (x <= 1) & (x != 0) ^ (x >= 2),
    "numpy scalars": lambda lib, x: x * np.float32(2) + np.int64(3),
    "sum of a list": lambda lib, x: sum(x),
    "chained in place": lambda lib, x: operator.iadd(operator.imul(x, 2), 1),
    "in place bits": lambda lib, x: operator.iand(x.int(), 6),
    "type_as": lambda lib, x: x.type_as(lib.zeros(1, dtype=lib.int64)),
    "to like": lambda lib, x: x.to(lib.zeros(1).double()),
    "to with copy": lambda lib, x: x.to(lib.float32, copy=True).add_(1) - x,
    "new": lambda lib, x: x.new_zeros(2, 3) + x.new_ones((3,)),
    "T of a matrix": lambda lib, x: x[0].T,
    "type by name": lambda lib, x: x.type("torch.DoubleTensor"),
    "cpu": lambda lib, x: x.cpu().to("cpu"),
}


@pytest.mark.parametrize("compute", SIGNS.values(), ids=SIGNS)
def test_signs_and_conversions_give_torchs_result(compute: Callable[[Any, Any], Any]):
    assert_same(compute(minitorch, cube(minitorch)), compute(torch, cube(torch)))


REFUSED: dict[str, Callable[[Any], Any]] = {
    "a string": lambda x: x + "a",
    "a list": lambda x: [1] * x,
    "size beyond": lambda x: x.size(3),
    "stride beyond": lambda x: x.stride(-4),
    "int of several": lambda x: int(x),
    "float of several": lambda x: float(x),
    "index of a float": lambda x: operator.index(x[0, 0, 0]),
    "~ of floats": lambda x: ~x,
}


@pytest.mark.parametrize("mistake", REFUSED.values(), ids=REFUSED)
def test_a_mistake_raises_torchs_error(mistake: Callable[[Any], Any]):
    assert_same_error(lambda: mistake(cube(minitorch)), lambda: mistake(cube(torch)))


@both
def test_numpy_shares_memory_both_ways(lib: Any):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = lib.from_numpy(array)
    array[0, 0] = 10
    tensor[1, 2] = 20
    assert (tensor[0, 0].item(), array[1, 2]) == (10, 20)
    seen = tensor.t().numpy()
    seen[2, 0] = 30
    assert array[0, 2] == 30
    tensor.add_(1)
    np.testing.assert_array_equal(array, seen.T)
    np.testing.assert_array_equal(np.asarray(tensor), array)
    assert np.shares_memory(tensor.numpy(), array)


@both
def test_from_numpy_keeps_strides_and_refuses_what_it_cannot_hold(lib: Any):
    array = np.arange(24.0).reshape(4, 6)[::2, 1::2]
    assert lib.from_numpy(array).stride() == (12, 2)
    assert lib.from_numpy(array.T).tolist() == array.T.tolist()
    for wrong in (array[::-1], array.astype(">f8"), array.astype(str), array.tolist()):
        with pytest.raises((TypeError, ValueError)):
            lib.from_numpy(wrong)


def test_numpy_functions_take_tensors():
    x = cube(minitorch)
    assert np.asarray(x).shape == (2, 3, 4)
    np.testing.assert_array_equal(np.array(x, dtype=np.float64), x.numpy())
    assert isinstance(np.float32(2) * x, minitorch.Tensor)


@both
def test_numpy_of_a_tensor_with_a_gradient_needs_force(lib: Any):
    x = lib.ones(2, requires_grad=True)
    assert x.numpy(force=True).tolist() == [1, 1]
    with pytest.raises(RuntimeError, match=r"Use tensor\.detach"):
        x.numpy()


@both
def test_copies_and_pickles_are_independent_and_keep_their_setting(lib: Any):
    x = lib.ones(2, requires_grad=True)
    pull_back(x * 3)
    for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin.requires_grad
        assert twin.tolist() == x.tolist()
        twin.data[0] = 5
        assert x[0].item() == 1
    assert copy.deepcopy(x).grad.tolist() == (cotangent(x) * 3).tolist()


@both
def test_data_can_be_replaced(lib: Any):
    x = lib.ones(2, requires_grad=True)
    x.data = lib.zeros(3)
    assert x.tolist() == [0, 0, 0]
    assert x.requires_grad


@both
def test_the_constructor_takes_a_shape_or_numbers(lib: Any):
    assert tuple(lib.Tensor(2, 3).shape) == (2, 3)
    assert lib.Tensor([1, 2]).tolist() == [1.0, 2.0]
    assert tuple(lib.Tensor().shape) == (0,)


@both
def test_zero_dimensions_make_no_copy_of_a_view(lib: Any):
    x = lib.zeros(2)
    number = x[1]
    number.fill_(4)
    assert x.tolist() == [0, 4]
    x[0] = 3
    assert x[0].item() == 3


def test_the_storage_is_the_whole_memory():
    x = cube(minitorch)
    storage = x[1, 2, 3:]._storage_array()
    assert storage.tolist() == list(range(24))
    assert np.shares_memory(storage, x._array)


def test_pickled_tensors_keep_their_dtype():
    for dtype in (minitorch.bfloat16, minitorch.uint16, minitorch.bool, minitorch.float16):
        tensor = minitorch.ones(2).to(dtype)
        twin = pickle.loads(pickle.dumps(tensor))
        assert (twin.dtype, twin.tolist()) == (tensor.dtype, tensor.tolist())
