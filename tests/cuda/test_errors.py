"""Mistakes with tensors on a GPU, interpreted. The texts are torch's, which cannot be asked for them without a GPU."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

import minitorch
from minitorch import nn
from minitorch.kernels.cuda import device
from tests.ptx.device import Interpreter

F = nn.functional


@pytest.fixture(autouse=True)
def interpreted():
    with device.use(Interpreter()):
        yield


def differs(name, place="cpu", others="cuda:0", kernel=""):
    return (
        f"Expected all tensors to be on the same device, but got {name} is on {place}, different from other tensors on {others} "
        f"(when checking argument in method wrapper_CUDA_{kernel})"
    )


INDICES = "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
IN_THE_SAME = "self, index and source expected to be in the same device, but got"

# c, m (a matrix), i (indices) and b (a mask) are on the GPU; v and w, j and d are the same on the CPU.
ERRORS = {
    "c @ v": differs("tensor", kernel="_dot"),
    "m @ w": differs("mat2", kernel="mm"),
    "w @ m": differs("mat2", "cuda:0", "cpu", "mm"),
    "m[None] @ w[None]": differs("mat2", kernel="bmm"),
    "lib.addmm(m, m, w)": differs("mat2", kernel="addmm"),
    "lib.baddbmm(m[None], w[None], m[None])": differs("batch1", kernel="baddbmm"),
    "nn.Linear(2, 2).cuda()(w)": differs("mat1", kernel="addmm"),
    "nn.Linear(2, 2)(m)": differs("mat1", "cuda:0", "cpu", "addmm"),
    "nn.Embedding(3, 2).cuda()(j)": differs("index", kernel="_index_select"),
    "nn.Conv1d(2, 1, 1)(m)": "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
    "nn.Conv1d(2, 1, 1).cuda()(w)": (
        "Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) should be the same or input should be a MKLDNN "
        "tensor and weight is a dense tensor"
    ),
    "F.cross_entropy(m, j)": differs("target", kernel="nll_loss_forward"),
    "F.cross_entropy(m, i, lib.ones(2))": differs("weight", kernel="nll_loss_forward"),
    "F.layer_norm(m, (2,), lib.ones(2))": differs("weight", kernel="_native_layer_norm"),
    "F.batch_norm(m, v[:2], v[:2])": differs("running_mean", kernel="_native_batch_norm"),
    "nn.BatchNorm1d(2).cuda()(w)": differs("running_mean", "cuda:0", "cpu", "_cudnn_batch_norm"),
    "lib.cat([c, v])": differs("tensors", kernel="cat"),
    "lib.stack([v, v, c])": differs("tensors", "cuda:0", "cpu", "cat"),
    "c.gather(0, j)": differs("index", kernel="gather"),
    "v.gather(0, i)": differs("index", "cuda:0", "cpu", "gather"),
    "c.index_select(0, j)": differs("index", kernel="_index_select"),
    "c.scatter(0, j, 1.0)": differs("index", kernel="scatter"),
    "c.index_fill(0, j, 1.0)": differs("index", kernel="int_Scalar_index_fill_"),
    "c.index_add(0, i, v[:2])": f"index_add(): {IN_THE_SAME} (self) cuda:0, (index) cuda:0, and (source) cpu",
    "c.index_copy(0, j, v[:2])": f"index_copy_(): {IN_THE_SAME} (self) cuda:0, (index) cpu, and (source) cpu",
    "c.put_(j, c[:2].clone())": f"put_(): {IN_THE_SAME} self.device = cuda:0, index.device = cpu, and source.device = cuda:0",
    "c.take(j)": (
        "take(): self, index and out expected to be in the same device, but got self.device = cuda:0, index.device = cpu, and "
        "out.device = cuda:0"
    ),
    "v[i]": INDICES,
    "v[b]": INDICES,
    "v.__setitem__(b, 0.0)": INDICES,
    "v.__setitem__(i, 0.0)": INDICES,
    "c.masked_fill(d, 0)": "expected self and mask to be on the same device, but got mask on cpu and self on cuda:0",
    "c.quantile(lib.tensor([0.5]))": "quantile() q tensor must be on the same device as the input tensor",
    "c.tensor_split(i)": "tensor_split expected tensor_indices_or_sections to be on cpu, but it's on cuda:0",
    "c.repeat_interleave(lib.tensor([1, 2, 1]))": differs("index", kernel="_index_select"),
    "lib.isin(c, v)": "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
    "lib.bucketize(c, v)": (
        "torch.searchsorted(): boundaries and input value tensors should have same device type, but got boundaries tensor device "
        "type cpu and input value tensor device type cuda"
    ),
    "F.grid_sample(m[None, None], w.view(1, 1, 2, 2), align_corners=False)": (
        "grid_sampler(): expected input and grid to be on same device, but input is on cuda:0 and grid is on cpu"
    ),
    "lib.normal(v, c)": "Expected all tensors to be on the same device, but found at least two devices",
    "lib.meshgrid(c, v, indexing='ij')": "meshgrid expects all tensors to have the same device",
    "v.cuda('cpu')": "Invalid device, must be cuda device",
    "v.to('cuda:1')": "CUDA error: invalid device ordinal",
    "c.set_(v)": (
        'Attempted to set the storage of a tensor on device "cuda:0" to a storage on different device "cpu".  This is no longer '
        "allowed; the devices must match."
    ),
    "v.set_(c)": (
        'Attempted to set the storage of a tensor on device "cpu" to a storage on different device "cuda:0".  This is no longer '
        "allowed; the devices must match."
    ),
    "c.pin_memory()": "cannot pin 'torch.cuda.FloatTensor' only dense CPU tensors can be pinned",
}


@pytest.mark.parametrize(("expression", "text"), ERRORS.items(), ids=ERRORS)
def test_what_is_refused_says_why(expression, text):
    c, m = minitorch.tensor([1.0, 2.0, 3.0], device="cuda"), minitorch.tensor([[1.0, 2.0], [3.0, 4.0]], device="cuda")
    i, b = minitorch.tensor([0, 1], device="cuda"), minitorch.tensor([True, False, True], device="cuda")
    names = {"c": c, "m": m, "i": i, "b": b, "v": c.cpu(), "w": m.cpu(), "j": i.cpu(), "d": b.cpu()}
    with pytest.raises(RuntimeError, match=f"^{re.escape(text)}"):
        eval(expression, {"lib": minitorch, "nn": nn, "F": F, **names})


@pytest.mark.parametrize("name", ["apply_", "map_"])
def test_pythons_functions_are_for_the_cpu(name):
    c = minitorch.ones(2, device="cuda")
    with pytest.raises(TypeError, match=f"^{name} is only implemented on CPU tensors$"):
        getattr(c, name)(*[c] * (name == "map_"), lambda *x: 1)


@pytest.mark.parametrize("take", [lambda c: c.numpy(), lambda c: c.__array__()])
def test_numpy_gets_nothing_from_a_gpu(take):
    with pytest.raises(
        TypeError, match=r"^can't convert cuda:0 device type tensor to numpy\. Use Tensor\.cpu\(\) to copy"
    ):
        take(minitorch.ones(2, device="cuda"))


class Doubling(minitorch.autograd.Function):
    """Its gradient is on the CPU."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad.cpu() * 2


