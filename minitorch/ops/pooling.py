"""What the poolings over windows check of their arguments, in torch's words."""

from __future__ import annotations

from functools import lru_cache

from minitorch.kernels.windows import pooled_size
from minitorch.ops.arguments import Each

Sizes = tuple[int, ...]

AXES = ("", "W", "HW", "THW")
COUNTS = ("", "one", "two", "three")


def for_each(operator: str, name: str, value: Each, dims: int) -> Sizes:
    """A setting of windows, for each dimension.

    Raises:
        RuntimeError: there are not so many numbers.
    """
    if isinstance(value, int):
        return (value,) * dims
    if len(value) == 1:
        return (value[0],) * dims
    if len(value) != dims:
        raise RuntimeError(_wrong_count(operator, name, len(value), dims))
    return tuple(value)


def _wrong_count(operator: str, name: str, count: int, dims: int) -> str:
    if operator == "max_pool1d":
        what = "None, an int, list of ints," if name == "stride" else "an int, list of ints"
        what += "," if name == "padding" else ""
        return f"max_pool1d() {name} must be {what} or tuple of ints of size 1 but got size {count}"
    if dims == 1:
        return f"{operator}() argument '{name}' should contain one int (got {count})"
    verb = "must be" if operator == "avg_pool3d" else "must be either" if name == "dilation" else "must either be"
    omitted = "omitted, " if name == "stride" else ""
    return f"{operator}: {name} {verb} {omitted}a single int, or a tuple of {COUNTS[dims]} ints"


def windows(
    operator: str, dims: int, kernel_size: Each, stride: Each | None, padding: Each, dilation: Each = 1
) -> tuple[Sizes, Sizes, Sizes, Sizes]:
    """The settings of windows, for each dimension; they move by their own size unless a stride is given."""
    kernel = for_each(operator, "kernel_size", kernel_size, dims)
    by_size = stride is None or (not isinstance(stride, int) and not len(stride))
    strides = kernel if by_size else for_each(operator, "stride", stride, dims)  # type: ignore[arg-type]  # it is not None
    return kernel, strides, for_each(operator, "padding", padding, dims), for_each(operator, "dilation", dilation, dims)


@lru_cache(maxsize=1024)
def check_windows(
    operator: str,
    shape: Sizes,
    kernel_size: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
) -> None:
    """Raises RuntimeError where windows do not go with a shape, or nowhere."""
    dims = len(kernel_size)
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input")
    if 0 in stride:
        raise RuntimeError("stride should not be zero")
    for size, p in zip(kernel_size, padding, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > int(size / 2):
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={size} and "
                f"dilation={max(dilation)}"
            )
    for name, short, values in (
        ("kernel size", "k", kernel_size),
        ("stride", "d", stride),
        ("dilation", "dilation", dilation),
    ):
        if min(values) < 1:
            given = _named(short, dims, values)
            raise RuntimeError(f"{name} should be greater than zero, but got {given}")
    if 0 in shape[len(shape) - dims - 1 :]:
        if dims == 3:
            place = "avg_pool3d()" if operator == "avg_pool3d" else f"{operator}_with_indices_out_cpu_template()"
            raise RuntimeError(
                f"{place}: Expected input's non-batch dimensions to have positive length, but input has a shape of {list(shape)} "
                "and non-batch dimension 0 has length zero!"
            )
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
        )
    sizes = shape[-dims:]
    if operator == "avg_pool3d" and any(size < kernel for size, kernel in zip(sizes, kernel_size, strict=True)):
        raise RuntimeError(
            f"input image ({_named('', dims, sizes)}) smaller than kernel size ({_named('k', dims, kernel_size)})"
        )
    made = [pooled_size(*each, ceil_mode) for each in zip(sizes, kernel_size, stride, padding, dilation, strict=True)]
    if min(made) < 1:
        before, after = ("x".join(map(str, (shape[-dims - 1], *each))) for each in (sizes, made))
        raise RuntimeError(f"Given input size: ({before}). Calculated output size: ({after}). Output size is too small")


def _named(prefix: str, dims: int, values: Sizes) -> str:
    return " ".join(f"{prefix}{axis}: {value}" for axis, value in zip(AXES[dims], values, strict=True))
