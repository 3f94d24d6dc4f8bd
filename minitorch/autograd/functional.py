"""Derivatives of functions: Jacobians, Hessians, and their products with vectors.

A function takes tensors and returns one or several. Its inputs may be one tensor, or a tuple; results have the same structure.
A product with a Jacobian from the left (``vjp``) is a backward pass. One from the right (``jvp``) comes from the *double
backward trick*: the backward pass is linear in its cotangent u, and the transpose of u ↦ uᵀJ is v ↦ Jv.

With ``create_graph`` results can be differentiated. With ``strict``, a result that does not depend on an input is an error;
without, its derivative is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.autograd import gradients
from minitorch.autograd.functional_checks import (
    check_gradients,
    check_requires_grad,
    check_row,
    check_single,
    check_strategy,
    check_vector,
)
from minitorch.autograd.grad_mode import enable_grad, is_grad_enabled, set_grad_enabled
from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables

Tensors = Any  # a tensor, or a tuple of tensors


def vjp(
    func: Callable[..., Tensors], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensors, Tensors]:
    """vᵀJ: the product of a vector and the Jacobian.

    Args:
        func: the function.
        inputs: where to take the derivative.
        v: a vector in the shape of the function's results; may be left out for a result of a single element.
        create_graph: record it.
        strict: refuse results that do not depend on all inputs.

    Returns:
        The function's results, and a product in the shape of each input.

    Raises:
        TypeError: something is no tensor.
        RuntimeError: ``v`` does not fit, or a result is independent of an input.
    """
    with enable_grad():
        several, given = _prepared(inputs, "inputs", "vjp", create_graph, True)
        several_results, results = _results(func, given, "vjp", strict)
        if v is not None:
            vector = _prepared(v, "v", "vjp", create_graph, False)[1]
            check_vector(vector, results, several_results)
        else:
            vector = None
            if len(results) != 1 or results[0]._array.size != 1:
                raise RuntimeError(
                    "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
                )
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _gradients(results, given, vector, create_graph)
        product = _filled(found, given, strict, create_graph, "back")
    return _finished(results, several_results, create_graph), _finished(product, several, create_graph)


def jvp(
    func: Callable[..., Tensors], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensors, Tensors]:
    """Jv: the product of the Jacobian and a vector.

    Args:
        func: the function.
        inputs: where to take the derivative.
        v: a vector in the shape of the inputs; may be left out for an input of a single element.
        create_graph: record it.
        strict: refuse results that do not depend on all inputs.

    Returns:
        The function's results, and a product in the shape of each result.

    Raises:
        TypeError: something is no tensor.
        RuntimeError: ``v`` does not fit, or a result is independent of an input.
    """
    with enable_grad():
        several, given = _prepared(inputs, "inputs", "jvp", create_graph, True)
        vector = _vector_like_inputs(
            v, given, several, "jvp", create_graph, "The vector v can only be None if the input to the user-provided "
            "function is a single Tensor with a single element.",
        )  # fmt: skip
        several_results, results = _results(func, given, "jvp", strict)
        cotangents = tuple(
            _zeros_like(each).requires_grad_() for each in results
        )  # any value will do, as this is linear
        transposed = _gradients(results, given, cotangents, True)
        check_requires_grad(transposed, "grad_inputs", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _gradients(transposed, cotangents, vector, create_graph)
        product = _filled(found, results, strict, create_graph, "back_trick")
    return _finished(results, several_results, create_graph), _finished(product, several_results, create_graph)


def jacobian(
    func: Callable[..., Tensors],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Tensors:
    """The derivatives of every element of every result by every element of every input.

    Args:
        func: the function.
        inputs: where to take the derivative.
        create_graph: record it.
        strict: refuse results that do not depend on all inputs.
        vectorize: of no effect on the results.
        strategy: only ``"reverse-mode"``, a backward pass for each element of the results.

    Returns:
        A tensor of the shape of the result followed by that of the input; in a tuple if there are several inputs; in a tuple
        of these if there are several results.

    Raises:
        TypeError: something is no tensor.
        RuntimeError: a result is independent of an input, in strict mode.
        NotImplementedError: the strategy is ``"forward-mode"``.
    """
    check_strategy(strategy)
    with enable_grad():
        several, given = _prepared(inputs, "inputs", "jacobian", create_graph, True)
        several_results, results = _results(func, given, "jacobian", strict)
        if vectorize and strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. "
                "Please either set `strict=False` or `vectorize=False`."
            )
        rows = [_rows(number, result, given, create_graph, strict) for number, result in enumerate(results)]
        k = tables[Function.Tensor]
        blocks = [
            tuple(
                k.reshape(k.stack(column, 0), (*result._array.shape, *each._array.shape))
                for column, each in zip(columns, given, strict=True)
            )
            for columns, result in zip(rows, results, strict=True)
        ]
    return _finished([_finished(block, several, create_graph) for block in blocks], several_results, True)


def _rows(number: int, result: Any, inputs: tuple[Any, ...], create_graph: bool, strict: bool) -> list[list[Any]]:
    """For each input, the gradients of one result's elements."""
    columns: list[list[Any]] = [[] for _ in inputs]
    for element in range(result._array.size):
        one = result.reshape(-1)[element]
        found = _gradients((one,), inputs, None, create_graph, retain_graph=True)
        for position, (gradient, each) in enumerate(zip(found, inputs, strict=True)):
            if strict:
                check_row(gradient, number, position, create_graph)
            columns[position].append(_zeros_like(each) if gradient is None else gradient)
    return columns


