"""The embedded digits are the UCI set's, split as documented."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from minitorch.vision.datasets import Digits, digits


def test_every_digit_is_scikit_learns_enlarged():
    uci = load_digits()
    shades = np.rint(uci.images * 255 / 16).astype(np.uint8)
    expected = sorted((picture.tobytes(), label) for picture, label in zip(shades, uci.target.tolist(), strict=True))
    found = []
    for part in (Digits(train=True), Digits(train=False)):
        assert part.data.dtype == np.uint8
        assert part.data.shape == (len(part), 32, 32, 3)
        small = part.data[:, ::4, ::4, :1]
        np.testing.assert_array_equal(part.data, np.broadcast_to(small.repeat(4, 1).repeat(4, 2), part.data.shape))
        small = np.ascontiguousarray(small)
        found += [(picture.tobytes(), label) for picture, label in zip(small, part.targets, strict=True)]
    assert sorted(found) == expected


def test_a_fifth_of_each_class_is_held_out():
    train, test = Digits(), Digits(train=False)
    assert (len(train), len(test)) == (1437, 360)
    share = np.bincount(test.targets) / np.bincount(train.targets + test.targets)
    assert (abs(share - 0.2) < 1 / 174).all()  # within one picture of a class
    assert train.classes == test.classes == list("0123456789")
    assert train.class_to_idx["7"] == 7


def test_calls_look_like_those_of_other_datasets():
    assert len(Digits("anywhere", False)) == 360
    assert repr(Digits(train=False)) == "Dataset Digits\n    Number of datapoints: 360\n    Split: Test"
    image, label = Digits()[0]
    assert (image.size, image.mode, label) == ((32, 32), "RGB", Digits().targets[0])


def test_a_damaged_file_is_reported(tmp_path, monkeypatch):
    for content in (None, b"", b"PK\x03\x04", digits.FILE.read_bytes()[:-30], digits.FILE.read_bytes()[:1000]):
        damaged = tmp_path / "damaged.npz"
        if content is not None:
            damaged.write_bytes(content)
        digits._read.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(digits, "FILE", damaged)
            with pytest.raises(RuntimeError, match=r"damaged\.npz is missing or damaged"):
                Digits()


def test_source_and_licence_lie_beside_the_file():
    text = digits.FILE.with_suffix(".LICENSE").read_text()
    for part in ("E. Alpaydin", "C. Kaynak", "10.24432/C50P49", "CC BY 4.0"):
        assert part in text
