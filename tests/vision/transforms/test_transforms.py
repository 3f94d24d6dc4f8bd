"""Each transform gives torchvision's picture, bit for bit, for the same seed, for every kind of picture."""

import numpy as np
import pytest
import torch
import torchvision.transforms as tv
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import minitorch
from minitorch.vision import transforms

MODES = ["RGB", "L", "RGBA", "LA", "1", "P", "I", "F", "CMYK", "YCbCr", "I;16"]


def some_pixels(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def some_image(mode="RGB", height=5, width=7):
    image = Image.fromarray(some_pixels(height, width, 3))
    if mode == "LA":
        return image.convert("L").convert("LA")
    return image.convert("L").convert("I").convert("I;16") if mode == "I;16" else image.convert(mode)


def assert_same(ours, theirs):
    """The same bits, for tensors, PIL images or arrays."""
    if isinstance(theirs, torch.Tensor):
        assert str(ours.dtype) == str(theirs.dtype)
        ours, theirs = ours.detach().numpy(), theirs.detach().numpy()
    elif isinstance(ours, Image.Image):
        assert ours.mode == theirs.mode
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(ours, theirs)


def in_both(name, *arguments):
    return getattr(transforms, name)(*arguments), getattr(tv, name)(*arguments)


@pytest.mark.parametrize("mode", MODES)
def test_to_tensor_of_every_mode_of_image(mode):
    ours, theirs = in_both("ToTensor")
    assert_same(ours(some_image(mode)), theirs(some_image(mode)))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float32", "float64", "bool"])
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3), (1, 1, 4), (0, 3, 3)])
def test_to_tensor_of_every_array(dtype, shape):
    array = some_pixels(*shape).astype(dtype)
    ours, theirs = in_both("ToTensor")
    assert_same(ours(array), theirs(array))
    assert_same(ours(array[:, ::-1]), theirs(array[:, ::-1].copy()))


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_to_tensor_follows_the_default_dtype(dtype):
    minitorch.set_default_dtype(getattr(minitorch, dtype))
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        ours, theirs = in_both("ToTensor")
        every_byte = np.arange(256, dtype=np.uint8).reshape(16, 16)
        assert_same(ours(every_byte), theirs(every_byte))
    finally:
        minitorch.set_default_dtype(minitorch.float32)
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("wrong", [[1, 2], "picture.png", None, np.zeros(3, np.uint8), np.zeros((1, 2, 3, 4))])
def test_to_tensor_refuses_what_torchvision_refuses(wrong):
    ours, theirs = in_both("ToTensor")
    with pytest.raises((TypeError, ValueError)) as expected:
        theirs(wrong)
    with pytest.raises(expected.type) as found:
        ours(wrong)
    assert str(found.value) == str(expected.value)


@given(
    st.lists(st.floats(-2, 2, width=32), min_size=3, max_size=3),
    st.lists(st.floats(0.0625, 4, width=32), min_size=3, max_size=3),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from([(3, 4, 5), (2, 3, 4, 5), (3, 0, 2)]),
)
def test_normalize(mean, std, dtype, shape):
    ours, theirs = in_both("Normalize", mean, std)
    values = np.random.default_rng(0).random(shape).astype(dtype)
    assert_same(ours(minitorch.tensor(values)), theirs(torch.tensor(values)))


@pytest.mark.parametrize(
    ("mean", "std"), [(0.3, 0.7), ([0.3], [0.7]), ((0.1, 0.2, 0.3), [0.5]), (np.array([0.1, 0.2, 0.3]), 2)]
)
def test_normalize_takes_one_number_for_all_channels(mean, std):
    ours, theirs = in_both("Normalize", mean, std)
    values = np.random.default_rng(0).random((3, 4, 4)).astype(np.float32)
    assert_same(ours(minitorch.tensor(values)), theirs(torch.tensor(values)))


def test_normalize_changes_its_input_only_when_asked():
    values = np.random.default_rng(0).random((3, 4, 4)).astype(np.float32)
    for inplace in (False, True):
        tensor = minitorch.tensor(values)
        result = transforms.Normalize(0.5, 0.5, inplace)(tensor)
        assert (result is tensor) == inplace
        assert bool((tensor.numpy() == values).all()) != inplace


