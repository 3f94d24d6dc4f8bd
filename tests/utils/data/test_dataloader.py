"""The loader's batches, random draws and errors, beside torch's."""

import itertools
import pickle
import random
import warnings

import numpy as np
import pytest
import torch
import torch.utils.data as torch_data

import minitorch
import minitorch.utils.data as data

# A machine with one core is told that two workers are too many.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create 2 worker")

LIBRARIES = {"minitorch": (minitorch, data), "torch": (torch, torch_data)}


def draws(index, library):
    """A sample that depends on every generator that a worker seeds."""
    return index, library.rand(1), random.random(), np.random.rand()  # noqa: NPY002  # the one that workers seed


class Drawing:
    """A dataset of samples that draw random numbers."""

    def __init__(self, library, count=11):
        self.library, self.count = library, count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return draws(index, self.library)


class EagerSampler:
    """A sampler that draws its order before it is asked for the first index."""

    def __init__(self, library):
        self.library = library

    def __iter__(self):
        return iter(self.library.randperm(11).tolist())

    def __len__(self):
        return 11


def stream(library, count):
    """A dataset that shares its numbers among the workers, the first of which has fewer of them."""
    kind = LIBRARIES[library.__name__][1].IterableDataset

    class Stream(kind):
        def __iter__(self):
            info = LIBRARIES[library.__name__][1].get_worker_info()
            if info is None:
                return (draws(index, library) for index in range(count))
            first, last = (0, count // 4) if info.id == 0 else (count // 4, count)
            return (draws(index, library) for index in range(first, last))

        def __len__(self):
            return count

    return Stream()


def plain(batch):
    if isinstance(batch, minitorch.Tensor | torch.Tensor):
        return str(batch.dtype), batch.tolist()
    return [plain(part) for part in batch] if isinstance(batch, list | tuple) else batch


def epochs(library, make):
    """The batches of two epochs, and the default generator's next number."""
    for seed in (library.manual_seed, random.seed, np.random.seed):  # the one that workers seed
        seed(12)
    loader = make(*LIBRARIES[library.__name__])
    return [[plain(batch) for batch in loader] for _ in range(2)], library.rand(1).item()


def generator(library):
    return library.Generator().manual_seed(77)


LOADERS = {
    "in order": lambda library, utils, workers: utils.DataLoader(Drawing(library), 3, num_workers=workers),
    "shuffled": lambda library, utils, workers: utils.DataLoader(
        Drawing(library), 3, shuffle=True, num_workers=workers
    ),
    "shuffled with a generator": lambda library, utils, workers: utils.DataLoader(
        Drawing(library), 4, True, generator=generator(library), drop_last=True, num_workers=workers
    ),
    "drawn with replacement": lambda library, utils, workers: utils.DataLoader(
        Drawing(library), 4, sampler=utils.RandomSampler(range(11), True, 70), num_workers=workers
    ),
    "batch sampler": lambda library, utils, workers: utils.DataLoader(
        Drawing(library), batch_sampler=utils.BatchSampler(EagerSampler(library), 4, False), num_workers=workers
    ),
    "one by one": lambda library, utils, workers: utils.DataLoader(
        Drawing(library), batch_size=None, sampler=EagerSampler(library), num_workers=workers
    ),
    "stream": lambda library, utils, workers: utils.DataLoader(stream(library, 17), 3, num_workers=workers),
    "stream without its rest": lambda library, utils, workers: utils.DataLoader(
        stream(library, 17), 3, drop_last=True, num_workers=workers
    ),
    "stream one by one": lambda library, utils, workers: utils.DataLoader(
        stream(library, 7), batch_size=None, num_workers=workers
    ),
}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("name", LOADERS)
def test_two_epochs_equal_torchs(name, workers):
    ours, theirs = (
        epochs(library, lambda library, utils: LOADERS[name](library, utils, workers)) for library in (minitorch, torch)
    )
    assert ours == theirs


@pytest.mark.parametrize("kind", [Drawing, lambda library: stream(library, 17)], ids=["map", "stream"])
def test_persistent_workers_equal_torchs(kind):
    def make(library, utils):
        return utils.DataLoader(
            kind(library), 2, num_workers=2, persistent_workers=True, prefetch_factor=3, shuffle=kind is Drawing
        )

    assert epochs(minitorch, make) == epochs(torch, make)


def test_iterators_of_one_loader_are_independent():
    loader = data.DataLoader(Drawing(minitorch), 3, shuffle=True)
    pairs = list(itertools.zip_longest(loader, loader))
    orders = [[index for batch in batches for index in batch[0].tolist()] for batches in zip(*pairs, strict=True)]
    assert len(pairs) == len(loader) == 4
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(11))
    assert orders[0] != orders[1]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [4, None])
