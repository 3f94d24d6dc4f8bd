"""Containers behave as torch's: numbering, slices, insertion, errors."""

from __future__ import annotations

import operator
from collections import OrderedDict
from typing import Any

import pytest
import torch

import minitorch
from tests.oracle import assert_same_error

LIBRARIES = [minitorch, torch]


def layers(lib: Any, count: int = 4) -> list[Any]:
    """Distinguishable ones."""
    return [lib.nn.Linear(width, width + 1) for width in range(1, count + 1)]


def sequence(lib: Any, kind: str = "Sequential") -> Any:
    return lib.nn.Sequential(*layers(lib)) if kind == "Sequential" else lib.nn.ModuleList(layers(lib))


CHANGES = {
    "append": lambda lib, net: net.append(lib.nn.Tanh()),
    "extend": lambda lib, net: net.extend([lib.nn.Tanh(), lib.nn.ReLU()]),
    "extend by itself": lambda lib, net: net.extend(list(net)),
    "insert": lambda lib, net: net.insert(1, lib.nn.Tanh()) or net,
    "insert at the end": lambda lib, net: net.insert(4, lib.nn.Tanh()) or net,
    "pop": lambda lib, net: [net.pop(1), net],
    "pop the last": lambda lib, net: [net.pop(-1), net],
    "set": lambda lib, net: net.__setitem__(-2, lib.nn.Tanh()) or net,
    "delete": lambda lib, net: net.__delitem__(0) or net,
    "delete from the end": lambda lib, net: net.__delitem__(-1) or net,
    "delete a slice": lambda lib, net: net.__delitem__(slice(0, None, 2)) or net,
    "get": lambda lib, net: [net[0], net[-1], net[1:3], net[::2], net[::-1]],
    "length": lambda lib, net: [len(net), len(net[:0])],
    "iteration": lambda lib, net: list(net),
    "names": lambda lib, net: [name for name, _ in net[1:].named_parameters()],
    "dir": lambda lib, net: [name for name in dir(net) if name[0].isdigit()],
}


@pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
@pytest.mark.parametrize("change", CHANGES)
def test_sequences_change_as_in_torch(kind: str, change: str):
    ours, theirs = (repr(CHANGES[change](lib, sequence(lib, kind))) for lib in (minitorch, torch))
    assert ours == theirs


@pytest.mark.parametrize(
    "join",
    [
        lambda lib: sequence(lib) + sequence(lib),
        lambda lib: sequence(lib) * 2,
        lambda lib: 2 * sequence(lib),
        lambda lib: sequence(lib).__iadd__(sequence(lib)),
        lambda lib: sequence(lib).insert(-1, lib.nn.Tanh()),
        lambda lib: sequence(lib, "ModuleList") + layers(lib, 2),
        lambda lib: sequence(lib, "ModuleList").__iadd__(layers(lib, 2)),
        lambda lib: lib.nn.Sequential(),
        lambda lib: lib.nn.ModuleList(),
        lambda lib: lib.nn.Sequential(OrderedDict(first=lib.nn.Tanh(), second=lib.nn.Linear(1, 2))),
        lambda lib: lib.nn.Sequential(OrderedDict(first=lib.nn.Tanh(), second=lib.nn.ReLU()))[1:],
        lambda lib: lib.nn.Sequential(OrderedDict(first=lib.nn.Tanh())).first,
        lambda lib: lib.nn.ModuleList([lib.nn.Tanh(), lib.nn.Tanh(), lib.nn.ReLU(), lib.nn.Tanh()]),
        lambda lib: lib.nn.ModuleList([lib.nn.Sequential(lib.nn.Tanh(), lib.nn.ReLU())] * 12),
    ],
)
def test_containers_are_joined_and_printed_as_in_torch(join: Any):
    assert repr(join(minitorch)) == repr(join(torch))


@pytest.mark.parametrize("lib", LIBRARIES)
def test_sequential_passes_results_on(lib: Any):
    class AddOne(lib.nn.Module):
        def forward(self, x: Any) -> Any:
            return x + 1

    class Double(lib.nn.Module):
        def forward(self, x: Any) -> Any:
            return x * 2

    assert lib.nn.Sequential(AddOne(), Double(), AddOne())(3) == 9
    assert lib.nn.Sequential()(3) == 3


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_dict_holds_modules_by_name(lib: Any):
    modules = lib.nn.ModuleDict({"a": lib.nn.Tanh()})
    modules.update([("b", lib.nn.Linear(1, 2)), ["c", lib.nn.ReLU()]])
    modules["a"] = lib.nn.Identity()
    assert list(modules) == list(modules.keys()) == ["a", "b", "c"]
    assert len(modules) == 3
    assert "b" in modules
    assert "d" not in modules
    assert [type(each).__name__ for each in modules.values()] == ["Identity", "Linear", "ReLU"]
    assert dict(modules.items())["b"] is modules["b"]
    assert [name for name, _ in modules.named_parameters()] == ["b.weight", "b.bias"]
    modules.update(lib.nn.ModuleDict({"d": lib.nn.Tanh()}))
    del modules["a"]
    popped = modules["c"]
    assert modules.pop("c") is popped
    assert list(modules) == ["b", "d"]
    assert repr(modules).startswith("ModuleDict(\n  (b): Linear(")
    modules.clear()
    assert len(modules) == 0
    assert repr(modules) == "ModuleDict()"


@pytest.mark.parametrize(
    "mistake",
    [
        lambda lib: sequence(lib)[4],
        lambda lib: sequence(lib)[-5],
        lambda lib: sequence(lib, "ModuleList")[4],
        lambda lib: sequence(lib).insert(9, lib.nn.Tanh()),
        lambda lib: sequence(lib).append("layer"),
        lambda lib: lib.nn.Sequential("layer"),
        lambda lib: lib.nn.ModuleList([3]),
        lambda lib: lib.nn.ModuleList(3),
        lambda lib: lib.nn.ModuleDict(3),
        lambda lib: lib.nn.ModuleDict([3]),
        lambda lib: lib.nn.ModuleDict([("a", lib.nn.Tanh(), 1)]),
        lambda lib: lib.nn.ModuleDict({"keys": lib.nn.Tanh()}),
        lambda lib: lib.nn.ModuleDict({"a.b": lib.nn.Tanh()}),
        lambda lib: lib.nn.ModuleDict()["a"],
        lambda lib: lib.nn.ModuleList()(1),
    ],
)
def test_mistakes_get_torchs_answers(mistake: Any):
    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch))


def test_other_mistakes_have_torchs_types():
    for lib in (minitorch, torch):
        with pytest.raises(ValueError, match="add operator supports only objects of Sequential class"):
            operator.add(sequence(lib), [lib.nn.Tanh()])
        with pytest.raises(ValueError, match="Non-positive multiplication factor 0"):
            sequence(lib) * 0
        with pytest.raises(TypeError, match="unsupported operand type"):
            sequence(lib) * 1.5
        with pytest.raises(AssertionError, match="module should be of type"):
            sequence(lib).insert(0, "layer")