@pytest.mark.parametrize(
    ("shape", "dtype", "mean", "std"),
    [
        ((1, 4, 4), "float32", (0.1, 0.2, 0.3), (1.0, 1.0, 1.0)),
        ((3, 4, 4), "float32", (0.1, 0.2), (1.0, 1.0)),
        ((3, 4, 4), "float32", 0.5, (1.0, 0.0, 1.0)),
        ((3, 4, 4), "float32", 0.5, (1.0, 1e-60, 1.0)),
        ((3, 4, 4), "uint8", 0.5, 0.5),
        ((4, 4), "float32", 0.5, 0.5),
        ((4,), "float32", 0.5, 0.5),
    ],
)
def test_normalize_refuses_what_torchvision_refuses(shape, dtype, mean, std):
    ours, theirs = in_both("Normalize", mean, std)
    values = np.ones(shape, dtype)
    with pytest.raises((TypeError, ValueError, RuntimeError)) as expected:
        theirs(torch.tensor(values))
    with pytest.raises(expected.type) as found:
        ours(minitorch.tensor(values))
    assert str(found.value) == str(expected.value)
    with pytest.raises(TypeError, match=r"img should be Tensor Image\. Got <class 'numpy.ndarray'>"):
        ours(values)


@pytest.mark.parametrize("name", ["RandomHorizontalFlip", "RandomGrayscale"])
@pytest.mark.parametrize("p", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_random_transforms_of_images_and_arrays(name, p, mode):
    ours, theirs = in_both(name, p)
    image = some_image(mode)
    minitorch.manual_seed(7)
    torch.manual_seed(7)
    for _ in range(10):
        assert_same(ours(image), theirs(image))
    for _ in range(10):  # an array is treated like the image of its pixels
        assert_same(ours(np.asarray(image)), theirs(image))


@pytest.mark.parametrize("name", ["RandomHorizontalFlip", "RandomGrayscale"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 4, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int64"])
def test_random_transforms_of_tensors(name, shape, dtype):
    ours, theirs = in_both(name, 0.5)
    values = some_pixels(*shape).astype(dtype)
    minitorch.manual_seed(3)
    torch.manual_seed(3)
    for _ in range(8):
        assert_same(ours(minitorch.tensor(values)), theirs(torch.tensor(values)))


def test_transforms_of_tensors_are_differentiable():
    values = np.random.default_rng(0).random((3, 4, 5))
    weight = np.random.default_rng(1).standard_normal((3, 4, 5))
    gradients = []
    for library, t in ((minitorch, transforms), (torch, tv)):
        x = library.tensor(values, requires_grad=True)
        normalize = t.Normalize([0.1, 0.2, 0.3], [1.0, 2.0, 3.0])
        chain = t.Compose([t.RandomHorizontalFlip(1.0), t.RandomGrayscale(1.0), normalize])
        (chain(x) * library.tensor(weight)).sum().backward()
        gradients.append(x.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-14)


@pytest.mark.parametrize("name", ["RandomHorizontalFlip", "RandomGrayscale"])
def test_random_transforms_refuse_what_is_no_picture(name):
    ours = getattr(transforms, name)(1.0)
    for wrong in (None, [1], np.zeros(3, np.uint8), np.zeros((2, 2), np.float32)):
        with pytest.raises(TypeError, match=r"Got <class|Unexpected type <class"):
            ours(wrong)
    with pytest.raises(TypeError, match="Tensor is not a torch image"):
        ours(minitorch.zeros(3))


def test_grey_of_five_channels_is_refused():
    message = r"Input image tensor permitted channel values are \[1, 3\], but found 5"
    for wrong in (minitorch.zeros(5, 2, 2), some_pixels(2, 2, 5)):
        with pytest.raises(TypeError, match=message):
            transforms.functional.rgb_to_grayscale(wrong)


def test_the_printed_forms_are_torchvisions():
    both = []
    for t in (transforms, tv):
        chain = [t.RandomHorizontalFlip(), t.RandomGrayscale(0.25), t.ToTensor(), t.Normalize((0.5,), [1, 2, 3], True)]
        both.append([*map(repr, chain), *map(repr, map(t.Compose, (chain, [], [t.Compose(chain)])))])
    assert both[0] == both[1]


def test_the_documented_pipeline_equals_torchvisions_for_the_same_seed():
    chains = []
    for t in (transforms, tv):
        chain = [t.RandomHorizontalFlip(), t.RandomGrayscale(), t.ToTensor(), t.Normalize((0.5,) * 3, (0.5,) * 3)]
        chains.append(t.Compose(chain))
    minitorch.manual_seed(0)
    torch.manual_seed(0)
    for seed in range(50):
        pixels = some_pixels(32, 32, 3, seed=seed)
        theirs = chains[1](Image.fromarray(pixels))
        assert_same(chains[0](Image.fromarray(pixels) if seed % 2 else pixels), theirs)
