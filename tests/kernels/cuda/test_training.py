"""A training step, host code included: interpreted, simulated, and on a GPU where there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from numba import cuda

from minitorch.kernels.cuda import device
from tests.kernels.cuda.training import compare

PROGRAM = Path(__file__).with_name("training.py")


def test_steps_are_the_cpus_in_the_interpreter(interpreter):
    compare()


def test_steps_are_the_cpus_in_the_simulator():
    root = str(PROGRAM.parents[3])
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": root}
    run = subprocess.run([sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=600)
    assert run.stdout == "equal\n", run.stderr


@pytest.mark.skipif(not cuda.is_available(), reason="there is no GPU here")
def test_steps_are_the_cpus_on_the_gpu():
    with device.use(device.hardware()):
        compare()
