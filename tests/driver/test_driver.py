"""All that runs on the host of a GPU, but for the driver, of which the processes that are started here have an emulated one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels.cuda import errors
from tests.driver.emulated import build, compiler
from tests.kernels.cuda.test_device import FORK

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(compiler() is None, reason="the emulated driver needs a C compiler")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("driver")
    build(folder)
    return {**os.environ, "LD_LIBRARY_PATH": str(folder), "PYTHONPATH": str(HERE.parents[1])}


@pytest.mark.parametrize("checks", ["hardware", "torch_cuda", "programs"])
def test_with_a_driver(checks, environment):
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", HERE / f"{checks}.py"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"\d+ passed", run.stdout)
    assert not re.search(r"skipped|warning", run.stdout)


# -- drivers that cannot be used, which a process finds out once ---------------------------------------------------------------

TRY = """
import numpy as np
from minitorch.kernels.cuda import device, from_host
try:
    from_host(np.ones(3))
except RuntimeError as error:
    print(error)
assert not device.is_initialized()
assert not device.unavailable() is None
import minitorch
assert not minitorch.cuda.is_available()
assert (minitorch.ones(2) * 2).tolist() == [2, 2]
"""
NOT_INITIALIZED = "CUDA driver initialization failed, you might not have a CUDA gpu."
SITUATIONS = {
    "no GPU": ("driver.devices = 0", "No CUDA GPUs are available", None),
    "no GPU, says the driver": ("driver.refusal = 100", "No CUDA GPUs are available", None),
    "a mismatch": ("driver.refusal = 803", NOT_INITIALIZED, "Call to cuInit results in CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"),
    "an old driver": (
        "driver.version = 12040",
        "The NVIDIA driver on your system is too old (found version 12040). Please update your GPU driver by downloading and "
        f"installing a new version from the URL: {errors.URL} Alternatively, install a toolkit that it knows.",
        "Kernels are compiled for CUDA 13.0; the driver knows CUDA 12.4: pip install 'numba-cuda[cu12]'",
    ),
    "no compiler": (
        "from numba import cuda; cuda.is_available = lambda: False",
        "numba finds no CUDA toolkit to compile with: its NVVM is not there.", errors.INSTALL,
    ),
    "a surprise": ("from numba import cuda; cuda.cuda_error = 1", NOT_INITIALIZED, "TypeError: 'int'"),
}  # fmt: skip


@pytest.mark.parametrize(("situation", "first", "then"), SITUATIONS.values(), ids=SITUATIONS)
def test_what_is_missing_is_said_in_torchs_words(situation, first, then, environment):
    program = f"from tests.driver import emulated\ndriver = emulated.Driver()\n{situation}\n{TRY}"
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    said = run.stdout.splitlines()
    assert said[0] == first
    if then is None:
        assert len(said) == 1
    else:
        assert then in said[1]


def test_after_a_fork_the_error_is_torchs_and_the_cpu_works(environment):
    program = f"from tests.driver import emulated\ndriver = emulated.Driver()\n{FORK}"
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300)
    assert run.stdout.splitlines() == [*[errors.FORKED] * 4, "False 0 [2.0, 2.0, 2.0]", "[1. 1. 1.]"], run.stderr


def test_a_gpu_that_numba_does_not_know_is_an_error(environment):
    program = (
        "from tests.driver import emulated\ndriver = emulated.Driver()\nemulated.ATTRIBUTES[emulated.MAJOR] = 3\n"
        "from minitorch.kernels.cuda import device\ntry: device.current()\nexcept RuntimeError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300)
    said = run.stdout.splitlines()
    assert said[0] == NOT_INITIALIZED, run.stderr
    assert "compute capability" in said[1]
