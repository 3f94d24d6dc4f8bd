"""What is written between brackets: the errors, warnings and memory of every kind of index are torch's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error

Outcome = tuple[Any, list[str]]

READS = {
    "out of range": "x[3]",
    "out of range below": "x[-4]",
    "out of range, second": "x[0, 4]",
    "too many": "x[0, 0, 0]",
    "too many with a mask": "x[x > 3, 0]",
    "list out of range": "x[[5]]",
    "second list out of range": "x[:, [5]]",
    "lists that do not broadcast": "x[[0, 1], [0, 1, 2]]",
    "mask of another shape": "x[lib.ones(3, 3).bool()]",
    "mask of another length": "x[lib.ones(2).bool()]",
    "a float": "x[1.5]",
    "a float in a tuple": "x[(1.5,)]",
    "a float in a list": "x[[0, 1.5]]",
    "a dict": "x[{}]",
    "an object": "x[object]",
    "floats": "x[x]",
    "int16": "x[lib.tensor([0, 1], dtype=lib.int16)]",
    "int16 without dimensions": "x[lib.tensor(1, dtype=lib.int16)]",
    "uint8": "x[lib.tensor([1, 0, 1], dtype=lib.uint8)]",
    "uint8 without dimensions": "x[lib.tensor(1, dtype=lib.uint8)]",
    "nested list": "x[[[0, 1], [1, 2]]]",
    "list with a slice": "x[[slice(0, 1), 0]]",
    "list with None": "x[[0, None]]",
    "list of tensors": "x[[lib.tensor([0]), lib.tensor([1])]]",
    "empty lists": "x[[[]]]",
    "negative step": "x[::-1]",
    "step of zero": "x[::0]",
    "slice by tensors": "x[lib.tensor(1) : lib.tensor([3])]",
    "slice by a float": "x[1.0:2]",
    "two ellipses": "x[..., 0, ...]",
    "bools": "x[True, False]",
    "of a number": "z[0]",
    "all of a number": "z[:]",
    "list of a number": "z[[0]]",
    "True of a number": "z[lib.tensor(True)]",
    "of nothing": "x[:0][[0]]",
    "steps of columns": "x.t()[:, lib.tensor([0, 1])].stride()",
    "steps of a cube": "c.permute(2, 0, 1)[:, :, lib.tensor([0, 1])].stride()",
    "steps of its middle": "c.permute(2, 0, 1)[:, lib.tensor([0, 1])].stride()",
    "steps of two": "c.permute(0, 2, 1)[:, lib.tensor([0, 1]), lib.tensor([1, 0])].stride()",
    "steps of the index": "c[:, lib.tensor([[0, 1], [1, 0]]).t()].stride()",
    "steps of both": "c.permute(2, 0, 1)[:, lib.tensor([[0, 1], [1, 0]]).t()].stride()",
}

WRITES = {
    "a string": "x[0] = 'a'",
    "None": "x[0] = None",
    "a list": "x[0] = [1, 2, 3, 4]",
    "too many dimensions": "x[0] = x.clone()",
    "another size": "x[0] = x[:, 0].clone()",
    "positions of another size": "x[[0, 1]] = c[0]",
    "a mask of another size": "x[x > 3] = x[0].clone()",
    "another dtype": "x[[0, 1]] = x[0].double()",
    "another dtype in one piece": "x[0] = x[0].double()",
    "out of range": "x[[5]] = 1",
    "to a number": "z[0] = 1",
    "to all of a number": "z[...] = 1",
    "too large": "u[0] = 300",
    "too large at positions": "u[[0, 1]] = 300",
    "its own memory": "x[[0, 1]] = x[0]",
    "to an expanded tensor": "x.expand(2, 3, 4)[[0]] = 1",
    "to an expanded mask": "x.expand(2, 3, 4).masked_fill_(x > 3, 1)",
    "to expanded rows": "x.expand(2, 3, 4).index_fill_(0, lib.tensor([1]), 1)",
    "all of an expanded tensor": "x.expand(2, 3, 4).fill_(2)",
    "nothing of an expanded tensor": "x.expand(2, 3, 4).zero_()",
    "a sum to an expanded tensor": "x.expand(2, 3, 4).add_(1)",
    "a neighbour": "x[1:].add_(x[:-1])",
    "itself": "x.add_(x)",
}


def outcome(lib: Any, text: str) -> Outcome:
    """What a statement leaves, or raises, and the warnings, without where in torch they come from."""
    x = lib.arange(12.0).reshape(3, 4)
    names = {
        "lib": lib, "x": x, "z": lib.tensor(2.0), "c": lib.arange(24.0).reshape(2, 3, 4),
        "u": lib.tensor([1, 2, 3], dtype=lib.uint8),
    }  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if " = " in text or "_(" in text:
                exec(text, names)
                result: Any = [np.asarray(names[name]).tolist() for name in "xzu"]
            else:
                result = eval(text, names)
                result = result if isinstance(result, tuple) else np.asarray(result).tolist()
        except Exception as error:  # which one it is, is what is compared
            result = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    return result, [str(each.message).partition(" (Triggered")[0] for each in caught]


@pytest.mark.parametrize(
    "text", [*READS.values(), *WRITES.values()], ids=[*READS, *(f"write {name}" for name in WRITES)]
)
def test_an_index_means_what_it_means_in_torch(text: str, every_warning: None):
    assert outcome(minitorch, text) == outcome(torch, text)


def test_max_norm_changes_the_table_itself():
    def run(lib: Any) -> Any:
        table = lib.arange(12.0).reshape(3, 4).requires_grad_()
        found = lib.nn.functional.embedding(lib.tensor([1, 2]), table, max_norm=2.0)
        return found.tolist(), table.tolist(), table._version

    ours, theirs = run(minitorch), run(torch)
    np.testing.assert_allclose(ours[0], theirs[0], 1e-6)
    np.testing.assert_allclose(ours[1], theirs[1], 1e-6)
    assert ours[2] == theirs[2]


@pytest.mark.parametrize(
    "text",
    [
        "lib.gather(x, 0, lib.tensor([[0, 1]]), out=x.double())",
        "lib.take(x, lib.tensor([0]), out=x.double())",
        "lib.index_select(x, 0, lib.tensor([0]), out=x.double())",
        "lib.masked_select(x, x > 3, out=x.double())",
        "lib.nonzero(x, out=x.clone())",
        "lib.take(x, lib.tensor([0, 1, 2]), out=x[0, :3])",
        "lib.nn.functional.one_hot(lib.tensor([0, 2]))",
        "lib.nn.functional.one_hot(lib.tensor([0, 2]), 2)",
        "lib.nn.functional.one_hot(lib.tensor([0, -2]))",
        "lib.where(x > 3)",
        "lib.where(x, x, x)",
        "lib.where(x > 3, x)",
        "lib.where((x > 3).to(lib.uint8), x, x)",
        "lib.nonzero(z, as_tuple=True)",
        "lib.argwhere(x > 9).stride()",
        "x.scatter(0, lib.tensor([[0, 1]]), 2, reduce='add')",
        "x.scatter(0, lib.tensor([[0, 1]]), x, reduce='multiply')",
        "x.scatter(0, lib.tensor([[0, 1]]), 2, reduce='sum')",
        "x.index_reduce(0, lib.tensor([0, 0]), x[:2], 'mean')",
    ],
)
def test_operators_at_positions_say_what_torch_says(text: str, every_warning: None):
    ours, theirs = outcome(minitorch, text), outcome(torch, text)
    assert str(ours[0]) == str(theirs[0])
    assert ours[1] == theirs[1]


@pytest.mark.parametrize("write", [False, True], ids=["read", "written"])
def test_an_index_that_was_changed_is_noticed(write: bool):
    def call(lib: Any) -> Any:
        x, index = lib.arange(6.0, requires_grad=True), lib.tensor([0, 2, 5])
        if write:
            y = x * 1
            y[index] = x[:3] * 2
        else:
            y = x[index]
        index[0] = 1
        y.sum().backward()

    assert_same_error(lambda: call(minitorch), lambda: call(torch))


@pytest.mark.parametrize("index", [([0, 2],), (slice(None), [1, 0, 1])])
def test_a_node_shows_where_it_read(index: Any):
    def call(lib: Any) -> Any:
        parts = [lib.tensor(part) if isinstance(part, list) else part for part in index]
        return lib.ones(3, 4, requires_grad=True)[tuple(parts)].grad_fn._saved_indices

    ours, theirs = call(minitorch), call(torch)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert_same(a, b)
