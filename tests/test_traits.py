"""What tensors are asked beside their numbers, and Python functions on their elements, as torch answers and does."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error, graph

LIBRARIES = (minitorch, torch)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


FLAGS = (
    "is_cpu", "is_cuda", "is_ipu", "is_maia", "is_meta", "is_mkldnn", "is_mps", "is_mtia", "is_nested", "is_quantized",
    "is_sparse", "is_sparse_csr", "is_vulkan", "is_xla", "is_xpu", "layout", "name", "volatile", "is_leaf", "grad_dtype",
)  # fmt: skip
QUESTIONS = ("is_conj", "is_neg", "is_distributed", "ndimension", "dense_dim", "sparse_dim", "dim_order", "is_shared")


@pytest.mark.parametrize("name", FLAGS)
def test_flags_are_torchs(name: str):
    ours, theirs = (getattr(lib.ones(2, 3), name) for lib in LIBRARIES)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", QUESTIONS)
def test_questions_have_torchs_answers(name: str):
    ours, theirs = (getattr(lib.ones(2, 3), name)() for lib in LIBRARIES)
    assert ours == theirs


@pytest.mark.parametrize("name", ["name", "layout", "is_cpu", "is_meta"])
def test_flags_cannot_be_set(name: str):
    for lib in LIBRARIES:
        with pytest.raises(AttributeError):
            setattr(lib.ones(2), name, True)


ORDERS = {
    "rows": lambda x: x,
    "permuted": lambda x: x.permute(1, 2, 0),
    "reversed": lambda x: x.permute(2, 1, 0),
    "expanded": lambda x: x[:1].expand(3, 3, 4),
    "one": lambda x: x[:, :1],
    "one, transposed": lambda x: x[:, :1].transpose(0, 2),
    "vector": lambda x: x[0, 0],
    "number": lambda x: x[0, 0, 0],
    "empty": lambda x: x[:, :0].transpose(0, 1),
    "expanded vector": lambda x: x[0, 0].expand(5, 4).t(),
    "overlapping": lambda x: x.as_strided((2, 3), (1, 1)),
}


@pytest.mark.parametrize("check", [False, True, "formats"])
@pytest.mark.parametrize("order", ORDERS)
def test_dim_order_is_torchs(order: str, check: Any):
    outcomes = []
    for lib in LIBRARIES:
        x = ORDERS[order](lib.arange(24.0).view(2, 3, 4))
        try:
            outcomes.append(x.dim_order(ambiguity_check=[lib.contiguous_format] if check == "formats" else check))
        except RuntimeError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", ["real", "conj", "conj_physical", "resolve_conj", "resolve_neg"])
def test_of_real_tensors_conjugates_are_the_tensors_themselves(name: str):
    for lib in LIBRARIES:
        x = lib.ones(2, requires_grad=True)
        method = getattr(x, name)
        assert (method if name == "real" else method()) is x
        assert getattr(lib, name)(x) is x
    assert_same_error(lambda: getattr(minitorch, name)(1), lambda: getattr(torch, name)(1))


def test_the_real_part_can_be_written():
    for lib in LIBRARIES:
        x = lib.zeros(2, 3)
        x.real = lib.ones(3)
        assert x.sum() == 6


def test_conj_physical_in_place_is_recorded():
    nodes = []
    for lib in LIBRARIES:
        x = lib.ones(2, requires_grad=True) * 2
        assert x.conj_physical_() is x
        nodes.append((graph(x), x._version))
    assert nodes[0] == nodes[1]


def test_to_dense_is_the_tensor_itself():
    for lib in LIBRARIES:
        x = lib.ones(2)
        assert x.to_dense() is x
        assert x.to_dense(dtype=lib.float64).dtype is lib.float64


# -- other classes ----------------------------------------------------------------------------------------------------


def test_as_subclass_is_another_class_over_the_same_memory():
    for lib in LIBRARIES:
        kind = type("Kind", (lib.Tensor,), {})
        x = lib.ones(2, requires_grad=True)
        y = x.as_subclass(kind)
        assert type(y) is kind
        assert y.grad_fn.name() == "AliasBackward0"
        assert y.data_ptr() == x.data_ptr()
    assert_same_error(lambda: minitorch.ones(2).as_subclass(int), lambda: torch.ones(2).as_subclass(int))


@pytest.mark.parametrize("assign", [False, True])
def test_module_load_copies_or_assigns(assign: bool):
    for lib in LIBRARIES:
        x, other = lib.zeros(2), lib.ones(2, requires_grad=True)
        loaded = x.module_load(other, assign) if assign else x.module_load(other.detach())
        assert loaded.tolist() == [1, 1]
        assert not loaded.requires_grad
        assert (loaded.data_ptr() == other.data_ptr()) is assign


@pytest.mark.parametrize("make", [
    lambda x: x.new(2, 3).shape, lambda x: x.new([1, 2.5]), lambda x: x.new(), lambda x: x.long().new([1, 2]),
    lambda x: x.new(x).shape, lambda x: x.new(2, device="cpu").shape,
])  # fmt: skip
def test_new_makes_what_torch_makes(make: Any):
    ours, theirs = (make(lib.zeros(2, 2)) for lib in LIBRARIES)
    assert repr(ours) == repr(theirs)


# -- gradients of another dtype -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
def test_gradients_are_summed_in_grad_dtype(late: bool):
    for lib in LIBRARIES:
        x = lib.ones(2, requires_grad=True)
        if not late:
            x.grad_dtype = lib.float64
        y = (x * 2).sum()
        if late:
            x.grad_dtype = lib.float64
        y.backward()
        assert x.grad.dtype is x.grad_dtype is lib.float64
        x.grad = lib.ones(2, dtype=lib.float64)


@pytest.mark.parametrize("set_", [
    lambda lib, x: setattr(x * 1, "grad_dtype", lib.float64), lambda lib, x: setattr(x, "grad_dtype", 3),
    lambda lib, x: (x * 1).grad_dtype,
    lambda lib, x: ((x * 2).sum().backward(), setattr(x, "grad_dtype", lib.float64)),
])  # fmt: skip
def test_grad_dtype_refuses_what_torch_refuses(set_: Any):
    assert_same_error(*(lambda lib=lib: set_(lib, lib.ones(2, requires_grad=True)) for lib in LIBRARIES))


# -- Python functions on elements ---------------------------------------------------------------------------------------

ON_ELEMENTS = {
    "apply_": lambda lib, x: x.apply_(lambda a: a * 2 + 0.5),
    "apply_ in another order": lambda lib, x: x.t().apply_(lambda a: a - 1),
    "apply_ on every second": lambda lib, x: x[:, ::2].apply_(lambda a: -a),
    "apply_ on integers": lambda lib, x: x.long().apply_(lambda a: a + 0.7),
    "apply_ on truths": lambda lib, x: (x > 2).apply_(lambda a: not a),
    "apply_ on halves": lambda lib, x: x.half().apply_(lambda a: a / 3),
    "map_": lambda lib, x: x.map_(lib.arange(3.0), lambda a, b: a - 2 * b),
    "map_ of a number": lambda lib, x: x.map_(lib.tensor(3.0), lambda a, b: a - 2 * b),
    "map2_": lambda lib, x: x.map2_(x.clone(), lib.arange(3.0), lambda a, b, c: a + b * c),
}


@pytest.mark.parametrize("name", ON_ELEMENTS)
def test_python_functions_on_elements_give_what_torch_gives(name: str):
    ours, theirs = (ON_ELEMENTS[name](lib, lib.arange(6.0).view(2, 3)) for lib in LIBRARIES)
    assert_same(ours, theirs)


@pytest.mark.parametrize("call", [
    lambda lib, x: x.requires_grad_().apply_(abs), lambda lib, x: x.map_(lib.ones(3, requires_grad=True), max),
    lambda lib, x: x.map_(lib.ones(2), max), lambda lib, x: x.map_(lib.ones(3).long(), max),
    lambda lib, x: x.map2_(lib.ones(2).long(), x, max), lambda lib, x: x.map_(1, max), lambda lib, x: x.apply_(3),
    lambda lib, x: x.apply_(str),
])  # fmt: skip
def test_python_functions_on_elements_refuse_what_torch_refuses(call: Any):
    assert_same_error(*(lambda lib=lib: call(lib, lib.arange(6.0).view(2, 3)) for lib in LIBRARIES))


def test_detach_is_a_function_too():
    for lib in LIBRARIES:
        x = lib.ones(2, requires_grad=True) * 2
        assert not lib.detach(x).requires_grad
        assert lib.detach_(x) is x
        assert x.is_leaf
