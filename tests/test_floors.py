"""Imports go down only, as README says; torch is imported beside the package and never in it."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
FLOORS = [
    [
        "minitorch.kernels",
        "minitorch.dtypes",
        "minitorch.device",
        "minitorch.memory_format",
        "minitorch.return_types",
        "minitorch.runtime",
        "minitorch.size",
        "minitorch.warn",
    ],
    ["minitorch.autograd"],
    ["minitorch.ops"],
    [
        "minitorch.tensor",
        "minitorch.arithmetic_signs",
        "minitorch.conversions",
        "minitorch.interchange",
        "minitorch.new_tensors",
        "minitorch.random",
        "minitorch.random_nodes",
        "minitorch.filling",
        "minitorch.printing",
        "minitorch.creation",
        "minitorch.nested",
        "minitorch.drawing",
        "minitorch.backends",
        "minitorch.cuda",
        "minitorch.linalg",
        "minitorch.low_rank",
        "minitorch.special",
        "minitorch.sequences",
        "minitorch.typename",
        "minitorch.sampling",
        "minitorch.noise",
        "minitorch.tensor_types",
        "minitorch.storage",
        "minitorch.traits",
        "minitorch.signal",
    ],
    ["minitorch.nn", "minitorch.optim", "minitorch.utils", "minitorch.vision", "minitorch.serialization"],
    ["minitorch.explain", "minitorch.program", "minitorch.cli", "minitorch.__main__"],
]
# Written with everything at hand: the package's own list of names, and what writes its stubs.
ON_TOP = ["minitorch", "minitorch.ops.stubs"]


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def floor_of(module):
    for number, names in enumerate(FLOORS):
        if any(module == name or module.startswith(name + ".") for name in names):
            return number
    raise AssertionError(f"{module} is on no floor")


class Imports(ast.NodeVisitor):
    """The modules that a file imports when it runs: what only type checkers see does not count."""

    def __init__(self):
        self.found = []

    def visit_If(self, node):
        for part in node.orelse if ast.unparse(node.test) == "TYPE_CHECKING" else [*node.body, *node.orelse]:
            self.visit(part)

    def visit_Import(self, node):
        self.found += [alias.name for alias in node.names]

    def visit_ImportFrom(self, node):
        assert node.level == 0, "imports are written out from the top"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            path = ROOT.joinpath(*inner.split("."))
            self.found.append(inner if path.is_dir() or path.with_suffix(".py").exists() else node.module)


def imports(path):
    visitor = Imports()
    visitor.visit(ast.parse(path.read_text()))
    return visitor.found


SOURCES = sorted((ROOT / "minitorch").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_no_import_goes_up(path):
    module = module_name(path)
    if module in ON_TOP:
        return
    floor = floor_of(module)
    for imported in imports(path):
        if imported == "minitorch":
            assert floor >= 4, f"{module} imports the whole package"
        elif imported.startswith("minitorch"):
            assert floor_of(imported) <= floor, (
                f"{module} (floor {floor}) imports {imported} (floor {floor_of(imported)})"
            )


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_the_package_never_imports_torch(path):
    assert not [name for name in imports(path) if name.split(".")[0] in ("torch", "torchvision")]


def test_an_import_that_goes_up_would_be_seen(tmp_path):
    file = tmp_path / "file.py"
    file.write_text("from minitorch import nn\nif TYPE_CHECKING:\n    import minitorch.cli\nif x:\n    import torch\n")
    assert imports(file) == ["minitorch.nn", "torch"]
