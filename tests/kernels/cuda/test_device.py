"""The device seam, the limits of launches, and what happens where no GPU can be used."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from numba import cuda

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, array, cache, device, from_host, launch, placement, to_host
from tests.kernels.cuda.programs import PROGRAMS, launches

GPU = tables[DeviceArray]
FLOAT = np.dtype(np.float32)


def nothing(a, size):
    """A kernel that does nothing."""


@pytest.mark.parametrize(
    ("grid", "threads", "message"),
    [
        ((1,), 2048, "2048 threads in a block"),
        ((1,), 33, "whole warps"),
        ((1, 65536), 32, "a grid of"),
        ((1, 1, 65536), 32, "a grid of"),
        ((2**31,), 32, "a grid of"),
    ],
)
def test_a_launch_beyond_the_limits_is_an_error(grid, threads, message, interpreter):
    with pytest.raises(ValueError, match=message):
        launch.launch(nothing, grid, (), threads)


def test_an_empty_grid_is_not_launched(interpreter):
    launch.launch(nothing, (0,), ())
    assert interpreter.launched == []


def test_arrays_that_cannot_be_counted_in_32_bits_are_an_error(interpreter):
    with pytest.raises(RuntimeError, match="2147483648 elements and more are not supported"):
        array.empty((1 << 16, 1 << 15), FLOAT)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "u1", "i2", "i4", "i8", "?"])
def test_arrays_go_to_the_device_and_back(dtype, interpreter):
    a = np.random.default_rng(1).integers(0, 9, (3, 4, 5)).astype(dtype)
    ours = from_host(a)
    np.testing.assert_array_equal(to_host(ours), a)
    view = GPU.slice(GPU.permute(ours, (2, 0, 1)), 1, 1, 3, 1)
    np.testing.assert_array_equal(to_host(view), a.transpose(2, 0, 1)[:, 1:3])
    assert view.memory is ours.memory


def test_a_view_that_strides_do_not_allow_is_an_error(interpreter):
    with pytest.raises(ValueError, match="no view of shape"):
        GPU.view(GPU.t(from_host(np.ones((3, 4)))), (12,))


def test_memory_that_is_seen_as_another_dtype_is_not_an_arrays_own(interpreter):
    ours = from_host(np.ones(5, np.float32))
    assert ours.base is None
    bits = GPU.view_dtype(ours, np.dtype(np.int32))
    assert ours.base is not None
    assert bits.base is not None
    again = GPU.view_dtype(bits, FLOAT)
    assert GPU.coincide(again, ours)
    assert not GPU.coincide(bits, ours)
    assert not GPU.overwrite("add", ours, again)
    del bits, again
    assert ours.base is None


def test_another_librarys_memory_is_not_an_arrays_own(interpreter):
    ours = from_host(np.ones(5, np.float32))
    lent = placement.adopted(GPU.address(ours), FLOAT, (5,), (1,), object())
    assert lent.base is not None


def test_devices_take_turns(interpreter):
    assert device.current() is interpreter


def test_each_kernel_is_stored_in_a_file_of_its_own():
    """By what it was made with, the types of its arguments and the rest. What comes from elsewhere is in none."""
    known = {each for name in PROGRAMS for letter in "fd" for each in launches(name, letter)}
    names = {cache.name_of(kernel, threads, types, (9, 0)) for kernel, types, threads in known}
    assert None not in names
    assert len(names) == len(known) > 200
    kernel, types, threads = known.pop()
    assert cache.name_of(kernel, threads, types, (9, 0)) in names
    assert cache.name_of(kernel, threads, types, (8, 0)) not in names
    assert cache.name_of(kernel, threads + 32, types, (9, 0)) not in names
    assert cache.name_of(lambda a: a, 32, types, (9, 0)) is None


# -- where no GPU can be used -----------------------------------------------------------------------------------------


def python(program, **environment):
    """What a fresh Python prints."""
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )
    assert not run.stderr, run.stderr
    return run.stdout


TRY = """
import numpy as np
try:
    from minitorch.kernels.cuda import from_host
    from_host(np.ones(3))
    print("it works")
