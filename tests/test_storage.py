"""Storages, and tensors laid over other memory, beside torch's."""

from __future__ import annotations

import copy
import gc
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch.storage import _warned
from tests.oracle import assert_same, assert_same_error

LIBRARIES = (minitorch, torch)
Call = Callable[[Any, Any], Any]


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def compare(call: Call, make: Call) -> None:
    ours, theirs = (call(lib, make(lib, lib.tensor([1.0, 2.0, 3.0]))) for lib in LIBRARIES)
    assert repr(ours) == repr(theirs)


def both_refuse(call: Call, make: Call) -> None:
    assert_same_error(*(lambda lib=lib: call(lib, make(lib, lib.tensor([1.0, 2.0, 3.0]))) for lib in LIBRARIES))


def untyped(lib: Any, x: Any) -> Any:
    return x.untyped_storage()


def typed(lib: Any, x: Any) -> Any:
    return x.storage()


BOTH: list[Call] = [
    lambda lib, s: s, lambda lib, s: len(s), lambda lib, s: s.size(), lambda lib, s: s.nbytes(), lambda lib, s: s.tolist(),
    lambda lib, s: list(s), lambda lib, s: s.element_size(), lambda lib, s: s.device, lambda lib, s: s.is_cuda,
    lambda lib, s: s.is_shared(), lambda lib, s: s.is_pinned(), lambda lib, s: s[0], lambda lib, s: s[-1],
    lambda lib, s: s.clone(), lambda lib, s: copy.copy(s), lambda lib, s: copy.deepcopy(s), lambda lib, s: s.type(),
    lambda lib, s: lib.is_storage(s), lambda lib, s: s.untyped(), lambda lib, s: s.fill_(3),
    lambda lib, s: s.__setitem__(1, 7) or s, lambda lib, s: s.__setitem__(slice(1, 3), 7) or s, lambda lib, s: s.get_device(),
    lambda lib, s: s.copy_(lib.tensor([4.0, 5.0, 6.0]).untyped_storage()),
]  # fmt: skip
OF_BYTES: list[Call] = [
    lambda lib, s: s[1:4], lambda lib, s: s[2:][1], lambda lib, s: s.fill_(300), lambda lib, s: s.fill_(-1),
    lambda lib, s: s.new(), lambda lib, s: s.untyped() is s.cpu(), lambda lib, s: lib.UntypedStorage([1, 2, 300]),
    lambda lib, s: lib.UntypedStorage(),
    lambda lib, s: lib.UntypedStorage(5).nbytes(), lambda lib, s: lib.UntypedStorage(5).fill_(2), lambda lib, s: type(s),
]  # fmt: skip
OF_NUMBERS: list[Call] = [
    lambda lib, s: s.dtype, lambda lib, s: s.cpu(), lambda lib, s: s.double(), lambda lib, s: s.int(), lambda lib, s: s.bool(),
    lambda lib, s: s.pickle_storage_type(), lambda lib, s: isinstance(s, lib.FloatStorage),
    lambda lib, s: isinstance(s, lib.DoubleStorage), lambda lib, s: lib.FloatStorage([1, 2]),
    lambda lib, s: lib.LongStorage([1, 2]), lambda lib, s: lib.FloatStorage(2).size(), lambda lib, s: lib.TypedStorage(),
    lambda lib, s: lib.TypedStorage([1, 2], dtype=lib.int64), lambda lib, s: lib.FloatStorage,
    lambda lib, s: lib.DoubleStorage(wrap_storage=lib.UntypedStorage(16)).size(), lambda lib, s: s.fill_(1.5),
    lambda lib, s: lib.TypedStorage(wrap_storage=s.untyped(), dtype=lib.uint8), lambda lib, s: lib.ones(2).storage_type(),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BOTH) + len(OF_BYTES)))
def test_storages_of_bytes_are_torchs(number: int):
    compare((BOTH + OF_BYTES)[number], untyped)


@pytest.mark.parametrize("number", range(len(BOTH) + len(OF_NUMBERS)))
def test_storages_of_numbers_are_torchs(number: int):
    compare((BOTH + OF_NUMBERS)[number], typed)


