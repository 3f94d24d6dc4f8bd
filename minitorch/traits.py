"""What a tensor is asked beside its numbers: flags, layout, memory, other classes; and Python functions on its elements.

``Tensor`` inherits all of this.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from sys import getrefcount
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.gathering import check_together
from minitorch.autograd.inplace import check_inplace
from minitorch.autograd.ownership import ALONE
from minitorch.autograd.variable import Variable
from minitorch.dtypes import dtype as Dtype
from minitorch.kernels import tables
from minitorch.memory_format import check, contiguous_format, preserve_format, strided
from minitorch.memory_format import layout as Layout
from minitorch.memory_format import memory_format as Format
from minitorch.ops.arguments import check_tensors, cpp_name, sizes
from minitorch.ops.shape import AliasBackward0, expand
from minitorch.storage import LEGACY, TypedStorage, UntypedStorage, warn_of_removal

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

ABSENT = (
    "is_ipu", "is_maia", "is_meta", "is_mkldnn", "is_mps", "is_mtia", "is_nested", "is_quantized", "is_sparse",
    "is_sparse_csr", "is_vulkan", "is_xla", "is_xpu",
)  # fmt: skip
"""Kinds of tensors, and devices, that there are none of."""


class Traits(Variable):
    """The part of ``Tensor`` that this module is for."""

    __slots__ = ()

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def is_cpu(self) -> bool:
        return self._array.device == "cpu"

    @property
    def layout(self) -> Layout:
        """How the elements are stored: by strides."""
        return strided

    @property
    def name(self) -> None:
        """Tensors have no names."""
        return None

    @property
    def volatile(self) -> bool:
        """What ``no_grad`` has taken the place of."""
        warnings.warn("volatile was removed (Variable.volatile is always False)", stacklevel=2)
        return False

    def is_distributed(self) -> bool:
        """Whether the tensor lies on several machines: never."""
        return False

    def ndimension(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def dense_dim(self) -> int:
        """The number of dimensions that are stored densely: all."""
        return self._array.ndim

    def sparse_dim(self) -> int:
        """The number of dimensions that are stored sparsely: none."""
        return 0

    def to_dense(self, dtype: Dtype | None = None, *, masked_grad: bool | None = None) -> Any:
        """The tensor, which is dense, in another dtype if one is given."""
        return self if dtype is None else self.to(dtype)  # type: ignore[attr-defined]  # Tensor has it

    def dim_order(self, *, ambiguity_check: bool | list[Format] = False) -> tuple[int, ...]:
        """The dimensions in the order of their strides, the largest first.

        Args:
            ambiguity_check: refuse a tensor whose strides allow several orders; a list of formats allows those that lie in
                exactly one of them.

        Raises:
            RuntimeError: the order is ambiguous.
        """
        allowed = [] if isinstance(ambiguity_check, bool) else ambiguity_check
        if not isinstance(allowed, list) or not all(isinstance(each, Format) for each in allowed):
            raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
        array = self._array
        ambiguous = 1 in array.shape or any(a == b for a, b in pairwise(array.strides))
        fitting = [each for each in allowed if each is contiguous_format and array.flags.c_contiguous]
        if ambiguity_check is not False and ambiguous and len(fitting) != 1:
            raise RuntimeError(
                "The tensor does not have unique dim order, or cannot map to exact one of the given memory formats."
            )
        order, ambiguous = _physical_order(array)
        if ambiguity_check is not False and ambiguous:
            raise RuntimeError("The tensor does not have unique dim order.")
        return order

    # -- other classes ------------------------------------------------------------------------------------------------

    def as_subclass(self, cls: type) -> Any:
        """The same memory as a tensor of another class.

        Raises:
            TypeError: that is no class of tensors.
        """
        if not issubclass(cls, Variable):
            raise TypeError(
                "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure your "
                "class inherits from Tensor."
            )
        result = AliasBackward0.apply(self)
        result.__class__ = cls
        return result

    def module_load(self, other: Tensor, assign: bool = False) -> Any:
        """What a module holds after ``other`` was loaded into this parameter: a new tensor over the memory of one of them."""
        return other.detach() if assign else self.copy_(other).detach()  # type: ignore[attr-defined]  # Tensor has it

    def new(self, *data: Any, device: Any = None) -> Any:
        """A tensor of this dtype, as ``FloatTensor`` makes it: of a shape, or of numbers."""
        from minitorch.tensor_types import constructed  # which is written with tensors

        return constructed(data, self.dtype, self.device if device is None else device)  # type: ignore[attr-defined]  # Tensor has it

    # -- memory -------------------------------------------------------------------------------------------------------

    def untyped_storage(self) -> UntypedStorage:
        """The memory that the tensor lies in, as bytes."""
        return UntypedStorage.of(self._array)

    def storage(self) -> TypedStorage:
        """The memory that the tensor lies in, as numbers of its dtype; ``untyped_storage`` is what will stay."""
        warn_of_removal()
        return TypedStorage._over(self.untyped_storage(), self.dtype)  # type: ignore[attr-defined]  # Tensor has it

    def storage_type(self) -> type:
        """The class that storages of this dtype had."""
        warn_of_removal()
        return LEGACY[self.dtype]  # type: ignore[attr-defined]  # Tensor has it

    def const_data_ptr(self) -> int:
        """The address of the first element."""
        return tables[type(self._array)].address(self._array)

    def set_(
        self,
        source: Tensor | UntypedStorage | TypedStorage | None = None,
        storage_offset: int = 0,
        size: Sequence[int] | None = None,
        stride: Sequence[int] | None = None,
    ) -> Any:
        """Lays the tensor over other memory: that of a tensor, or a storage of its dtype or of bytes; over none by default.

        Raises:
            RuntimeError: the dtypes differ, the memory is too small, or a tensor requires gradients.
        """
        check_inplace(self)
        if self._wants_grad() or (isinstance(source, Variable) and source._wants_grad()):
            raise RuntimeError("derivative for aten::set_ is not implemented")
        self._move(_laid_over(self, source, storage_offset, size, stride))
        return self

    def resize_(self, *size: Any, memory_format: Format = contiguous_format) -> Any:
        """Another shape over the same memory, row by row; memory that is too small is replaced, where nobody else has it.

        New elements are arbitrary.

        Raises:
            RuntimeError: the tensor requires gradients, or the memory is too small and somebody else shows it too.
        """
        if not size:
            raise TypeError('resize_() missing 1 required positional arguments: "size"')
        given = size[0] if len(size) == 1 else size
        if not isinstance(given, int | list | tuple):
            raise TypeError(
                f"resize_(): argument 'size' (position 1) must be tuple of ints, not {type(given).__name__}"
            )
        if memory_format is preserve_format:
            raise RuntimeError("Unsupported memory formatPreserve")
        check(None, memory_format)
        if self._wants_grad():
            raise RuntimeError("cannot resize variables that require grad")
        shape = sizes((given,))
        if shape == self._array.shape:
            return self
        if any(each < 0 for each in shape):
            raise RuntimeError("numel: integer multiplication overflow")
        k = tables[type(self._array)]
        memory = k.storage(self._array)
        first = (self.const_data_ptr() - k.address(memory)) // memory.itemsize
        needed = first + math.prod(shape)
        if needed > memory.size:
            del memory
            if not _is_held_alone(self):
                raise RuntimeError("Trying to resize storage that is not resizable")
            old = k.storage(self._array)
            memory = k.cat([old, k.zeros((needed - old.size,), old)], 0)
        self._move(k.view(k.slice(memory, 0, first, needed, 1), shape))
        return self

    def resize_as_(self, the_template: Tensor, *, memory_format: Any = contiguous_format) -> Any:
        """``resize_`` to the shape of another tensor."""
        if not isinstance(the_template, Variable):
            raise TypeError(
                f"resize_as_(): argument 'the_template' (position 1) must be Tensor, not {type(the_template).__name__}"
            )
        return self.resize_(the_template._array.shape, memory_format=memory_format)

    def _move(self, array: np.ndarray) -> None:
        """Takes other memory, or another shape over the same: what were views of the tensor no longer are."""
        self._array = array
        self._view = None
        self._reshaped = True
        self._version_counter[0] += 1

    # -- Python functions on elements -----------------------------------------------------------------------------------

    def apply_(self, callable: Callable[[Any], Any]) -> Any:
        """Writes ``callable(x)`` over each element x; slow, as it is called from Python.

        Raises:
            RuntimeError: the tensor requires gradients.
        """
        return self._write_each("apply_", callable)

    def map_(self, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Any:
        """Writes ``callable(x, y)`` over each element x, where y is that of a tensor that is expanded to this one.

        Raises:
            RuntimeError: a tensor requires gradients, or the shapes do not fit.
            TypeError: the dtypes differ.
        """
        check_tensors("map_", other=tensor)
        if tensor._array.dtype is not self._array.dtype:
            raise TypeError(
                f"map_: expected {self._type_name()} for 'other' (got {tensor._type_name()})"  # type: ignore[attr-defined]
            )
        return self._write_each("map_", callable, tensor)

    def map2_(self, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Any:
        """Writes ``callable(a, b, c)`` over each element a, where b and c are those of two other tensors; see ``map_``."""
        for name, each in (("x", x), ("y", y)):
            if each._array.dtype is not self._array.dtype:
                raise TypeError(
                    f"map2_: expected {self._type_name()} for argument '{name}' (got {each._type_name()})"  # type: ignore[attr-defined]
                )
        return self._write_each("map2_", callable, x, y)

    def _write_each(self, name: str, callable: Callable[..., Any], *others: Tensor) -> Any:
        if self._array.device != "cpu":
            raise TypeError(f"{name} is only implemented on CPU tensors")
        if any(each._wants_grad() for each in (self, *others)):
            raise RuntimeError(
                f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead."
            )
        array = self._array
        operands = [expand(each, array.shape)._array for each in others]
        integer = array.dtype.kind in "iu"
        for place in np.ndindex(array.shape):
            result = callable(*(each[place].item() for each in (array, *operands)))
            if isinstance(result, str):
                raise TypeError("must be real number, not str")
            array[place] = int(result) if integer else result
        return self


for _name in ABSENT:
    setattr(Traits, _name, property(lambda self: False, doc="There are no such tensors here."))


def _physical_order(array: np.ndarray) -> tuple[tuple[int, ...], bool]:
    """The dimensions by their strides, the largest first, and whether some of them could change places.

    Dimensions that are expanded, or alike, stay where they are.
    """
    if array.ndim < 2 or array.flags.c_contiguous:
        return tuple(range(array.ndim)), False
    order = list(reversed(range(array.ndim)))  # sorted from the innermost on
    for end in range(1, array.ndim):
        place = end
        for below in reversed(range(end)):
            comparison = _compare_steps(array, order[below], order[place])
            if comparison > 0:
                order[below], order[place] = order[place], order[below]
                place = below
            elif comparison < 0:
                break
    return tuple(reversed(order)), any(_compare_steps(array, a, b) >= 0 for a, b in pairwise(order))


def _compare_steps(array: np.ndarray, a: int, b: int) -> int:
    """1 where dimension ``a`` is further out than ``b``, -1 where it is further in, 0 where either may be."""
    first, second = array.strides[a], array.strides[b]
    if not first or not second:
        return 0
    if first == second:
        return int(array.shape[a] > array.shape[b])
    return 1 if first > second else -1


SET_STORAGE = (
    'Attempted to set the storage of a tensor on device "{}" to a storage on different device "{}".  This is no longer allowed; '
    "the devices must match."
)


def _laid_over(tensor: Any, source: Any, offset: int, size: Any, stride: Any) -> np.ndarray:
    """The array of ``set_``."""
    kind, k = tensor._array.dtype, tables[type(tensor._array)]
    if source is None:
        return k.full((0,), None, kind)
    if isinstance(source, Variable):
        if source._array.dtype is not kind:
            raise RuntimeError(
                f"Could not set tensor of type {cpp_name(source)} to a tensor of type {cpp_name(tensor)}"  # type: ignore[arg-type]
            )
        check_together(SET_STORAGE, tensor, source)
        if size is None:
            return source._array
        return _seen(k.storage(source._array), offset, size, stride)
    if isinstance(source, TypedStorage):
        if source.dtype is not tensor.dtype:
            raise RuntimeError(
                f"Expected a Storage of type {cpp_name(tensor)} or an UntypedStorage, but got type {source.dtype.scalar_type} "
                "for argument 1 'storage'"
            )
        source = source.untyped()
    if not isinstance(source, UntypedStorage):
        raise TypeError(
            f"set_() received an invalid combination of arguments - got ({type(source).__name__}), but expected one of:"
        )
    if source.device != tensor.device:
        raise RuntimeError(SET_STORAGE.format(tensor.device, source.device))
    row = source._as(tensor.dtype)
    return row if size is None else _seen(row, offset, size, stride)


def _seen(row: Any, offset: int, size: Sequence[int], stride: Sequence[int] | None) -> Any:
    """A part of a row of elements, with these sizes and strides."""
    steps = tuple(math.prod(size[d + 1 :]) for d in range(len(size))) if stride is None else tuple(stride)
    if len(steps) != len(size):
        raise RuntimeError(f"unequal size length ({len(size)}) and stride length ({len(steps)})")
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    if any(step < 0 for step in steps):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(steps)}")
    if 0 not in size and offset + 1 + sum((n - 1) * step for n, step in zip(size, steps, strict=True)) > row.size:
        raise RuntimeError("Trying to resize storage that is not resizable")
    return tables[type(row)].as_strided(row, tuple(size), steps, offset)


def _is_held_alone(tensor: Traits) -> bool:
    """Whether nobody but this tensor shows its memory."""
    array = tensor._array
    while getrefcount(array) == ALONE:
        array = array.base
        if array is None:
            return True
        if not isinstance(array, np.ndarray):
            return False
    return False


def detach(input: Tensor) -> Tensor:
    """The same memory without history."""
    check_tensors("detach", input=input)
    return input.detach()


def detach_(input: Tensor) -> Tensor:
    """Forgets a tensor's history."""
    check_tensors("detach_", input=input)
    return input.detach_()


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = contiguous_format) -> Tensor:
    """Gives a tensor the shape of another; see ``Tensor.resize_``."""
    check_tensors("resize_as_", input=input)
    return input.resize_as_(the_template, memory_format=memory_format)