def hessian(
    func: Callable[..., Variable],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Tensors:
    """The second derivatives of a function with a single result of a single element: the Jacobian of its gradient.

    Args:
        func: the function.
        inputs: where to take the derivative.
        create_graph: record it.
        strict: refuse results that do not depend on all inputs.
        vectorize: of no effect on the results.
        outer_jacobian_strategy: only ``"reverse-mode"``.

    Returns:
        A tensor of the input's shape twice; for a tuple of inputs, a tuple of tuples.

    Raises:
        TypeError: something is no tensor.
        RuntimeError: the result is not a single element, or is independent of an input, in strict mode.
    """
    several, given = _as_tuple(inputs, "inputs", "hessian")
    check_strategy(outer_jacobian_strategy)

    def single(*values: Any) -> Any:
        result: Any = func(*values)
        several_results, results = _as_tuple(result, "outputs of the user-provided function", "hessian")
        check_requires_grad(results, "outputs", strict)
        check_single(several_results, results, "hessian")
        return result.reshape(())

    def gradient(*values: Any) -> Tensors:
        found = jacobian(single, values, create_graph=True)
        check_requires_grad(found, "jacobian", strict)
        return found

    found = jacobian(gradient, given, create_graph=create_graph, strict=strict, vectorize=vectorize)
    return found if several else found[0][0]


def vhp(
    func: Callable[..., Variable], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False
) -> tuple[Variable, Tensors]:
    """vᵀH: the product of a vector and the Hessian of a function with a single element as its result.

    Arguments, results and errors are those of ``jvp``; the product has the shape of the inputs.
    """
    with enable_grad():
        several, given, vector, result, gradient = _gradient_for_product(func, inputs, v, create_graph, strict, "vhp")
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _gradients(gradient, given, vector, create_graph)
        product = _filled(found, given, strict, create_graph, "double_back")
    return _finished((result,), False, create_graph), _finished(product, several, create_graph)


def hvp(
    func: Callable[..., Variable], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False
) -> tuple[Variable, Tensors]:
    """Hv: the product of the Hessian and a vector, by the double backward trick. The same numbers as ``vhp``, which costs less.

    Arguments, results and errors are those of ``jvp``; the product has the shape of the inputs.
    """
    with enable_grad():
        several, given, vector, result, gradient = _gradient_for_product(func, inputs, v, create_graph, strict, "hvp")
        cotangents = tuple(_zeros_like(each).requires_grad_() for each in given)
        transposed = _gradients(gradient, given, cotangents, True)
        check_requires_grad(gradient, "hessian", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _gradients(transposed, cotangents, vector, create_graph)
        product = _filled(found, given, strict, create_graph, "double_back_trick")
    return _finished((result,), False, create_graph), _finished(product, several, create_graph)


def _gradient_for_product(
    func: Callable[..., Variable], inputs: Tensors, v: Tensors, create_graph: bool, strict: bool, name: str
) -> tuple[bool, tuple[Any, ...], Any, Any, tuple[Any, ...]]:
    """What ``vhp`` and ``hvp`` have in common: inputs, vector, result and its gradient."""
    several, given = _prepared(inputs, "inputs", name, create_graph, True)
    vector = _vector_like_inputs(
        v, given, several, name, create_graph, "The vector v can only be None if the input to the user-provided function is a "
        "single Tensor with a single element.",
    )  # fmt: skip
    several_results, results = _results(func, given, name, strict)
    check_single(several_results, results, name)
    gradient = _gradients(results, given, None, True)
    check_requires_grad(gradient, "jacobian", strict)
    return several, given, vector, results[0], gradient


# -- tensors in and out -----------------------------------------------------------------------------------------------


def _as_tuple(given: Tensors, what: str, name: str) -> tuple[bool, tuple[Any, ...]]:
    """Whether several were given, and all of them.

    Raises:
        TypeError: one is no tensor.
    """
    several = isinstance(given, tuple)
    for position, each in enumerate(given if several else (given,)):
        if not isinstance(each, Variable):
            where = f"value at index {position}" if several else f"given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {where} has type {type(each)}."
            )
    return several, given if several else (given,)


def _prepared(
    given: Tensors, what: str, name: str, create_graph: bool, requires_grad: bool
) -> tuple[bool, tuple[Any, ...]]:
    """New tensors over the same memory, tied to the old ones where the result is to be. A function may use the old ones too."""
    several, tensors = _as_tuple(given, what, name)
    return several, tuple(
        each.view_as(each) if create_graph and each._requires_grad else each.detach().requires_grad_(requires_grad)
        for each in tensors
    )


def _vector_like_inputs(
    v: Tensors, inputs: tuple[Any, ...], several: bool, name: str, create_graph: bool, missing: str
) -> tuple[Any, ...] | None:
    if v is None:
        if len(inputs) != 1 or inputs[0]._array.size != 1:
            raise RuntimeError(missing)
        return None
    vector = _prepared(v, "v", name, create_graph, False)[1]
    check_vector(vector, inputs, several)
    return vector


def _results(
    func: Callable[..., Tensors], inputs: tuple[Any, ...], name: str, strict: bool
) -> tuple[bool, tuple[Any, ...]]:
    several, results = _as_tuple(func(*inputs), "outputs of the user-provided function", name)
    check_requires_grad(results, "outputs", strict)
    return several, results


def _finished(tensors: Sequence[Any], several: bool, create_graph: bool) -> Tensors:
    """As they are returned: without a history unless it was asked for, and alone if one was given alone."""
    kept = tuple(each if create_graph else each.detach() for each in tensors)
    return kept if several else kept[0]


def _zeros_like(tensor: Any) -> Any:
    return tables[Function.Tensor].zeros(tensor._array.shape, tensor)


def _gradients(
    results: Sequence[Any],
    inputs: tuple[Any, ...],
    cotangents: Sequence[Any] | None,
    create_graph: bool,
    retain_graph: bool | None = None,
) -> tuple[Any, ...]:
    """As ``grad``, where results may be missing or constant."""
    pairs = [
        (result, cotangent)
        for result, cotangent in zip(results, cotangents or [None] * len(results), strict=True)
        if result is not None and result._requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    tied, given = zip(*pairs, strict=True)
    return gradients.grad(tied, inputs, given, retain_graph, create_graph, allow_unused=True)


def _filled(grads: Sequence[Any], like: Sequence[Any], strict: bool, create_graph: bool, stage: str) -> tuple[Any, ...]:
    """Zeros for gradients that are missing; in strict mode an error instead."""
    if strict:
        check_gradients(grads, create_graph, stage)
    return tuple(_zeros_like(other) if each is None else each for each, other in zip(grads, like, strict=True))
