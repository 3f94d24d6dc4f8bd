"""Networks and settings that tests build in both libraries: functions of ``lib``, which is minitorch or torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import minitorch.program
import reference.network


def documented_network(lib: Any) -> Any:
    """The network of the document."""
    return minitorch.program.Net() if lib is minitorch else reference.network.Net()


def nested_network(lib: Any) -> Any:
    """Modules in modules, a shared one, buffers of both kinds, a parameter of its own and members that are None."""
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.linear = nn.Linear(width, width)
            self.scale = nn.Parameter(lib.ones(width))
            self.register_buffer("mean", lib.zeros(width))
            self.register_buffer("scratch", lib.zeros(2), persistent=False)
            self.register_parameter("offset", None)

        def forward(self, x: Any) -> Any:
            return (self.linear(x) - self.mean) * self.scale

    class Nested(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([Block(4), Block(4)])
            self.head = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2, bias=False))
            self.shared = self.head[0]
            self.named = nn.ModuleDict({"a": nn.Identity(), "b": nn.Tanh()})
            self.nothing = None
            self.add_module("absent", None)

        def forward(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return self.head(self.named["b"](x))

    return Nested()


def twins(build: Any, seed: int = 0, dtype: str = "float32") -> tuple[Any, Any]:
    """The same network in both libraries, with the same parameters."""
    for lib in (minitorch, torch):
        lib.manual_seed(seed)
    ours, theirs = build(minitorch), build(torch)
    theirs.to(getattr(torch, dtype))
    ours.to(getattr(minitorch, dtype))
    with minitorch.no_grad():
        for (name, a), (other, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert name == other
            a.copy_(minitorch.from_numpy(b.detach().numpy()))
    return ours, theirs


def tensors(array: Any, requires_grad: bool = False) -> tuple[Any, Any]:
    """The same numbers in both libraries."""
    array = np.asarray(array)
    return tuple(lib.tensor(array.copy(), requires_grad=requires_grad) for lib in (minitorch, torch))
