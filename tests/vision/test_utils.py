"""make_grid and save_image give torchvision's pictures."""

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import minitorch
from minitorch.vision.utils import make_grid, save_image


def both(values, as_list=False):
    ours, theirs = minitorch.tensor(values), torch.tensor(values)
    return ([*ours], [*theirs]) if as_list else (ours, theirs)


def assert_same_grid(ours, theirs, **options):
    grid, expected = make_grid(ours, **options), torchvision.utils.make_grid(theirs, **options)
    assert str(grid.dtype) == str(expected.dtype)
    assert tuple(grid.shape) == tuple(expected.shape)
    np.testing.assert_array_equal(grid.numpy(), expected.numpy())


@given(
    shape=st.tuples(st.integers(1, 11), st.sampled_from([1, 2, 3]), st.integers(1, 5), st.integers(1, 5)),
    nrow=st.integers(1, 12),
    padding=st.integers(0, 3),
    normalize=st.booleans(),
    value_range=st.sampled_from([None, (0, 1), (-0.5, 2.25), (0.5, 0.5)]),
    scale_each=st.booleans(),
    pad_value=st.sampled_from([0.0, 0.5, 1]),
    dtype=st.sampled_from(["float32", "float64"]),
    as_list=st.booleans(),
)
def test_grids_are_torchvisions(shape, dtype, as_list, **options):
    values = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    assert_same_grid(*both(values, as_list), **options)


@pytest.mark.parametrize("shape", [(4, 5), (1, 4, 5), (3, 4, 5), (1, 3, 4, 5), (1, 1, 4, 5), (0, 3, 2, 2)[1:]])
def test_a_single_picture_comes_back_without_padding(shape):
    assert_same_grid(*both(np.random.default_rng(0).random(shape)))


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_integers_keep_their_type(dtype):
    assert_same_grid(*both(np.arange(5 * 3 * 4, dtype=dtype).reshape(5, 3, 2, 2)), nrow=2, pad_value=200)


def test_the_documents_grid_has_the_documents_size():
    assert make_grid(minitorch.zeros(50, 3, 32, 32)).size() == (3, 240, 274)


def test_the_given_pictures_stay_as_they_are():
    values = np.random.default_rng(0).standard_normal((4, 3, 2, 2))
    pictures = minitorch.tensor(values, requires_grad=True)
    grid = make_grid(pictures, normalize=True)
    assert not grid.requires_grad
    np.testing.assert_array_equal(pictures.detach().numpy(), values)


def test_mistakes_get_answers():
    for wrong in (np.zeros((3, 2, 2)), [np.zeros((3, 2, 2))], (minitorch.zeros(3, 2, 2),), None):
        with pytest.raises(TypeError) as expected:
            torchvision.utils.make_grid(wrong)
        with pytest.raises(TypeError) as found:
            make_grid(wrong)
        if not isinstance(wrong, tuple):
            assert str(found.value) == str(expected.value)
    with pytest.raises(TypeError, match="value_range has to be a tuple"):
        make_grid(minitorch.zeros(2, 3, 2, 2), normalize=True, value_range=[0, 1])
    with pytest.raises(ValueError, match="rows of 0 of 2 pictures"):
        make_grid(minitorch.zeros(2, 3, 2, 2), nrow=0)
    with pytest.raises(ValueError, match="of 0 pictures"):
        make_grid(minitorch.zeros(0, 3, 2, 2))
    with pytest.raises(ValueError, match=r"\(B, C, H, W\), got torch.Size\(\[1, 2, 3, 2, 2\]\)"):
        make_grid(minitorch.zeros(1, 2, 3, 2, 2))
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        make_grid([minitorch.zeros(3, 2, 2), minitorch.zeros(3, 2, 3)])


@pytest.mark.parametrize("shape", [(3, 8, 9), (5, 1, 4, 4)])
def test_saved_pictures_are_torchvisions(tmp_path, shape):
    ours, theirs = both((np.random.default_rng(0).random(shape) * 1.5 - 0.25).astype(np.float32))
    save_image(ours, tmp_path / "ours.png", padding=1)
    torchvision.utils.save_image(theirs, tmp_path / "theirs.png", padding=1)
    np.testing.assert_array_equal(*(np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("ours", "theirs")))
    with open(tmp_path / "open.png", "wb") as file:
        save_image(ours, file, format="png", padding=1)
    assert (tmp_path / "open.png").read_bytes() == (tmp_path / "ours.png").read_bytes()
