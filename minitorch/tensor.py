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

from minitorch import dtypes, printing
from minitorch import sampling as _sampling  # noqa: F401  # declares methods, which Tensor takes over below
from minitorch.autograd.graph import Function, new_tensor
from minitorch.autograd.variable import Variable
from minitorch.device import CPU, GPU, placed, table_at
from minitorch.device import device as Device
from minitorch.dtypes import BFLOAT16, from_numpy_dtype
from minitorch.dtypes import dtype as Dtype
from minitorch.kernels import tables
from minitorch.kernels.cpu import dlpack
from minitorch.kernels.cpu.creation import as_numpys, view_dtype
from minitorch.memory_format import check
from minitorch.ops import (
    arithmetic,
    bivariate,
    comparison,
    conjugates,
    conversion,
    dimensions,
    elementary,
    indexing,
    matmul,
    parts,
    reduction,
)
from minitorch.ops.arguments import sizes
from minitorch.ops.conversion import ToCopyBackward0
from minitorch.ops.mistakes import PYTHONS_TYPES, explained_method
from minitorch.ops.operator import methods, operators
from minitorch.size import Size
from minitorch.traits import Traits

if TYPE_CHECKING:
    from minitorch.ops.methods import Methods as _Methods  # what the declared operators add, for type checkers
else:
    _Methods = Variable

DLPACK_CUDA = 2  # DLPack's number for a GPU

