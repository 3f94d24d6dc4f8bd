"""The functions behind the transforms give torchvision's pictures."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import torchvision.transforms.functional as tv
from PIL import Image

import minitorch
from minitorch.vision.transforms import functional as F

MODES = ["RGB", "L", "RGBA", "1", "P", "CMYK", "YCbCr", "HSV"]


def some_image(mode):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 5, 3)).astype(np.uint8)).convert(mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_images(mode, channels):
    for name in ("to_grayscale", "rgb_to_grayscale"):
        ours = getattr(F, name)(some_image(mode), channels)
        theirs = getattr(tv, name)(some_image(mode), channels)
        assert ours.mode == theirs.mode
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_arrays_have_the_grey_images_pixels(channels):
    image = some_image("RGB")
    expected = np.asarray(tv.to_grayscale(image, channels))
    np.testing.assert_array_equal(F.to_grayscale(np.asarray(image), channels), expected)
    one = np.asarray(image)[:, :, :1]
    np.testing.assert_array_equal(F.to_grayscale(one, 3), one.repeat(3, 2))


@pytest.mark.parametrize("shape", [(3, 6, 5), (1, 6, 5), (2, 4, 3, 6, 5)])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_grey_tensors(shape, dtype):
    values = (np.random.default_rng(0).random(shape) * 255).astype(dtype)
    for channels in (1, 3):
        if shape[-3] == 1 and channels == 3:
            continue  # torchvision leaves a single channel alone
        ours = F.rgb_to_grayscale(minitorch.tensor(values), channels)
        theirs = tv.rgb_to_grayscale(torch.tensor(values), channels)
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("mode", MODES)
def test_mirrored_images(mode):
    assert F.hflip(some_image(mode)).tobytes() == tv.hflip(some_image(mode)).tobytes()


def test_dimensions():
    for image in (some_image("RGB"), some_image("L"), some_image("RGBA")):
        assert F.get_dimensions(image) == tv.get_dimensions(image) == F.get_dimensions(np.asarray(image))
    for shape in ((4, 5), (2, 4, 5), (7, 2, 4, 5)):
        assert F.get_dimensions(minitorch.zeros(shape)) == tv.get_dimensions(torch.zeros(shape))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("to_grayscale", (None, 1)),
        ("to_grayscale", ("RGB", 2)),
        ("rgb_to_grayscale", ("RGB", 2)),
        ("hflip", (None,)),
        ("get_dimensions", (3.5,)),
        ("normalize", (None, 0.5, 0.5)),
        ("to_tensor", (None,)),
    ],
)
def test_mistakes_get_torchvisions_errors(name, arguments):
    arguments = [some_image(value) if value == "RGB" else value for value in arguments]
    with pytest.raises((TypeError, ValueError)) as expected:
        getattr(tv, name)(*arguments)
    with pytest.raises(expected.type) as found:
        getattr(F, name)(*arguments)
    assert str(found.value) == str(expected.value)


def test_pillow_is_imported_only_when_needed_and_its_absence_explained():
    program = """if True:
        import sys
        sys.modules["PIL"] = None  # as if it were not installed
        import numpy as np
        from minitorch.vision import datasets, transforms as t, utils
        chain = t.Compose([t.RandomHorizontalFlip(), t.RandomGrayscale(), t.ToTensor(), t.Normalize(0.5, 0.5)])
        digits = datasets.Digits(transform=chain)
        print(digits[0][0].shape, digits.__getbatch__([1, 2])[0].shape)
        for mistake in (lambda: datasets.Digits()[0], lambda: utils.save_image(digits[0][0], "x.png")):
            try:
                mistake()
            except ModuleNotFoundError as error:
                print(error)
    """
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    lines = run.stdout.splitlines()
    assert lines[0] == "torch.Size([3, 32, 32]) torch.Size([2, 3, 32, 32])"
    assert all(line.startswith("Pillow is needed to") and "pip install 'minitorch[plot]'" in line for line in lines[1:])
    assert len(lines) == 3
