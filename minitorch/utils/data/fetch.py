"""Fetching: from the indices that a sampler gave to the batch, in the parent's process or in a worker's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.utils.data.collate import default_collate
from minitorch.utils.data.dataset import batch_getter


class MapFetcher:
    """Batches of a dataset with indices: the dataset's own batch, its list of samples, or sample by sample."""

    def __init__(self, dataset: Any, batched: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self.dataset = dataset
        self.batched = batched
        self.collate_fn = collate_fn
        self._get_batch = batch_getter(dataset) if batched and collate_fn is default_collate else None
        self._get_samples = getattr(dataset, "__getitems__", None)

    def fetch(self, index: Any) -> Any:
        """The batch of a list of indices or, where the loader does not make batches, the sample of an index."""
        if not self.batched:
            return self.collate_fn(self.dataset[index])
        if self._get_batch is not None and (batch := self._get_batch(index)) is not None:
            return batch
        if self._get_samples:
            return self.collate_fn(self._get_samples(index))
        return self.collate_fn([self.dataset[i] for i in index])


class IterableFetcher:
    """Batches of a stream: the indices only say how many samples to take."""

    def __init__(self, dataset: Any, batched: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self.batched = batched
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self._samples = iter(dataset)
        self._ended = False

    def fetch(self, index: Any) -> Any:
        """The next batch, or sample.

        Raises:
            StopIteration: the stream has ended, or what is left of it is to be dropped.
        """
        if self._ended:
            raise StopIteration
        if not self.batched:
            return self.collate_fn(self._take())
        samples = []
        for _ in index:
            try:
                samples.append(self._take())
            except StopIteration:
                break
        if not samples or (self.drop_last and self._ended):
            raise StopIteration
        return self.collate_fn(samples)

    def _take(self) -> Any:
        try:
            return next(self._samples)
        except StopIteration:
            self._ended = True
            raise
