"""One formula, several interpretations: every name that a formula uses is in every table that it can be given."""

import ast
import importlib
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest

import minitorch
from minitorch.kernels import Table, cpu, tables
from minitorch.ops.operator import Fused, Univariate

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


BACKWARD = names_used({"backward", "derivative", "gradient", "shares", "spread", "with_dims"})


@pytest.mark.parametrize("name", sorted(BACKWARD))
def test_what_a_backward_formula_uses_is_a_kernel_and_an_operator(name):
    assert name in KERNELS, f"{BACKWARD[name]}: no kernel is named {name}"
    assert name in OPERATORS, f"{BACKWARD[name]}: no operator is named {name}"


def test_what_a_forward_uses_is_a_kernel():
    missing = {name: place for name, place in names_used({"forward"}).items() if name not in KERNELS}
    assert not missing


def univariate(base=Univariate):
    """The functions of one variable, which have the name of their kernel as an attribute."""
    return [node for each in base.__subclasses__() for node in (each, *univariate(each)) if hasattr(node, "kernel")]


@pytest.mark.parametrize("node", univariate())
def test_functions_of_one_variable_name_a_kernel(node):
    assert node.kernel in KERNELS
    assert not issubclass(node, Fused) or f"{node.kernel}_backward" in KERNELS


def test_the_walk_finds_formulas():
    assert {"mul", "convolution_weight_grad", "sum", "write_region"} <= set(BACKWARD)


def test_the_engine_itself_finds_what_it_needs():
    for name in ("add", "sum_to", "cast", "zeros"):
        assert name in KERNELS
        assert name in OPERATORS


def test_a_name_stands_for_one_kernel():
    table = Table()
    table["mul"] = np.multiply
    with pytest.raises(ValueError, match="already a kernel named mul"):
        table["mul"] = np.add
    with pytest.raises(AttributeError, match="no attribute 'div'"):
        table.div  # noqa: B018  (it is the reading that fails)


@pytest.mark.parametrize("module", sorted(cpu.COMPILED))
def test_the_declared_kernels_of_a_module_are_those_that_it_has(module):
    assert sorted(cpu.COMPILED[module]) == sorted(importlib.import_module(f"minitorch.kernels.cpu.{module}").__all__)


def test_importing_the_package_does_not_import_the_compiler():
    """numba takes longer to import than all the rest, and most of the memory."""
    program = (
        "import sys, minitorch; x = minitorch.ones(3); x.mul(x).sum(); print([*{'numba', 'llvmlite'} & {*sys.modules}])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"


@pytest.fixture
def late_table(tmp_path, monkeypatch):
    (tmp_path / "late_kernels.py").write_text(
        "__all__ = ['double', 'treble']\ndef double(a): return 2 * a\ntreble = double\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield Table(later={"late_kernels": ("double", "treble")})
    sys.modules.pop("late_kernels", None)


def test_a_module_is_imported_when_one_of_its_kernels_is_asked_for(late_table):
    assert set(late_table) == {"double", "treble"}
    assert "late_kernels" not in sys.modules
    assert late_table.double(4) == 8
    assert late_table.treble is sys.modules["late_kernels"].treble
    assert set(late_table) == {"double", "treble"}
    with pytest.raises(ValueError, match="already a kernel named treble"):
        late_table["treble"] = np.add


def test_several_threads_may_ask_for_a_late_kernel_at_once(late_table):
    found = []
    threads = [threading.Thread(target=lambda: found.append(late_table.double(1))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [2] * 8
