"""Memory that is shared with other libraries: what we show them, and what we make of what they show.

There is no GPU here: addresses are the interpreter's, and for capsules, which other libraries must read, the host's.
"""

from __future__ import annotations

import ctypes
import weakref

import numpy as np
import pytest
import torch

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.dtypes import BFLOAT16
from minitorch.kernels import tables
from minitorch.kernels.cpu.bfloat16 import narrow
from minitorch.kernels.cuda import DeviceArray, dlpack, formulas, from_host, placement, to_host
from minitorch.kernels.cuda.lifting import write
from minitorch.kernels.cuda.placement import from_cuda_array_interface

GPU = tables[DeviceArray]
DTYPES = ["f2", "f4", "f8", "i1", "u1", "i2", "i4", "i8", "?"]


class Shown:
    """An object of another library."""

    def __init__(self, shown=None, **different):
        self.__cuda_array_interface__ = {**(shown or {}), **different}


@pytest.fixture
def ours(interpreter):
    return from_host(np.arange(12, dtype=np.float32).reshape(3, 4))


# -- the CUDA array interface -----------------------------------------------------------------------------------------


def test_the_interface_says_where_and_what_elements_are(ours):
    address = placement.address(ours)
    expected = {
        "shape": (3, 4), "typestr": "<f4", "strides": None, "data": (address, False), "version": 3, "stream": 1,
    }  # fmt: skip
    assert ours.__cuda_array_interface__ == expected
    part = ours.seen((4, 2), (1, 4), 4).__cuda_array_interface__
    assert (part["shape"], part["strides"], part["data"]) == ((4, 2), (4, 16), (address + 16, False))
    empty = from_host(np.ones((0, 3), np.int64)).__cuda_array_interface__
    assert (empty["typestr"], empty["data"], empty["strides"]) == ("<i8", (0, False), None)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("view", [lambda a: a, lambda a: GPU.t(a), lambda a: GPU.slice(a, 1, 1, 4, 2)])
def test_what_the_interface_shows_is_the_same_memory(dtype, view, interpreter):
    a = from_host(np.arange(12).reshape(3, 4).astype(dtype))
    shown = view(a)
    again = from_cuda_array_interface(shown)
    assert (again.shape, again.dtype, placement.address(again)) == (shown.shape, shown.dtype, placement.address(shown))
    np.testing.assert_array_equal(to_host(again), to_host(shown))
    assert placement.overlap(again, a)


def test_kernels_write_to_the_same_memory(ours):
    again = from_cuda_array_interface(Shown(ours.__cuda_array_interface__))
    before = to_host(ours)
    write(formulas.same, again, GPU.add(again, again))
    np.testing.assert_array_equal(to_host(ours), 2 * before)


def test_matrices_that_begin_between_vectors_are_multiplied(interpreter):
    theirs = from_host(np.arange(65, dtype=np.float32))
    first = placement.address(theirs) + theirs.itemsize
    matrix = placement.adopted(first, theirs.dtype, (8, 8), (8, 1), theirs)
    expected = np.arange(1, 65, dtype=np.float32).reshape(8, 8)
    np.testing.assert_array_equal(to_host(GPU.mm(matrix, matrix)), expected @ expected)


def test_the_owner_lives_as_long_as_the_array(ours):
    shown = Shown(ours.__cuda_array_interface__)
    seen = weakref.ref(shown)
    array = from_cuda_array_interface(shown)
    part = GPU.slice(array, 0, 1, 2, 1)
    del shown, array
    assert seen() is not None
    del part
    assert seen() is None


WRONG = {
    "no dictionary": (3, TypeError, "`__cuda_array_interface__` must be a dict"),
    "no dtype": ({"shape": (3,), "data": (1, False)}, TypeError, "attribute `typestr` must exist"),
    "read-only": ({"data": (1, True)}, TypeError, "the read only flag is not supported, should always be False"),
    "half a stride": ({"strides": (16, 2)}, ValueError, "given array strides not a multiple of the element byte size"),
    "backwards": ({"strides": (-16, 4)}, BufferError, "no negative strides"),
    "masked": ({"mask": object()}, NotImplementedError, "masked"),
}