except RuntimeError as error:
    print(error)
import minitorch
a = minitorch.ones(2, requires_grad=True)
(a * a).sum().backward()
assert a.grad.tolist() == [2, 2]
assert minitorch.cuda.is_available() is WORKS
"""
NO_REDIRECTION = (
    "import sys\nsys.meta_path[:] = [each for each in sys.meta_path if type(each).__name__ != 'NumbaCudaFinder']\n"
)


def attempt(before="", works=False, **environment):
    """What is said when an array is to go to the GPU; the CPU works afterwards."""
    return python(before + TRY.replace("WORKS", str(works)), **environment)


@pytest.mark.skipif(cuda.is_available(), reason="there is a GPU here")
def test_without_a_driver_the_error_is_torchs():
    with pytest.raises(RuntimeError) as torchs:
        torch.zeros(1, device="cuda")
    assert attempt() == f"{torchs.value}\n"


def test_cuda_can_be_switched_off():
    said = attempt(NUMBA_DISABLE_CUDA="1").splitlines()
    assert said[0] == "No CUDA GPUs are available"
    assert "NUMBA_DISABLE_CUDA=1" in said[1]


def test_a_numpy_that_does_not_fit_numba_cuda_is_named():
    said = attempt("import numpy\ndel numpy.row_stack\n")
    assert said.startswith(
        "numba cannot compile for CUDA here: AttributeError: module 'numpy' has no attribute 'row_stack'\n"
    )
    assert f"numpy {np.__version__}" in said
    assert "pip install 'minitorch[cuda]'" in said


def test_numbas_own_target_does_not_suffice():
    assert attempt(NO_REDIRECTION).startswith(
        "numba-cuda is not installed, and what numba itself has for CUDA does not suffice"
    )


def test_a_numba_without_any_target_is_named():
    said = attempt(NO_REDIRECTION + "sys.modules['numba.cuda'] = None\n")
    assert said.startswith("numba cannot compile for CUDA here: ModuleNotFoundError:")
    assert "pip install 'minitorch[cuda]'" in said


def test_the_simulator_works():
    assert attempt(works=True, NUMBA_ENABLE_CUDASIM="1") == "it works\n"


FORK = """
import os, sys
import minitorch
from minitorch.kernels.cuda import device, from_host, to_host
import numpy as np
array = from_host(np.ones(3))
stream = device.hardware().new_stream()
device.hardware().stream = stream
to_host(array)
if os.fork():
    os.wait()
    print(to_host(array))
    sys.exit()
for use in (lambda: to_host(array), lambda: from_host(np.ones(3)), minitorch.cuda.init, minitorch.cuda.synchronize):
    try:
        use()
    except RuntimeError as error:
        print(error)
del array, use
print(minitorch.cuda.is_initialized(), minitorch.cuda.memory_allocated(), (minitorch.ones(3) * 2).tolist(), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_after_a_fork_the_error_is_torchs_and_the_cpu_works():
    first, then = "Cannot re-initialize CUDA in forked subprocess.", "you must use the 'spawn' start method"
    source = inspect.getsource(torch.cuda._lazy_init)
    assert first in source
    assert then in source
    expected = f"{first} To use CUDA with multiprocessing, {then}"
    said = python(FORK, NUMBA_ENABLE_CUDASIM="1").splitlines()
    assert said == [*[expected] * 4, "False 0 [2.0, 2.0, 2.0]", "[1. 1. 1.]"]


def test_importing_the_package_imports_nothing_of_this():
    program = (
        "import sys, minitorch\nprint([each for each in sys.modules if 'kernels.cuda' in each or each == 'numba.cuda'])"
    )
    assert python(program) == "[]\n"
