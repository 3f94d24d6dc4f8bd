import pytest
import torch
import torch.utils.data as torch_data
from hypothesis import assume, given
from hypothesis import strategies as st

import minitorch
import minitorch.utils.data as data
from minitorch.utils.data.fetch import MapFetcher

BOTH = [(minitorch, data), (torch, torch_data)]


class Numbers(data.Dataset):
    def __init__(self, count, start=0):
        self.count, self.start = count, start

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.start + index


class Stream(data.IterableDataset):
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter(range(self.count))

    def __len__(self):
        return self.count


def test_tensor_dataset_gives_tuples_of_rows():
    dataset = data.TensorDataset(minitorch.arange(6).view(3, 2), minitorch.tensor([7, 8, 9]))
    rows, number = dataset[1]
    assert (rows.tolist(), number.item(), len(dataset)) == ([2, 3], 8, 3)


def test_tensor_dataset_refuses_tensors_of_different_lengths():
    with pytest.raises(AssertionError, match=r"^Size mismatch between tensors$"):
        data.TensorDataset(minitorch.zeros(3), minitorch.zeros(4))


def test_tensor_dataset_gives_the_same_batch_at_once_as_row_by_row():
    dataset = data.TensorDataset(minitorch.rand(9, 2), minitorch.arange(9))
    indices = [4, 0, 4, -1]
    at_once = dataset.__getbatch__(indices)
    one_by_one = data.default_collate([dataset[index] for index in indices])
    assert [tensor.tolist() for tensor in at_once] == [tensor.tolist() for tensor in one_by_one]
    assert [tensor.dtype for tensor in at_once] == [tensor.dtype for tensor in one_by_one]


def test_a_subclass_that_changes_the_samples_is_asked_for_each():
    class Doubled(data.TensorDataset):
        def __getitem__(self, index):
            return tuple(tensor * 2 for tensor in super().__getitem__(index))

    for dataset in (Doubled(minitorch.arange(5)), data.Subset(Doubled(minitorch.arange(5)), range(5))):
        (batch,) = MapFetcher(dataset, True, data.default_collate, False).fetch([1, 3])
        assert batch.tolist() == [2, 6]


def test_a_dataset_that_has_no_batch_ready_is_asked_for_samples():
    class Sometimes(Numbers):
        def __getbatch__(self, indices):
            return None if 0 in indices else "a batch"

    loader = data.DataLoader(Sometimes(4), batch_size=2)
    first, second = loader
    assert (first.tolist(), second) == ([0, 1], "a batch")


def test_a_ready_batch_is_not_used_with_a_collate_function_of_ones_own():
    class Ready(Numbers):
        def __getbatch__(self, indices):
            raise AssertionError

    assert list(data.DataLoader(Ready(4), batch_size=2, collate_fn=list)) == [[0, 1], [2, 3]]


def test_samples_are_fetched_together_where_the_dataset_can():
    class Together(Numbers):
        def __getitems__(self, indices):
            return [10 * index for index in indices]

    loader = data.DataLoader(data.Subset(Together(4), [3, 1, 2]), batch_size=2)
    assert [batch.tolist() for batch in loader] == [[30, 10], [20]]


def test_datasets_add_up():
    both = Numbers(3) + Numbers(2, start=100)
    assert [both[index] for index in range(len(both))] == [0, 1, 2, 100, 101]
    assert both[-1] == 101
    with pytest.raises(ValueError, match=r"^absolute value of index should not exceed dataset length$"):
        both[-6]
    assert list(Stream(2) + Stream(3)) == [0, 1, 0, 1, 2]
    assert len(Stream(2) + Stream(3)) == 5


def test_sums_of_the_wrong_kind_are_refused():
    with pytest.raises(AssertionError, match=r"^datasets should not be an empty iterable$"):
        data.ConcatDataset([])
    with pytest.raises(AssertionError, match=r"^ConcatDataset does not support IterableDataset$"):
        data.ConcatDataset([Numbers(2), Stream(2)])
    with pytest.raises(AssertionError, match=r"^ChainDataset only supports IterableDataset$"):
        list(Stream(2) + Numbers(2))


def test_subset_that_would_be_bypassed_is_refused_as_in_torch():
    messages = []
    for utils in (data, torch_data):
        kind = type("Shifted", (utils.Subset,), {"__getitem__": lambda self, index: 0})
        with pytest.raises(NotImplementedError) as error:
            kind(range(3), [0])
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_a_dataset_without_samples_says_what_to_implement():
    with pytest.raises(NotImplementedError, match=r"^Subclasses of Dataset should implement __getitem__.$"):
        data.Dataset()[0]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.booleans())
def test_random_split_equals_torchs(lengths, given_generator):
    assume(sum(lengths) != 1)  # or torch takes the lengths for fractions, and warns of the empty parts

    def split(library, utils):
        library.manual_seed(1)
        more = {"generator": library.Generator().manual_seed(6)} if given_generator else {}
        return [part.indices for part in utils.random_split(range(sum(lengths)), lengths, **more)]

    ours, theirs = (split(*both) for both in BOTH)
    assert ours == theirs


@pytest.mark.parametrize("fractions", [[0.5, 0.5], [0.3, 0.3, 0.4], [0.999, 0.001], [1.0]])
@pytest.mark.filterwarnings("ignore:Length of split at index 1 is 0")
def test_random_split_by_fractions_equals_torchs(fractions):
    def split(library, utils):
        library.manual_seed(1)
        return [part.indices for part in utils.random_split(range(17), fractions)]

    ours, theirs = (split(*both) for both in BOTH)
    assert ours == theirs


@pytest.mark.parametrize("lengths", [[3, 3], [1.5, -0.5]])
def test_random_split_refuses_what_torch_refuses(lengths):
    with pytest.raises(ValueError, match=r".") as expected:
        torch_data.random_split(range(5), lengths)
    with pytest.raises(ValueError, match=r".") as error:
        data.random_split(range(5), lengths)
    assert str(error.value) == str(expected.value)
