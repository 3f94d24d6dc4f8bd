"""Archives that are not as torch makes them are refused, and other files are told what they are."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import torch

import minitorch
from minitorch.serialization import LoadError
from tests.serialization.files import (
    archive,
    honest_file,
    load_or_refuse,
    rebuilt,
)


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "other/data/1", "archive/../evil", "archive/data/../../x", "x"]
)
def test_entries_outside_the_top_folder_are_refused(name: str) -> None:
    with pytest.raises(LoadError, match="outside its top folder"):
        minitorch.load(archive(b"N", (name, b"")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_occurs_twice_is_refused() -> None:
    with pytest.raises(LoadError, match="two entries"):
        minitorch.load(archive(b"N", ("archive/data/0", b"other")))


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_entries_are_refused(compression: int) -> None:
    with pytest.raises(LoadError, match="compressed"):
        minitorch.load(archive(b"N", storage=bytes(10**6), compression=compression))


def with_central_field(content: bytes, name: str, offset: int, layout: str, value: int) -> bytes:
    """The file with one field changed in its list of entries, for the entry of that name."""
    at = content.rindex(name.encode()) - 46 + offset
    return content[:at] + struct.pack(layout, value) + content[at + struct.calcsize(layout) :]


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        (8, "<H", 1),  # encrypted
        (10, "<H", 99),  # an unknown compression
        (16, "<L", 0),  # checksum
        (20, "<L", 10**9),  # size in the file
        (24, "<L", 10**9),  # size
        (20, "<LL", 0),  # both
        (42, "<L", 2**31),  # where it begins
        (42, "<L", 5),
    ],
)
def test_entries_that_are_not_what_the_list_says_are_refused(offset: int, layout: str, value: int) -> None:
    content = archive(rebuilt(0, (4,), (1,)), storage=b"0123456789abcdef").getvalue()
    assert load_or_refuse(content)
    if layout == "<LL":
        content = with_central_field(content, "archive/data/0", offset, "<L", 10**6)
        content = with_central_field(content, "archive/data/0", offset + 4, "<L", 10**6)
    else:
        content = with_central_field(content, "archive/data/0", offset, layout, value)
    assert not load_or_refuse(content)


def test_an_entry_that_begins_elsewhere_is_told() -> None:
    content = with_central_field(archive(b"N").getvalue(), "archive/data.pkl", 42, "<L", 5)
    with pytest.raises(LoadError, match="is not where the list of entries says"):
        minitorch.load(io.BytesIO(content))


def test_entries_that_overlap_are_refused() -> None:
    """A zip bomb without compression: many entries that all claim the same bytes."""
    data, count = bytes(10_000), 50
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("archive/data.pkl", b"\x80\2N.")
        target.writestr("archive/data/0", data)
        for number in range(1, count):
            entry = zipfile.ZipInfo(f"archive/data/{number}")
            entry.header_offset = target.getinfo("archive/data/0").header_offset
            entry.file_size = entry.compress_size = len(data)
            entry.CRC = zlib.crc32(data)
            target.filelist.append(entry)
    with pytest.raises(LoadError, match="claim more bytes"):
        minitorch.load(file)


def test_an_unknown_byte_order_is_refused() -> None:
    with pytest.raises(LoadError, match="byteorder"):
        minitorch.load(archive(b"N", ("archive/byteorder", b"middle")))


# Files that are something else: a sentence says what, and what to do.


def old_format() -> bytes:
    file = io.BytesIO()
    torch.save(torch.ones(2), file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as target:
        target.addfile(tarfile.TarInfo("storages"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"PK\3\4abc", "whose end is missing"),
        (old_format(), "before version 1.6"),
        (pickle.dumps({"a": 1}), "a bare pickle"),
        (tarred(), "tar archive"),
        (b"\x93NUMPY\1\0", "numpy.load"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"<!DOCTYPE html>", "web page"),
        (struct.pack("<Q", 20) + b'{"w":{}}', "safetensors"),
        (b"hello, world", "text, beginning with 'hello, world'"),
        (bytes(100), "not a zip file"),
        (b"PK\5\6" + bytes(18), "empty zip file"),
    ],
)
def test_other_files_are_told_what_they_are(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(content)
    with pytest.raises(LoadError, match=words) as caught:
        minitorch.load(path)
    assert str(path) in str(caught.value)


def test_another_zip_file_is_told_from_ours() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("folder/readme.txt", "hello")
    with pytest.raises(LoadError, match=r"no entry 'data\.pkl'"):
        minitorch.load(file)


def test_a_torchscript_program_is_refused_by_name() -> None:
    with pytest.raises(LoadError, match="TorchScript"):
        minitorch.load(archive(b"N", ("archive/constants.pkl", b"")))


def test_a_missing_file_and_a_folder_are_told_as_by_python(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        minitorch.load(tmp_path / "absent.pth")
    with pytest.raises(IsADirectoryError):
        minitorch.load(tmp_path)


def test_a_text_file_object_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(honest_file())
    with open(path, encoding="latin1") as file, pytest.raises(TypeError, match="binary"):
        minitorch.load(file)
    with pytest.raises(TypeError, match="needs a path"):
        minitorch.load(42)


def test_code_is_not_loaded_on_request_either() -> None:
    with pytest.raises(ValueError, match="weights_only=False"):
        minitorch.load(io.BytesIO(honest_file()), weights_only=False)


@pytest.mark.parametrize("location", ["cpu", {"cuda:0": "cpu"}])
def test_tensors_of_another_device_need_map_location(location: Any) -> None:
    tensor = rebuilt(0, (4,), (1,)).replace(b"X\3\0\0\0cpu", b"X\6\0\0\0cuda:0")
    assert minitorch.load(archive(tensor), map_location=location).tolist() == [0, 0, 0, 0]
    with pytest.raises(LoadError, match="map_location='cpu'"):
        minitorch.load(archive(tensor))
