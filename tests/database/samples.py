"""torch's own operator database, for minitorch: its operators found here, and its sample inputs translated."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo

import minitorch
from tests.database.left_out import LEFT_OUT

DTYPES = {getattr(torch, name): getattr(minitorch, name) for name in (
    "float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool", "uint16", "uint32", "uint64",
)}  # fmt: skip


IMPRECISE = (torch.float16, torch.bfloat16, torch.float32)

SECOND_FIRST = ("nn.functional.embedding", "nn.functional.embedding_bag", "polygamma", "special.polygamma", "where")
"""Operators whose samples begin with what gets the gradient, though the function has it second."""


OF_A_PRODUCT = ("linalg.pinv.singular", "pca_lowrank", "svd_lowrank")
"""Operators that the database calls on the product of its first sample and the transpose of the second, a matrix of low rank."""


NUMPYS_DIMENSIONS = 64  # there can be no more


class Untranslatable(Exception):
    """A sample has something in it that minitorch leaves out on purpose: complex numbers, sparse layouts, other devices."""


def find(name: str) -> Callable[..., Any] | None:
    """minitorch's function of a name such as ``linalg.det``, or else the method of tensors; ``None`` if there is neither."""
    place: Any = minitorch
    for part in name.split("."):
        place = getattr(place, part, None)
        if place is None or isinstance(place, minitorch.dtype):  # a dtype is named as the method that casts to it
            method = getattr(minitorch.Tensor, name, None)
            return method.fget if isinstance(method, property) else method
    return place


def operators() -> list[OpInfo]:
    """The database's operators that minitorch has, but for those that are left out."""
    return [info for info in op_db if full_name(info) not in LEFT_OUT and find(info.name) is not None]


def full_name(info: OpInfo) -> str:
    """With the variant, of which some operators have several: ``linalg.svd``, ``var.unbiased``."""
    return f"{info.name}.{info.variant_test_name}" if info.variant_test_name else info.name


def translate(value: Any, known: dict[Any, Any] | None = None) -> Any:
    """The same for minitorch: tensors of the same numbers, strides and need of gradients; dtypes; containers of them.

    ``known`` has the translations of tensors by their ids: one that is given twice is one tensor here too; and the copies of
    the memories that they lie in: what shares memory in torch, shares it here.

    Raises:
        Untranslatable: there is no such thing here.
    """
    known = {} if known is None else known
    if isinstance(value, torch.Tensor):
        if id(value) not in known:
            known[id(value)] = _tensor(value, known)
        return known[id(value)]
    if isinstance(value, torch.dtype):
        if value not in DTYPES:
            raise Untranslatable(str(value))
        return DTYPES[value]
    if isinstance(value, torch.Size):
        return minitorch.Size(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(translate(each, known) for each in value))
    if isinstance(value, tuple | list):
        return type(value)(translate(each, known) for each in value)
    if isinstance(value, dict):
        return {name: translate(each, known) for name, each in value.items()}
    if isinstance(value, torch.nn.PairwiseDistance):
        return minitorch.nn.PairwiseDistance()
    if isinstance(value, torch.device):
        if value.type != "cpu":
            raise Untranslatable(str(value))
        return minitorch.device("cpu")
    if isinstance(value, torch.layout | torch.memory_format | torch.Generator | complex):
        if value in (torch.strided, torch.contiguous_format, torch.preserve_format):
            return getattr(minitorch, str(value).removeprefix("torch."), value)
        raise Untranslatable(str(value))
    return value


