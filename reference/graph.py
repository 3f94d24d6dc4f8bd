"""The graphs of the document's expressions and of its network, here and in torch, side by side."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

import torch

import minitorch
import minitorch.program
import reference.network

WIDTH = 48  # columns for each library


def polynomial(library: Any) -> Any:
    x = library.ones(2, 2, requires_grad=True)
    return 2 * x**2 + 1


def doubled(library: Any) -> Any:
    library.manual_seed(0)
    x = library.randn(3, requires_grad=True)
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    return y


def through_net(library: Any, net: Any, batch: int) -> Any:
    library.manual_seed(0)
    return net(library.randn(batch, 3, 32, 32))


def mse_loss(library: Any, net: Any) -> Any:
    output = through_net(library, net, 1)
    return library.nn.MSELoss()(output, library.randn(10).view(1, -1))


def cross_entropy_loss(library: Any, net: Any) -> Any:
    return library.nn.CrossEntropyLoss()(through_net(library, net, 4), library.tensor([3, 8, 8, 0]))


EXPRESSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "y = 2*x**2 + 1": lambda library, net: polynomial(library),
    "out = (y**2 * 3).mean()": lambda library, net: (polynomial(library) ** 2 * 3).mean(),
    "y = x * 2, then y = y * 2 while y.data.norm() < 1000": lambda library, net: doubled(library),
    "out = net(input)": lambda library, net: through_net(library, net, 1),
    "loss = MSELoss()(net(input), target)": mse_loss,
    "loss = CrossEntropyLoss()(net(inputs), labels)": cross_entropy_loss,
}


def describe(tensor: Any, net: Any) -> list[str]:
    """A line for each node, breadth first: its number, its name, and for each input the number of the node it leads to.

    An edge to another than a node's first output is written as node.output, an input without gradient as "-". The ends
    of the graph have the parameter's name, or the leaf's shape.
    """
    names = {parameter: f" {name}" for name, parameter in net.named_parameters()}
    numbers = {tensor.grad_fn: 0}
    order = [tensor.grad_fn]
    lines = []
    for node in order:
        edges = []
        for producer, output in node.next_functions:
            if producer is None:
                edges.append("-")
                continue
            if producer not in numbers:
                numbers[producer] = len(order)
                order.append(producer)
            edges.append(f"{numbers[producer]}.{output}" if output else f"{numbers[producer]}")
        leaf = names.get(node.variable, f" {tuple(node.variable.shape)}") if hasattr(node, "variable") else ""
        lines.append(f"{numbers[node]:3} {type(node).__name__}{leaf}" + (f" <- {', '.join(edges)}" if edges else ""))
    return lines


def compare(title: str, build: Callable[[Any, Any], Any]) -> bool:
    """Prints one expression's graphs; lines that differ are marked. Returns whether none do."""
    our_net, their_net = minitorch.program.Net(), reference.network.Net()
    ours, theirs = describe(build(minitorch, our_net), our_net), describe(build(torch, their_net), their_net)
    print(f"\n{title}\n    {'minitorch':{WIDTH}}  {'torch'}")
    for left, right in zip_longest(ours, theirs, fillvalue=""):
        print(f"  {' ' if left == right else '!'} {left:{WIDTH}}  {right}".rstrip())
    return ours == theirs


def run() -> int:
    """Compares all expressions; returns the exit code: 0 where all graphs are equal, 1 otherwise."""
    different = [title for title, build in EXPRESSIONS.items() if not compare(title, build)]
    if different:
        print(f"\nDifferent: {'; '.join(different)}")
        return 1
    print(f"\nAll {len(EXPRESSIONS)} graphs are equal: nodes, names and edges.")
    return 0
