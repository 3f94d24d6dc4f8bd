"""What runs in a worker process: it fetches one batch after the other, for the indices that come from the loader."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any, NoReturn

import numpy as np

from minitorch.kernels.cpu.threads import set_num_threads
from minitorch.random import manual_seed
from minitorch.utils.data.fetch import IterableFetcher, MapFetcher
from minitorch.utils.data.transfer import Package, receive

PARENT_CHECK = 1.0  # seconds between two looks at whether the loader's process is still there


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """Which worker of how many this process is, the seed of its random numbers, and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """What the current worker process is to know about itself; None in a process that is no worker."""
    return _worker_info


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker process is started with."""

    worker_id: int
    num_workers: int
    base_seed: int
    dataset: Any
    fetcher: type[MapFetcher] | type[IterableFetcher]
    fetcher_arguments: tuple[bool, Callable[[Any], Any], bool]
    worker_init_fn: Callable[[int], None] | None


class Restart:
    """Sent to a worker in place of indices: a new epoch begins."""


class Exhausted:
    """A worker's answer when its stream has ended."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A worker's answer when fetching has raised an exception."""

    kind: type[Exception]
    text: str

    @classmethod
    def caught(cls, error: Exception, worker_id: int) -> Failure:
        """The exception that is being handled, with its traceback."""
        trace = "".join(traceback.format_exception(error))
        return cls(
            type(error), f"Caught {type(error).__name__} in DataLoader worker process {worker_id}.\nOriginal {trace}"
        )

    def reraise(self) -> NoReturn:
        """Raises an exception of the same type here, whose text has the worker's traceback.

        Raises:
            RuntimeError: the type cannot be made from a text alone.
        """
        text = _Verbatim(self.text) if self.kind is KeyError else self.text
        try:
            error = self.kind(text)
        except Exception:  # a user's own type, whose constructor may raise anything
            raise RuntimeError(text) from None
        raise error


class _Verbatim(str):
    """A text that a KeyError, which shows its argument's repr, shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def work(job: Job, channel: socket.socket) -> None:
    """Answers each request (indices) from the channel with a batch, `Exhausted` or a `Failure`, until it closes."""
    _ignore_interrupts()
    _seed(job)
    set_num_threads(1)  # the workers are the parallelism
    global _worker_info
    _worker_info = WorkerInfo(job.worker_id, job.num_workers, job.base_seed + job.worker_id, job.dataset)

    init_failure = _initialize(job)
    fetcher = None
    with channel, contextlib.suppress(ConnectionError):  # raised when the loader has closed the channel
        for request in _requests(channel):
            if isinstance(request, Restart):
                fetcher = None
                continue
            try:
                fetcher = fetcher or job.fetcher(job.dataset, *job.fetcher_arguments)
                answer = Package(fetcher.fetch(request)) if init_failure is None else _packed(init_failure)
            except Exception as error:
                if isinstance(error, StopIteration) and job.fetcher is IterableFetcher:
                    answer = Package(Exhausted())
                else:
                    answer = _packed(Failure.caught(error, job.worker_id))
            answer.send(channel)


def _requests(channel: socket.socket) -> Iterator[Any]:
    """What the loader sends, while its process lives.

    The channel alone does not tell: after a kill, it stays open while later workers hold copies of the loader's end.
    """
    parent = os.getppid()
    while os.getppid() == parent:
        if wait([channel], PARENT_CHECK):
            yield receive(channel)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal, but ending the workers is the loader's, which held it back so far."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler of the parent's is not for its workers


def _seed(job: Job) -> None:
    """Gives the worker random numbers of its own, the same ones as torch's worker of this number."""
    seed = job.base_seed + job.worker_id
    random.seed(seed)
    manual_seed(seed)
    low, high = job.base_seed & 0xFFFFFFFF, job.base_seed >> 32
    np.random.seed(np.random.SeedSequence([job.worker_id, low, high, 0]).generate_state(4))  # noqa: NPY002  # the one that torch seeds


def _initialize(job: Job) -> Failure | None:
    try:
        if job.worker_init_fn is not None:
            job.worker_init_fn(job.worker_id)
    except Exception as error:
        return Failure.caught(error, job.worker_id)
    return None


def _packed(failure: Failure) -> Package:
    try:
        return Package(failure)
    except Exception:  # an exception's type that the loader's process could not import
        return Package(Failure(RuntimeError, failure.text))
