"""bfloat16 on a GPU, interpreted: what is computed is what the CPU computes, to the last place; graphs are torch's."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest
import torch

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

import minitorch
from minitorch.kernels.cuda import device, from_host, lifting, to_host
from tests.oracle import graph
from tests.ptx.device import Interpreter

BF16 = minitorch.bfloat16


@pytest.fixture(autouse=True)
def interpreted():
    with device.use(Interpreter()):
        yield


def test_rounding_is_the_cpus_to_the_bit():
    random = np.random.default_rng(1)
    bits = random.integers(0, 2**32, 300, np.uint32)
    bits[:8] = [0x3F808000, 0x3F818000, 0x3F808001, 0x7F800000, 0xFF800000, 0x7FC00001, 0x7F7FFFFF, 0x80000001]
    numbers = minitorch.from_numpy(bits.view(np.float32))
    ours, expected = lifting.narrow(from_host(numbers._array)), numbers.bfloat16()
    np.testing.assert_array_equal(to_host(ours.bits), expected.view(minitorch.uint16).numpy())
    back = to_host(lifting.widen(ours))
    np.testing.assert_array_equal(back.view(np.uint32), expected.float().numpy().view(np.uint32))


# of a library, two matrices and a vector of bfloat16
PROGRAMS = {
    "arithmetic": lambda lib, a, b, v: (a + b * 2 - v) / (b.abs() + 1),
    "numbers beside": lambda lib, a, b, v: a + 0.1,
    "functions": lambda lib, a, b, v: (a.sigmoid() * b.exp()).tanh() + v.abs().sqrt(),
    "powers": lambda lib, a, b, v: (a.abs() + 0.5) ** b,
    "sums": lambda lib, a, b, v: a.sum(0) + b.mean(1, keepdim=True) + v.sum(),
    "extremes": lambda lib, a, b, v: a.amax(1) + b.max(0).values.sum(),
    "softmax": lambda lib, a, b, v: lib.softmax(a, 1) + lib.log_softmax(b, 0),
    "product": lambda lib, a, b, v: a @ b.t(),
    "linear": lambda lib, a, b, v: lib.nn.functional.linear(a, b, v[:3]),
    "relu": lambda lib, a, b, v: lib.relu(a) + lib.clamp(b, -0.5, 0.5),
    "gelu": lambda lib, a, b, v: lib.nn.functional.gelu(a),
    "layer norm": lambda lib, a, b, v: lib.nn.functional.layer_norm(a, (5,), v),
    "loss": lambda lib, a, b, v: lib.nn.functional.mse_loss(a, b),
    "cross entropy": lambda lib, a, b, v: lib.nn.functional.cross_entropy(a, lib.tensor([1, 0, 4]).to(a.device)),
    "convolution": lambda lib, a, b, v: lib.nn.functional.conv1d(a[None], b[None, :, :2]),
    "views": lambda lib, a, b, v: a.t()[1:3].reshape(-1) * 2 + lib.cat([b[:, :1], b[:, 3:4]], 1).reshape(-1),
    "expanded": lambda lib, a, b, v: v.expand(3, 5).contiguous() + b.flip(0),
    "where": lambda lib, a, b, v: lib.where(a > b, a, b).masked_fill(a > 1, 3.0),
    "looked up": lambda lib, a, b, v: a[lib.tensor([0, 2, 0]).to(a.device)] + b.gather(1, (b > 0).long()[:, :5]),
    "cumulated": lambda lib, a, b, v: a.cumsum(1),
    "float32 in between": lambda lib, a, b, v: (a.float() @ b.float().t()).bfloat16() + a[:, :3],
    "promoted": lambda lib, a, b, v: a * v.float(),
    "sorted": lambda lib, a, b, v: a.sort(1).values + b.sort(0, descending=True).values,
    "in place": lambda lib, a, b, v: a.clone().mul_(2).add_(b).clamp_(-3, 3),
    "of a part in place": lambda lib, a, b, v: write(a.clone(), b),
}


def write(a, b):
    a[1] = b[0]
    a[:, 2:3].mul_(2)
    return a


class Result:
    def __init__(self, lib, place, program):
        random = np.random.default_rng(5)
        arrays = [random.standard_normal(shape).astype(np.float32) for shape in ((3, 5), (3, 5), (5,))]
        inputs = [lib.tensor(each).to(place, lib.bfloat16).requires_grad_() for each in arrays]
        self.value = program(lib, *inputs)
        cotangent = lib.tensor(random.standard_normal(tuple(self.value.shape))).to(place, self.value.dtype)
        self.gradients = lib.autograd.grad(self.value, inputs, cotangent, allow_unused=True)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_programs_are_the_cpus(program):
    ours, cpus, theirs = (
        Result(*where, program) for where in ((minitorch, "cuda"), (minitorch, "cpu"), (torch, "cpu"))
    )
    assert graph(ours.value) == graph(theirs.value)
    assert ours.value.is_cuda
    pairs = zip(
        (ours.value, *ours.gradients), (cpus.value, *cpus.gradients), (theirs.value, *theirs.gradients), strict=True
    )
    for found, expected, wanted in pairs:
        assert (found is None) == (expected is None) == (wanted is None)
        if found is not None:
            assert (found.dtype, found.shape, found.stride()) == (expected.dtype, expected.shape, expected.stride())
            numbers, others = (each.detach().float().cpu().numpy() for each in (found, expected))
            np.testing.assert_allclose(numbers, others, rtol=2**-7, atol=2**-9)


MADE = {
    "zeros": lambda **how: minitorch.zeros(2, 3, **how),
    "full": lambda **how: minitorch.full((3,), 1.7, **how),
    "ones like": lambda **how: minitorch.ones_like(minitorch.empty(2, 3, **how).t()),
    "arange": lambda **how: minitorch.arange(0.1, 2, 0.3, **how),
    "linspace": lambda **how: minitorch.linspace(0, 1, 7, **how),
    "eye": lambda **how: minitorch.eye(3, **how),
    "numbers": lambda **how: minitorch.tensor([1.7, float("nan"), -0.0], **how),
    "zero_": lambda **how: minitorch.ones(3, **how).zero_(),
    "fill_": lambda **how: minitorch.ones(3, **how).fill_(0.3),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_new_tensors_are_the_cpus_to_the_bit(make):
    ours, expected = make(device="cuda", dtype=BF16), make(device="cpu", dtype=BF16)
    assert (ours.dtype, ours.stride(), ours.is_cuda) == (BF16, expected.stride(), True)
    np.testing.assert_array_equal(ours.cpu().view(minitorch.uint16).numpy(), expected.view(minitorch.uint16).numpy())


def test_training_steps_are_the_cpus():
    after = []
    for place in ("cuda", "cpu"):
        minitorch.manual_seed(3)
        net = minitorch.nn.Sequential(
            minitorch.nn.Linear(5, 4), minitorch.nn.ReLU(), minitorch.nn.Linear(4, 2)
        ).bfloat16()
        net.to(place)
        optimizer = minitorch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        inputs, labels = minitorch.rand(3, 5).to(place, BF16), minitorch.tensor([0, 1, 0]).to(place)
        for _ in range(2):
            optimizer.zero_grad()
            minitorch.nn.functional.cross_entropy(net(inputs), labels).backward()
            optimizer.step()
        after.append([each.detach().cpu().float().numpy() for each in net.parameters()])
    for ours, expected in zip(*after, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2**-7, atol=2**-9)


def test_tensors_are_read_copied_and_kept():
    c = minitorch.tensor([1.7, -2.0, 3.0], device="cuda", dtype=BF16)
    assert repr(c) == "tensor([ 1.7031, -2.0000,  3.0000], device='cuda:0', dtype=torch.bfloat16)"
    assert (c.tolist(), c[1].item(), bool(c[0])) == ([1.703125, -2.0, 3.0], -2.0, True)
    assert (c.type(), c.element_size(), c[1:].storage_offset()) == ("torch.cuda.BFloat16Tensor", 2, 1)
    assert c.untyped_storage().nbytes() == 6
    assert c.view(minitorch.int16).view(BF16).tolist() == c.tolist()
    file = io.BytesIO()
    minitorch.save(c, file)
    file.seek(0)
    for twin in (copy.deepcopy(c), pickle.loads(pickle.dumps(c)), minitorch.load(file), minitorch.from_dlpack(c)):
        assert (twin.type(), twin.tolist()) == (c.type(), c.tolist())
    with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
        c.numpy()
