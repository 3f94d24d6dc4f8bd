"""Dimensions moved, taken apart and added, and shapes made equal: views, by the operators of ``shape``."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd import inplace
from minitorch.autograd.grad_mode import recording
from minitorch.autograd.variable import Variable
from minitorch.ops import shape
from minitorch.ops.arguments import dimension
from minitorch.ops.operator import functions, methods, operator
from minitorch.ops.promotion import broadcast_shapes as common_shape
from minitorch.ops.shape import expand, permute, reshape, transpose, unsqueeze, view
from minitorch.ops.strided import AsStridedBackward0, as_strided
from minitorch.size import Size
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

# -- moved ----------------------------------------------------------------------------------------------------------------


@operator
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions moved to other places; the others keep their order.

    Raises:
        RuntimeError: not as many places as dimensions, or one is named twice.
    """
    ndim = input._array.ndim
    given = [[each] if isinstance(each, int) else list(each) for each in (source, destination)]
    if len(given[0]) != len(given[1]):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({given[0]} dims) should contain the same number of dims as "
            f"destination ({given[1]} dims)"
        )
    moved, places = ([dimension(d, ndim) for d in each] for each in given)
    for name, each, dims in (("source", moved, given[0]), ("destination", places, given[1])):
        if len(set(each)) != len(each):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({dims})")
    if not ndim:
        return shape.AliasBackward0.apply(input)
    others = iter(d for d in range(ndim) if d not in moved)
    return permute(input, [moved[places.index(d)] if d in places else next(others) for d in range(ndim)])


@operator
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """``input.transpose(axis0, axis1)``."""
    return transpose(input, axis0, axis1)


@operator
def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """``input.transpose(dim0, dim1)``."""
    return transpose(input, dim0, dim1)


def _swapped(input: Tensor, name: str, on_numbers: str, ranks: str = "matrices or batches of matrices") -> Tensor:
    """The last two dimensions swapped; a number as it is, with a warning."""
    ndim = input._array.ndim
    if not ndim:
        warn(f"{name} is deprecated on 0-D tensors. {on_numbers}", UserWarning)
        return input
    if ndim == 1 or (ndim > 2 and "batches" not in ranks):
        raise RuntimeError(
            f"{'' if name[0] == 'T' else 'tensor.'}{name[0].lower()}{name[1:]} is only supported on {ranks}. Got {ndim}-D tensor."
        )
    return transpose(input, -2, -1)