WRONG: list[Call] = [
    lambda lib, s: s[12], lambda lib, s: s[-13], lambda lib, s: s["a"], lambda lib, s: s[::2], lambda lib, s: s.copy_(3),
    lambda lib, s: s.copy_(lib.ones(1).untyped_storage()), lambda lib, s: s.fill_("a"), lambda lib, s: s.__setitem__(0, "a"),
    lambda lib, s: s.__setitem__(12, 1),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG) + 2))
def test_storages_of_bytes_refuse_what_torchs_refuse(number: int):
    more: list[Call] = [lambda lib, s: s.__setitem__(0, 1.5), lambda lib, s: lib.UntypedStorage("ab")]
    both_refuse((WRONG + more)[number], untyped)


@pytest.mark.parametrize("number", range(len(WRONG) + 2))
def test_storages_of_numbers_refuse_what_torchs_refuse(number: int):
    more: list[Call] = [lambda lib, s: s[0:2], lambda lib, s: lib.FloatStorage("a")]
    both_refuse((WRONG + more)[number], typed)


def test_a_storage_is_the_memory_of_all_its_views():
    for lib in LIBRARIES:
        x = lib.arange(6.0).view(2, 3)
        s = x.t()[1:].untyped_storage()
        assert (s.nbytes(), s.data_ptr()) == (24, x.data_ptr())
        assert s is x.untyped_storage()
        x.storage()[4] = 9
        assert x[1, 1] == 9
        s.fill_(0)
        assert x.sum() == 0


def test_storages_do_not_live_on():
    x = minitorch.ones(3)
    storage = weakref.ref(x.untyped_storage())
    gc.collect()
    assert storage() is None
    assert x.untyped_storage().nbytes() == 12


def test_storage_warns_once_that_it_will_go():
    _warned.clear()
    torch.storage._reset_warn_typed_storage_removal()
    texts = []
    for lib in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            lib.ones(2).storage()
            lib.ones(2).storage()
        texts.append([(str(each.message), each.category) for each in caught])
        assert all(each.filename == __file__ for each in caught)
    assert texts[0] == texts[1]
    assert len(texts[0]) == 1


def test_memory_of_numpys_cannot_grow():
    for lib in LIBRARIES:
        storage = lib.from_numpy(np.ones(3)).untyped_storage()
        assert not storage.resizable()
    assert_same_error(*(lambda lib=lib: lib.from_numpy(np.ones(3)).untyped_storage().resize_(48) for lib in LIBRARIES))
    array = np.ones(3)
    assert_same_error(*(lambda lib=lib: lib.from_numpy(array).resize_(4) for lib in LIBRARIES))


# -- set_ -------------------------------------------------------------------------------------------------------------

SETS: list[Call] = [
    lambda lib, x: lib.empty(0).set_(x), lambda lib, x: lib.empty(0).set_(x.t()).stride(),
    lambda lib, x: lib.empty(0).set_(x.untyped_storage(), 2, (2, 3), (3, 1)),
    lambda lib, x: lib.empty(0).set_(x.storage(), 2, (2, 3), (3, 1)), lambda lib, x: lib.empty(0).set_(x.untyped_storage()),
    lambda lib, x: lib.empty(0).set_(x.untyped_storage(), 2, (2, 3)), lambda lib, x: lib.empty(0).set_(x, 1, (2, 2), (1, 1)),
    lambda lib, x: lib.empty(0).set_(x, 1, (2, 2)), lambda lib, x: lib.empty(0, dtype=lib.int32).set_(x.untyped_storage()),
    lambda lib, x: lib.ones(3).set_().shape, lambda lib, x: lib.empty(0).set_(x[1:]).storage_offset(),
    lambda lib, x: lib.empty(0).set_(x[1:].untyped_storage()).shape, lambda lib, x: lib.empty(0).set_(x).fill_(3) is not x and x,
    lambda lib, x: lib.ones(2).set_(x)._version,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(SETS)))
def test_set_lays_a_tensor_over_other_memory(number: int):
    compare(SETS[number], lambda lib, x: lib.arange(12.0).view(3, 4))