def test_a_custom_gradient_is_where_the_input_is():
    x = minitorch.ones(2, device="cuda", requires_grad=True)
    text = "Function DoublingBackward returned an invalid gradient at index 0 - expected device cuda:0 but got cpu"
    with pytest.raises(RuntimeError, match=f"^{text}$"):
        Doubling.apply(x).sum().backward()
    number = minitorch.tensor(3.0, device="cuda", requires_grad=True)
    Doubling.apply(number).backward()  # numbers are moved
    assert (number.grad.device.type, number.grad.item()) == ("cuda", 2.0)


def test_a_hook_gives_a_gradient_of_the_same_device():
    x = minitorch.ones(2, device="cuda", requires_grad=True)
    y = x * 2
    y.register_hook(lambda grad: grad.cpu())
    text = "hook '<lambda>' has changed the type of value (was torch.cuda.FloatTensor got torch.FloatTensor)"
    with pytest.raises(RuntimeError, match=f"^{re.escape(text)}$"):
        y.sum().backward()


def test_gradients_that_are_elsewhere_are_refused():
    x = minitorch.ones(2, device="cuda", requires_grad=True)
    for start in (
        lambda: (x * 2).backward(minitorch.ones(2)),
        lambda: minitorch.autograd.grad(x * 2, x, minitorch.ones(2)),
    ):
        with pytest.raises(RuntimeError, match=r"^invalid gradient at index 0 - expected device cuda:0 but got cpu"):
            start()
    with pytest.raises(
        RuntimeError, match=r"^attempting to assign a gradient with device type 'cpu' to a tensor with device"
    ):
        x.grad = minitorch.ones(2)
    y = minitorch.ones(2, requires_grad=True)
    y.sum().backward()
    y.data = y.data.cuda()
    with pytest.raises(RuntimeError, match=r"^Expected all tensors to be on the same device, but"):
        y.sum().backward()


