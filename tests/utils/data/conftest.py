"""Every test of data loading ends in time, and leaves no process, descriptor or shared memory behind."""

import faulthandler
import gc
import multiprocessing
import os
from pathlib import Path

import pytest

TOO_LONG = 60  # seconds; a hang then ends with every thread's traceback


@pytest.fixture(autouse=True)
def _nothing_is_left():
    faulthandler.dump_traceback_later(TOO_LONG, exit=True)
    descriptors = open_descriptors()
    yield
    faulthandler.cancel_dump_traceback_later()
    if multiprocessing.active_children() or open_descriptors() > descriptors or mapped_batches():
        gc.collect()  # only then, for it takes a while: tracebacks of expected errors may hold an iterator
    assert not multiprocessing.active_children()
    assert open_descriptors() <= descriptors
    assert not mapped_batches()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def mapped_batches() -> list[str]:
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if "minitorch-batch" in line]
