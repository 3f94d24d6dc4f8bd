"""``Tensor``: an array, and its place in the graph.

Operators are declared on floor 2 and become methods here, at the end of the module. What is written out are properties of
the array, Python's own protocols (arithmetic signs, ``len``, ``float``, pickling) and what changes a tensor as a whole.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import conversions, dtypes, interchange, new_tensors, printing
from minitorch import sampling as _sampling  # noqa: F401  # declares methods, which Tensor takes over below
from minitorch.arithmetic_signs import OPERANDS, arithmetic_signs
from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.device import CPU, placed
from minitorch.device import device as Device
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import from_numpy_dtype
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import view_dtype
from minitorch.ops import (
    arithmetic,
    comparison,
    conjugates,
    dimensions,
    elementary,
    indexing,
    parts,
    reduction,
)
from minitorch.ops.mistakes import explained_method
from minitorch.ops.operator import methods, operators
from minitorch.size import Size
from minitorch.traits import Traits

if TYPE_CHECKING:
    from minitorch.ops.methods import Methods as _Methods  # what the declared operators add, for type checkers
else:
    _Methods = Variable


class Tensor(Traits, _Methods):
    """An array of one dtype, whose operators are recorded where gradients are asked for.

    ``Tensor(2, 3)`` makes one of that shape with arbitrary contents, ``Tensor([1, 2])`` one of those numbers, both of the
    default dtype. ``minitorch.tensor`` and its kin are the better ways to make one.
    """

    __module__ = "minitorch"  # where users find it
    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        tables[cls] = operators  # formulas read tensors of any class alike

    __array_priority__ = 1000  # numpy leaves `array + tensor` to us

    def __new__(cls, *data: Any) -> Any:
        from minitorch.tensor_types import constructed  # which is written with tensors

        self = constructed(data, dtypes.get_default_dtype())
        self.__class__ = cls
        return self

    # -- the array ----------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return Size(self._array.shape)

    @explained_method
    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self._array.shape[self._dimension(dim)]

    def _dimension(self, dim: int) -> int:
        ndim = self._array.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension specified as {dim} but tensor has no dimensions" if not ndim
                else f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})"
            )  # fmt: skip
        return dim

    @property
    def dtype(self) -> Dtype:
        """The type of the elements."""
        return from_numpy_dtype(self._array.dtype)

    @property
    def device(self) -> Device:
        """Where the elements are."""
        place = self._array.device
        return CPU if place == "cpu" else Device(place)

    @property
    def is_cuda(self) -> bool:
        """Whether the elements are on a GPU."""
        return self._array.device != "cpu"

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """The size of an element, in bytes."""
        return self._array.itemsize

    @property
    def itemsize(self) -> int:
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        return self._array.nbytes

    @explained_method
    def stride(self, dim: int | None = None) -> Any:
        """How many elements lie between neighbours along each dimension, or along one."""
        steps = tuple(step // self._array.itemsize for step in self._array.strides)
        return steps if dim is None else steps[self._dimension(dim)]

    def data_ptr(self) -> int:
        """The address of the first element."""
        return tables[type(self._array)].address(self._array)

    def _storage_array(self) -> np.ndarray:
        """The whole memory that this tensor lies in, as one row of elements."""
        return tables[type(self._array)].storage(self._array)

    def storage_offset(self) -> int:
        """How many elements of the storage come before the first one."""
        storage = self._storage_array()
        return (self.data_ptr() - tables[type(storage)].address(storage)) // self._array.itemsize

    def is_contiguous(self) -> bool:
        """Whether the elements lie row by row."""
        return self._array.flags.c_contiguous

    real = conjugates.real_part
    T = property(dimensions.T)
    H = property(dimensions.H)
    mT = property(dimensions.mT)
    mH = property(dimensions.mH)

    # -- out of the graph and out of the library ----------------------------------------------------------------------

    def item(self) -> Any:
        """The only element, as a Python number.

        Raises:
            RuntimeError: there is not exactly one.
        """
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return self._array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self._array.tolist()

    numpy = interchange.numpy
    __array__ = interchange.array
    __array_wrap__ = interchange.array_wrap
    __dlpack__ = interchange.capsule
    __dlpack_device__ = interchange.dlpack_device
    __cuda_array_interface__ = property(interchange.cuda_array_interface)

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise RuntimeError(
                "Boolean value of Tensor with no values is ambiguous" if self._array.size == 0
                else "Boolean value of Tensor with more than one value is ambiguous"
            )  # fmt: skip
        return bool(self._array.item())

    def __float__(self) -> float:
        if self._requires_grad:
            warnings.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\nConsider using "
                "tensor.detach() first.",
                stacklevel=2,
            )
        return float(self._only_element())

    def __int__(self) -> int:
        return int(self._only_element())

    def _only_element(self) -> Any:
        if self._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self._array.item()

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(parts.unbind(self, 0))

    def __reversed__(self) -> Tensor:
        return methods["flip"](self, 0) if self._array.ndim else self

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, OPERANDS):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool(reduction.any(comparison.eq(self, element)))

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return printing.format_tensor(self, "tensor" if type(self) is Tensor else type(self).__name__)

    def __format__(self, spec: str) -> str:
        return printing.format_with_spec(self, spec)

    def __dir__(self) -> list[str]:
        return sorted(set(super().__dir__()))

    def _type_name(self) -> str:
        """As in torch.FloatTensor, which error messages quote."""
        return f"torch.{'cuda.' * self.is_cuda}{self.dtype.tensor_type}"

    def _type_and_shape(self) -> str:
        return f"{self._type_name()} {list(self._array.shape)}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  "
                "If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see "
                "https://github.com/pytorch/pytorch/pull/103001"
            )
        twin = self._like(tables[type(self._array)].clone(self._array))
        memo[id(self)] = twin
        if self._grad is not None:
            twin._grad = copy.deepcopy(self._grad, memo)
        return twin

    def _like(self, array: np.ndarray) -> Tensor:
        """A leaf of this one's class and setting over another array."""
        twin = Variable._of(array)
        twin.__class__ = type(self)
        twin._requires_grad = self._requires_grad
        return twin

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        array = tables[type(self._array)].to_host(self._array).view(np.ndarray)
        return _unpickled, (type(self), array, self._requires_grad, self._array.device, self.dtype)

    # -- in other dtypes, on other devices ------------------------------------------------------------------------------

    to = conversions.to
    type = conversions.type
    type_as = conversions.type_as
    cpu = conversions.cpu
    cuda = conversions.cuda
    new_tensor = new_tensors.new_tensor
    new_full = new_tensors.new_full
    new_zeros = new_tensors.new_zeros
    new_ones = new_tensors.new_ones
    new_empty = new_tensors.new_empty
    new_empty_strided = new_tensors.new_empty_strided

    # -- in place -----------------------------------------------------------------------------------------------------

    def copy_(self, source: Any, non_blocking: bool = False) -> Tensor:
        """Writes another tensor (broadcast, cast) over this one; gradients go to the source."""
        return methods["copy_"](self, source)

    def fill_(self, value: Any) -> Tensor:
        """Writes one number everywhere; a tensor without dimensions gets its gradient."""
        return methods["fill_"](self, value)

    def zero_(self) -> Tensor:
        """Writes 0 everywhere."""
        return methods["zero_"](self)

    # -- arithmetic signs ---------------------------------------------------------------------------------------------

    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
    __neg__ = arithmetic.neg
    __abs__ = elementary.abs

    def __delitem__(self, index: Any) -> None:
        raise TypeError("Tensor does not support deleting items")

    def __pos__(self) -> Tensor:
        return self

    def __invert__(self) -> Tensor:
        if self._array.dtype.kind == "f":
            raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
        return comparison.bitwise_not(self)


def _unpickled(
    kind: type[Tensor], array: np.ndarray, requires_grad: bool, device: str = "cpu", dtype: Dtype | None = None
) -> Tensor:
    array = view_dtype(array, (dtype or from_numpy_dtype(array.dtype)).numpy)  # dtypes are compared by identity
    tensor = Variable._of(placed(array, device))
    tensor.__class__ = kind
    tensor._requires_grad = requires_grad
    return tensor


ARITHMETIC_SIGNS = arithmetic_signs(Tensor)

for _name, _method in ARITHMETIC_SIGNS.items():
    setattr(Tensor, _name, _method)

for _name, _method in methods.items():
    if _name not in Tensor.__dict__:
        setattr(Tensor, _name, _method)

Function.Tensor = Tensor
tables[Tensor] = operators
