"""What users ask the engine for: ``backward()``, which adds to ``.grad``, and ``grad()``, which gives gradients back."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.edges import Edge, GradientEdge
from minitorch.autograd.engine import Gradient, run
from minitorch.autograd.graph import Function, new_tensor
from minitorch.autograd.ownership import Array
from minitorch.kernels import tables

if TYPE_CHECKING:
    from minitorch.autograd.variable import Variable


def backward(
    tensors: Variable | Sequence[Variable],
    grad_tensors: Variable | Sequence[Variable | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Variable | Sequence[Variable | None] | None = None,
    inputs: Sequence[Variable] | Variable | dict[str, Variable] | None = None,
) -> None:
    """Adds the gradients of ``tensors`` with respect to the leaves of their graph to the leaves' ``.grad``.

    Args:
        tensors: where to start.
        grad_tensors: a cotangent for each, of its shape; ``None`` stands for 1 where a tensor has a single element.
        retain_graph: keep what the nodes have saved. Default: the value of ``create_graph``.
        create_graph: record the pass, so that the gradients can be differentiated.
        grad_variables: an older name of ``grad_tensors``.
        inputs: accumulate into these tensors only.

    Raises:
        RuntimeError: nothing to differentiate, a freed graph, a saved tensor that was changed, a cotangent that does not fit.
    """
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. "
                "Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    wanted = [] if inputs is None else list(inputs.values()) if isinstance(inputs, dict) else _as_list(inputs)
    if inputs is not None and not wanted:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    roots = _roots(_as_list(tensors), grad_tensors, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    if create_graph:
        warnings.warn(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which "
            "can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have to use "
            "this function, make sure to reset the .grad fields of your parameters to None after use to break the cycle and "
            "avoid the leak.",
            UserWarning,
            stacklevel=3,
        )
    if inputs is None:
        run(roots, keep, create_graph)
        return
    targets: dict[Edge, Gradient | None] = dict.fromkeys(_target_edges(wanted))
    run(roots, keep, create_graph, targets)
    _retain_targets(wanted, targets)


def _retain_targets(inputs: list[Variable], targets: dict[Edge, Gradient | None]) -> None:
    """``backward(inputs=)`` fills in ``.grad`` of tensors in mid-graph too."""
    for each in inputs:
        if isinstance(each, GradientEdge):
            continue
        grad = targets[each._gradient_edge()]
        if each._edge is not None and grad is not None and not each.retains_grad:
            tensor = grad if isinstance(grad, Function.Tensor) else new_tensor(grad)
            k = tables[type(tensor)]
            each._grad = k.clone(tensor) if each._grad is None else k.add(each._grad, tensor)


def grad(
    outputs: Variable | Sequence[Variable],
    inputs: Variable | Sequence[Variable],
    grad_outputs: Variable | Sequence[Variable | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Variable | None, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``; no ``.grad`` is touched.

    Args:
        outputs: where to start.
        inputs: tensors that require gradients, leaves or not.
        grad_outputs: a cotangent for each output; ``None`` stands for 1 where an output has a single element.
        retain_graph: keep what the nodes have saved. Default: the value of ``create_graph``.
        create_graph: record the pass, so that the gradients can be differentiated.
        only_inputs: of no effect; gradients are given for the inputs only.
        allow_unused: give ``None`` for an input that the outputs do not depend on, instead of an error.
        is_grads_batched: several cotangents at once; not supported.
        materialize_grads: give zeros for such an input.

    Returns:
        A gradient for each input, of its shape and dtype.

    Raises:
        RuntimeError: as for ``backward``, and for an unused input.
        ValueError: ``materialize_grads`` is asked for together with ``allow_unused=False``.
        NotImplementedError: ``is_grads_batched`` is asked for.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if is_grads_batched:
        raise NotImplementedError("grad() takes one cotangent at a time: call it in a loop, not with is_grads_batched")
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts "
            "of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    wanted = _as_list(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    roots = _roots(_as_list(outputs), grad_outputs, create_graph)
    edges = _target_edges(wanted)
    targets: dict[Edge, Array | Variable | None] = dict.fromkeys(edges)
    run(roots, create_graph if retain_graph is None else retain_graph, create_graph, targets, accumulate=False)
    Tensor = Function.Tensor
    found: list[Variable | None] = []
    for edge, each in zip(edges, wanted, strict=True):
        gradient = targets[edge]
        if gradient is None and materialize_grads and not isinstance(each, GradientEdge):
            gradient = tables[type(each._array)].zeros(each._array.shape, each._array)
        elif gradient is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {len(found)} appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
        found.append(gradient if gradient is None or isinstance(gradient, Tensor) else new_tensor(gradient))
    return tuple(found)


def _as_list(tensors: Any) -> list[Any]:
    return [tensors] if isinstance(tensors, Function.Tensor) or type(tensors) is GradientEdge else list(tensors)


def _target_edges(inputs: list[Variable]) -> list[Edge]:
    if not all(isinstance(each, GradientEdge) or each._requires_grad for each in inputs):
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return [tuple(each[:2]) if isinstance(each, GradientEdge) else each._gradient_edge() for each in inputs]


def _roots(
    tensors: list[Variable], grads: Variable | Sequence[Variable | None] | None, create_graph: bool
) -> list[tuple[Edge, Gradient]]:
    """Pairs each tensor's edge with its cotangent."""
    cotangents = [None] * len(tensors) if grads is None else list(grads) if isinstance(grads, Sequence) else [grads]
    if len(cotangents) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(cotangents)} gradients")
    roots = []
    for number, (tensor, cotangent) in enumerate(zip(tensors, cotangents, strict=True)):
        if type(tensor) is GradientEdge:
            tensor = _standing_for(tensor)
        elif not isinstance(tensor, Function.Tensor):
            raise AssertionError("Expected output to be a torch.Tensor")
        if cotangent is not None and not isinstance(cotangent, Function.Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(cotangent).__name__}")
        array = tensor._array
        if not tensor._requires_grad:
            raise RuntimeError(f"element {number} of tensors does not require grad and does not have a grad_fn")
        if cotangent is None:
            if array.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            cotangent = new_tensor(tables[type(array)].ones(array.shape, array))
        if cotangent._array.shape != array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{number}] has a shape of torch.Size({list(cotangent._array.shape)}) and output"
                f"[{number}] has a shape of torch.Size({list(array.shape)})."
            )
        if cotangent._array.device != array.device:
            raise RuntimeError(
                f"invalid gradient at index 0 - expected device {array.device} but got {cotangent._array.device}"
            )
        if cotangent._array.dtype is not array.dtype:
            cotangent = tables[Function.Tensor].cast(cotangent, array.dtype)
        roots.append((tensor._gradient_edge(), cotangent if create_graph else cotangent._array))
    return roots


def _standing_for(edge: GradientEdge) -> Variable:
    """A tensor of unknown contents whose gradient goes to an edge."""
    shape, dtype = edge.node.outputs[2 * edge.output_nr : 2 * edge.output_nr + 2]
    k = next(iter(tables.values()))
    return Function.Tensor._of_saved(k.zeros(shape, None, dtype), [0], (edge.node, edge.output_nr))
