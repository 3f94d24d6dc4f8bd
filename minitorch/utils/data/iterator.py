"""Iterating over a loader: in this process, or with worker processes that fetch ahead.

With workers, batch number i is asked of worker i mod n, over a socket of its own, and each worker answers its requests
in order. So the order of the batches needs no bookkeeping: the answers stay in the sockets until their turn comes.
"""

from __future__ import annotations

import contextlib
import copy
import multiprocessing
import os
import signal
import socket
import time
import warnings
import weakref
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from minitorch import cuda
from minitorch.utils.data.dataset import IterableDataset
from minitorch.utils.data.fetch import IterableFetcher, MapFetcher
from minitorch.utils.data.pinning import pinned
from minitorch.utils.data.sampler import draw_seed
from minitorch.utils.data.transfer import Package, receive
from minitorch.utils.data.worker import Exhausted, Failure, Job, Restart, work

if TYPE_CHECKING:
    from minitorch.utils.data.dataloader import DataLoader

DEATH_CHECK = 0.5  # seconds between two looks at whether the workers live
GRACE = 1.0  # seconds that a worker has to finish its batch when the iteration ends early
MOST_AHEAD = 64  # batches asked of one worker: more could fill the socket, and block both sides


class LoaderIterator:
    """One epoch of a loader: draws torch's seed, and takes the indices from the sampler."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._loader = copy.copy(loader)  # the settings alone: the loader itself may hold on to this iterator
        self._indices = iter(loader._index_sampler)
        self._base_seed = draw_seed(loader.generator)
        self._yielded = 0
        self._expected = loader._length_told
        self._pins = loader.pin_memory and cuda.is_available()
        if loader.pin_memory and not self._pins:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, "
                "then device pinned memory won't be used.",
                stacklevel=4,
            )

    @property
    def _fetcher(self) -> type[MapFetcher] | type[IterableFetcher]:
        return IterableFetcher if isinstance(self._loader.dataset, IterableDataset) else MapFetcher

    @property
    def _fetcher_arguments(self) -> tuple[bool, Any, bool]:
        return self._loader._auto_collation, self._loader.collate_fn, self._loader.drop_last

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._loader._index_sampler)  # type: ignore[arg-type]  # raises TypeError where the sampler is unsized

    def __next__(self) -> Any:
        batch = self._next_batch()
        self._yielded += 1
        if self._expected is not None and self._yielded > self._expected:
            self._warn_of_length()
        return pinned(batch) if self._pins else batch

    def _next_batch(self) -> Any:
        raise NotImplementedError

    def _warn_of_length(self) -> None:
        text = (
            f"Length of IterableDataset {self._loader.dataset} was reported to be {self._expected}"
            f"(when accessing len(dataloader)), but {self._yielded} samples have been fetched. "
        )
        if self._loader.num_workers > 0:
            text += (
                "For multiprocessing data-loading, this could be caused by not properly configuring the "
                "IterableDataset replica at each worker. Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
            )
        warnings.warn(text, stacklevel=3)

    def __getstate__(self) -> NoReturn:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


class SingleProcessIterator(LoaderIterator):
    """Fetches each batch when it is asked for."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if loader.timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._source = self._fetcher(loader.dataset, *self._fetcher_arguments)

    def _next_batch(self) -> Any:
        return self._source.fetch(next(self._indices))


class Worker(NamedTuple):
    """A worker process, and this end of the socket to it."""

    process: BaseProcess
    channel: socket.socket


