"""Members of modules behave as attributes, and are found by walking the tree."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import minitorch
from minitorch import nn
from tests.nn.networks import nested_network
from tests.oracle import assert_same_error

LIBRARIES = [minitorch, torch]


def both(function: Any) -> None:
    """Checks that a function of the library gives the same in both."""
    assert function(minitorch) == function(torch)


def names_and_shapes(pairs: Any) -> list[Any]:
    return [(name, list(each.shape)) for name, each in pairs]


@pytest.mark.parametrize("prefix", ["", "net"])
@pytest.mark.parametrize("recurse", [True, False])
@pytest.mark.parametrize("remove_duplicate", [True, False])
def test_members_are_listed_in_torchs_order(prefix: str, recurse: bool, remove_duplicate: bool):
    settings = {"prefix": prefix, "recurse": recurse, "remove_duplicate": remove_duplicate}
    both(lambda lib: names_and_shapes(nested_network(lib).named_parameters(**settings)))
    both(lambda lib: names_and_shapes(nested_network(lib).named_buffers(**settings)))
    both(
        lambda lib: [
            (name, type(each).__name__)
            for name, each in nested_network(lib).named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        ]
    )


def test_other_lists_leave_the_names_away():
    net = nested_network(minitorch)
    assert [id(each) for each in net.parameters()] == [id(each) for _, each in net.named_parameters()]
    assert [id(each) for each in net.buffers()] == [id(each) for _, each in net.named_buffers()]
    assert [id(each) for each in net.modules()] == [id(each) for _, each in net.named_modules()]
    assert [id(each) for each in net.children()] == [id(each) for _, each in net.named_children()]
    both(lambda lib: [name for name, _ in nested_network(lib).named_children()])
    both(lambda lib: len(list(nested_network(lib).parameters(recurse=False))))


def test_paths_lead_to_members():
    net = nested_network(minitorch)
    assert net.get_submodule("") is net
    assert net.get_submodule("blocks.1.linear") is net.blocks[1].linear
    assert net.get_parameter("blocks.0.scale") is net.blocks[0].scale
    assert net.get_buffer("blocks.0.mean") is net.blocks[0].mean


@pytest.mark.parametrize("lib", LIBRARIES)
def test_assigning_moves_a_name_between_kinds(lib: Any):
    module = lib.nn.Module()
    module.x = 3
    module.x = lib.nn.Parameter(lib.ones(2))
    assert "x" not in module.__dict__
    assert [name for name, _ in module.named_parameters()] == ["x"]
    module.y = lib.nn.Identity()
    module.y = lib.nn.Parameter(lib.ones(2))
    assert not list(module.children())
    module.register_buffer("z", lib.ones(3), persistent=False)
    module.z = lib.zeros(4)
    assert [list(each.shape) for each in module.buffers()] == [[4]]
    assert "z" not in module.state_dict()
    module.z = None
    assert module.z is None
    assert not list(module.buffers())
    module.x = None
    assert module.x is None
    assert "x" in module._parameters


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_module_in_the_place_of_another_keeps_its_position(lib: Any):
    net = nested_network(lib)
    before = [name for name, _ in net.named_children()]
    net.blocks = lib.nn.Identity()
    assert [name for name, _ in net.named_children()] == before


@pytest.mark.parametrize("lib", LIBRARIES)
def test_deleting_takes_members_of_each_kind_away(lib: Any):
    block = nested_network(lib).blocks[0]
    block.plain = 1
    for name in ("linear", "scale", "mean", "scratch", "plain"):
        delattr(block, name)
        assert not hasattr(block, name)
    assert list(block.state_dict()) == []
    with pytest.raises(AttributeError):
        del block.linear


def test_dir_names_the_members():
    for name in ("blocks", "head", "training", "forward", "absent"):
        assert name in dir(nested_network(minitorch))
    assert "0" not in dir(nested_network(minitorch).head)
    assert {"linear", "scale", "mean"} <= set(dir(nested_network(minitorch).blocks[0]))


class BeforeInit:
    """A mistake: something is assigned before ``super().__init__()``."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __call__(self, lib: Any) -> None:
        make = self.make

        class Net(lib.nn.Module):
            def __init__(self) -> None:
                make(self, lib)

        Net()


def linear(lib: Any) -> Any:
    return lib.nn.Linear(2, 2)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda lib: documented(lib).foo,
        lambda lib: delattr(linear(lib), "foo"),
        BeforeInit(lambda net, lib: setattr(net, "conv", linear(lib))),
        BeforeInit(lambda net, lib: setattr(net, "weight", lib.nn.Parameter(lib.ones(1)))),
        BeforeInit(lambda net, lib: net.register_buffer("mean", lib.ones(1))),
        BeforeInit(lambda net, lib: net.register_parameter("weight", lib.nn.Parameter(lib.ones(1)))),
        lambda lib: setattr(linear(lib), "weight", "x"),
        lambda lib: setattr(linear(lib), "weight", lib.ones(2)),
        lambda lib: setattr(linear(lib), "bias", lib.ones(2, dtype=lib.float64)),
        lambda lib: setattr(nested_network(lib), "head", 3),
        lambda lib: setattr(nested_network(lib).blocks[0], "mean", [1.0]),
        lambda lib: linear(lib).register_parameter("weight", lib.ones(2)),
        lambda lib: linear(lib).register_parameter("gain", lib.ones(2)),
        lambda lib: linear(lib).register_parameter("a.b", None),
        lambda lib: linear(lib).register_parameter("", None),
        lambda lib: linear(lib).register_parameter(3, None),
        lambda lib: linear(lib).register_parameter("in_features", None),
        lambda lib: linear(lib).register_buffer("weight", lib.ones(2)),
        lambda lib: linear(lib).register_buffer("a.b", None),
        lambda lib: linear(lib).register_buffer("", None),
        lambda lib: linear(lib).register_buffer(3, None),
        lambda lib: linear(lib).register_buffer("mean", [1.0]),
        lambda lib: linear(lib).add_module("weight", lib.nn.Identity()),
        lambda lib: linear(lib).add_module("a.b", lib.nn.Identity()),
        lambda lib: linear(lib).add_module("", lib.nn.Identity()),
        lambda lib: linear(lib).add_module(3, lib.nn.Identity()),
        lambda lib: linear(lib).add_module("x", "a module"),
        lambda lib: linear(lib).add_module("x", lib.ones(2)),
        lambda lib: nested_network(lib).get_submodule("blocks.7"),
        lambda lib: nested_network(lib).get_submodule("blocks.0.scale"),
        lambda lib: nested_network(lib).get_parameter("blocks.0.gain"),
        lambda lib: nested_network(lib).get_parameter("blocks.0.mean"),
        lambda lib: nested_network(lib).get_buffer("blocks.0.scale"),
        lambda lib: nested_network(lib).get_buffer("blocks.0.gain"),
    ],
)
def test_mistakes_get_torchs_answers(mistake: Any):
    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch))


def documented(lib: Any) -> Any:
    class Net(lib.nn.Module):
        pass

    return Net()


def test_a_parameter_in_the_place_of_a_tensor_must_be_a_leaf():
    parameter = nn.Parameter(minitorch.ones(2))
    with pytest.raises(TypeError, match=r"cannot assign 'torch.FloatTensor' as parameter 'weight'"):
        nn.Linear(2, 2).weight = parameter * 2