@pytest.mark.parametrize("call", [
    lambda lib, x: lib.empty(0).long().set_(x), lambda lib, x: lib.empty(0).long().set_(x.storage()),
    lambda lib, x: lib.empty(0).set_(x.untyped_storage(), -1, (2,)), lambda lib, x: lib.empty(0).set_(3),
    lambda lib, x: lib.empty(0).set_(x.untyped_storage(), 0, (2,), (-1,)),
    lambda lib, x: lib.empty(0).set_(x.untyped_storage(), 0, (2, 1), (1,)),
    lambda lib, x: lib.empty(0).set_(lib.from_numpy(np.ones(3, np.float32)).untyped_storage(), 0, (4,)),
    lambda lib, x: lib.ones(2, requires_grad=True).set_(x),
])  # fmt: skip
def test_set_refuses_what_torch_refuses(call: Call):
    both_refuse(call, lambda lib, x: x)


# -- resize_ ----------------------------------------------------------------------------------------------------------

RESIZES: list[Call] = [
    lambda lib, x: x.resize_(2, 3), lambda lib, x: x.resize_((2, 2)), lambda lib, x: x.resize_(2, 2)._version,
    lambda lib, x: x.resize_(6)._version, lambda lib, x: x.resize_(4, 4).shape, lambda lib, x: x.resize_(9)[:6],
    lambda lib, x: x[2:].resize_(2, 2), lambda lib, x: x[::2].resize_(2, 2), lambda lib, x: x[::2].resize_(3),
    lambda lib, x: x[3:].resize_(3, 1), lambda lib, x: x.view(2, 3).t().resize_(2, 3),
    lambda lib, x: x.view(2, 3).t().resize_(3, 2).stride(), lambda lib, x: x.resize_([]), lambda lib, x: x.resize_(0),
    lambda lib, x: x.resize_as_(lib.zeros(3, 2).t()).stride(), lambda lib, x: lib.resize_as_(x, lib.zeros(2)),
    lambda lib, x: x[1:3].resize_(5), lambda lib, x: x.resize_(2, memory_format=lib.contiguous_format),
    lambda lib, x: lib.empty(0).resize_(3, 3).shape, lambda lib, x: x[:2].expand(3, 2).resize_(2),
    lambda lib, x: x.resize_as_(lib.ones(2, requires_grad=True)).requires_grad,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(RESIZES)))
def test_resize_takes_another_shape_over_the_memory(number: int):
    compare(RESIZES[number], lambda lib, x: lib.arange(6.0))


def test_a_resized_tensor_keeps_what_it_had():
    for lib in LIBRARIES:
        x = lib.arange(6.0)
        x.resize_(20)
        x[6:] = 1
        assert x.tolist() == [0, 1, 2, 3, 4, 5, *[1] * 14]


@pytest.mark.parametrize("call", [
    lambda lib, x: x.requires_grad_().resize_(2), lambda lib, x: x.requires_grad_().resize_(3), lambda lib, x: x.resize_(),
    lambda lib, x: (x.requires_grad_() * 1).resize_(2), lambda lib, x: x.resize_(-1), lambda lib, x: x.resize_("a"),
    lambda lib, x: x.resize_(2.5), lambda lib, x: x.resize_as_(3), lambda lib, x: x.resize_(2, memory_format=lib.preserve_format),
    lambda lib, x: x.requires_grad_().resize_as_(x),
])  # fmt: skip
def test_resize_refuses_what_torch_refuses(call: Call):
    both_refuse(call, lambda lib, x: x)


def test_memory_that_others_see_is_not_replaced():
    x = minitorch.arange(6.0)
    part = x[1:3]
    with pytest.raises(RuntimeError, match="Trying to resize storage that is not resizable"):
        x.resize_(12)
    del part
    assert_same(x.resize_(12)[:6], torch.arange(6.0))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "uint16", "bool"])
def test_a_storage_is_one_object_as_long_as_somebody_holds_it(dtype):
    x = minitorch.ones(3).to(getattr(minitorch, dtype))
    storage = x.untyped_storage()
    others = [minitorch.ones(3).to(x.dtype).untyped_storage() for _ in range(3)]
    assert x[1:].untyped_storage() is x.view(3, 1).untyped_storage() is storage
    assert len({each.data_ptr() for each in [storage, *others]}) == 4