class MultiProcessIterator(LoaderIterator):
    """Has worker processes fetch ahead; they end with the iteration, or with this object when that comes first."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if loader.prefetch_factor is None or loader.prefetch_factor <= 0:
            raise AssertionError("prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._ahead = min(loader.prefetch_factor, MOST_AHEAD)
        self._workers: list[Worker] = []
        self.close = weakref.finalize(self, _end, self._workers, os.getpid())
        try:
            for worker_id in range(loader.num_workers):
                self._start(worker_id)
        except BaseException:  # Ctrl-C, or a dataset that cannot be pickled for 'spawn'
            self.close()
            raise
        self._begin_epoch()

    def _start(self, worker_id: int) -> None:
        loader = self._loader
        context = loader.multiprocessing_context or multiprocessing.get_context()
        job = Job(
            worker_id,
            loader.num_workers,
            self._base_seed,
            loader.dataset,
            self._fetcher,
            self._fetcher_arguments,
            loader.worker_init_fn,
        )
        here, there = socket.socketpair()
        process = context.Process(target=work, args=(job, there), daemon=True)  # type: ignore[attr-defined]  # all have it
        self._workers.append(Worker(process, here))
        with there, _uninterrupted_children(), warnings.catch_warnings():
            # Python ≥ 3.12 warns of threads that a fork loses; workers run their kernels without them.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            process.start()

    def restart(self, length_told: int | None) -> None:
        """Begins the next epoch with the same workers."""
        while self._awaited:
            self._next_answer()  # of an epoch that was left early
        for worker in self._workers:
            self._send(worker, Restart())
        self._yielded, self._expected = 0, length_told
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        # As in torch, the sampler is asked anew in the first epoch too: it may draw random numbers each time.
        self._indices = iter(self._loader._index_sampler)
        self._awaited: deque[Worker] = deque()  # who has been asked for the next batch, for the one after it, …
        for _ in range(self._ahead):
            for worker in self._workers:
                self._request_batch(worker)

    def _request_batch(self, worker: Worker) -> None:
        try:
            index = next(self._indices)
        except StopIteration:
            return
        self._send(worker, index)
        self._awaited.append(worker)

    def _send(self, worker: Worker, request: object) -> None:
        with contextlib.suppress(ConnectionError):  # a dead worker is told of where it is awaited
            Package(request).send(worker.channel)

    def _next_batch(self) -> Any:
        try:
            while self._awaited and self.close.alive:
                worker, answer = self._next_answer()
                if isinstance(answer, Exhausted):
                    continue
                self._request_batch(worker)
                if isinstance(answer, Failure):
                    answer.reraise()
                return answer
        except KeyboardInterrupt:
            self.close()
            raise
        if not self._loader.persistent_workers:
            self.close()
        raise StopIteration

    def _next_answer(self) -> tuple[Worker, Any]:
        """The answer whose turn it is or, where the loader does not keep the order, any that has come."""
        by_channel = {worker.channel: worker for worker in self._awaited}
        candidates = [self._awaited[0].channel] if self._loader.in_order else list(by_channel)
        try:
            channel = self._wait_for(candidates)
            answer = receive(channel)
        except ConnectionError:
            self._report_death(by_channel[channel])
        self._awaited.remove(by_channel[channel])
        return by_channel[channel], answer

    def _wait_for(self, channels: list[socket.socket]) -> socket.socket:
        """The first of the channels that can be read.

        Raises:
            RuntimeError: a worker has died, or the loader's timeout has passed.
        """
        sentinels = [worker.process.sentinel for worker in self._workers]
        timeout = self._loader.timeout
        end = time.monotonic() + timeout if timeout > 0 else float("inf")
        while True:
            ready = wait([*channels, *sentinels], max(0.0, min(DEATH_CHECK, end - time.monotonic())))
            for channel in channels:
                if channel in ready:
                    return channel
            for worker in self._workers:
                if not worker.process.is_alive():
                    self._report_death(worker)
            if time.monotonic() >= end:
                raise RuntimeError(f"DataLoader timed out after {timeout} seconds")

    def _report_death(self, worker: Worker) -> NoReturn:
        worker.process.join(GRACE)  # its socket may close a moment before it has ended
        pid, code = worker.process.pid, worker.process.exitcode
        self.close()
        if code is not None and code < 0:
            text = f"DataLoader worker (pid {pid}) is killed by signal: {signal.strsignal(-code)}. "
        elif code:
            text = (
                f"DataLoader worker (pid {pid}) exited unexpectedly with exit code {code}. Details are lost due to "
                "multiprocessing. Rerunning with num_workers=0 may give better error trace."
            )
        else:
            text = f"DataLoader worker (pid(s) {pid}) exited unexpectedly"
        raise RuntimeError(text) from None


@contextlib.contextmanager
def _uninterrupted_children() -> Iterator[None]:
    """Has processes that are started here begin with Ctrl-C held back, until they can ignore it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(workers: list[Worker], owner: int) -> None:
    """Ends the workers: at once when they are idle, by a signal when they do not finish in time."""
    if os.getpid() != owner:
        return  # a forked process has inherited the iterator, but the workers are not its children
    for worker in workers:
        with contextlib.suppress(OSError):  # its other end may be gone
            worker.channel.shutdown(socket.SHUT_RDWR)
    deadline = time.monotonic() + GRACE
    for process, channel in workers:
        channel.close()
        if process.pid is None:
            continue  # its start has failed
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.terminate()
            process.join(GRACE)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
