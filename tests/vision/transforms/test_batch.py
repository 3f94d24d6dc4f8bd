"""A whole batch in one pass is, bit for bit, the batch of pictures transformed one by one, here and in torchvision."""

import numpy as np
import pytest
import torch
import torchvision.transforms as tv
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import minitorch
from minitorch.vision import transforms as t
from minitorch.vision.datasets import Digits
from minitorch.vision.datasets.vision import PictureDataset
from minitorch.vision.transforms.batch import batch_form


class Pictures(PictureDataset):
    """Random pictures."""

    def __init__(self, transform, count=12, channels=3):
        super().__init__(transform=transform)
        rng = np.random.default_rng(0)
        self.data = rng.integers(0, 256, (count, 6, 5, channels)).astype(np.uint8)
        self.targets = rng.integers(0, 10, count).tolist()


def documented(library):
    return library.Compose(
        [
            library.RandomHorizontalFlip(),
            library.RandomGrayscale(),
            library.ToTensor(),
            library.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )


def test_the_documented_pipeline_gives_torchvisions_batches():
    digits = Digits(transform=documented(t))
    their = documented(tv)
    minitorch.manual_seed(5)
    torch.manual_seed(5)
    for start in (0, 100, 200):
        indices = list(range(start, start + 100))
        pictures, labels = digits.__getbatch__(indices)
        expected = torch.stack([their(Image.fromarray(digits.data[i])) for i in indices])
        np.testing.assert_array_equal(pictures.numpy(), expected.numpy())
        assert labels.tolist() == digits.targets[start : start + 100]
        assert labels.dtype is minitorch.int64


PROBABILITY = st.sampled_from([0.0, 0.3, 0.5, 1.0])
NUMBERS = st.one_of(st.floats(0.0625, 2), st.lists(st.floats(0.0625, 2), min_size=3, max_size=3), st.just([0.25]))
ON_BYTES = st.one_of(st.builds(t.RandomHorizontalFlip, PROBABILITY), st.builds(t.RandomGrayscale, PROBABILITY))
ON_NUMBERS = st.one_of(st.builds(t.RandomHorizontalFlip, PROBABILITY), st.builds(t.Normalize, NUMBERS, NUMBERS))


@given(st.lists(ON_BYTES, max_size=4), st.lists(ON_NUMBERS, max_size=4), st.booleans(), st.lists(st.integers(-12, 11)))
def test_any_chain_gives_the_batch_of_single_pictures(on_bytes, on_numbers, nested, indices):
    chain = [t.Compose([*on_bytes, t.ToTensor()]), *on_numbers] if nested else [*on_bytes, t.ToTensor(), *on_numbers]
    pictures = Pictures(t.Compose(chain))
    minitorch.manual_seed(1)
    single = [pictures[index] for index in indices]
    after = minitorch.rand(1).item()
    minitorch.manual_seed(1)
    batch, labels = pictures.__getbatch__(indices)
    assert minitorch.rand(1).item() == after  # just as many random numbers were drawn
    expected = np.array([picture.numpy() for picture, _ in single], np.float32).reshape(len(indices), 3, 6, 5)
    np.testing.assert_array_equal(batch.numpy(), expected)
    assert labels.tolist() == [label for _, label in single]
    minitorch.manual_seed(1)
    for (one, label), (other, other_label) in zip(pictures.__getitems__(indices), single, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
        assert label == other_label


@pytest.mark.parametrize("layout", ["planes", "pixels", "every other"])
def test_pictures_may_lie_in_memory_in_any_order(layout):
    pictures = Pictures(documented(t), count=24)
    expected = [pictures[i] for i in range(3)]
    if layout == "planes":
        pictures.data = np.ascontiguousarray(pictures.data.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    elif layout == "every other":
        pictures.data, pictures.targets = pictures.data[::2], pictures.targets[::2]
    for seed in range(3):
        minitorch.manual_seed(seed)
        expected = [pictures[i][0].numpy() for i in (4, 0, 7)]
        minitorch.manual_seed(seed)
        np.testing.assert_array_equal(pictures.__getbatch__([4, 0, 7])[0].numpy(), expected)


def test_single_channels_are_mirrored_and_stay_grey():
    chain = t.Compose([t.RandomHorizontalFlip(), t.RandomGrayscale(0.5), t.ToTensor(), t.Normalize(0.5, 0.25)])
    pictures = Pictures(chain, channels=1)
    assert batch_form(chain, channels=1) is not None
    minitorch.manual_seed(0)
    expected = [chain(picture).numpy() for picture in pictures.data]
    minitorch.manual_seed(0)
    np.testing.assert_array_equal(pictures.__getbatch__(range(12))[0].numpy(), expected)


def test_the_default_dtype_is_followed():
    pictures = Pictures(documented(t))
    minitorch.set_default_dtype(minitorch.float64)
    try:
        minitorch.manual_seed(0)
        batch = pictures.__getbatch__(range(12))[0]
        minitorch.manual_seed(0)
        expected = [pictures[i][0].numpy() for i in range(12)]
        assert batch.dtype is minitorch.float64
        np.testing.assert_array_equal(batch.numpy(), expected)
    finally:
        minitorch.set_default_dtype(minitorch.float32)


class Own(t.RandomHorizontalFlip):
    """A user's transform, which must not be mistaken for the one that it is based on."""

    def forward(self, img):
        return img.rotate(90, expand=True).resize(img.size)


@pytest.mark.parametrize(
    "chain",
    [
        [t.ToTensor(), lambda x: x * 2],
        [lambda image: image.convert("L").convert("RGB"), t.ToTensor()],
        [Own(), t.ToTensor()],
        [t.ToTensor(), t.RandomGrayscale(1.0)],
    ],
    ids=["after", "before", "subclass", "grey tensor"],
)
def test_transforms_without_a_batch_form_get_pil_images_one_by_one(chain):
    pictures = Pictures(t.Compose(chain))
    assert pictures.__getbatch__([0, 1]) is None
    samples = pictures.__getitems__([3, 0])
    for (picture, label), index in zip(samples, (3, 0), strict=True):
        np.testing.assert_array_equal(picture.numpy(), t.Compose(chain)(Image.fromarray(pictures.data[index])).numpy())
        assert label == pictures.targets[index]


@pytest.mark.parametrize(
    ("chain", "error"),
    [
        ([t.ToTensor(), t.Normalize((0.5, 0.5), (0.5, 0.5))], RuntimeError),
        ([t.ToTensor(), t.Normalize(0.5, 0.0)], ValueError),
        ([t.Normalize(0.5, 0.5)], TypeError),
        ([t.ToTensor(), t.ToTensor()], TypeError),
    ],
)
def test_mistakes_in_a_chain_get_the_error_of_the_single_picture(chain, error):
    pictures = Pictures(t.Compose(chain))
    assert pictures.__getbatch__([0]) is None
    with pytest.raises(error):
        pictures.__getitems__([0])


def test_changed_data_labels_and_transforms_are_seen():
    pictures = Pictures(t.Compose([t.RandomHorizontalFlip(0.0), t.ToTensor()]))
    before = pictures.__getbatch__([0])[0].numpy()
    pictures.transform.transforms[0].p = 1.0
    np.testing.assert_array_equal(pictures.__getbatch__([0])[0].numpy(), before[..., ::-1])
    pictures.targets[0] = 77
    assert pictures.__getbatch__([0])[1].tolist() == [77]
    pictures.targets[0] = "seven"
    assert pictures.__getbatch__([0]) is None
    pictures.data = pictures.data[:1]
    with pytest.raises(IndexError):
        pictures.__getbatch__([1])


def test_without_a_transform_samples_are_images():
    pictures = Pictures(None)
    assert pictures.__getbatch__([0]) is None
    assert pictures[0][0].size == (5, 6)
