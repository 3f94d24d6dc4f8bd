"""Modules: calling, hooks, changes to the whole tree, copies, printing."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch import nn
from tests.nn.networks import documented_network, nested_network, tensors, twins
from tests.oracle import assert_same, assert_same_error, pull_back

LIBRARIES = [minitorch, torch]


class Scaled(nn.Module):
    """Of this module's own, so that it can be pickled."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.register_buffer("scale", minitorch.tensor(2.0))

    def forward(self, x: minitorch.Tensor) -> minitorch.Tensor:
        return self.layer(x) * self.scale


# -- printing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [documented_network, nested_network, lambda lib: lib.nn.Module()])
def test_modules_print_as_in_torch(build: Any):
    assert repr(build(minitorch)) == repr(build(torch))


def test_modules_with_a_text_of_their_own_print_as_in_torch():
    def build(lib: Any, text: str) -> Any:
        class Told(lib.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner = lib.nn.Sequential(lib.nn.ReLU(inplace=True), lib.nn.ModuleList())

            def extra_repr(self) -> str:
                return text

        told = Told()
        told.inner.append(lib.nn.Sequential(*[lib.nn.ModuleList([lib.nn.Linear(1, 1)] * 3 + [lib.nn.Tanh()])]))
        return told

    for text in ("", "one line", "two\nlines"):
        assert repr(build(minitorch, text)) == repr(build(torch, text))


# -- calling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [documented_network, nested_network])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_networks_compute_what_torchs_do_with_their_gradients(build: Any, dtype: str):
    ours, theirs = twins(build, dtype=dtype)
    judge = copy.deepcopy(theirs).double()
    rng = np.random.default_rng(1)
    shape = (2, 3, 32, 32) if build is documented_network else (5, 4)
    array = rng.standard_normal(shape).astype(dtype)
    x, y = tensors(array, requires_grad=True)
    z = torch.tensor(array, dtype=torch.float64, requires_grad=True)
    results = [ours(x), theirs(y), judge(z)]
    assert_same(*results)
    cotangent = rng.standard_normal(results[1].shape).astype(dtype)
    for result in results:
        lib = minitorch if result is results[0] else torch
        result.backward(lib.tensor(cotangent))
    assert_same(x.grad, y.grad, z.grad)
    for a, b, c in zip(ours.parameters(), theirs.parameters(), judge.parameters(), strict=True):
        assert_same(a.grad, b.grad, c.grad)


def test_a_module_without_forward_says_so():
    assert_same_error(lambda: nn.Module()(1), lambda: torch.nn.Module()(1))


def test_an_error_names_the_layer_by_its_path():
    net = documented_network(minitorch)
    net.fc2 = nn.Linear(99, 84)
    with pytest.raises(RuntimeError) as caught:
        net(minitorch.zeros(1, 3, 32, 32))
    assert str(caught.value) == "mat1 and mat2 shapes cannot be multiplied (1x120 and 99x84)"
    assert caught.value.__notes__ == ["in layer 'fc2' of Net: Linear(in_features=99, out_features=84, bias=True)"]


def test_an_error_deep_inside_gets_one_note_with_the_whole_path():
    net = nn.Sequential(nn.Identity(), nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(2, 3))))
    with pytest.raises(RuntimeError) as caught:
        net(minitorch.zeros(4, 5))
    assert caught.value.__notes__ == [
        "in layer '1.1.0' of Sequential: Linear(in_features=2, out_features=3, bias=True)"
    ]


def test_an_error_between_the_layers_names_the_module():
    with pytest.raises(RuntimeError, match=r"shape '\[-1, 400\]' is invalid") as caught:
        nn.Sequential(documented_network(minitorch))(minitorch.zeros(1, 3, 28, 28))
    assert caught.value.__notes__ == ["in layer '0' of Sequential: the forward of Net"]


def test_an_error_in_a_layer_alone_names_it():
    with pytest.raises(RuntimeError, match="to have 3 channels, but got 4 channels instead") as caught:
        nn.Conv2d(3, 6, 5)(minitorch.zeros(1, 4, 8, 8))
    assert caught.value.__notes__ == ["in Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))"]


# -- hooks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lib", LIBRARIES)
def test_hooks_see_and_change_arguments_and_results(lib: Any):
    layer, seen = lib.nn.Identity(), []
    layer.register_forward_pre_hook(lambda module, args: seen.append(("before", module is layer, args[0].item())))
    doubling = layer.register_forward_pre_hook(lambda module, args: args[0] * 2)
    layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    layer.register_forward_hook(lambda module, args, output: seen.append(("after", args[0].item(), output.item())))
    layer.register_forward_hook(lambda module, args, output: output * 10)
    layer.register_forward_hook(lambda module, args, output: seen.append("first"), prepend=True)
    assert layer(lib.tensor(3.0)).item() == 70
    assert seen == [("before", True, 3), "first", ("after", 7, 7)]
    doubling.remove()
    assert layer(lib.tensor(3.0)).item() == 40


@pytest.mark.parametrize("lib", LIBRARIES)
def test_hooks_can_take_keyword_arguments(lib: Any):
    class Scale(lib.nn.Module):
        def forward(self, x: Any, by: float = 1) -> Any:
            return x * by

    module = Scale()
    with module.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True
    ):
        assert module(lib.tensor(5.0), by=2).item() == 15
    module.register_forward_hook(lambda module, args, kwargs, output: output + kwargs["by"], with_kwargs=True)
    assert module(lib.tensor(5.0), by=2).item() == 12


