"""Tensors on a GPU, which the interpreter of PTX stands for: how they get there and back, and that they do as on the CPU."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest
import torch

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles the kernels for GPUs, is not installed")

import minitorch
from minitorch.kernels.cuda import device
from tests.oracle import assert_same
from tests.ptx.device import Interpreter

GPU = minitorch.device("cuda:0")


@pytest.fixture(autouse=True)
def interpreter():
    with device.use(Interpreter()):
        yield


# -- what programs do on either device --------------------------------------------------------------------------------


def trained(lib, x):
    lib.manual_seed(0)
    network = lib.nn.Sequential(lib.nn.Linear(4, 3), lib.nn.BatchNorm1d(3), lib.nn.Dropout(0.25), lib.nn.Linear(3, 2))
    network.to(x.device)
    optimizer = lib.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    lib.manual_seed(1)
    for _ in range(2):
        optimizer.zero_grad()
        lib.nn.functional.mse_loss(network(x), x[:, :2]).backward()
        if lib is minitorch or x.device.type == "cpu":
            lib.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    return [each.detach() for each in (*network.parameters(), *network.buffers())]


def written(lib, x):
    y = x.clone()
    y.add_(1).mul_(x)
    y[0] = 5
    y[:, 1] *= 2
    y[y > 5] = -1
    y[[1, 2], 3] += 1
    y[:, 2].copy_(x[:, 0])
    y.T[0].zero_()
    y[2:].fill_(3)
    return y, y._version


def rerouted(lib, x):
    w = x.clone().requires_grad_()
    y = w * 2
    y[1:3, ::2] = y[1:3, ::2].exp()
    y.t().mul_(w.t())
    (grad,) = lib.autograd.grad(y.sin().sum(), w, create_graph=True)
    return y.detach(), grad.detach(), lib.autograd.grad((grad**2).sum(), w)[0]


def strides(lib, x):
    views = [x.T, x[1:, ::2], x.expand(2, *x.shape), x.diagonal(1), x.unfold(1, 2, 1), x.as_strided((2, 2), (1, 4), 1)]
    return [(each.shape, each.stride(), each.storage_offset(), each.is_contiguous(), each) for each in views]


def read(lib, x):
    return x.sum().item(), x[0].tolist(), float(x[0, 0]), bool((x > 100).any()), len(x), 100 in x, int(x.numel())


def drawn(lib, x):
    lib.manual_seed(7)
    y = x.clone()
    return [
        y.normal_().clone(), y.uniform_(1, 2).clone(), y.bernoulli_(0.5).clone(), y.random_(9).clone(), lib.randn_like(x),
        lib.bernoulli(lib.full_like(x, 0.25)), lib.multinomial(x.abs(), 2), lib.rand(3, device=x.device),
        lib.randperm(5, device=x.device), lib.normal(x, 1.0), lib.nn.functional.dropout(x, 0.5),
    ]  # fmt: skip


def made(lib, x):
    like = [lib.zeros_like(x), lib.ones_like(x.T), lib.full_like(x, 2), x.new_zeros(2), x.new_tensor([1, 2])]
    there = [
        lib.zeros(2, device=x.device), lib.arange(5, device=x.device), lib.eye(3, device=x.device),
        lib.tensor([1.5], device=x.device),
        lib.linspace(0, 1, 5, device=x.device), lib.full((2,), 3, device=x.device), lib.as_tensor([1, 2], device=x.device),
        lib.as_tensor(np.ones(2), device=x.device), lib.as_tensor(x), lib.tril_indices(3, 3, device=x.device),
    ]  # fmt: skip
    assert all(each.device == x.device for each in (*like, *there))
    return like, there, [each.stride() for each in like]


def normalised(lib, x):
    images, norm = x.reshape(2, 2, 4), lib.nn.InstanceNorm1d(2, affine=True, track_running_stats=True).to(x.device)
    return norm(images).detach(), norm.running_mean, norm.running_var, norm.eval()(images).detach()


def chosen(lib, x):
    return lib.where(x > 0, x, 0), lib.where(x > 0, 1.5, 2.5), lib.cat([x, x], out=lib.empty(0, device=x.device))


def copied(lib, x):
    twin = copy.deepcopy(x)
    twin[0] = 0
    return twin, pickle.loads(pickle.dumps(x)), x.half().float(), x.double().long(), x.to(lib.float64), x.int()


def out(lib, x):
    target = lib.empty(0, device=x.device)
    lib.add(x, 1, out=target)
    return target, x.clone().resize_(2, 3), x.clone().set_(lib.arange(4.0, device=x.device))


@pytest.mark.parametrize(
    "program", [trained, written, rerouted, strides, read, drawn, made, normalised, chosen, copied, out]
)
def test_a_program_does_what_torch_does(program):
    numbers = np.random.default_rng(0).integers(-16, 17, (4, 4)).astype(np.float32) / 8  # whose sums are exact
    ours = program(minitorch, minitorch.from_numpy(numbers).cuda())
    assert_same(ours, program(torch, torch.from_numpy(numbers)))
    assert {str(each.device) for each in tensors_in(ours)} <= {"cuda:0"}


def tensors_in(value):
    if isinstance(value, tuple | list):
        return [tensor for each in value for tensor in tensors_in(each)]
    return [value] if isinstance(value, minitorch.Tensor) else []


# -- there and back ---------------------------------------------------------------------------------------------------


def test_tensors_are_moved_and_their_gradients_come_back():
    x = minitorch.randn(3, requires_grad=True)
    y = x.cuda()
    assert (y.device, y.is_cuda, y.get_device(), x.get_device()) == (GPU, True, 0, -1)
    assert y.cuda() is y
    assert y.to("cuda") is y
    assert x.cpu() is x
    assert y.grad_fn.name() == "ToCopyBackward0"
    (y * y).sum().backward()
    assert x.grad.device == minitorch.device("cpu")
    assert minitorch.equal(x.grad, 2 * x)
    assert (y.cpu().double().sum() - x.double().sum()).item() == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_dense_layouts_are_kept_on_the_way(order):
    x = minitorch.randn(2, 3, 4).permute(order)
    assert x.cuda().stride() == x.stride()
    assert x.cuda().cpu().stride() == x.stride()


def test_single_elements_of_the_cpu_take_part():
    x, factor = minitorch.randn(3).cuda(), minitorch.tensor(2.0, requires_grad=True)
    (factor * x + factor).sum().backward()
    assert factor.grad.device.type == "cpu"
    assert factor.grad.item() == pytest.approx(x.sum().item() + 3, rel=1e-5)


def test_indices_of_the_cpu_look_up():
    x, at = minitorch.randn(4, 2), minitorch.tensor([2, 0])
    assert minitorch.equal(x.cuda()[at].cpu(), x[at])
    assert minitorch.equal(x.cuda()[x > 0].cpu(), x[x > 0])


def test_new_tensors_are_on_the_default_device():
    with minitorch.device("cuda"):
        assert (
            minitorch.zeros(2).device == minitorch.tensor([1]).device == minitorch.nn.Linear(2, 2).weight.device == GPU
        )
        assert minitorch.zeros(2, device="cpu").device.type == "cpu"
    assert minitorch.zeros(2).device.type == "cpu"
    minitorch.set_default_device("cuda")
    try:
        assert minitorch.get_default_device().type == minitorch.rand(2).device.type == "cuda"
    finally:
        minitorch.set_default_device(None)
    assert minitorch.ones(2).device.type == "cpu"


def test_modules_are_moved_with_their_buffers_and_keep_their_parameters():
    module = minitorch.nn.BatchNorm1d(3)
    before = list(module.parameters())
    assert module.cuda() is module
    assert all(a is b for a, b in zip(before, module.parameters(), strict=True))
    assert {str(each.device) for each in (*module.parameters(), *module.buffers())} == {"cuda:0"}
    assert module.cpu().running_mean.device.type == "cpu"
    assert module.to(minitorch.zeros(1, device="cuda")).weight.is_cuda


def test_what_is_printed_names_the_device():
    x = minitorch.tensor([1.0, 2.5]).cuda()
    assert repr(x) == "tensor([1.0000, 2.5000], device='cuda:0')"
    assert repr(x.double()) == "tensor([1.0000, 2.5000], device='cuda:0', dtype=torch.float64)"
    assert repr(x.requires_grad_() * 2) == "tensor([2., 5.], device='cuda:0', grad_fn=<MulBackward0>)"
    assert x.type() == "torch.cuda.FloatTensor"


def test_files_remember_the_device():
    base = minitorch.arange(6.0).cuda()
    file = io.BytesIO()
    minitorch.save({"whole": base, "part": base[2:4], "module": minitorch.nn.Linear(2, 2).cuda().state_dict()}, file)
    loaded = minitorch.load(io.BytesIO(file.getvalue()))
    assert loaded["whole"].device == loaded["module"]["weight"].device == GPU
    loaded["whole"][2] = 7
    assert loaded["part"].tolist() == [7, 3]
    file.seek(0)
    assert minitorch.load(file, map_location="cpu")["whole"].tolist() == list(range(6))
    file.seek(0)
    assert torch.load(file, map_location="cpu")["part"].tolist() == [2, 3]


def test_pinned_memory_is_copied_without_waiting(monkeypatch):
    x = minitorch.randn(3, 4).T
    pinned = x.pin_memory()
    assert (pinned.is_pinned(), x.is_pinned(), pinned.stride()) == (True, False, x.stride())
    assert pinned.pin_memory() is pinned
    assert minitorch.equal(pinned.to("cuda", non_blocking=True).cpu(), x)
    monkeypatch.setattr(minitorch.cuda, "is_available", lambda: True)
    dataset = minitorch.utils.data.TensorDataset(minitorch.arange(4), minitorch.randn(4, 2))
    for batch in minitorch.utils.data.DataLoader(dataset, batch_size=2, pin_memory=True):
        assert all(each.is_pinned() for each in batch)


def test_other_libraries_share_the_memory(monkeypatch):
    monkeypatch.setattr(minitorch.cuda, "is_available", lambda: True)
    x = minitorch.arange(6.0).cuda().reshape(2, 3)
    shown = x.T.__cuda_array_interface__
    assert (shown["shape"], shown["strides"], shown["data"][0], shown["version"]) == ((3, 2), (4, 12), x.data_ptr(), 3)
    assert x.__dlpack_device__() == (2, 0)
    for shared in (minitorch.from_dlpack(x), minitorch.from_dlpack(minitorch.utils.dlpack.to_dlpack(x.T)).T):
        assert (shared.device, shared.data_ptr(), shared.shape) == (GPU, x.data_ptr(), x.shape)
        shared[0, 0] += 1
    assert x[0, 0].item() == 2
    assert minitorch.as_tensor(Shown(x)).tolist() == x.tolist()
    with pytest.raises(AttributeError, match="Can't get __cuda_array_interface__ on non-CUDA tensor"):
        Shown(minitorch.ones(1))
    with pytest.raises(RuntimeError, match="Can't get __cuda_array_interface__ on Variable that requires grad"):
        Shown(x.requires_grad_())


class Shown:
    """Another library's array."""

    def __init__(self, tensor):
        self.__cuda_array_interface__ = tensor.__cuda_array_interface__


