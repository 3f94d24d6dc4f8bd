"""Datasets: what gives one sample for an index, and what combines several of them.

A dataset may also answer for a whole batch at once, in one of two ways that the loader looks for:

* ``__getitems__(indices)`` returns the list of the samples, which is then collated (torch's protocol);
* ``__getbatch__(indices)`` returns the batch itself, as `default_collate` would have made it, or None where it cannot.
"""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from minitorch.drawing import randperm
from minitorch.random import Generator, default_generator
from minitorch.tensor import Tensor

Sample_co = TypeVar("Sample_co", covariant=True)


class Dataset(Generic[Sample_co]):
    """Samples by index: a subclass defines ``__getitem__``, and ``__len__`` so that samplers know the indices."""

    def __getitem__(self, index: Any) -> Sample_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[Sample_co], Iterable[Sample_co]):
    """A stream of samples: a subclass defines ``__iter__``.

    Each worker process of a loader iterates over its own copy; ``get_worker_info()`` says which share is this copy's.
    """

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors of the same first size: sample i is the tuple of their i-th parts.

    Raises:
        AssertionError: the first sizes differ.
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getbatch__(self, indices: list[int]) -> list[Tensor] | None:
        if any(type(index) is not int for index in indices) or any(tensor.requires_grad for tensor in self.tensors):
            return None
        return [tensor[indices] for tensor in self.tensors]

    def __len__(self) -> int:
        return self.tensors[0].size(0)


class ConcatDataset(Dataset[Sample_co]):
    """Datasets one after the other.

    Raises:
        AssertionError: there is none, or one of them is an `IterableDataset`.
    """

    def __init__(self, datasets: Iterable[Dataset[Sample_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))  # type: ignore[arg-type]  # sized by contract

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Sample_co:
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        start = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - start]


class ChainDataset(IterableDataset[Sample_co]):
    """Streams one after the other: the sum of two `IterableDataset`.

    Raises:
        AssertionError: on iteration and for the length, when one of the datasets is not an `IterableDataset`.
    """

    def __init__(self, datasets: Iterable[Dataset[Sample_co]]) -> None:
        self.datasets = datasets

    def _streams(self) -> Iterator[IterableDataset[Sample_co]]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self) -> Iterator[Sample_co]:
        for stream in self._streams():
            yield from stream

    def __len__(self) -> int:
        return sum(len(stream) for stream in self._streams())  # type: ignore[arg-type, misc]  # TypeError where unsized


class Subset(Dataset[Sample_co]):
    """Those samples of a dataset that stand at `indices`, in their order.

    Raises:
        NotImplementedError: a subclass overrides ``__getitem__`` and leaves ``__getitems__``, which would bypass it.
    """

    def __init__(self, dataset: Dataset[Sample_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        kind = type(self)
        if kind.__getitem__ is not Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{kind.__name__} overrides __getitem__ but not __getitems__. "
                "When subclassing Subset and overriding __getitem__, you must also override "
                "__getitems__ to ensure DataLoader works correctly with your custom logic. "
                "A simple implementation:\n\n"
                "def __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[Sample_co]:
        chosen = [self.indices[index] for index in indices]
        if callable(get_samples := getattr(self.dataset, "__getitems__", None)):
            return get_samples(chosen)
        return [self.dataset[index] for index in chosen]

    def __getbatch__(self, indices: list[int]) -> Any:
        get_batch = batch_getter(self.dataset)
        return None if get_batch is None else get_batch([self.indices[index] for index in indices])

    def __len__(self) -> int:
        return len(self.indices)


def batch_getter(dataset: object) -> Any:
    """The dataset's ``__getbatch__``; None when it has none, or when a subclass has since changed what a sample is.

    Whoever overrides ``__getitem__`` or ``__getitems__`` of a dataset expects to see each sample go through it.
    """
    for owner in type(dataset).__mro__:
        if "__getbatch__" in vars(owner):
            return dataset.__getbatch__  # type: ignore[attr-defined]  # it was just found
        if "__getitem__" in vars(owner) or "__getitems__" in vars(owner):
            return None
    return None


def random_split(
    dataset: Dataset[Sample_co], lengths: Sequence[int | float], generator: Generator | None = default_generator
) -> list[Subset[Sample_co]]:
    """Splits a dataset at random into parts that do not overlap.

    `lengths` are numbers of samples, or fractions that sum to 1; the samples that rounding the fractions down leaves
    over go to the parts in turn.

    Raises:
        ValueError: a fraction is not between 0 and 1, or the lengths do not sum to the dataset's.
    """
    count = len(dataset)  # type: ignore[arg-type]  # sized by contract
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _from_fractions(lengths, count)
    if sum(lengths) != count:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")

    remaining = iter(randperm(count, generator=generator).tolist())
    return [Subset(dataset, list(itertools.islice(remaining, int(length)))) for length in lengths]


def _from_fractions(fractions: Sequence[float], count: int) -> list[int]:
    for position, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {position} is not between 0 and 1")
    lengths = [math.floor(count * fraction) for fraction in fractions]
    for leftover in range(count - sum(lengths)):
        lengths[leftover % len(lengths)] += 1
    for position, length in enumerate(lengths):
        if length == 0:
            warnings.warn(
                f"Length of split at index {position} is 0. This might result in an empty dataset.", stacklevel=3
            )
    return lengths
