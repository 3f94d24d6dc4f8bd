"""Samplers: the order in which a loader asks for samples, with torch's random draws in torch's order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

from minitorch.creation import empty
from minitorch.drawing import randint, randperm
from minitorch.dtypes import int64
from minitorch.random import Generator

Index_co = TypeVar("Index_co", covariant=True)


def draw_seed(generator: Generator | None = None) -> int:
    """A seed of 63 bits from the generator, or from the default one."""
    return int(empty((), dtype=int64).random_(generator=generator).item())


class Sampler(Generic[Index_co]):
    """Indices of samples, or lists of them: a subclass defines ``__iter__``, and ``__len__`` where it is known."""

    def __iter__(self) -> Iterator[Index_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """0, 1, 2, … up to the data's length."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """`num_samples` indices in random order; by default, each index of the data once.

    Without `replacement`, an index comes back only after all the others have been drawn. Without a `generator`, each
    iteration has its own, seeded by the default generator.

    Raises:
        TypeError: `replacement` is not a bool.
        ValueError: `num_samples` is not a positive integer (as for data of length 0).
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> int:
        """How many indices an iteration gives; follows the data's length when it was not given."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        generator = self.generator
        if generator is None:
            generator = Generator()
            generator.manual_seed(draw_seed())
        size = len(self.data_source)
        if self.replacement:
            for _ in range(self.num_samples // 32):
                yield from randint(size, (32,), generator=generator).tolist()
            yield from randint(size, (self.num_samples % 32,), generator=generator).tolist()
        else:
            for _ in range(self.num_samples // size):
                yield from randperm(size, generator=generator).tolist()
            # Drawn even where nothing of it is used: a generator that goes on to a second epoch must stand as torch's.
            yield from randperm(size, generator=generator).tolist()[: self.num_samples % size]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Each of `indices` once, in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for position in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[position]

    def __len__(self) -> int:
        return len(self.indices)


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler, in lists of `batch_size`; `drop_last` leaves out a shorter last one.

    Raises:
        ValueError: `batch_size` is not a positive integer, or `drop_last` not a bool.
    """

    def __init__(self, sampler: Sampler[Any] | Iterable[Any], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]  # raises TypeError where the sampler is unsized
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
