"""Where tensors on a GPU lie, and what they show of it: expanded tensors, resizing, other memory, storages; interpreted.

The oracle is torch on the CPU.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

import minitorch
from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, device, from_host, to_host
from tests.oracle import assert_same
from tests.ptx.device import Interpreter


@pytest.fixture(autouse=True)
def interpreted():
    with device.use(Interpreter()):
        yield


def on_both(program, dtype="float32"):
    """What a program makes of six numbers, here on the GPU and in torch."""
    return [
        program(lib, lib.arange(6, dtype=getattr(lib, dtype)).to(place))
        for lib, place in ((minitorch, "cuda"), (torch, "cpu"))
    ]


def set_masked(x, lib):
    x[x > 1] = 9
    return x


IN_PLACE = {
    "zero_": lambda lib, x: (x[:3].reshape(3, 1).expand(3, 2).zero_(), x)[1],
    "fill_": lambda lib, x: (x[1].expand(4).fill_(7.5), x)[1],
    "of one element": lambda lib, x: (x[2:3].expand(1, 1).mul_(3), x)[1],
    "a part that is not": lambda lib, x: (x.expand(2, 6)[1].add_(1), x)[1],
    "masked_fill_": lambda lib, x: (x[:2].expand(3, 2).masked_fill_(lib.eye(3, 2).to(x.device) > 0, 8.0), x)[1],
    "masked_fill_ outside": lambda lib, x: (
        x[:3].reshape(3, 1).expand(2, 3, 4).masked_fill_(lib.ones(2, 3, 4).tril(-2).to(x.device) > 0, 8.0), x,
    )[1],
    "index_fill_": lambda lib, x: (x[:1].expand(4).index_fill_(0, lib.tensor([1]).to(x.device), 8.0), x)[1],
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Use of")
@pytest.mark.parametrize("program", IN_PLACE.values(), ids=IN_PLACE)
def test_expanded_tensors_are_written_as_on_the_cpu(program):
    ours, theirs = on_both(program)
    assert ours.is_cuda
    assert_same(ours.cpu(), theirs)


@pytest.mark.parametrize(
    ("shape", "whole"), [((3, 1), (3, 4)), ((1, 3), (5, 3)), ((), (4,)), ((2, 1, 3, 1), (2, 5, 3, 4))]
)
def test_of_changes_to_one_place_the_last_stays(shape, whole):
    random = np.random.default_rng(2)
    numbers, new = random.integers(0, 2, shape).astype("f"), random.integers(0, 5, whole).astype("f")
    ours, theirs = from_host(numbers), numbers.copy()
    for k, a, changed in ((tables[DeviceArray], ours, from_host(new)), (tables[np.ndarray], theirs, new)):
        k.write_changes(k.as_strided(a, *layout_of(shape, whole), 0), changed)
    np.testing.assert_array_equal(to_host(ours), theirs)


def layout_of(shape, whole):
    """How an array of one shape is seen when it is expanded to another."""
    strides = np.broadcast_to(np.empty(shape, np.uint8), whole).strides
    return whole, strides


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(1), lambda x: x.mul_(x), lambda x: x.copy_(x.clone()), lambda x: x.t().sub_(2), lambda x: x.relu_(),
    ],
)  # fmt: skip
def test_what_would_be_written_several_times_is_refused(write):
    for lib, place in ((minitorch, "cuda"), (torch, "cpu")):
        with pytest.raises(
            RuntimeError, match=r"^unsupported operation: more than one element of the written-to tensor refers"
        ):
            write(lib.ones(3, 1).to(place).expand(3, 2))


VIEWS = {
    "smaller": (lambda lib, x: x.view(lib.uint8), "float32"),
    "smaller, of a part": (lambda lib, x: x.view(2, 3)[1].view(lib.int16), "int64"),
    "smaller, strided": (lambda lib, x: x.view(3, 2)[::2].view(lib.int32), "float64"),
    "larger": (lambda lib, x: x.view(lib.int64), "float32"),
    "larger, of a part": (lambda lib, x: x.view(3, 2)[1:].view(lib.float64), "float32"),
    "there and back": (lambda lib, x: x.view(lib.uint8).view(lib.float32) + 1, "float32"),
    "of one size": (lambda lib, x: x.view(lib.int32), "float32"),
}


@pytest.mark.parametrize(("program", "dtype"), VIEWS.values(), ids=VIEWS)
def test_bytes_are_seen_as_another_dtype(program, dtype):
    ours, theirs = on_both(program, dtype)
    assert (ours.stride(), ours.storage_offset()) == (theirs.stride(), theirs.storage_offset())
    assert_same(ours.cpu(), theirs)


def test_changes_show_in_views_of_another_dtype():
    x = minitorch.ones(2, device="cuda")
    x.view(minitorch.uint8).zero_()
    assert x.tolist() == [0, 0]
    x.view(minitorch.int32)[1] = 0x3F800000
    assert x.tolist() == [0, 1]


RESIZED = {
    "smaller": lambda lib, x: x.resize_(2, 2),
    "the same": lambda lib, x: x.resize_(3, 2),
    "a part": lambda lib, x: x[2:].resize_(2, 1),
    "as another": lambda lib, x: x.resize_as_(lib.ones(1, 2).to(x.device)),
    "larger": lambda lib, x: x.clone().resize_(8)[:6],
    "nothing": lambda lib, x: x.resize_(0),
    "set to a part": lambda lib, x: x.set_(x[3:].clone()),
    "set to strides": lambda lib, x: x.set_(x.clone(), 1, (2, 2), (1, 2)),
    "set to nothing": lambda lib, x: x.set_(),
    "set to a storage": lambda lib, x: x[:1].set_(x.untyped_storage(), 2, (3,), (1,)),
    "set to another's storage": lambda lib, x: lib.empty(0).to(x.device).set_((x + 1).untyped_storage()),
    "data": lambda lib, x: (setattr(x, "data", x[2:4].clone()), x)[1],
}


@pytest.mark.parametrize("program", RESIZED.values(), ids=RESIZED)
def test_tensors_take_other_memory_as_on_the_cpu(program):
    ours, theirs = on_both(program)
    assert ours.is_cuda
    assert (ours.stride() if ours.numel() else None, ours.storage_offset()) == (
        theirs.stride() if theirs.numel() else None,
        theirs.storage_offset(),
    )
    assert_same(ours.cpu(), theirs)


STORAGES = {
    "size": lambda s, x: (s.size(), len(s), s.nbytes(), s.element_size()),
    "bytes": lambda s, x: s.tolist(),
    "iterated": lambda s, x: list(s),
    "one": lambda s, x: (s[5], s[-1]),
    "some": lambda s, x: s[4:8].tolist(),
    "copy": lambda s, x: (s.clone().fill_(3).tolist(), s.tolist()),
    "filled": lambda s, x: (s.fill_(0), x.tolist())[1],
    "written": lambda s, x: (s.__setitem__(7, 64), x.tolist())[1],
    "part written": lambda s, x: (s.__setitem__(slice(4, 8), 0), x.tolist())[1],
    "copied to": lambda s, x: (s.copy_(x.flip(0).clone().untyped_storage()), x.tolist())[1],
    "of a part": lambda s, x: x[2:].untyped_storage().nbytes(),
    "address": lambda s, x: (s.data_ptr() == x.data_ptr(), x[2:].data_ptr() - s.data_ptr()),
    "one object": lambda s, x: x[1:].untyped_storage() is s,
    "on the CPU": lambda s, x: s.cpu().tolist(),
    "numbers": lambda s, x: x.storage().tolist(),
    "a number": lambda s, x: (x.storage().__setitem__(1, 9.5), x.storage()[1], x.tolist())[1:],
    "refusals": lambda s, x: (s.is_pinned(), s.is_sparse),
}


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.parametrize("program", STORAGES.values(), ids=STORAGES)
def test_storages_are_as_on_the_cpu(program):
    ours, theirs = on_both(lambda lib, x: program(x.untyped_storage(), x))
    assert ours == theirs


def test_a_storage_says_that_it_is_on_a_gpu():
    x = minitorch.ones(2, device="cuda")
    storage = x.untyped_storage()
    assert (storage.device, storage.is_cuda, storage.get_device()) == (x.device, True, 0)
    assert repr(storage).endswith("[torch.storage.UntypedStorage(device=cuda:0) of size 8]")
    assert storage.is_shared()
    assert x.is_shared()
    assert x.share_memory_() is x
    assert minitorch.ones(2).untyped_storage().get_device() == torch.ones(2).untyped_storage().get_device()
    assert not storage.cpu().is_cuda
    assert minitorch.ones(2).untyped_storage().cuda().is_cuda
