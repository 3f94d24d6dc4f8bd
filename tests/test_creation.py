"""New tensors: values, dtypes and errors are torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error

MADE: dict[str, Callable[[Any], Any]] = {
    "floats": lambda lib: lib.tensor([[1.5, 2], [3, 4]]),
    "ints": lambda lib: lib.tensor([1, 2]),
    "bools": lambda lib: lib.tensor([True, False]),
    "mixed": lambda lib: lib.tensor([1, 2.5]),
    "bool and int": lambda lib: lib.tensor([True, 2]),
    "a number": lambda lib: lib.tensor(3),
    "a float": lambda lib: lib.tensor(2.5),
    "nothing": lambda lib: lib.tensor([]),
    "empty rows": lambda lib: lib.tensor([[], []]),
    "a tuple": lambda lib: lib.tensor(((1, 2), (3, 4))),
    "an array": lambda lib: lib.tensor(np.arange(3.0)),
    "an array of float32": lambda lib: lib.tensor(np.ones(2, np.float32)),
    "a range": lambda lib: lib.tensor(list(range(3))),
    "numpy scalars": lambda lib: lib.tensor([np.float64(1), np.float64(2)]),
    "tensors": lambda lib: lib.tensor([lib.tensor(1.0), lib.tensor(2.0)]),
    "a dtype": lambda lib: lib.tensor([1.7, -2.2], dtype=lib.int32),
    "half": lambda lib: lib.tensor([1, 2], dtype=lib.float16),
    "bytes": lambda lib: lib.tensor([1, 255], dtype=lib.uint8),
    "as_tensor": lambda lib: lib.as_tensor([1, 2.0]),
    "as_tensor of an array": lambda lib: lib.as_tensor(np.arange(3)),
    "as_tensor with a dtype": lambda lib: lib.as_tensor(np.arange(3), dtype=lib.float32),
    "zeros": lambda lib: lib.zeros(2, 3),
    "zeros of a tuple": lambda lib: lib.zeros((2, 3), dtype=lib.int8),
    "zeros by name": lambda lib: lib.zeros(size=(2,)),
    "zeros without dimensions": lambda lib: lib.zeros(()),
    "zeros of a Size": lambda lib: lib.zeros(lib.ones(2, 3).shape),
    "ones": lambda lib: lib.ones(0, 3),
    "full": lambda lib: lib.full((2, 2), 2.5),
    "full of ints": lambda lib: lib.full((2,), 3),
    "full of bools": lambda lib: lib.full((2,), True),
    "full with a dtype": lambda lib: lib.full((), 3, dtype=lib.float64),
    "eye": lambda lib: lib.eye(3),
    "eye oblong": lambda lib: lib.eye(2, 3, dtype=lib.int64),
    "zeros_like": lambda lib: lib.zeros_like(lib.ones(2, dtype=lib.int16)),
    "ones_like": lambda lib: lib.ones_like(lib.zeros(2), dtype=lib.float64),
    "full_like": lambda lib: lib.full_like(lib.zeros(2), 7),
    "arange": lambda lib: lib.arange(5),
    "arange from": lambda lib: lib.arange(2, 5),
    "arange step": lambda lib: lib.arange(1, 10, 3),
    "arange down": lambda lib: lib.arange(5, 0, -2),
    "arange floats": lambda lib: lib.arange(0.0, 1.0, 0.25),
    "arange float end": lambda lib: lib.arange(2.5),
    "arange of nothing": lambda lib: lib.arange(0),
    "arange with a dtype": lambda lib: lib.arange(3, dtype=lib.float32),
    "arange tenths": lambda lib: lib.arange(0, 1, 0.1),
    "arange by name": lambda lib: lib.arange(start=1, end=4),
    "arange with a step by name": lambda lib: lib.arange(1, 6, step=2),
    "arange with an end by name": lambda lib: lib.arange(end=3),
    "linspace": lambda lib: lib.linspace(0, 1, 5),
    "linspace down": lambda lib: lib.linspace(3, -3, 7, dtype=lib.float64),
    "linspace of one": lambda lib: lib.linspace(2, 3, 1),
    "linspace of integers": lambda lib: lib.linspace(0, 10, 4, dtype=lib.int64),
    "linspace of many": lambda lib: lib.linspace(0, 1, 101),
    "requires_grad": lambda lib: lib.tensor([1.0], requires_grad=True) * 2,
    "empty_like": lambda lib: lib.empty_like(lib.zeros(2, 3)).zero_(),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_what_is_made_is_torchs(make: Callable[[Any], Any]):
    assert_same(make(minitorch), make(torch))


REFUSED: dict[str, Callable[[Any], Any]] = {
    "rows of other lengths": lambda lib: lib.tensor([[1, 2], [3]]),
    "deeper rows of other lengths": lambda lib: lib.tensor([[[1, 2], [3]]]),
    "a string": lambda lib: lib.tensor("a"),
    "strings": lambda lib: lib.tensor(["a"]),
    "None": lambda lib: lib.tensor(None),
    "an object": lambda lib: lib.tensor([object()]),
    "too large": lambda lib: lib.tensor([2**70]),
    "mixed with a string": lambda lib: lib.tensor([1, "a"]),
    "a negative size of ones": lambda lib: lib.ones(2, -1),
    "a negative size": lambda lib: lib.zeros(-1),
    "arange without step": lambda lib: lib.arange(0, 5, 0),
    "arange away": lambda lib: lib.arange(0, 5, -1),
    "integers with a gradient": lambda lib: lib.ones(2, dtype=lib.int64, requires_grad=True),
    "from_numpy of a list": lambda lib: lib.from_numpy([1]),
    "zeros of a string": lambda lib: lib.zeros("a"),
    "empty of a float": lambda lib: lib.empty(2.5),
    "ones of None": lambda lib: lib.ones(None),
    "rand of a string": lambda lib: lib.rand("a"),
    "zeros of the name of a dtype": lambda lib: lib.zeros(2, dtype="float"),
    "full out of range": lambda lib: lib.full((2,), 300, dtype=lib.uint8),
    "linspace of fewer than none": lambda lib: lib.linspace(0, 1, -1),
}


@pytest.mark.parametrize("mistake", REFUSED.values(), ids=REFUSED)
def test_a_mistake_raises_torchs_error(mistake: Callable[[Any], Any]):
    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch))


@pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])
def test_tensor_copies_and_as_tensor_does_not(lib: Any):
    array = np.zeros(3, np.float32)
    copied, shared = lib.tensor(array), lib.as_tensor(array)
    array[0] = 5
    assert (copied[0].item(), shared[0].item()) == (0, 5)
    assert lib.as_tensor(shared) is shared


@pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])
def test_the_default_dtype_can_be_changed(lib: Any):
    lib.set_default_dtype(lib.float64)
    try:
        assert [str(x.dtype) for x in (lib.tensor([1.0]), lib.zeros(1), lib.arange(0.0, 1.0), lib.tensor([1]) / 2)] == [
            "torch.float64"
        ] * 4
    finally:
        lib.set_default_dtype(lib.float32)
    with pytest.raises(TypeError):
        lib.set_default_dtype(lib.int64)


def test_a_device_that_is_not_there_is_an_error():
    with pytest.raises(RuntimeError, match="'cpu' and 'cuda' are there, 'mps' is not"):
        minitorch.zeros(2, device="mps")
    assert minitorch.zeros(2, device="cpu").device == minitorch.device("cpu")


def promoted(lib: Any, a: str, b: str) -> str:
    try:
        return str(lib.promote_types(getattr(lib, a), getattr(lib, b)))
    except RuntimeError as error:
        return str(error)


def test_promotion_of_pairs_of_dtypes_is_torchs():
    names = [each.name for each in minitorch.dtypes.ALL]
    assert len(names) == 13
    for a in names:
        for b in names:
            assert promoted(minitorch, a, b) == promoted(torch, a, b)
            assert minitorch.can_cast(getattr(minitorch, a), getattr(minitorch, b)) is torch.can_cast(
                getattr(torch, a), getattr(torch, b)
            )
