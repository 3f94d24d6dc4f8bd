"""What arrives of the batches that workers send, and what it costs."""

import resource
from pathlib import Path

import numpy as np
import pytest

import minitorch
import minitorch.utils.data as data
from tests.utils.data.datasets import Images


def test_tensors_arrive_as_they_were():
    def collate(samples):
        base = minitorch.arange(60_000, dtype=minitorch.float32).view(200, 300)
        return {
            "turned": base.T,
            "view": base[:, 7],
            "scalar": minitorch.tensor(3, dtype=minitorch.int16),
            "empty": minitorch.empty(0, 3),
            "leaf": minitorch.ones(2, requires_grad=True),
            "array": np.arange(3),
            "bool": base > 5,
        }

    (ours,) = data.DataLoader(range(1), num_workers=1, collate_fn=collate)
    for name, expected in collate([]).items():
        assert type(ours[name]) is type(expected)
        assert (ours[name].dtype, ours[name].shape) == (expected.dtype, expected.shape)
        assert ours[name].tolist() == expected.tolist()
    assert ours["leaf"].requires_grad


def test_a_batch_may_have_any_number_of_tensors():
    class Wide(data.Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return {str(key): minitorch.full((20_000,), float(index + key)) for key in range(300)}

    first, _ = data.DataLoader(Wide(), num_workers=1)
    assert [first[str(key)][0, 0].item() for key in range(300)] == list(range(300))


def test_a_mapping_lives_as_long_as_its_tensor_and_no_longer():
    def mappings():
        return Path("/proc/self/maps").read_text().count("minitorch-batch")

    (images, indices), *_ = list(data.DataLoader(Images(2), batch_size=2, num_workers=1))
    view = images[1]
    del images, _
    assert mappings() == 1
    assert view.eq(1.0).all()
    view.add_(1)
    assert view.sum().item() == 2.0 * view.numel()
    del view
    assert mappings() == 0
    assert indices.tolist() == [0, 1], "small tensors do not keep large ones alive"


def test_batches_may_outnumber_the_descriptors():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, before[1]))
    try:
        batches = list(data.DataLoader(Images(200), num_workers=1))
        assert [images[0, 0, 0, 0].item() for images, _ in batches] == list(range(200))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_tensor_with_a_history_does_not_travel():
    with pytest.raises(RuntimeError, match="leaf"):
        list(
            data.DataLoader(
                range(1), num_workers=1, collate_fn=lambda samples: minitorch.ones(1, requires_grad=True) * 2
            )
        )


def test_a_batch_that_cannot_travel_is_told():
    with pytest.raises(AttributeError, match=r"Caught AttributeError in DataLoader worker process 0\."):
        list(data.DataLoader(range(3), num_workers=1, collate_fn=lambda samples: lambda: samples))


def test_no_memory_for_a_batch_is_told():
    def allow_little(worker_id):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # holds for files in memory, too

    with pytest.raises(OSError, match=r"Caught OSError in DataLoader worker process 0\.(.|\n)*File too large"):
        list(data.DataLoader(Images(), num_workers=1, worker_init_fn=allow_little))
