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
from numba.cuda.cudadrv.error import CudaSupportError

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, array, device, errors, from_host, launch, placement, to_host

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


DRIVER = "Call to cuInit results in CUDA_ERROR"


@pytest.mark.parametrize(
    ("different", "first", "then"),
    [
        ({"gpus": []}, "No CUDA GPUs are available", ""),
        ({"error": f"{DRIVER}_NO_DEVICE (100)"}, "No CUDA GPUs are available", ""),
        ({"error": "\nCUDA driver library cannot be found.\n"}, errors.NO_DRIVER, ""),
        (
            {"error": f"{DRIVER}_SYSTEM_DRIVER_MISMATCH (803)"},
            "CUDA driver initialization failed, you might not have a CUDA gpu.",
            f"{DRIVER}_SYSTEM_DRIVER_MISMATCH (803)",
        ),
        (
            {"known": (12, 4)},
            "The NVIDIA driver on your system is too old (found version 12040). Please update your GPU driver by downloading and "
            f"installing a new version from the URL: {errors.URL} Alternatively, install a toolkit that it knows.",
            "Kernels are compiled for CUDA 13.0; the driver knows CUDA 12.4: pip install 'numba-cuda[cu12]'",
        ),
        (
            {"is_available": lambda: False},
            "numba finds no CUDA toolkit to compile with: its NVVM is not there.",
            "pip install 'minitorch[cuda]' installs versions that work together.",
        ),
        ({"cuda_error": 1}, "CUDA driver initialization failed, you might not have a CUDA gpu.", "TypeError: 'int'"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_torchs_words(different, first, then, numba_cuda):
    vars(numba_cuda).update(different)
    with pytest.raises(RuntimeError) as caught:
        from_host(np.ones(3))
    lines = str(caught.value).split("\n")
    assert lines[0] == first
    assert "".join(lines[1:]).startswith(then)
    assert bool(then) == (len(lines) > 1)
    assert not device.is_initialized()


def test_a_gpu_that_numba_does_not_know_is_an_error(numba_cuda):
    def refuse():
        raise CudaSupportError("<CUDA device 0 'Tesla'> has compute capability < (3, 5)")

    numba_cuda.current_context = refuse
    with pytest.raises(
        RuntimeError, match=r"^CUDA driver initialization failed.*\n<CUDA device 0 'Tesla'> has compute"
    ):
        device.current()


def test_a_driver_that_is_newer_than_the_toolkit_will_do(numba_cuda):
    numba_cuda.known = (14, 0)
    assert device.unavailable() is None


def test_importing_the_package_imports_nothing_of_this():
    program = (
        "import sys, minitorch\nprint([each for each in sys.modules if 'kernels.cuda' in each or each == 'numba.cuda'])"
    )
    assert python(program) == "[]\n"
