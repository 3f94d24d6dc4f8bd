"""The zip archive around a saved object: stored entries under one top folder, each aligned to 64 bytes.

Reading trusts nothing that the file says about itself: every size is held against the file's own length before memory
is taken for it, nothing is ever unpacked to disk, and an entry's checksum is compared before its numbers are used.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import zipfile
import zlib
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from minitorch.serialization.format import LoadError

_ALIGNMENT = 64
_CHUNK = 16 * 2**20  # bytes read or written at a time
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")  # ends with the lengths of the name and of the extra field
_EXTRA_HEADER = struct.Struct("<2sH")
_ZIP64_EXTRA_BYTES = 20  # what zipfile adds to the header of an entry that may pass 4 GiB
_ENCRYPTED = 1

_SIGNATURES = (  # how files begin that are mistaken for ours
    (b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", "torch's format from before version 1.6; load it "
     "with torch and save it again"),
    (b"PK", "the beginning of a zip file whose end is missing or damaged; copy or download it again"),
    (b"\x80", "a bare pickle, which can run any code; load it where you trust it, and save it with torch.save"),
    (b"\x93NUMPY", "a numpy array; numpy.load reads it"),
    (b"\x89HDF", "an HDF5 file; h5py reads it"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"version https://git-lfs", "a pointer of Git LFS; `git lfs pull` fetches the file itself"),
    (b"<", "a web page; the download went wrong"),
)  # fmt: skip


class Archive:
    """The entries of a file, by their names without the top folder.

    Raises:
        LoadError: the file is not such an archive, or does things that no honest writer does.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        length = file.seek(0, 2)
        try:
            entries = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError) as error:
            raise LoadError(_describe(file, length)) from error
        if not entries:
            raise LoadError("it is an empty zip file")
        self._entries: dict[str, zipfile.ZipInfo] = {}
        top = entries[0].filename.partition("/")[0] + "/"
        for entry in entries:
            name = entry.filename.removeprefix(top)
            if not entry.filename.startswith(top) or ".." in name.split("/") or top in ("/", "../", "./"):
                raise LoadError(f"its entry {entry.filename!r} is outside its top folder {top!r}")
            if name in self._entries:
                raise LoadError(f"it has two entries {entry.filename!r}")
            if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
                raise LoadError(f"its entry {entry.filename!r} is compressed; torch.save stores entries as they are")
            if entry.flag_bits & _ENCRYPTED:
                raise LoadError(f"its entry {entry.filename!r} is encrypted")
            self._entries[name] = entry
        if sum(entry.file_size for entry in entries) > length:
            raise LoadError(f"its entries claim more bytes than the file has ({length:,})")
        self._length = length

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def size(self, name: str) -> int:
        """The entry's number of bytes."""
        if name not in self._entries:
            raise LoadError(f"it has no entry {name!r}, which torch.save always writes or data.pkl refers to")
        return self._entries[name].file_size

    def read(self, name: str) -> bytes:
        """The entry's content."""
        data = np.empty(self.size(name), np.uint8)
        self.read_into(data, name)
        return data.tobytes()

    def read_into(self, array: np.ndarray, name: str) -> None:
        """Fills a contiguous array, which has as many bytes as the entry, with the entry's content."""
        data = array.view(np.uint8)
        self._seek(self._entries[name])
        checksum = 0
        for start in range(0, data.size, _CHUNK):
            wanted = min(_CHUNK, data.size - start)
            piece = self._file.read(wanted)
            if len(piece) != wanted:
                raise LoadError(f"the file ends inside its entry {name!r}")
            checksum = zlib.crc32(piece, checksum)
            data[start : start + wanted] = np.frombuffer(piece, np.uint8)
        if checksum != self._entries[name].CRC:
            raise LoadError(f"its entry {name!r} is damaged: the checksum is not the one that was stored")

    def _seek(self, entry: zipfile.ZipInfo) -> None:
        """Moves to the first byte of the entry's data."""
        if not 0 <= entry.header_offset <= self._length - _LOCAL_HEADER.size:
            raise LoadError(f"its entry {entry.filename!r} begins outside the file")
        self._file.seek(entry.header_offset)
        signature, *_, name_length, extra_length = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
        start = entry.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if signature != b"PK\3\4":
            raise LoadError(f"its entry {entry.filename!r} is not where the list of entries says")
        self._file.seek(start)


def _describe(file: BinaryIO, length: int) -> str:
    """What the file is, if it is none of ours, and what to do with it."""
    if length == 0:
        return "it is empty"
    file.seek(0)
    head = file.read(512)
    for signature, description in _SIGNATURES:
        if head.startswith(signature):
            return f"it is {description}"
    if head[257:262] == b"ustar":
        return "it is a tar archive; unpack it, or, if an early torch wrote it, load it with torch and save it again"
    if head[8:10] == b'{"':
        return "it is a safetensors file; the safetensors package reads it"
    if all(byte >= 32 or byte in b"\t\r\n" for byte in head):
        return f"it is text, beginning with {head[:20].decode('utf-8', 'replace')!r}"
    return "it is not a zip file, which torch.save writes"


def write_archive(file: BinaryIO, pickled: bytes, storages: Sequence[np.ndarray]) -> None:
    """Writes the archive that torch.save would write, in the same order.

    The folder's name does not follow the file's, so equal objects give equal bytes.

    Args:
        file: open for binary writing; need not be seekable.
        pickled: the content of ``data.pkl``.
        storages: contiguous arrays in the machine's byte order; number n becomes ``data/n``.
    """
    content: list[tuple[str, bytes | np.ndarray]] = [
        ("data.pkl", pickled),
        (".format_version", b"1"),
        (".storage_alignment", b"%d" % _ALIGNMENT),
        ("byteorder", sys.byteorder.encode()),
        *((f"data/{number}", storage) for number, storage in enumerate(storages)),
        ("version", b"3\n"),
    ]
    identity = hashlib.blake2b(digest_size=16)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content:
            checksum = _write_entry(archive, name, np.frombuffer(data, np.uint8))
            identity.update(f"{name} {checksum}\n".encode())
        digits = b"%040d" % int.from_bytes(identity.digest(), "little")
        _write_entry(archive, ".data/serialization_id", np.frombuffer(digits, np.uint8))


def _write_entry(archive: zipfile.ZipFile, name: str, data: np.ndarray) -> int:
    """Adds one entry whose data begins at a multiple of the alignment; returns its checksum."""
    entry = zipfile.ZipInfo(f"archive/{name}")
    large = data.size > zipfile.ZIP64_LIMIT
    assert archive.fp is not None
    extra_bytes = _EXTRA_HEADER.size + large * _ZIP64_EXTRA_BYTES
    padding = -(archive.fp.tell() + _LOCAL_HEADER.size + len(entry.filename) + extra_bytes) % _ALIGNMENT
    entry.extra = _EXTRA_HEADER.pack(b"FB", padding) + b"Z" * padding
    with archive.open(entry, "w", force_zip64=large) as target:
        for position in range(0, data.size, _CHUNK):
            target.write(data[position : position + _CHUNK].data)
    entry.extra = b""  # the list of entries at the file's end needs no padding
    return entry.CRC
