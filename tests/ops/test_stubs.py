"""What editors and type checkers are told is what there is."""

from minitorch.ops.stubs import PACKAGE, methods_stub, package_stub


def test_the_stubs_on_disk_are_those_of_the_declared_operators():
    assert (PACKAGE / "ops" / "methods.pyi").read_text() == methods_stub()
    assert (PACKAGE / "__init__.pyi").read_text() == package_stub()
