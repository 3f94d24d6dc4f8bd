"""The picture kernels do PIL's arithmetic."""

import numpy as np
from PIL import Image

from minitorch.kernels.cpu.image import batch_of_pictures, grayscale


def test_brightness_is_pils_for_colours_of_all_kinds():
    levels = np.array([0, 1, 2, 63, 64, 127, 128, 129, 200, 253, 254, 255], np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(-1, 12, 3)
    random = np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    for pixels in (grid, random):
        np.testing.assert_array_equal(grayscale(pixels), np.asarray(Image.fromarray(pixels).convert("L")))


def test_a_batch_is_chosen_mirrored_made_grey_and_looked_up():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (6, 3, 4, 5)).astype(np.uint8)
    table = rng.random((3, 256)).astype(np.float32)
    where, flipped, grey = np.array([5, 0, 0, 3]), np.array([0, 1, 0, 1], bool), np.array([0, 0, 1, 1], bool)
    output = np.empty((4, 3, 4, 5), np.float32)
    batch_of_pictures(pictures, where, flipped, grey, table, output)
    for i in range(4):
        pixels = pictures[where[i]].transpose(1, 2, 0)
        pixels = pixels[:, ::-1] if flipped[i] else pixels
        pixels = grayscale(pixels)[..., None].repeat(3, 2) if grey[i] else pixels
        np.testing.assert_array_equal(output[i], [table[c][pixels[..., c]] for c in range(3)])