# -- what works ---------------------------------------------------------------------------------------------------------


def test_saved_tensors_wait_on_the_cpu():
    x = minitorch.tensor([3.0, -1.0], device="cuda", requires_grad=True)
    with minitorch.autograd.graph.save_on_cpu():
        y = x * x
    (node,) = {y.grad_fn}
    assert node.saved[0].content[1].device.type == "cpu"
    y.backward(minitorch.tensor([0.5, 3.0], device="cuda"))
    assert (x.grad.device.type, x.grad.tolist()) == ("cuda", [3.0, -6.0])


def test_an_optimisers_state_follows_its_parameters():
    net = nn.Linear(2, 1)
    before = minitorch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(minitorch.tensor([[2.0, 3.0]])).backward(minitorch.tensor([[0.5]]))
    before.step()
    moved = nn.Linear(2, 1).cuda()
    after = minitorch.optim.SGD(moved.parameters(), lr=0.1, momentum=0.9)
    after.load_state_dict(before.state_dict())
    moved(minitorch.tensor([[1.0, -1.0]], device="cuda")).backward(minitorch.tensor([[2.0]], device="cuda"))
    after.step()
    buffers = [state["momentum_buffer"] for state in after.state.values()]
    assert all(each.is_cuda for each in buffers)
    expected = [[0.9 * 0.5 * 2 + 2, 0.9 * 0.5 * 3 - 2], [0.9 * 0.5 + 2]]  # of the weight and the bias
    for found, wanted in zip(buffers, expected, strict=True):
        assert found.flatten().tolist() == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (None, "cuda:0"), ("cpu", "cpu"), ({"cuda:0": "cpu"}, "cpu"), (lambda storage, place: storage, "cpu"),
        (lambda storage, place: None, "cuda:0"), (minitorch.device("cuda"), "cuda:0"),
    ],
)  # fmt: skip
def test_tensors_are_loaded_where_they_are_wanted(where, expected):
    file = io.BytesIO()
    minitorch.save(minitorch.ones(2, device="cuda"), file)
    file.seek(0)
    loaded = minitorch.load(file, map_location=where)
    assert (str(loaded.device), loaded.tolist()) == (expected, [1.0, 1.0])


def test_types_name_a_device():
    c = minitorch.ones(1, device="cuda")
    assert isinstance(c, minitorch.cuda.FloatTensor)
    assert not isinstance(c, minitorch.FloatTensor)
    assert (c.is_cpu, c.is_cuda, c.type()) == (False, True, "torch.cuda.FloatTensor")
    assert c.type("torch.DoubleTensor").type() == c.type(minitorch.DoubleTensor).type() == "torch.DoubleTensor"
    assert c.cpu().type("torch.cuda.HalfTensor").type() == "torch.cuda.HalfTensor"
    assert c.type(minitorch.int64).type() == "torch.cuda.LongTensor"
    assert c.cpu().double().type_as(c).type() == c.type()
    assert c.new(2).is_cuda
    assert c.new([1, 2]).type() == c.type()
    with pytest.warns(UserWarning, match="constructors are no longer recommended"):
        assert minitorch.cuda.IntTensor([3]).type() == "torch.cuda.IntTensor"
    with pytest.raises(TypeError, match=r"^expected TensorOptions\(dtype=float, device=cpu.* \(got .*device=cuda:0"):
        minitorch.FloatTensor(c)


def test_arrays_of_numpy_come_to_a_gpu():
    numbers = np.arange(3.0)
    for take in (minitorch.asarray, minitorch.as_tensor, minitorch.tensor):
        taken = take(numbers, device="cuda")
        assert (taken.type(), taken.tolist()) == ("torch.cuda.DoubleTensor", [0, 1, 2])
    c = minitorch.ones(2, device="cuda")
    assert minitorch.asarray(c) is c
    assert minitorch.asarray(c, copy=True).data_ptr() != c.data_ptr()
    with pytest.raises(ValueError, match="can't alias"):
        minitorch.asarray(numbers, device="cuda", copy=False)
    with pytest.raises(TypeError, match=r"^expected np\.ndarray \(got Tensor\)$"):
        minitorch.from_numpy(c)
