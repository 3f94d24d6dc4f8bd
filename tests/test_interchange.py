"""Tensors among Python's numbers, numpy's arrays and other libraries' tensors: what comes out is what torch gives."""

from __future__ import annotations

import copy
import operator
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch

both = pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])


def names(lib: Any) -> dict[str, Any]:
    """What the expressions below are about."""
    ones = lib.ones(2, requires_grad=True)
    return {
        "torch": lib, "np": np, "copy": copy, "operator": operator, "pickle": pickle, "a": np.array([1.0, 2.0]),
        "t": lib.tensor([1.0, 2.0]), "i": lib.tensor([1, 2]), "g": ones, "h": ones * 2, "one": lib.tensor([1.0]),
    }  # fmt: skip


def outcome(expression: str, lib: Any) -> tuple[str, str]:
    """The type of what an expression gives, and its text; or those of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is warned of, is tested below
        try:
            result = eval(expression, names(lib))
        except Exception as error:
            return type(error).__name__, str(error).partition("\n")[0]
    return type(result).__name__, repr(result)


EXPRESSIONS = {
    "numbers": """
        int(torch.tensor(1.7)) | float(i[0]) | float(g[0]) | int(g[0]) | complex(t[0]) | complex(t) | bool(torch.tensor([[0]]))
        bool(t) | bool(t[:0]) | int(t) | float(t) | operator.index(t[0]) | operator.index(i) | operator.index(torch.tensor([3]))
        operator.index(torch.tensor(True)) | [1, 2, 3][i[0]] | range(i[1]) | round(torch.tensor(1.5)) | divmod(i, 2)
        t.item() | t[:0].item() | g[0].item() | t.tolist() | g.tolist() | torch.tensor(1.5).tolist() | i[0].tolist()
        format(torch.tensor(1.5), '.3f') | format(t, '.3f') | f'{t}' | f'{g[0]:.2f}' | format(i[0], 'd') | format(i[0].float(), 'd')
    """,
    "containers": """
        len(torch.tensor(1)) | iter(torch.tensor(1)) | list(i) | 1 in i | 'a' in i | None in i | [1] in i | i in i | hash(t) == id(t)
        reversed(t) | reversed(torch.tensor(1.)) | reversed(h) | sorted(dir(t)) == dir(t) | 'foo' in dir(t) | t.foo | {'a': t, 'b': [i, t]} | (t, i) | [torch.nn.Parameter(t)]
    """,
    "sizes, devices, dtypes": """
        torch.Size([1, 2]) | torch.Size([1, 2]) + (3,) | (3,) + torch.Size([1]) | torch.Size([2, 3]) * 2 | torch.Size([2, 3]).numel()
        torch.Size((2,)) == (2,) | torch.Size([1.5]) | torch.Size(3) | torch.Size() | torch.Size([1, 2, 3])[1:] | t.shape[0]
        torch.device('cpu') | str(torch.device('cpu:0')) | torch.device('cpu', 0) | torch.device('cpu') == torch.device('cpu:0')
        torch.device('cpu:x') | torch.device(type='cpu') | torch.float32 | str(torch.bool) | torch.half | torch.long
        torch.float32.itemsize | torch.uint8.is_signed | torch.bool.is_signed | torch.int8.is_signed | torch.float32.is_complex
        torch.float32 == torch.float | pickle.loads(pickle.dumps(torch.float32)) is torch.float32
    """,
    "limits of dtypes": """
        torch.finfo(torch.float32) | torch.finfo(torch.float16) | torch.finfo(torch.float64) | torch.finfo() | torch.finfo(torch.int32)
        torch.iinfo(torch.uint8) | torch.iinfo(torch.int8) | torch.iinfo(torch.int16) | torch.iinfo(torch.int32)
        torch.iinfo(torch.int64) | torch.iinfo(torch.float32) | torch.iinfo(torch.bool) | torch.finfo('float32')
        [getattr(torch.finfo(torch.float32), n) for n in ('bits', 'eps', 'max', 'min', 'resolution', 'smallest_normal', 'tiny')]
        [getattr(torch.finfo(torch.float16), n) for n in ('bits', 'eps', 'max', 'min', 'resolution', 'smallest_normal', 'tiny')]
        [getattr(torch.iinfo(torch.int64), n) for n in ('bits', 'max', 'min', 'dtype')] | torch.finfo(torch.float16).dtype
        torch.finfo(torch.float32) == torch.finfo() | torch.iinfo(torch.int8) == torch.iinfo(torch.uint8)
    """,
    "promotion": """
        torch.result_type(i, 1.5) | torch.result_type(1, 2) | torch.result_type(1, 1.5) | torch.result_type(True, i)
        torch.result_type(i, torch.tensor(1.0, dtype=torch.float64)) | torch.result_type(i.int(), torch.tensor(1))
        torch.can_cast(torch.float32, torch.int32) | torch.can_cast(1, torch.int32) | torch.promote_types(torch.int8, 1)
        torch.set_default_dtype(torch.int64) | torch.set_default_dtype('float32')
    """,
    "numpy's arrays": """
        torch.from_numpy(np.arange(5.)[2:]).storage_offset() | torch.from_numpy(np.arange(5.)[::-1])
        torch.from_numpy(np.float32(3)) | torch.from_numpy([1]) | torch.from_numpy(np.arange(3, dtype='>i4'))
        torch.from_numpy(np.zeros((2, 0))) | torch.from_numpy(np.array(3.)) | torch.from_numpy(np.ones((4, 6))[::2, 1::2]).stride()
        g.numpy() | h.numpy() | g.numpy(force=True) | g.detach().numpy() | np.array(g) | np.asarray(h) | np.array(t)
        np.asarray(t, dtype=np.int8) | torch.tensor(3).numpy() | i.numpy().dtype | t.__array__(np.float64) | t.__array_priority__
        hasattr(t, '__array_interface__') | np.array([t[0].item(), 2]) | np.array([t[0], t[1]]) | np.float64(t[0]) | np.int64(i[0])
        np.zeros(i[1]) | np.ones(3)[i] | np.concatenate([t, t]) | np.stack([t, t]) | np.dot(t, t) | np.allclose(t, a)
    """,
    "arrays and tensors": """
        t + a | a + t | a * t | a - t | t - a | a / t | t / a | t == a | a == t | t != a | t < a | t @ a | a @ t | t ** a | t // a
        t == np.ones(3) | np.float32(2) * t | t * np.float32(2) | np.float64(2) + i | np.int64(2) * t | i + np.float32(1.5)
        np.float32(1) / t | np.float32(1) - t | np.float64(2) == t | np.float64(1) < t | t < np.float64(1.5) | i * np.float64(2.5)
        i * np.int8(2) | i.int() + np.int64(5) | t + np.bool_(True) | torch.where(t > 1, t, np.float64(0))
    """,
    "numpy's functions": """
        np.sin(t) | np.sin(g) | np.add(t, a) | np.add(t, 1) | np.greater(t, 0) | np.isnan(t) | np.sqrt(torch.tensor(4.))
        np.maximum(a, t) | np.exp(i) | np.add(a, t, out=a) | np.linspace(0, t[1], 3) | np.multiply(i, 2)
    """,
    "DLPack": """
        t.__dlpack_device__()[0] == 1 | type(t.__dlpack__()).__name__ | g.__dlpack__() | t.__dlpack__(stream=3)
        t.__dlpack__(stream='a') | torch.from_dlpack(a) | torch.utils.dlpack.from_dlpack(a) | torch.from_dlpack(3)
        torch.from_dlpack(torch.utils.dlpack.to_dlpack(t)) | torch.from_dlpack(t).data_ptr() == t.data_ptr()
        torch.from_dlpack(np.array(['a'])) | np.from_dlpack(t) | np.from_dlpack(g) | torch.from_dlpack(np.array([True]))
        np.from_dlpack(torch.tensor([True])) | torch.from_dlpack(a, copy=True).data_ptr() == a.ctypes.data
        torch.from_dlpack(np.ones((2, 3)).T).stride() | torch.from_dlpack(np.array(3)) | torch.from_dlpack(i)
        np.from_dlpack(torch.ones(2, 3)[:, 1:]).strides
    """,
    "copies": """
        copy.copy(t).data_ptr() == t.data_ptr() | copy.copy(g) | copy.copy(h) | copy.deepcopy(h) | copy.deepcopy(g)
        pickle.loads(pickle.dumps(h)) | pickle.loads(pickle.dumps(g)) | copy.deepcopy(torch.ones(2, 3).t()).stride()
        len({id(x) for x in copy.deepcopy([t, t])}) | copy.deepcopy(torch.float32) is torch.float32
    """,
    "numbers to tensors": """
        torch.tensor(range(3)) | torch.tensor([True, 1, 2.5]) | torch.tensor(2**63) | torch.tensor([2**63]) | torch.tensor(-2**63)
        torch.tensor([2**64]) | torch.tensor(2**63, dtype=torch.float32) | torch.tensor(300, dtype=torch.uint8)
        torch.tensor([300], dtype=torch.uint8) | torch.tensor([-1], dtype=torch.uint8) | torch.tensor(-255, dtype=torch.uint8)
        torch.tensor(-256, dtype=torch.uint8) | torch.tensor(-200, dtype=torch.int8) | torch.tensor([1e10], dtype=torch.int32)
        torch.tensor(float('nan'), dtype=torch.int32) | torch.tensor(1e400, dtype=torch.int64) | torch.tensor([1.9], dtype=torch.bool)
        torch.tensor(np.array([300]), dtype=torch.uint8) | torch.tensor(np.int8(3)) | torch.tensor(np.float32(3)) | torch.tensor(1e400)
        torch.tensor([1.5], dtype=torch.int64) | torch.tensor(np.bool_(True)) | torch.tensor([np.float32(1), 2]) | torch.tensor(None)
        torch.tensor([None]) | torch.tensor('ab') | torch.tensor({}) | torch.tensor(object()) | torch.tensor([[1, 2], [3]])
        torch.tensor([1, [2]]) | torch.tensor([1., [2]]) | torch.tensor([[1], 2]) | torch.tensor([[[1, 2]], [[3]]])
        torch.tensor([t, t]) | torch.tensor([one, one, 1.]) | torch.tensor([g[0], g[1]]) | torch.tensor([[], []]).shape
        torch.tensor(1.5, dtype='float32') | torch.tensor(t) | torch.tensor(g) | torch.tensor([a, a]) | torch.as_tensor([t[0], t[1]])
        torch.full((2,), 300, dtype=torch.uint8) | torch.full((2,), -1, dtype=torch.uint8) | torch.full((2,), 2**63)
        torch.full((2,), float('nan'), dtype=torch.int32) | torch.full_like(i, 7) | torch.full_like(t, 7) | torch.full_like(i, 2**63)
    """,
    "classes of tensors": """
        repr(torch.FloatTensor) | torch.FloatTensor.dtype | torch.FloatTensor([1, 2]) | torch.FloatTensor(2, 3).shape
        torch.FloatTensor(torch.Size([2, 1])).shape | torch.FloatTensor() | torch.FloatTensor((2, 3)) | torch.FloatTensor(range(3))
        torch.FloatTensor(a) | torch.FloatTensor(t) | torch.FloatTensor(g) | torch.FloatTensor(i) | torch.LongTensor(t)
        torch.LongTensor([1.5, 2]) | torch.LongTensor([2**63]) | torch.LongTensor(['a']) | torch.ByteTensor([300])
        torch.ByteTensor([-1]) | torch.CharTensor([1]) | torch.ShortTensor([1]) | torch.IntTensor([1.5]) | torch.DoubleTensor([1])
        torch.HalfTensor([1.]) | torch.BoolTensor([2, 0]) | torch.FloatTensor(1.5) | torch.FloatTensor('a')
        torch.FloatTensor([[1, 2], [3]]) | isinstance(t, torch.FloatTensor) | isinstance(t, torch.LongTensor)
        torch.Tensor([1, 2]) | torch.Tensor(i) | torch.Tensor(h) | torch.Tensor((1, 2)) | torch.Tensor(np.arange(3)) | torch.Tensor(None)
        torch.Tensor(1.5) | torch.Tensor('a') | torch.Tensor(True) | torch.Tensor([[1, 2], [3]]) | torch.Tensor(2, -1)
        torch.Tensor(2, 3).shape | torch.Tensor(torch.tensor(3)) | t.type(torch.DoubleTensor) | t.type('torch.IntTensor') | t.type('foo')
        t.type() | i.type(torch.float32).type()
    """,
}
EACH = [
    (family, each.strip())
    for family, text in EXPRESSIONS.items()
    for line in text.strip().splitlines()
    for each in line.split(" | ")
]


@pytest.mark.parametrize(("family", "expression"), EACH)
def test_an_expression_gives_what_it_gives_in_torch(family: str, expression: str):
    assert outcome(expression, minitorch) == outcome(expression, torch)


WARNINGS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a tensor of a tensor": (
        lambda lib: lib.tensor(lib.ones(2)),
        "To copy construct from a tensor, it is recommended to use",
    ),
    "an old default": (
        lambda lib: lib.set_default_tensor_type(lib.FloatTensor),
        "torch.set_default_tensor_type\\(\\) is deprecated",
    ),
}


@both
@pytest.mark.parametrize(("make", "text"), WARNINGS.values(), ids=WARNINGS)
def test_what_torch_warns_of(make: Callable[[Any], Any], text: str, lib: Any):
    with pytest.warns(UserWarning, match=text):
        make(lib)


def read_only() -> np.ndarray:
    array = np.arange(3.0)
    array.flags.writeable = False
    return array


def test_what_torch_warns_of_only_once():
    with pytest.warns(
        UserWarning, match="The given NumPy array is not writable, and PyTorch does not support non-writable tensors"
    ):
        minitorch.from_numpy(read_only())
    with pytest.warns(UserWarning, match="Creating a tensor from a list of numpy.ndarrays is extremely slow"):
        minitorch.tensor([np.ones(2)])
    with pytest.warns(
        UserWarning, match="Converting a tensor with requires_grad=True to a scalar may lead to unexpected"
    ):
        float(minitorch.ones(1, requires_grad=True))


@both
def test_a_tensor_over_an_array_that_cannot_be_written_can(lib: Any):
    array = read_only()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tensor = lib.from_numpy(array)
    tensor[0] = 5
    assert array.tolist() == [5, 1, 2]


PARTNERS = {"numpy": (np.from_dlpack, lambda: np.arange(6, dtype=np.float32).reshape(2, 3)), "torch": (torch.from_dlpack, lambda: torch.arange(6.0).reshape(2, 3))}  # fmt: skip


@pytest.mark.parametrize(("take", "make"), PARTNERS.values(), ids=PARTNERS)
def test_memory_is_shared_by_dlpack_both_ways(take: Callable[[Any], Any], make: Callable[[], Any]):
    theirs = make()
    ours = minitorch.from_dlpack(theirs)
    ours[0, 0] = 10
    theirs[1, 2] = 20
    assert ours.tolist() == theirs.tolist() == [[10, 1, 2], [3, 4, 20]]
    back = take(ours.t())
    back[0, 1] = 30
    assert ours[1, 0].item() == theirs[1, 0].item() == 30
    assert ours.add(1)._version == 0


def test_a_capsule_can_be_used_once_and_keeps_its_memory():
    capsule = minitorch.utils.dlpack.to_dlpack(minitorch.arange(4.0))
    tensor = minitorch.from_dlpack(capsule)
    tensor.add_(1)
    assert tensor.tolist() == [1, 2, 3, 4]
    with pytest.raises(RuntimeError, match="can be consumed only once"):
        minitorch.from_dlpack(capsule)
    assert torch.from_dlpack(minitorch.utils.dlpack.to_dlpack(tensor)).tolist() == [1, 2, 3, 4]


@both
def test_a_class_of_tensors_is_named_where_one_is_printed(lib: Any):
    class Image(lib.Tensor):
        pass

    assert repr(Image([[1, 2], [3, 4]])) == "Image([[1., 2.],\n       [3., 4.]])"


@both
def test_the_default_class_of_tensors_sets_the_default_dtype(lib: Any):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lib.set_default_tensor_type("torch.DoubleTensor")
        found = lib.ones(1).dtype
        lib.set_default_tensor_type(lib.FloatTensor)
    assert found is lib.float64
    assert lib.ones(1).dtype is lib.float32
