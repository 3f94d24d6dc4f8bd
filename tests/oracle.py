"""Comparison with torch, the oracle of these tests; where two float32 results differ, float64 says who is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch

TOLERANCES = {  # relative, absolute
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7),
}  # fmt: skip
UNITS = {"float16": 2.0**-10, "bfloat16": 2.0**-7}  # of the last place: rounding between steps is a matter of luck, too
TINY = 16  # elements; a root mean square over fewer is itself a matter of luck


def numbers(tensor: Any) -> np.ndarray:
    """The numbers of a tensor of either library; bfloat16, which numpy does not have, as float32."""
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy(force=True)


def assert_same(ours: Any, theirs: Any, judge: Callable[[], Any] | None = None) -> None:
    """Checks type, shape, dtype and numbers, through tuples too.

    Args:
        ours: minitorch's result.
        theirs: torch's.
        judge: gives torch's for the same inputs in float64. With it, numbers may differ by more than the tolerance as long as
            ours are not further from it than torch's, but for a factor of 2 (3 for few elements) in root mean square.
    """
    if isinstance(theirs, tuple | list):
        assert len(ours) == len(theirs)
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(a, b, None if judge is None else lambda number=number: judge()[number])
    elif isinstance(theirs, torch.Tensor):
        assert isinstance(ours, minitorch.Tensor), f"{ours!r} is no tensor"
        found, wanted = ((tuple(each.shape), str(each.dtype)) for each in (ours, theirs))
        assert found == wanted, f"{found} and not {wanted}"
        exact = None if judge is None else lambda: numbers(judge())
        assert_close(numbers(ours), numbers(theirs), exact, str(theirs.dtype).removeprefix("torch."))
    else:
        assert type(ours) is type(theirs)
        np.testing.assert_equal(ours, theirs)


def assert_close(
    ours: np.ndarray, theirs: np.ndarray, judge: Callable[[], np.ndarray] | None = None, dtype: str | None = None
) -> None:
    """Checks numbers: NaN and infinities are to be at the same places, integers equal, the rest near.

    How near they are to be is a matter of their dtype, or of the given one.
    """
    if theirs.dtype.kind != "f":
        np.testing.assert_array_equal(ours, theirs)
        return
    relative, absolute = TOLERANCES[dtype or theirs.dtype.name]
    try:
        np.testing.assert_allclose(ours, theirs, relative, absolute)
    except AssertionError:
        if judge is None or _further(ours, theirs, judge(), UNITS.get(dtype or theirs.dtype.name, 0)):
            raise


def _further(ours: np.ndarray, theirs: np.ndarray, judge: np.ndarray, unit: float) -> bool:
    finite = np.isfinite(theirs)
    if not np.array_equal(np.where(finite, 0, ours), np.where(finite, 0, theirs), equal_nan=True):
        return True
    allowed = 3 if theirs.size <= TINY else 2
    judge = judge[finite]
    own, torchs = (_root_mean_square(each[finite] - judge) for each in (ours, theirs))
    return own > allowed * torchs + unit * _root_mean_square(judge)


def _root_mean_square(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(errors, dtype=np.float64))))


def cotangent(tensor: Any, seed: int = 0) -> Any:
    """Random numbers of the shape, dtype and device of a tensor, in its library."""
    lib = torch if isinstance(tensor, torch.Tensor) else minitorch
    random = np.random.default_rng(seed).uniform(0.5, 2, tuple(tensor.shape))
    return lib.from_numpy(np.asarray(random)).to(tensor.device, tensor.dtype)


def pull_back(tensor: Any, **settings: Any) -> None:
    """``backward()`` of a random cotangent, which is the same for both libraries."""
    tensor.backward(cotangent(tensor), **settings)


def graph(tensor: Any) -> list[tuple[str, list[tuple[int, int] | None]]]:
    """The graph above a tensor of either library: each node's name, and the place in this list and the output number of what
    its gradients go to; in the order in which a depth-first walk meets them."""
    places: dict[Any, int] = {}
    waiting = [tensor.grad_fn] if tensor.grad_fn is not None else []
    while waiting:
        node = waiting.pop()
        if node not in places:
            places[node] = len(places)
            waiting.extend(below for below, _ in reversed(node.next_functions) if below is not None)
    return [
        (node.name(), [None if below is None else (places[below], number) for below, number in node.next_functions])
        for node in places
    ]


def assert_same_error(ours: Callable[[], Any], theirs: Callable[[], Any], whole: bool = False) -> None:
    """Checks that both refuse, with the same type of error and the same first line (or, with ``whole``, the whole text)."""
    with pytest.raises(Exception) as expected:  # noqa: PT011  (which one it is, is what is compared)
        theirs()
    with pytest.raises(Exception) as given:  # noqa: PT011
        ours()
    found, wanted = (
        (type(error.value).__name__, str(error.value) if whole else str(error.value).partition("\n")[0])
        for error in (given, expected)
    )
    assert found == wanted, f"{found} and not {wanted}"