@pytest.mark.parametrize(("different", "kind", "text"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_taken_says_why(different, kind, text, ours):
    whole = not isinstance(different, dict) or "shape" in different
    given = Shown()
    given.__cuda_array_interface__ = different if whole else {**ours.__cuda_array_interface__, **different}
    with pytest.raises(kind, match=text):
        from_cuda_array_interface(given)


# -- DLPack -----------------------------------------------------------------------------------------------------------


class Producer:
    """Has an array of the host, in a capsule of ours."""

    def __init__(self, array, versioned):
        self.array, self.versioned = array, versioned

    def __dlpack__(self, **params):
        a = self.array
        steps = tuple(stride // a.itemsize for stride in a.strides)
        versioned = self.versioned and params.get("max_version") is not None
        return dlpack.capsule_of(a.ctypes.data, (1, 0), a.dtype, a.shape, steps, a, versioned)

    def __dlpack_device__(self):
        return (1, 0)


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("take", [np.from_dlpack, torch.from_dlpack], ids=["numpy", "torch"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_other_libraries_read_our_structures(dtype, take, versioned):
    a = np.arange(6).astype(dtype).reshape(2, 3).T
    taken = take(Producer(a, versioned))
    np.testing.assert_array_equal(np.asarray(taken), a)
    assert np.shares_memory(np.asarray(taken), a)
    assert len(dlpack._lent) == 1
    del taken
    assert len(dlpack._lent) == 0  # they have said that nobody needs it


def test_what_is_lent_keeps_its_owner_alive():
    a = np.ones(3)
    seen = weakref.ref(a)
    taken = torch.from_dlpack(Producer(a, False))
    del a
    assert taken.tolist() == [1, 1, 1]
    assert seen() is not None
    del taken
    assert seen() is None


@pytest.mark.parametrize("version", [None, (0, 8), (1, 0), (1, 3)])
def test_a_capsule_goes_to_the_gpu_and_back(version, ours):
    part = GPU.slice(GPU.t(ours), 0, 1, 3, 1)
    capsule = dlpack.to_dlpack(part, max_version=version)
    assert ("versioned" in str(capsule)) == (version is not None and version >= (1, 0))
    assert dlpack.is_capsule(capsule)
    assert dlpack.device_in(capsule) == dlpack.GPU == (2, 0)
    again = dlpack.from_dlpack(capsule)
    assert not dlpack.is_capsule(capsule)
    np.testing.assert_array_equal(to_host(again), to_host(part))
    assert placement.address(again) == placement.address(part)
    assert again.steps == part.steps
    view = GPU.t(again)
    del again, capsule
    assert len(dlpack._lent) == 1
    del view
    assert len(dlpack._lent) == 0


def test_a_capsule_that_nobody_takes_lends_nothing(ours):
    capsule = dlpack.to_dlpack(ours)
    assert len(dlpack._lent) == 1
    del capsule
    assert len(dlpack._lent) == 0


def test_capsules_of_the_hosts_memory_are_not_taken():
    theirs = torch.arange(6.0).reshape(2, 3).t()
    capsule = theirs.__dlpack__()
    with pytest.raises(BufferError, match=r"on DLPack's device \(1, 0\), not on the GPU, which is \(2, 0\)"):
        dlpack.from_dlpack(capsule)
    assert torch.from_dlpack(capsule).tolist() == theirs.tolist()  # it is not used up


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_other_libraries_structures_are_read(version):
    theirs = torch.arange(6, dtype=torch.int16).reshape(2, 3).t()[1:]
    capsule = theirs.__dlpack__(max_version=version)
    name = dlpack.VERSIONED if version else dlpack.OLD
    content = dlpack.content_of(dlpack.STRUCTURES[name].from_address(dlpack._pointer_of(capsule, name)).tensor)
    assert content == (theirs.data_ptr(), (1, 0), np.dtype(np.int16), (2, 2), (1, 3))


def test_strides_may_be_missing():
    shape = (ctypes.c_int64 * 2)(2, 3)
    pointer = ctypes.cast(shape, ctypes.POINTER(ctypes.c_int64))
    tensor = dlpack.Tensor(0x1000, dlpack.GPU, 2, dlpack.CODES["f"], 32, 1, pointer, None, 8)
    assert dlpack.content_of(tensor) == (0x1008, (2, 0), np.dtype(np.float32), (2, 3), (3, 1))


def test_bfloat16_goes_to_the_gpu_and_back(interpreter):
    kept = from_host(narrow(np.array([1.5, -2.0, 3.0], np.float32)))
    capsule = dlpack.to_dlpack(kept)
    again = dlpack.from_dlpack(capsule)
    assert (again.dtype, again.tolist()) == (BFLOAT16, [1.5, -2, 3])
    assert placement.coincide(again, kept)


@pytest.mark.parametrize(("code", "bits", "lanes"), [(4, 32, 1), (5, 64, 1), (2, 32, 4), (0, 4, 1)])
def test_dtypes_that_there_are_not_are_an_error(code, bits, lanes):
    with pytest.raises(BufferError, match=f"{lanes} lanes of {bits} bits, of type {code}"):
        dlpack.content_of(dlpack.Tensor(0x1000, dlpack.GPU, 0, code, bits, lanes, None, None, 0))