@operator
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped. (Complex numbers, of which there are none here, would be conjugated too.)"""
    return _swapped(input, "adjoint()", "Consider using x.conj().")


def mT(input: Tensor) -> Tensor:
    """The last two dimensions swapped."""
    return _swapped(input, "Tensor.mT", "This function is the identity in these cases.")


def mH(input: Tensor) -> Tensor:
    """The last two dimensions swapped, as ``adjoint()``."""
    return _swapped(input, "Tensor.mH", "Consider using x.conj().")


def H(input: Tensor) -> Tensor:
    """The transpose of a matrix, as ``adjoint()``."""
    return _swapped(input, "Tensor.H", "Consider using x.conj().", "matrices (2-D tensors)")


def T(input: Tensor) -> Tensor:
    """The dimensions in reverse."""
    ndim = input._array.ndim
    if not ndim:
        warn("Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.", UserWarning)
    elif ndim != 2:
        warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an "
            "error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
            UserWarning,
        )
    return permute(input, tuple(reversed(range(ndim))))


functions["moveaxis"] = methods["moveaxis"] = movedim

# -- taken apart, added ---------------------------------------------------------------------------------------------------


@operator
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several, of these sizes; one of them may be -1, for what is left.

    Raises:
        RuntimeError: the sizes do not make up the dimension.
    """
    d, own = dimension(dim, input._array.ndim), input._array.shape
    wanted = tuple(sizes)
    if not wanted:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if wanted.count(-1) > 1:
        raise RuntimeError("unflatten got an unexpected error:\nonly one dimension can be inferred")
    known = math.prod(size for size in wanted if size != -1)
    if own[d] % known if -1 in wanted and known else own[d] - known:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(wanted)} don't multiply up to the size of dim {d} ({own[d]}) in the input tensor"
        )
    wanted = tuple(own[d] // known if size == -1 else size for size in wanted)
    return view(input, (*own[:d], *wanted, *own[d + 1 :]))


@operator
def ravel(input: Tensor) -> Tensor:
    """All elements, row by row, as one dimension: a view if they lie so."""
    return view(shape.contiguous(input), -1)


def _each(one: Callable[[Any], Tensor], given: tuple[Any, ...]) -> Any:
    """``one`` of a tensor; or of each of several, given one by one or as a sequence."""
    if len(given) == 1 and isinstance(given[0], Variable):
        return one(given[0])
    return tuple(one(each) for each in (given[0] if len(given) == 1 else given))


@operator(method=False)
def atleast_1d(*tensors: Any) -> Any:
    """Each tensor, with a dimension if it has none."""
    return _each(lambda x: x if x._array.ndim else reshape(x, 1), tensors)


@operator(method=False)
def atleast_2d(*tensors: Any) -> Any:
    """Each tensor, with dimensions of size 1 in front until there are two."""
    return _each(
        lambda x: reshape(x, 1, 1) if not x._array.ndim else unsqueeze(x, 0) if x._array.ndim == 1 else x, tensors
    )


@operator(method=False)
def atleast_3d(*tensors: Any) -> Any:
    """Each tensor, with three dimensions: one before and one after a vector's, one after a matrix's."""

    def three(x: Tensor) -> Tensor:
        ndim = x._array.ndim
        if not ndim:
            return reshape(x, 1, 1, 1)
        return x if ndim >= 3 else unsqueeze(unsqueeze(x, 0) if ndim == 1 else x, -1)

    return _each(three, tensors)


# -- made equal -----------------------------------------------------------------------------------------------------------


@operator
def broadcast_to(input: Tensor, size: Any = (), *others: int) -> Tensor:
    """``input.expand(size)``."""
    return expand(input, size, *others)


@operator(method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape.

    Raises:
        RuntimeError: two sizes differ and neither is 1.
    """
    given = tensors if all(isinstance(each, Variable) for each in tensors) else tensors[0]
    wanted = common_shape(*(each._array.shape for each in given))
    return tuple(expand(each, wanted) for each in given)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that all of these (sequences, or single sizes) expand to.

    Raises:
        RuntimeError: two sizes differ and neither is 1.
    """
    given = [(each,) if isinstance(each, int) else tuple(each) for each in shapes]
    result = [1] * max(map(len, given), default=0)
    for number, each in enumerate(given):
        for place in range(-1, -1 - len(each), -1):
            if result[place] == 1:
                result[place] = each[place]
            elif each[place] not in (1, result[place]):
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {each[place]} at {place}! Mismatching argument at index "
                    f"{number} had {shapes[number]}; but expected shape should be broadcastable to {result}"
                )
    return Size(result)


functions["broadcast_shapes"] = broadcast_shapes


@operator(method=False)
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """For vectors x, y, …: their coordinates at every point of a grid, of shape (len(x), len(y), …).

    Args:
        tensors: vectors or numbers, one by one or as a sequence.
        indexing: ``"ij"``, or ``"xy"`` for grids whose first two dimensions are swapped.

    Raises:
        RuntimeError: something is given that is no vector, dtypes differ, or there is no such indexing.
    """
    vectors = list(tensors if isinstance(tensors[0], Variable) else tensors[0])
    if indexing is None:
        warn("torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.", UserWarning)
    if not vectors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for each in vectors:
        if each._array.ndim > 1:
            raise RuntimeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                + "".join(f" {size} " for size in each._array.shape)
            )
        if each._array.dtype != vectors[0]._array.dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
        if each._array.device != vectors[0]._array.device:
            raise RuntimeError("meshgrid expects all tensors to have the same device")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swapped = indexing == "xy" and len(vectors) > 1
    if swapped:
        vectors[:2] = vectors[1::-1]
    count, grid = len(vectors), [each._array.size for each in vectors]
    grids = [expand(view(each, [-1 if d == n else 1 for d in range(count)]), grid) for n, each in enumerate(vectors)]
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


# -- in place: a tensor takes another shape over its memory -----------------------------------------------------------------


IN_PLACE = {
    node.__name__: type(f"{node.__name__[:-1]}{number}", (node,), {"__doc__": "In place."})
    for node, number in (
        (shape.TBackward0, 1), (shape.TransposeBackward0, 1), (shape.UnsqueezeBackward0, 1), (AsStridedBackward0, 1),
        (shape.SqueezeBackward0, 3), (shape.SqueezeBackward1, 4), (shape.SqueezeBackward2, 5),
    )
}  # fmt: skip
"""The nodes of these forms, to which torch gives numbers of their own."""


def _in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The form that turns its first argument itself into the view."""

    @functools.wraps(function)
    def reshape_itself(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if recording.get() and self._requires_grad:
            inplace.check_inplace(self)
        view = function(inplace.as_it_was(self), *args, **kwargs)
        if view._edge is not None and (name := type(view._edge[0]).__name__) in IN_PLACE:
            view._edge[0].__class__ = IN_PLACE[name]
        inplace.become(self, view)
        return self

    reshape_itself.__name__ = reshape_itself.__qualname__ = function.__name__ + "_"
    reshape_itself.__doc__ = f"In-place version of ``{function.__name__}()``."
    return reshape_itself


for _function in (shape.squeeze, shape.unsqueeze, shape.transpose, shape.t, swapaxes, swapdims, as_strided):
    methods[_function.__name__ + "_"] = _in_place(_function)
