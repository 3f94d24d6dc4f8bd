"""The reader of CIFAR-10's files agrees with pickle on good files; on bad ones it runs nothing and raises one error."""

import io
import os
import pickle
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch.vision.datasets import batch_reader
from minitorch.vision.datasets.batch_reader import BatchError, read_batch, read_class_names

WRITERS = ["python 2", "protocol 2", "protocol 3"]


def some_pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3072)).astype(np.uint8)


@pytest.fixture
def read(tmp_path):
    """Reads bytes as a batch."""

    def read_bytes(content):
        path = tmp_path / "batch"
        path.write_bytes(content)
        return read_batch(path)

    return read_bytes


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("count", [0, 1, 300])
def test_reads_what_pickle_reads(read, make_batch, writer, count):
    pictures, labels = some_pictures(count), [i % 10 for i in range(count)]
    content = make_batch(pictures, labels, writer)
    oracle = pickle.load(io.BytesIO(content), encoding="latin1")
    np.testing.assert_array_equal(oracle["data"], pictures)
    found, found_labels = read(content)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, pictures)
    assert found_labels == oracle["labels"] == labels


def test_pictures_stored_by_columns_keep_their_pixels(read):
    pictures = np.asfortranarray(some_pictures(5))
    found, _ = read(pickle.dumps({"labels": [0] * 5, "data": pictures}, protocol=2))
    np.testing.assert_array_equal(found, pictures)


def test_class_names_are_read_as_text_or_bytes(tmp_path):
    names = [f"class {i}" for i in range(10)]
    for written, protocol in ((names, 2), ([name.encode() for name in names], 3)):
        (tmp_path / "meta").write_bytes(pickle.dumps({b"label_names": written}, protocol=protocol))
        assert read_class_names(tmp_path / "meta") == names


@pytest.mark.parametrize("names", [None, "abcdefghij", ["a"] * 9, [1] * 10])
def test_other_class_names_are_refused(tmp_path, names):
    (tmp_path / "meta").write_bytes(pickle.dumps({"label_names": names}, protocol=2))
    with pytest.raises(BatchError, match="meta"):
        read_class_names(tmp_path / "meta")


def test_a_full_size_batch_takes_a_fraction_of_a_second(read, make_batch):
    content = make_batch(some_pictures(10_000), [0] * 10_000)
    read(content)
    start = time.process_time()
    read(content)
    assert time.process_time() - start < 0.5  # measured: 0.04 s


class Evil:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_file_that_would_run_a_command_runs_nothing(read, tmp_path, protocol):
    mark = tmp_path / "mark"
    for evil in (Evil(os.system, f"touch {mark}"), Evil(eval, f"open({str(mark)!r}, 'w')"), Evil(os.mkdir, str(mark))):
        for batch in (evil, {"data": evil, "labels": []}, {"data": some_pictures(1), "labels": [evil]}):
            with pytest.raises(BatchError):
                read(pickle.dumps(batch, protocol=protocol))
    assert not mark.exists()


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        ([], "no dict"),
        ({}, "no array"),
        ({"data": some_pictures(2)}, "no list of integers called 'labels'"),
        ({"data": b"x" * 3072, "labels": [0]}, "no array"),
        ({"data": some_pictures(2), "labels": [0]}, "2 pictures but 1 labels"),
        ({"data": some_pictures(2), "labels": [0, 10]}, "picture 1 the label 10; labels go from 0 to 9"),
        ({"data": some_pictures(2), "labels": [-1, 0]}, "label -1"),
        ({"data": some_pictures(2), "labels": [2**40, 0]}, "label 1099511627776"),
        ({"data": some_pictures(2), "labels": [True, 0]}, "integers"),
        ({"data": some_pictures(2), "labels": ["1", 0]}, "integers"),
        ({"data": some_pictures(2), "labels": (1, 0)}, "integers"),
        ({"data": some_pictures(2)[:, :3071], "labels": [0, 1]}, "2 x 3071"),
        ({"data": some_pictures(2).reshape(2, 3, 1024), "labels": [0, 1]}, "two-dimensional"),
        ({"data": some_pictures(2).astype(np.int8), "labels": [0, 1]}, "uint8"),
        ({"data": some_pictures(2).astype(object), "labels": [0, 1]}, "uint8"),
        ({"data": some_pictures(1), "labels": [1 << 100]}, "an integer has 13 bytes"),
        ({"data": some_pictures(1), "labels": [0.5]}, "opcode"),
        ({1: 2}, "where a key should be"),
    ],
)
def test_a_batch_that_does_not_fit_together_is_refused_with_the_reason(read, batch, reason):
    with pytest.raises(BatchError, match=reason):
        read(pickle.dumps(batch, protocol=2))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "too early"),
        (b"GIF89a", "opcode"),
        (b"\x80\x05.", "protocol 5"),
        (b"\x80\x02a.", "before it is there"),
        (b"\x80\x02h\x01.", "before it is there"),
        (b"\x80\x02u.", "not begun"),
        (b"\x80\x02}(K\x01u.", "don't make a dict"),
        (b"\x80\x02]K\x01s.", "before it is there"),
        (b"\x80\x02}K\x01a.", "appended to a dict"),
        (b"\x80\x02}}b.", "sets the state of a dict"),
        (b"\x80\x02cos\nsystem\n.", "'os.system'"),
        (b"\x80\x02c" + b"n" * 10_000, "no end"),
        (b"\x80\x02cnumpy\nndarray\n)R.", "calls a numpy.ndarray"),
        (b"\x80\x02}..", "goes on"),
        (b"\x80\x02}}.", "goes on"),
        (b"\x80\x02X\xff\xff\xff\xff.", "too early"),
        (b"\x80\x02X\x01\x00\x00\x00\xff.", "UTF-8"),
        (b"\x80\x02" + b"(" * 100, "too early"),
        (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R.", "not numpy's"),
        (b"\x80\x02cnumpy\ndtype\nU\x02O8\x85R.", "uint8"),
        (b"\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00\xe2\x82\xacU\x06latin1\x86R.", "Latin-1"),
    ],
)
def test_damaged_opcodes_end_in_the_one_error(read, content, reason):
    with pytest.raises(BatchError, match=reason):
        read(content)