def test_gradients_are_checked_there_too():
    x = minitorch.randn(2, 3, dtype=minitorch.float64, device="cuda", requires_grad=True)
    assert minitorch.autograd.gradcheck(lambda a: (a.sin() @ a.T).exp(), x)
    assert minitorch.autograd.gradgradcheck(lambda a: (a * a).sum(0), x)


# -- mistakes ---------------------------------------------------------------------------------------------------------

TWO_DEVICES = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
ELSEWHERE = (
    "Expected all tensors to be on the same device, but got {} is on cpu, different from other tensors on cuda:0 (when checking "
    "argument in method wrapper_CUDA_{})"
)
MISTAKES = {
    "sum of two devices": (lambda x, y: x + y, RuntimeError, TWO_DEVICES),
    "the other way round": (lambda x, y: y + x, RuntimeError, TWO_DEVICES),
    "product": (lambda x, y: x @ y.T, RuntimeError, ELSEWHERE.format("mat2", "mm")),
    "joined": (lambda x, y: minitorch.cat([x, y]), RuntimeError, ELSEWHERE.format("tensors", "cat")),
    "convolution": (
        lambda x, y: minitorch.nn.Conv1d(2, 1, 1)(x), RuntimeError,
        "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
    ),
    "in place": (lambda x, y: y.add_(x), RuntimeError, TWO_DEVICES),
    "choice": (lambda x, y: minitorch.where(x > 0, y, x), RuntimeError, TWO_DEVICES),
    "a GPU's index": (
        lambda x, y: y[minitorch.tensor([0]).cuda()], RuntimeError,
        "indices should be either on cpu or on the same device as the indexed tensor (cpu)",
    ),
    "numpy": (
        lambda x, y: x.numpy(), TypeError,
        "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first.",
    ),
    "a function of numpy's": (
        lambda x, y: np.asarray(x), TypeError,
        "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first.",
    ),
    "no such GPU": (
        lambda x, y: y.to("cuda:1"), RuntimeError,
        "CUDA error: invalid device ordinal\nGPU device may be out of range, do you have enough GPUs?",
    ),
    "cotangent": (
        lambda x, y: x.requires_grad_().backward(y), RuntimeError,
        "invalid gradient at index 0 - expected device cuda:0 but got cpu",
    ),
    "assigned gradient": (
        lambda x, y: setattr(y, "grad", x), RuntimeError,
        "attempting to assign a gradient with device type 'cuda' to a tensor with device type 'cpu'. Please ensure that the "
        "gradient and the tensor are on the same device",
    ),
    "shapes": (
        lambda x, y: x + x[0, :1].expand(3), RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(mistake, error, message):
    with pytest.raises(error) as raised:
        mistake(minitorch.ones(2, 2).cuda(), minitorch.ones(2, 2))
    assert str(raised.value) == message