_OPERANDS = (Variable, int, float, np.number, np.bool_)


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

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The same memory as a numpy array; changes show on both sides.

        Args:
            force: leave the graph behind, as ``detach().numpy()`` does.

        Raises:
            RuntimeError: the tensor requires gradients.
        """
        if self._requires_grad and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self._array.dtype is BFLOAT16 and (force or not self.is_cuda):
            raise TypeError("Got unsupported ScalarType BFloat16")
        return (as_numpys(self._array) if force and self.is_cuda else np.asarray(self._array)).view(np.ndarray)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Tensor:
        """What a numpy function makes of tensors is a tensor again; truth values are uint8 in it, as in torch."""
        array = np.asarray(array)
        if array.dtype == np.bool:
            array = array.astype(np.uint8)
        return new_tensor(view_dtype(array, from_numpy_dtype(array.dtype).numpy))

    def __dlpack__(
        self,
        *,
        stream: int | None = -1,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """The same memory in a capsule that other libraries take.

        Raises:
            BufferError: the tensor requires gradients.
        """
        if self._requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        if stream is not None and type(stream) is not int:
            raise TypeError("stream must be ``int`` or ``none``")
        if self.is_cuda:
            from minitorch.kernels.cuda.dlpack import to_dlpack

            return to_dlpack((self.clone() if copy else self)._array, stream, max_version)
        if stream not in (None, -1):
            raise AssertionError("stream should be None on cpu.")
        memory = self._array.view(np.ndarray)
        capsule = memory.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)
        if self._array.dtype is BFLOAT16:
            dlpack.change_type(capsule, dlpack.UNSIGNED, dlpack.BFLOAT16)
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (DLPACK_CUDA, 0) if self.is_cuda else self._array.__dlpack_device__()

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The memory on a GPU, for libraries that know this interface, as CuPy and numba do.

        Raises:
            AttributeError: it is not on a GPU.
            RuntimeError: the tensor requires gradients.
        """
        if not self.is_cuda:
            raise AttributeError(
                f"Can't get __cuda_array_interface__ on non-CUDA tensor type: {self._type_name()} If CUDA data is required "
                "use tensor.cuda() to copy tensor to device memory."
            )
        if self._requires_grad:
            raise RuntimeError(
                "Can't get __cuda_array_interface__ on Variable that requires grad. If gradients aren't required, use "
                "var.detach() to get Variable that doesn't require grad."
            )
        return self._array.__cuda_array_interface__  # type: ignore[attr-defined]  # an array on a GPU has it

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
        if not isinstance(element, _OPERANDS):
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

    # -- other dtypes -------------------------------------------------------------------------------------------------

    def to(
        self,
        *target: Any,
        dtype: Dtype | None = None,
        device: Any = None,
        non_blocking: bool = False,
        copy: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        """The same numbers in another dtype, or on another device; the tensor itself where nothing changes.

        Takes a dtype, a device, both, or another tensor to be like.
        """
        check(None, memory_format)
        for each in target:
            if isinstance(each, Dtype):
                dtype = each
            elif isinstance(each, type) and each in PYTHONS_TYPES:
                dtype = PYTHONS_TYPES[each]
            elif isinstance(each, Variable):
                dtype, device = from_numpy_dtype(each._array.dtype), each.device  # type: ignore[attr-defined]  # a tensor
            elif isinstance(each, bool):
                continue
            elif each is not None:
                device = each
        flags = [each for each in target if isinstance(each, bool)]  # by position, they are non_blocking and copy
        wanted = self._array.dtype if dtype is None else dtype.numpy
        if device is None:
            device = self.device
        if copy or flags[1:] == [True]:
            return ToCopyBackward0.apply(self, dtype=wanted, device=device)
        return conversion.to(self, wanted, device, wait=not (non_blocking or flags[:1] == [True]))

    def type(self, dtype: Any = None) -> Any:
        """The name of the tensor's type, or the tensor in another dtype."""
        from minitorch.tensor_types import named  # which is written with tensors

        return self._type_name() if dtype is None else self.to(*named(dtype))

    def type_as(self, other: Tensor) -> Tensor:
        """In the dtype and on the device of another tensor."""
        return self.to(other)

    def cpu(self, memory_format: Any = None) -> Tensor:
        """The tensor, on the CPU: itself, if it is there."""
        return self.to(CPU, memory_format=memory_format)

    def cuda(self, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
        """The tensor, on a GPU: itself, if it is there.

        Raises:
            RuntimeError: there is none.
        """
        wanted = GPU if device is None else Device(device)
        if wanted.type != "cuda":
            raise RuntimeError("Invalid device, must be cuda device")
        return self.to(wanted, non_blocking=non_blocking, memory_format=memory_format)

    @explained_method
    def new_tensor(
        self, data: Any, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """New numbers, of this dtype unless another is given."""
        given = as_numpys(data._array).copy("K") if isinstance(data, Variable) else np.array(data)
        return self._new(given, dtype, device, requires_grad)

    @explained_method
    def new_full(self, size: Any, fill_value: Any, *, dtype: Dtype | None = None, **settings: Any) -> Tensor:
        """One number everywhere, of another shape and this dtype; settings as for ``new_zeros``."""
        return (
            self.new_empty(size, dtype=dtype, **settings | {"requires_grad": False})
            .fill_(fill_value)
            .requires_grad_(settings.get("requires_grad", False))
        )

    @explained_method
    def new_zeros(self, *shape: Any, **settings: Any) -> Tensor:
        """Zeros of another shape, of this dtype; settings are size, dtype, device and requires_grad."""
        return self._new_of_shape(0, shape, **settings)

    @explained_method
    def new_ones(self, *shape: Any, **settings: Any) -> Tensor:
        """Ones of another shape, of this dtype; settings as for ``new_zeros``."""
        return self._new_of_shape(1, shape, **settings)

    @explained_method
    def new_empty(self, *shape: Any, **settings: Any) -> Tensor:
        """Arbitrary contents of another shape, of this dtype; settings as for ``new_zeros``."""
        return self._new_of_shape(None, shape, **settings)

    @explained_method
    def new_empty_strided(self, size: Any, stride: Any, *, dtype: Dtype | None = None, **settings: Any) -> Tensor:
        """Arbitrary contents of another shape and other strides, of this dtype; settings as for ``new_zeros``."""
        span = 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if 0 not in size else 0
        memory = self.new_empty(span, dtype=dtype)
        array = tables[type(memory._array)].as_strided(memory._array, tuple(size), tuple(stride), 0)
        return self._new(array, dtype, settings.get("device"), settings.get("requires_grad", False))

    def _new_of_shape(
        self,
        value: Any,
        shape: tuple[Any, ...],
        *,
        size: Any = None,
        dtype: Dtype | None = None,
        layout: Any = None,
        device: Any = None,
        pin_memory: bool = False,
        requires_grad: bool = False,
    ) -> Tensor:
        check(layout, None)
        wanted = sizes(shape if size is None else (size,))
        for each in wanted:
            if each < 0:
                raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(wanted)}")
        kind, k = (
            self._array.dtype if dtype is None else dtype.numpy,
            table_at(self.device if device is None else device),
        )
        return Variable._of(k.full(wanted, value, kind)).requires_grad_(requires_grad)

    def _new(self, array: np.ndarray, dtype: Dtype | None, device: Any, requires_grad: bool) -> Tensor:
        wanted = self._array.dtype if dtype is None else dtype.numpy
        here = placed(array, self.device if device is None else device)
        return Variable._of(tables[type(here)].cast(here, wanted)).requires_grad_(requires_grad)

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


def _sign(operate: Any, operands: Any = _OPERANDS, reverse: bool = False) -> Any:
    """The method behind an arithmetic sign: other operands than tensors and numbers are left to their own classes."""
    if reverse:

        def sign(self: Tensor, other: Any) -> Any:
            return operate(other, self) if isinstance(other, operands) else NotImplemented
    else:

        def sign(self: Tensor, other: Any) -> Any:
            if type(other) is Tensor or isinstance(other, operands):
                return operate(self, other)
            return NotImplemented

    return sign


def _equals(self: Tensor, other: Any) -> Any:
    """The sign ``==``, which takes numpy's arrays too; the other comparisons do not."""
    if isinstance(other, np.ndarray):
        other = new_tensor(view_dtype(other, from_numpy_dtype(other.dtype).numpy))
    return comparison.eq(self, other) if isinstance(other, _OPERANDS) else NotImplemented


def _reverse_div(tensor: Tensor, other: Any) -> Tensor:
    return arithmetic.reciprocal(tensor) * other


ARITHMETIC_SIGNS = {
    "__add__": _sign(arithmetic.add), "__radd__": _sign(arithmetic.add), "__iadd__": _sign(methods["add_"]),
    "__sub__": _sign(arithmetic.sub), "__rsub__": _sign(arithmetic.rsub), "__isub__": _sign(methods["sub_"]),
    "__mul__": _sign(arithmetic.mul), "__rmul__": _sign(arithmetic.mul), "__imul__": _sign(methods["mul_"]),
    "__truediv__": _sign(arithmetic.div), "__rtruediv__": _reverse_div,
    "__itruediv__": _sign(methods["div_"]),
    "__floordiv__": _sign(arithmetic.floor_divide), "__rfloordiv__": _sign(arithmetic.floor_divide, reverse=True),
    "__ifloordiv__": _sign(methods["floor_divide_"]),
    "__mod__": _sign(arithmetic.remainder), "__rmod__": _sign(arithmetic.remainder, reverse=True),
    "__imod__": _sign(methods["remainder_"]),
    "__pow__": _sign(elementary.pow), "__rpow__": _sign(elementary.pow, reverse=True), "__ipow__": _sign(methods["pow_"]),
    "__matmul__": _sign(matmul.matmul, Variable), "__rmatmul__": _sign(matmul.matmul, Variable, reverse=True),
    "__eq__": _equals, "__ne__": _sign(comparison.ne), "__lt__": _sign(comparison.lt),
    "__le__": _sign(comparison.le), "__gt__": _sign(comparison.gt), "__ge__": _sign(comparison.ge),
    "__and__": _sign(comparison.bitwise_and), "__rand__": _sign(comparison.bitwise_and),
    "__iand__": _sign(methods["bitwise_and_"]),
    "__or__": _sign(comparison.bitwise_or), "__ror__": _sign(comparison.bitwise_or), "__ior__": _sign(methods["bitwise_or_"]),
    "__xor__": _sign(comparison.bitwise_xor), "__rxor__": _sign(comparison.bitwise_xor),
    "__ixor__": _sign(methods["bitwise_xor_"]),
    "__lshift__": _sign(bivariate.bitwise_left_shift), "__rlshift__": _sign(bivariate.bitwise_left_shift, reverse=True),
    "__ilshift__": _sign(methods["bitwise_left_shift_"]),
    "__rshift__": _sign(bivariate.bitwise_right_shift), "__rrshift__": _sign(bivariate.bitwise_right_shift, reverse=True),
    "__irshift__": _sign(methods["bitwise_right_shift_"]),
}  # fmt: skip

for _name, _method in ARITHMETIC_SIGNS.items():
    setattr(Tensor, _name, _method)

for _name, _method in methods.items():
    if _name not in Tensor.__dict__:
        setattr(Tensor, _name, _method)

Function.Tensor = Tensor
tables[Tensor] = operators
