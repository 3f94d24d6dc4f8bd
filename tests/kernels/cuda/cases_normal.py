"""Programs of normalisation, attention, losses and distances, for the table of cases and for the compile gate."""

from __future__ import annotations

from typing import Any

from tests.kernels.cuda.case import Case, Program, call, normal, positive

Shape = tuple[int, ...]


def with_parameters(program: Program) -> Program:
    """The program with weight and bias, and without one or both; what comes out, in one tuple."""

    def all_ways(k: Any, a: Any, grad: Any, weight: Any, bias: Any, *others: Any) -> Any:
        ways = [(weight, bias), (None, bias), (weight, None), (None, None)]
        return tuple(each for way in ways for each in program(k, a, grad, *way, *others))

    return all_ways


def batch_norm(k: Any, a: Any, grad: Any, weight: Any, bias: Any, mean: Any, variance: Any) -> Any:
    """In training, by running statistics, and without such."""
    moved = k.clone(mean), k.clone(variance)
    trained = k.batch_norm(a, weight, bias, *moved, True, 0.3, 1e-3)
    used = k.batch_norm(a, weight, bias, mean, variance, False, 0.3, 1e-3)
    alone = k.batch_norm(a, weight, bias, None, None, True, 0.0, 1e-3)
    grads = [
        k.batch_norm_backward(grad, a, weight, *found[1:], training)
        for found, training in ((trained, True), (used, False))
    ]
    return (*trained, *moved, *used, *alone, *grads[0], *grads[1])


def group_norm(groups: int) -> Program:
    def program(k: Any, a: Any, grad: Any, weight: Any, bias: Any) -> Any:
        out, mean, rstd = k.group_norm(a, weight, bias, groups, 1e-3)
        return out, mean, rstd, *k.group_norm_backward(grad, a, weight, mean, rstd, groups)

    return program


def layer_norm(dims: int) -> Program:
    def program(k: Any, a: Any, grad: Any, weight: Any, bias: Any) -> Any:
        out, mean, rstd = k.layer_norm(a, weight, bias, dims, 1e-3)
        return out, mean, rstd, *k.layer_norm_backward(grad, a, weight, mean, rstd, dims)

    return program


def seen(program: Program, dims: Shape) -> Program:
    """The program on an array whose dimensions were put in another order, and so do not lie row by row."""
    return lambda k, a, grad, *others: program(k, k.permute(a, dims), k.permute(grad, dims), *others)


def normalisations() -> list[Case]:
    def of_channels(shape: Shape) -> tuple[Any, ...]:
        return normal(*shape), normal(*shape), normal(shape[1]), normal(shape[1])

    rows = []
    for shape in ((37, 3), (5, 3, 67), (3, 5, 2, 7), (1, 1, 300), (600, 2)):
        inputs = (*of_channels(shape), normal(shape[1]), positive(shape[1]))
        rows.append(Case(f"batch_norm {shape}", with_parameters(batch_norm), inputs, close=8))
    for shape, groups in (((2, 6, 5), 3), ((3, 4, 3, 7), 1), ((2, 12), 4), ((2, 2, 300), 2), ((1, 3, 1), 1)):
        rows.append(
            Case(f"group_norm {shape} {groups}", with_parameters(group_norm(groups)), of_channels(shape), close=8)
        )
    for shape, dims in (((7, 10), 1), ((3, 300), 1), ((2, 3, 5, 7), 2), ((1, 1), 1), ((400, 3), 1)):
        inputs = (normal(*shape), normal(*shape), normal(*shape[-dims:]), normal(*shape[-dims:]))
        rows.append(Case(f"layer_norm {shape} {dims}", with_parameters(layer_norm(dims)), inputs, close=8))
    last = (0, 3, 1, 2)
    channels = (normal(2, 5, 7, 4), normal(2, 5, 7, 4), normal(4), normal(4))
    return [
        *rows,
        Case("batch_norm channels last", seen(batch_norm, last), (*channels, normal(4), positive(4)), "fde", close=8),
        Case("group_norm channels last", seen(group_norm(2), last), channels, "fde", close=8),
        Case("layer_norm of columns", seen(layer_norm(1), (1, 0)), (normal(40, 7),) * 2 + (normal(40),) * 2, close=8),
        Case("layer_norm of halves", layer_norm(1), (normal(7, 40),) * 2 + (normal(40),) * 2, "e", close=8),
        Case("batch_norm of nothing", call("batch_norm", None, None, None, None, True, 0.1, 1e-3), (normal(0, 3),)),
        Case("group_norm of nothing", group_norm(3), of_channels((0, 3, 4))),
        Case("layer_norm of nothing", layer_norm(1), (normal(0, 3),) * 2 + (normal(3),) * 2),
    ]


CASES = [*normalisations()]

PROGRAMS: dict[str, tuple[Any, ...]] = {
    "batch_norm": (
        with_parameters(lambda k, a, grad, *others: batch_norm(k, a, grad, *others)),
        *((5, 3, 67),) * 2,
        *((3,),) * 4,
    ),
    "group_norm": (group_norm(3), (2, 6, 50), (2, 6, 50), (6,), (6,)),
    "layer_norm": (layer_norm(1), (3, 300), (3, 300), (300,), (300,)),
}
