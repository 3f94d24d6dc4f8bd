"""One formula, several interpretations: every name that a formula uses is in every table that it can be given."""

import ast
import pathlib

import numpy as np
import pytest

import minitorch
from minitorch.kernels import Table, tables

PACKAGE = pathlib.Path(minitorch.__file__).parent
KERNELS, OPERATORS = tables[np.ndarray], tables[minitorch.Tensor]


def names_used(method):
    """Every ``k.name`` in the functions of that name, with the places where they stand."""
    found = {}
    for path in [*(PACKAGE / "ops").glob("*.py"), PACKAGE / "autograd" / "views.py", PACKAGE / "autograd" / "graph.py"]:
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name in method:
                for node in ast.walk(function):
                    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "k":
                        found.setdefault(node.attr, f"{path.name}:{node.lineno}")
    return found


BACKWARD = names_used({"backward", "shares", "spread", "with_dims"})


@pytest.mark.parametrize("name", sorted(BACKWARD))
def test_what_a_backward_formula_uses_is_a_kernel_and_an_operator(name):
    assert name in KERNELS, f"{BACKWARD[name]}: no kernel is named {name}"
    assert name in OPERATORS, f"{BACKWARD[name]}: no operator is named {name}"


def test_what_a_forward_uses_is_a_kernel():
    missing = {name: place for name, place in names_used({"forward"}).items() if name not in KERNELS}
    assert not missing


def test_the_walk_finds_formulas():
    assert {"mul", "conv2d_weight_grad", "sum", "write_region"} <= set(BACKWARD)


def test_the_engine_itself_finds_what_it_needs():
    for name in ("add", "sum_to", "cast", "zeros"):
        assert name in KERNELS
        assert name in OPERATORS


def test_a_name_stands_for_one_kernel():
    table = Table()
    table["mul"] = np.multiply
    with pytest.raises(ValueError, match="already a kernel named mul"):
        table["mul"] = np.add
    with pytest.raises(AttributeError, match="no kernel named div"):
        table.div  # noqa: B018  (it is the reading that fails)
