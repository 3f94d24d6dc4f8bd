"""What a worker process knows, and how it is set up."""

import random

import numba
import numpy as np
import pytest

import minitorch
import minitorch.utils.data as data
from minitorch.kernels.cpu.compiler import parallel_jit
from tests.utils.data.datasets import Doing, raising

# A machine with one core is told that two workers are too many.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create 2 worker")


def worker_facts(samples):
    info = data.get_worker_info()
    return (
        info.id,
        info.num_workers,
        info.seed - minitorch.initial_seed(),
        len(info.dataset),
        minitorch.get_num_threads(),
    )


def test_workers_know_who_they_are():
    assert data.get_worker_info() is None
    facts = list(data.DataLoader(range(3), num_workers=2, collate_fn=worker_facts))
    assert facts == [(0, 2, 0, 3, 1), (1, 2, 0, 3, 1), (0, 2, 0, 3, 1)]


def test_worker_init_fn_is_called_before_the_first_sample():
    def init(worker_id):
        data.get_worker_info().dataset.action = raising(ValueError, f"set by worker {worker_id}")

    with pytest.raises(ValueError, match="set by worker 1"):
        list(data.DataLoader(Doing(None), num_workers=2, worker_init_fn=init))


@parallel_jit
def total(numbers):
    """A sum by several threads."""
    result = 0.0
    for position in numba.prange(numbers.size):
        result += numbers[position]
    return result


def test_kernels_that_ran_here_in_parallel_run_in_workers():
    class Kernel(Doing):
        def __getbatch__(self, indices):
            return [minitorch.tensor(total(np.ones(1000)))]

    assert total(np.ones(1000)) == 1000
    assert [batch.item() for (batch,) in data.DataLoader(Kernel(None), batch_size=4, num_workers=2)] == [1000, 1000]
    assert total(np.ones(1000)) == 1000


def test_random_transforms_differ_between_workers():
    minitorch.manual_seed(0)
    numbers = list(data.DataLoader(range(4), num_workers=2, collate_fn=lambda samples: random.random()))
    assert len(set(numbers)) == 4


def test_an_exception_in_worker_init_fn_is_raised():
    def init(worker_id):
        raise ValueError("not initialized")

    start = r"^Caught ValueError in DataLoader worker process 0\.\nOriginal Traceback \(most recent call last\):\n"
    with pytest.raises(ValueError, match=rf"{start}(.|\n)*in init\n(.|\n)*\nValueError: not initialized\n$"):
        list(data.DataLoader(range(3), num_workers=1, worker_init_fn=init))


def test_an_exception_of_a_type_that_cannot_travel_is_told():
    class Local(Exception):
        pass

    with pytest.raises(RuntimeError, match=r"Caught Local in DataLoader worker process 1\.(.|\n)*Local: text"):
        list(data.DataLoader(Doing(raising(Local, "text")), num_workers=2))