def _tensor(tensor: torch.Tensor, known: dict[Any, Any]) -> Any:
    if tensor.dtype not in DTYPES or tensor.layout is not torch.strided or tensor.device.type != "cpu":
        raise Untranslatable(f"{tensor.dtype} {tensor.layout} {tensor.device}")
    if tensor.ndim > NUMPYS_DIMENSIONS:
        raise Untranslatable(f"{tensor.ndim} dimensions")
    memory = tensor.untyped_storage()
    whole = torch.empty(0, dtype=tensor.dtype).set_(memory, 0, (memory.nbytes() // tensor.element_size(),))
    bits = (whole.view(torch.uint16) if tensor.dtype is torch.bfloat16 else whole).numpy()  # which numpy does not have
    flat = known.setdefault((memory.data_ptr(), tensor.dtype), bits.copy())
    strides = [step * tensor.element_size() for step in tensor.stride()]
    array = np.lib.stride_tricks.as_strided(flat[tensor.storage_offset() :], tensor.shape, strides)
    ours = minitorch.from_numpy(array)
    return (ours.view(DTYPES[tensor.dtype]) if bits.dtype == np.uint16 else ours).requires_grad_(tensor.requires_grad)


class Call:
    """A call of an operator with one sample, for both libraries."""

    def __init__(self, info: OpInfo, sample: Any) -> None:
        self.info, self.name = info, full_name(info)
        self.process = sample.output_process_fn_grad  # keeps what the mathematics determines: no signs of eigenvectors
        self.given = (sample.input, *sample.args), sample.kwargs
        self.translated = translate(self.given)

    def torchs(self) -> Any:
        args, kwargs = self.given
        torch.manual_seed(42)  # the same seed that the database sets itself before some operators draw
        return self.process(self.info.op(*args, **kwargs))

    def ours(self) -> Any:
        args, kwargs = self.translated
        minitorch.manual_seed(42)
        function = find(self.info.name)
        assert function is not None
        if self.info.name in SECOND_FIRST:
            args = (args[1], args[0], *args[2:])
        if self.name in OF_A_PRODUCT:
            args = (args[0] @ args[1].mT, *args[2:])
        if self.info.name == "einsum":  # whose samples have the tensors before the equation
            args = (args[1], *args[0])
        result = function(*args, **kwargs)
        if self.name == "linalg.lstsq.grad_oriented":  # of which the database takes what has gradients
            result = tuple(result[:2])
        return self.process(result)

    def in_float64(self) -> Call:
        """The same call with exact inputs, to say who is right where two float32 results differ."""
        twin = copy.copy(self)
        twin.given = doubled(self.given)
        return twin

    def __repr__(self) -> str:
        return f"{self.name}{described(self.given)}"


def described(value: Any) -> Any:
    """The same, with tensors by their kind: after an error torch cannot print all that it was given as ``out``."""
    if isinstance(value, torch.Tensor):
        return f"<{str(value.dtype).removeprefix('torch.')} {list(value.shape)} {list(value.stride())}>"
    if isinstance(value, tuple | list):
        return type(value)(map(described, value)) if type(value) in (tuple, list) else value
    return {name: described(each) for name, each in value.items()} if isinstance(value, dict) else value


def doubled(value: Any) -> Any:
    """torch's tensors and dtypes of less precision in a value as float64."""
    if isinstance(value, torch.Tensor):
        return value.detach().double().requires_grad_(value.requires_grad) if value.dtype in IMPRECISE else value
    if isinstance(value, tuple | list):
        return type(value)(map(doubled, value)) if type(value) in (tuple, list) else value
    if isinstance(value, dict):
        return {name: doubled(each) for name, each in value.items()}
    return torch.float64 if isinstance(value, torch.dtype) and value in IMPRECISE else value


def samples(info: OpInfo, dtype: torch.dtype, most: int, requires_grad: bool = False) -> Iterator[Call]:
    """Calls with the database's sample inputs, the first ``most`` of those that can be translated."""
    torch.manual_seed(0)
    found = info.sample_inputs("cpu", dtype, requires_grad=requires_grad)
    return itertools.islice(_translated(info, found), most)


def _translated(info: OpInfo, found: Any) -> Iterator[Call]:
    for sample in found:
        try:
            yield Call(info, sample)
        except Untranslatable:
            continue


def tensors(value: Any) -> list[Any]:
    """The tensors of either library in a value, in order."""
    if isinstance(value, torch.Tensor | minitorch.Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [tensor for each in value for tensor in tensors(each)]
    if isinstance(value, dict):
        return [tensor for each in value.values() for tensor in tensors(each)]
    return []