def test_length_is_torchs(batch_size, drop_last):
    for make in (Drawing, lambda library: stream(library, 11)):
        options = {"batch_size": batch_size, "drop_last": drop_last and batch_size is not None}
        assert len(data.DataLoader(make(minitorch), **options)) == len(torch_data.DataLoader(make(torch), **options))


def test_a_loader_of_unknown_length_has_none():
    loader = data.DataLoader(Drawing(minitorch), sampler=iter([1, 2]))
    with pytest.raises(TypeError):
        len(loader)


CONTRADICTIONS = {
    "num_workers": {"num_workers": -1},
    "timeout": {"timeout": -1},
    "prefetch without workers": {"prefetch_factor": 2},
    "negative prefetch": {"prefetch_factor": -2, "num_workers": 1},
    "persistence without workers": {"persistent_workers": True},
    "sampler and shuffle": {"sampler": [1], "shuffle": True},
    "batch_sampler and batch_size": {"batch_sampler": [[1]], "batch_size": 2},
    "batch_sampler and shuffle": {"batch_sampler": [[1]], "shuffle": True},
    "batch_sampler and drop_last": {"batch_sampler": [[1]], "drop_last": True},
    "drop_last without batches": {"batch_size": None, "drop_last": True},
    "batch_size": {"batch_size": 0},
    "context without workers": {"multiprocessing_context": "fork"},
    "unknown context": {"multiprocessing_context": "spoon", "num_workers": 1},
    "no context": {"multiprocessing_context": 3, "num_workers": 1},
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_get_torchs_errors(name):
    with pytest.raises((ValueError, TypeError)) as expected:
        torch_data.DataLoader(range(3), **CONTRADICTIONS[name])
    with pytest.raises(expected.type) as error:
        data.DataLoader(range(3), **CONTRADICTIONS[name])
    assert str(error.value) == str(expected.value)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}])
def test_a_stream_has_no_order(options):
    with pytest.raises(ValueError, match="IterableDataset") as expected:
        torch_data.DataLoader(stream(torch, 3), **options)
    with pytest.raises(ValueError, match="IterableDataset") as error:
        data.DataLoader(stream(minitorch, 3), **options)
    assert str(error.value) == str(expected.value)


def test_what_torch_refuses_on_iteration_is_refused():
    with pytest.raises(AssertionError, match=r"^_SingleProcessDataLoaderIter requires timeout == 0$"):
        iter(data.DataLoader(range(3), timeout=2))
    with pytest.raises(
        AssertionError, match=r"^prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter$"
    ):
        iter(data.DataLoader(range(3), num_workers=1, prefetch_factor=0))


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"]
)
def test_what_a_loader_is_made_of_stays(name):
    loader = data.DataLoader(range(3))
    with pytest.raises(ValueError, match=f"^{name} attribute should not be set after DataLoader is initialized$"):
        setattr(loader, name, None)
    loader.timeout = 3


def warned(utils, library):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loader = utils.DataLoader(stream(library, 4), num_workers=0, pin_memory=True)
        loader.dataset.__class__.__len__ = lambda self: 2
        loader.dataset.__class__.__repr__ = lambda self: "Stream"
        len(loader)
        list(loader)
        utils.DataLoader(range(3), num_workers=5000)
    return [str(warning.message) for warning in caught]


def test_warnings_are_torchs():
    assert warned(data, minitorch) == warned(torch_data, torch)


def test_an_iterator_cannot_be_pickled():
    with pytest.raises(NotImplementedError):
        pickle.dumps(iter(data.DataLoader(range(3))))


def test_a_loader_is_generic_over_its_samples():
    assert data.DataLoader[int].__origin__ is data.DataLoader
