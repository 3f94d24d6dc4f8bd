import pytest
import torch
import torch.utils.data as torch_data
from hypothesis import given
from hypothesis import strategies as st

import minitorch
import minitorch.utils.data as data

LIBRARIES = {"minitorch": (minitorch, data), "torch": (torch, torch_data)}


def two_epochs(library, make):
    """What a sampler gives twice in a row, and the default generator's next number."""
    library.manual_seed(3)
    sampler = make(*LIBRARIES[library.__name__])
    return list(sampler), list(sampler), library.rand(1).item()


def same(make):
    ours, theirs = two_epochs(minitorch, make), two_epochs(torch, make)
    assert ours == theirs


@given(
    size=st.integers(1, 40),
    replacement=st.booleans(),
    num_samples=st.none() | st.integers(1, 100),
    given_generator=st.booleans(),
)
def test_random_sampler_gives_torchs_order_in_each_epoch(size, replacement, num_samples, given_generator):
    def make(library, utils):
        generator = library.Generator().manual_seed(8) if given_generator else None
        return utils.RandomSampler(range(size), replacement, num_samples, generator)

    same(make)


@given(size=st.integers(1, 40), batch_size=st.integers(1, 9), drop_last=st.booleans())
def test_batches_of_a_shared_generator_stay_in_step_with_torch(size, batch_size, drop_last):
    def make(library, utils):
        generator = library.Generator().manual_seed(8)
        return utils.BatchSampler(utils.RandomSampler(range(size), generator=generator), batch_size, drop_last)

    same(make)


@given(size=st.integers(0, 40), batch_size=st.integers(1, 9), drop_last=st.booleans())
def test_batch_sampler_has_torchs_length(size, batch_size, drop_last):
    ours, theirs = (
        utils.BatchSampler(utils.SequentialSampler(range(size)), batch_size, drop_last) for utils in (data, torch_data)
    )
    assert list(ours) == list(theirs)
    assert len(ours) == len(theirs) == len(list(ours))


def test_subset_random_sampler_gives_torchs_order():
    same(lambda library, utils: utils.SubsetRandomSampler([7, 1, 5, 3]))
    same(lambda library, utils: utils.SubsetRandomSampler([7, 1, 5], library.Generator().manual_seed(2)))


def test_an_iteration_draws_nothing_before_its_first_index():
    minitorch.manual_seed(0)
    iter(data.RandomSampler(range(5)))
    drawn = minitorch.rand(1).item()
    minitorch.manual_seed(0)
    assert minitorch.rand(1).item() == drawn


@pytest.mark.parametrize(
    "make",
    [
        lambda utils: utils.RandomSampler(range(3), replacement=1),
        lambda utils: utils.RandomSampler(range(3), num_samples=0),
        lambda utils: utils.RandomSampler(range(3), num_samples=2.5),
        lambda utils: utils.RandomSampler([]),
        lambda utils: utils.BatchSampler(range(3), 0, False),
        lambda utils: utils.BatchSampler(range(3), True, False),
        lambda utils: utils.BatchSampler(range(3), 2, 1),
    ],
)
def test_arguments_out_of_range_get_torchs_errors(make):
    with pytest.raises((TypeError, ValueError)) as expected:
        make(torch_data)
    with pytest.raises(expected.type) as error:
        make(data)
    assert str(error.value) == str(expected.value)
