"""Parameters are tensors that modules learn."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch import nn
from tests.oracle import assert_same_error, pull_back

LIBRARIES = [minitorch, torch]


def test_a_parameter_shares_the_memory_of_its_tensor_and_requires_gradients():
    tensor = minitorch.zeros(2, 3)
    parameter = nn.Parameter(tensor)
    tensor.add_(1)
    assert isinstance(parameter, minitorch.Tensor)
    assert parameter.requires_grad
    assert parameter.is_leaf
    np.testing.assert_array_equal(parameter.detach().numpy(), np.ones((2, 3)))
    assert parameter._version == tensor._version == 1
    assert not nn.Parameter(tensor, requires_grad=False).requires_grad


def test_a_parameter_prints_as_in_torch():
    for make in (
        lambda lib: lib.nn.Parameter(lib.arange(6.0).reshape(2, 3)),
        lambda lib: lib.nn.Parameter(lib.tensor(2.5), requires_grad=False),
        lambda lib: lib.nn.Parameter(),
    ):
        assert repr(make(minitorch)) == repr(make(torch))
        assert f"{make(minitorch)}" == f"{make(torch)}"


def test_results_of_operators_are_no_parameters():
    parameter = nn.Parameter(minitorch.ones(3))
    for result in (
        parameter + 1,
        parameter.detach(),
        parameter.clone(),
        parameter[0],
        parameter.data,
        parameter.double(),
    ):
        assert type(result) is minitorch.Tensor


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_deep_copy_has_memory_of_its_own_and_no_gradient(lib: Any):
    parameter = lib.nn.Parameter(lib.ones(3))
    pull_back(parameter * 2)
    twin = copy.deepcopy([parameter, parameter])
    assert twin[0] is twin[1]
    assert type(twin[0]) is lib.nn.Parameter
    assert twin[0].requires_grad
    assert twin[0].grad is None
    twin[0].data.add_(1)
    assert parameter.tolist() == [1, 1, 1]


@pytest.mark.parametrize("requires_grad", [True, False])
def test_pickling_keeps_class_numbers_and_setting(requires_grad: bool):
    parameter = nn.Parameter(minitorch.arange(4.0), requires_grad=requires_grad)
    loaded = pickle.loads(pickle.dumps(parameter))
    assert type(loaded) is nn.Parameter
    assert loaded.requires_grad is requires_grad
    assert loaded.tolist() == parameter.tolist()


def test_whole_numbers_cannot_be_learnt():
    assert_same_error(lambda: nn.Parameter(minitorch.tensor([1, 2])), lambda: torch.nn.Parameter(torch.tensor([1, 2])))


def test_what_is_not_a_tensor_is_refused_with_advice():
    with pytest.raises(TypeError, match=r"made from a Tensor, not from 'list'; minitorch.tensor\(data\)"):
        nn.Parameter([1.0, 2.0])


def test_unpickled_numbers_mix_with_others():
    array = pickle.loads(pickle.dumps(np.ones((2, 3), np.float32)))  # numpy gives it a dtype object of its own
    parameter = pickle.loads(pickle.dumps(nn.Parameter(minitorch.ones(3, 2))))
    for tensor in (
        minitorch.from_numpy(array),
        minitorch.tensor(array),
        minitorch.tensor([list(array[0]), list(array[1])]),
    ):
        assert (tensor @ parameter).tolist() == [[3, 3], [3, 3]]
