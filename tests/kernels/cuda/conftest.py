"""Devices without a GPU for the tests that ask for one."""

import pytest


@pytest.fixture
def interpreter():
    """Arrays are made, and kernels run, by the interpreter of PTX."""
    from minitorch.kernels.cuda import device
    from tests.ptx.device import Interpreter

    with device.use(Interpreter()) as made:
        yield made


@pytest.fixture
def numba_cuda(monkeypatch):
    """A stand-in for numba's ``cuda``, as it is where there is a GPU."""
    from tests.kernels.cuda.fake import install

    return install(monkeypatch)
