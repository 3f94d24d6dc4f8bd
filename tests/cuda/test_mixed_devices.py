"""Tensors on several devices in one operator, interpreted.

The oracle for graphs is torch with its device "meta" in place of a GPU; that for gradients is torch on the CPU alone.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

import minitorch
from minitorch.kernels.cuda import device
from tests.oracle import assert_close, graph
from tests.ptx.device import Interpreter

# x and y are on the GPU, v and the number s on the CPU; x, v and s are leaves, y is computed from x, w from v.
COPIES = """
    x * s | s * x | x + s | s - x | x / s | s ** x | x ** s | x.remainder(s) | x.fmod(s) | x.sum() * s | s + x.sum()
    w[0] * x | x.double() * s.half() | y.add_(s) | y.mul_(s) | y.pow_(s) | y.lerp_(x, s) | y.fill_(s) | y[0].copy_(s)
    lib.where(x > 1, x, s) | lib.where(x > 1, s, x) | lib.addcmul(x, x, s) | lib.addcmul(s, x, x) | lib.addcdiv(x, x, s)
    lib.lerp(x, x * 2, s) | lib.clamp(x, s) | lib.maximum(x, s) | lib.minimum(s, x) | lib.atan2(x, s) | lib.hypot(s, x)
    lib.logaddexp(x, s) | lib.xlogy(x, s) | lib.add(x, s, alpha=2) | lib.sub(s, x, alpha=2) | lib.float_power(x, s)
    lib.ldexp(x, s) | lib.fill(x, s) | x.index_put((i,), s) | lib.dist(x, s) | lib.special.xlog1py(x, s)
    lib.zeros(3).to(place).copy_(v) | y.copy_(v) | y.copy_(s) | put(y, 0, s) | put(y, i, s) | put(y, m, s) | put(y, slice(1), s)
    put(y, slice(2), w[:2]) | put(y, i, v[:1]) | v.to(place) * x | v.to(x) | x.to(place) | v.double().to(place)
    v.to(place, lib.float64) | v.to(x.double())
"""

# torch cannot show these on "meta", whose tensors have no contents, or has them in another way there.
NO_GRAPHS = """
    x.masked_fill(m, s) | y.masked_fill_(m, s) | x.index_fill(0, i, s) | lib.zeros(3).copy_(x) | put(w, 0, x[0])
    put(w, slice(None), x) | x.to("cpu") * v | x.cpu() + s | lib.copysign(s, x)
"""


def expressions(text):
    return [each.strip() for each in text.strip().replace("\n", "|").split("|")]


def put(tensor, index, value):
    tensor[index] = value
    return tensor


class Evaluated:
    """An expression, its graph, and the gradients of x, s and v for a random cotangent."""

    def __init__(self, lib, place, expression, differentiate=True):
        x, s, v = (lib.tensor(each) for each in ([1.5, 2.0, 3.0], 2.0, [4.0, 5.0, 6.0]))
        leaves = x, s, v = x.to(place).requires_grad_(), s.requires_grad_(), v.requires_grad_()
        names = {"i": lib.tensor([0]).to(place), "m": lib.tensor([True, False, True]).to(place), "put": put}
        names |= {"lib": lib, "place": place, "x": x, "s": s, "v": v, "y": x.clone(), "w": v.clone()}
        self.value = eval(expression, names)
        self.graph = graph(self.value)
        if differentiate:
            cotangent = np.random.default_rng(3).standard_normal(self.value.shape)
            given = lib.tensor(cotangent, dtype=self.value.dtype).to(self.value.device)
            self.gradients = lib.autograd.grad(self.value, leaves, given, allow_unused=True)


@pytest.fixture(autouse=True)
def interpreted():
    with device.use(Interpreter()):
        yield


@pytest.mark.parametrize("expression", expressions(COPIES))
def test_a_copy_between_devices_is_in_the_graph_where_torch_has_it(expression):
    ours, theirs = Evaluated(minitorch, "cuda", expression), Evaluated(torch, "meta", expression, differentiate=False)
    assert ours.graph == theirs.graph
    assert ours.value.is_cuda


@pytest.mark.parametrize("expression", expressions(COPIES) + expressions(NO_GRAPHS))
def test_gradients_go_back_to_where_their_inputs_are(expression):
    ours, theirs = Evaluated(minitorch, "cuda", expression), Evaluated(torch, "cpu", expression)
    assert_close(ours.value.detach().cpu().numpy(), theirs.value.detach().numpy())
    for place, found, wanted in zip(("cuda", "cpu", "cpu"), ours.gradients, theirs.gradients, strict=True):
        assert (found is None) == (wanted is None)
        if found is not None:
            assert found.device.type == place
            assert_close(found.cpu().numpy(), wanted.numpy())


def test_gradients_are_added_up_on_the_cpu_and_can_be_differentiated():
    x, s = minitorch.tensor([1.0, 2.0], device="cuda", requires_grad=True), minitorch.tensor(3.0, requires_grad=True)
    ((s * x).sum() * s + s.cuda()).backward()
    assert (s.grad.device.type, s.grad.item()) == ("cpu", 19.0)
    (first,) = minitorch.autograd.grad((s * x * s).sum(), s, create_graph=True)
    assert (first.device.type, first.item()) == ("cpu", 18.0)
    second = minitorch.autograd.grad(first, (s, x))
    assert [(each.device.type, each.tolist()) for each in second] == [("cpu", 6.0), ("cuda", [6.0, 6.0])]


def test_what_went_along_is_watched_for_changes():
    x, s = minitorch.tensor([1.0, 2.0], device="cuda", requires_grad=True), minitorch.tensor(3.0)
    product = x * s
    s.add_(1)
    with pytest.raises(RuntimeError, match="has been modified by an inplace operation"):
        product.sum().backward()


def test_a_leaf_that_went_along_lives_as_long_as_the_graph():
    x = minitorch.tensor([1.0, 2.0], device="cuda")
    product = minitorch.tensor(3.0, requires_grad=True) * x
    product.backward(minitorch.tensor([0.5, -2.0], device="cuda"))
    assert product.grad_fn.next_functions[0][0].variable.grad.item() == 0.5 - 4.0


REFUSED = """
    x + v | v + x | x == v | y.add_(v) | w.add_(x) | s.detach().add_(x.sum()) | lib.where(x > 1, x, v) | lib.where(v > 1, x, x)
    lib.maximum(x, v) | lib.clamp(x, min=v) | lib.lerp(x, v, 0.5) | lib.addcmul(x, x, v)
    lib.add(x, 1, out=lib.zeros(3)) | w.fill_(x.sum()) | put(y, m, v[:2])
"""


@pytest.mark.parametrize("expression", expressions(REFUSED))
def test_tensors_of_two_devices_are_refused(expression):
    with minitorch.no_grad(), pytest.raises(RuntimeError, match="Expected all tensors to be on the same device, but"):
        Evaluated(minitorch, "cuda", expression, differentiate=False)