def test_an_array_whose_shape_promises_more_than_the_file_holds_is_refused(read, make_batch):
    content = make_batch(some_pictures(2), [0, 1])
    huge = content.replace(b"(K\x01J" + struct.pack("<i", 2), b"(K\x01J" + struct.pack("<i", 2**31 - 1))
    with pytest.raises(BatchError, match="bytes for an array of shape 2147483647 x 3072"):
        read(huge)


def test_every_truncation_ends_in_the_one_error(read, make_batch):
    for writer in WRITERS:
        content = make_batch(some_pictures(1), [3], writer)
        for length in {*range(0, len(content), 37), *range(120), *range(len(content) - 120, len(content))}:
            with pytest.raises(BatchError):
                read(content[:length])


@given(st.data())
def test_flipped_bytes_give_a_valid_batch_or_the_one_error(make_batch, tmp_path_factory, data):
    content = bytearray(make_batch(some_pictures(1), [3], data.draw(st.sampled_from(WRITERS))))
    frame = [*range(400), *range(len(content) - 100, len(content))]  # most of the rest is pixels
    for position in data.draw(st.lists(st.sampled_from(frame), min_size=1, max_size=4)):
        content[position % len(content)] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("flipped") / "batch"
    path.write_bytes(content)
    try:
        pictures, labels = read_batch(path)
    except BatchError:
        return
    assert pictures.shape == (len(labels), 3072)
    assert all(0 <= label <= 9 for label in labels)


def test_bombs_are_defused(read, monkeypatch):
    many = b"\x80\x02" + b"]" * (batch_reader.MAX_OPCODES + 1) + b"."
    with pytest.raises(BatchError, match="more than 1,000,000 steps"):
        read(many)
    text = b"X" + struct.pack("<I", 100_000) + b"a" * 100_000
    again = b"h\x00h\x01h\x02\x86R" * 1000
    with pytest.raises(BatchError, match="twice"):
        read(b"\x80\x02c_codecs\nencode\nq\x00" + text + b"q\x01U\x06latin1q\x02" + again + b".")
    deep = b"\x80\x02" + b")" + b"\x85" * 500_000 + b"."
    with pytest.raises(BatchError, match="no dict"):
        read(deep)
    monkeypatch.setattr(batch_reader, "MAX_FILE_BYTES", 1000)
    with pytest.raises(BatchError, match="at most 1,000"):
        read(bytes(1001))


def test_the_error_names_the_file_and_is_a_runtime_error(tmp_path):
    path = tmp_path / "data_batch_3"
    path.write_bytes(b"<html>")
    with pytest.raises(RuntimeError, match="data_batch_3 is not a batch of CIFAR-10, or is damaged"):
        read_batch(path)