def test_a_hook_that_returns_something_else_is_refused():
    def mistake(lib: Any) -> None:
        module = lib.nn.Identity()
        module.register_forward_pre_hook(lambda module, args, kwargs: 3, with_kwargs=True)
        module(1)

    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch))


# -- the whole tree ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lib", LIBRARIES)
def test_apply_reaches_children_before_their_parents(lib: Any):
    def visited(lib: Any) -> list[str]:
        names: list[str] = []
        net = nested_network(lib)
        assert net.apply(lambda module: names.append(type(module).__name__)) is net
        return names

    assert visited(lib) == visited(torch)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_train_and_eval_reach_every_module(lib: Any):
    net = nested_network(lib)
    assert net.eval() is net
    assert not any(each.training for each in net.modules())
    assert net.train() is net
    assert all(each.training for each in net.modules())


def test_the_mode_is_a_bool():
    assert_same_error(lambda: nn.Identity().train("yes"), lambda: torch.nn.Identity().train("yes"))


@pytest.mark.parametrize("lib", LIBRARIES)
def test_gradients_are_taken_away_or_set_to_zero(lib: Any):
    net = lib.nn.Linear(2, 1)
    pull_back(net(lib.ones(1, 2)))
    kept = net.weight.grad
    assert kept.all()
    net.zero_grad(set_to_none=False)
    assert net.weight.grad is kept
    assert kept.tolist() == [[0, 0]]
    net.zero_grad()
    assert net.weight.grad is None
    assert net.bias.grad is None


@pytest.mark.filterwarnings("ignore:Using backward:UserWarning")  # torch's advice to prefer autograd.grad
@pytest.mark.parametrize("lib", LIBRARIES)
def test_zeroing_a_gradient_that_has_a_graph_cuts_it_off(lib: Any):
    net = lib.nn.Linear(2, 1)
    pull_back(net(lib.ones(1, 2)) ** 2, create_graph=True)
    assert net.weight.grad.grad_fn is not None
    net.zero_grad(set_to_none=False)
    assert net.weight.grad.grad_fn is None
    assert not net.weight.grad.requires_grad
    assert net.weight.grad.tolist() == [[0, 0]]


@pytest.mark.parametrize("lib", LIBRARIES)
def test_freezing_stops_recording(lib: Any):
    net = nested_network(lib)
    assert net.requires_grad_(False) is net
    assert not net(lib.ones(1, 4)).requires_grad
    assert net.requires_grad_()(lib.ones(1, 4)).requires_grad


@pytest.mark.parametrize(
    "convert",
    [
        lambda net, lib: net.double(),
        lambda net, lib: net.half(),
        lambda net, lib: net.double().float(),
        lambda net, lib: net.to(lib.float64),
        lambda net, lib: net.to("cpu", lib.float16),
        lambda net, lib: net.to(device="cpu", dtype=lib.float64),
        lambda net, lib: net.to(lib.zeros(1, dtype=lib.float64)),
        lambda net, lib: net.type(lib.float64),
        lambda net, lib: net.to("cpu").cpu(),
    ],
)
def test_dtypes_change_as_in_torch_while_parameters_remain_themselves(convert: Any):
    dtypes = []
    for lib in (minitorch, torch):
        net = nested_network(lib)
        net.register_buffer("count", lib.tensor(3))
        pull_back(net(lib.ones(1, 4)))
        before = [id(each) for each in net.parameters()]
        assert convert(net, lib) is net
        assert [id(each) for each in net.parameters()] == before
        dtypes.append(
            [
                (name, str(each.dtype), each.grad is None or str(each.grad.dtype))
                for name, each in net.named_parameters()
            ]
            + [(name, str(each.dtype)) for name, each in net.named_buffers()]
        )
    assert dtypes[0] == dtypes[1]


@pytest.mark.parametrize("lib", LIBRARIES)
def test_gradients_have_the_new_dtype_even_while_an_old_graph_lives(lib: Any):
    net = lib.nn.Linear(2, 1)
    old = net(lib.ones(1, 2))
    net.double()
    pull_back(net(lib.ones(1, 2, dtype=lib.float64)))
    assert net.weight.grad.dtype == lib.float64
    del old


def test_modules_take_floating_point_dtypes_only():
    assert_same_error(lambda: nn.Linear(1, 1).to(minitorch.int64), lambda: torch.nn.Linear(1, 1).to(torch.int64))


def test_another_device_is_refused_with_what_there_is():
    with pytest.raises(RuntimeError, match="'cpu' and 'cuda' are there, 'mps' is not"):
        nn.Linear(1, 1).to("mps")


# -- copies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_compute_the_same_with_memory_of_their_own(copied: Any):
    net = nn.Sequential(Scaled(), nn.Tanh())
    net[0].register_forward_hook(negate)
    twin = copied(net.eval())
    x = minitorch.randn(4, 3)
    assert twin(x).tolist() == net(x).tolist()
    assert repr(twin) == repr(net)
    assert not twin[0].training
    twin[0].layer.weight.data.zero_()
    assert net[0].layer.weight.detach().numpy().any()


def negate(module: Any, args: Any, output: Any) -> Any:
    return -output


def test_a_shared_parameter_is_shared_in_the_copy():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    twin = copy.deepcopy(net)
    assert twin[1].weight is twin[0].weight is not net[0].weight
