"""Freed memory is used again, instead of being asked for from the system page by page."""

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
import minitorch

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def allocate_and_free(times):
    for _ in range(times):
        arrays = [np.ones(2**19, np.float32) for _ in range(4)]  # 2 MiB each
        del arrays

allocate_and_free(3)
before = faults()
allocate_and_free(20)
print(faults() - before)
"""


def faults(**environment):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=inherited | environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has this setting")
def test_arrays_of_a_loop_take_the_same_memory_each_time():
    assert faults() < 2000  # of the 40,960 pages


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has this setting")
def test_a_choice_in_the_environment_is_kept():
    assert faults(MALLOC_MMAP_THRESHOLD_="100000") > 20_000
