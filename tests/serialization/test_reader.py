"""Whatever the file holds, loading ends in an object or in one kind of error: no code runs, nothing hangs."""

from __future__ import annotations

import io
import os
import pickle
import random
import signal
import struct
import tarfile
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch.serialization import LoadError
from minitorch.serialization.format import MAX_DEPTH, MAX_PICKLE_BYTES

FOUR_FLOATS = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000X\3\0\0\0cpuK\4tQ"
EMPTY_HOOKS = b"ccollections\nOrderedDict\n)R"


def integer(number: int) -> bytes:
    size = number.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + number.to_bytes(size, "little", signed=True)


def rebuilt(offset: int, size: tuple[int, ...], stride: tuple[int, ...], hooks: bytes = EMPTY_HOOKS) -> bytes:
    """A pickled tensor over a part of a storage of four floats."""
    sizes, strides = (b"(" + b"".join(map(integer, numbers)) + b"t" for numbers in (size, stride))
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + FOUR_FLOATS
    return call + integer(offset) + sizes + strides + b"\x89" + hooks + b"tR"


def archive(
    pickled: bytes, *more: tuple[str, bytes], storage: bytes = bytes(16), compression: int = zipfile.ZIP_STORED
) -> io.BytesIO:
    """A well-formed file around a pickle (without its first and last opcode), and storage 0."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, content in [("data.pkl", b"\x80\2" + pickled + b"."), ("data/0", storage), ("version", b"3\n")]:
            target.writestr(f"archive/{name}", content)
        for name, content in more:
            target.writestr(name, content)
    return file


def honest_file() -> bytes:
    file = io.BytesIO()
    values = minitorch.arange(12.0)
    state = OrderedDict(weight=minitorch.nn.Parameter(values.view(3, 4)), tied=values[2:5])
    state._metadata = OrderedDict({"": {"version": 1}})  # type: ignore[attr-defined]
    obj = {"state": state, "steps": [1, 2.5, "three", b"four", None, True, (5, 6)], "set": {1}, "size": values.shape}
    minitorch.save(obj, file)
    return file.getvalue()


@pytest.fixture
def no_hang() -> Iterator[None]:
    """Ends the test with an error after a minute."""

    def expire(*_: object) -> None:
        raise TimeoutError("loading hangs")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def read_all(obj: Any) -> None:
    """Reads every number of every tensor: what lies outside its storage would crash."""
    if isinstance(obj, minitorch.Tensor):
        obj.detach().numpy().tobytes()
    elif isinstance(obj, dict):
        read_all([*obj.values()])
    elif isinstance(obj, list | tuple | set):
        for value in obj:
            read_all(value)


def load_or_refuse(content: bytes) -> bool:
    """Whether the file loads; any error but LoadError is passed on."""
    try:
        obj = minitorch.load(io.BytesIO(content))
    except LoadError:
        return False
    read_all(obj)
    return True


# Damaged files.


@pytest.mark.usefixtures("no_hang")
def test_every_truncation_is_refused() -> None:
    content = honest_file()
    assert load_or_refuse(content)
    assert not any(load_or_refuse(content[:length]) for length in range(len(content)))


@pytest.mark.usefixtures("no_hang")
def test_flipped_bytes_are_refused_or_do_no_harm() -> None:
    content, rng = honest_file(), random.Random(0)
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        data = content.index(source.read("archive/data/0"))
    for _ in range(3000):
        damaged = bytearray(content)
        for _ in range(rng.choice([1, 1, 1, 4])):
            damaged[rng.randrange(len(content))] = rng.randrange(256)
        load_or_refuse(bytes(damaged))
    for position in range(data, data + 48):
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.randrange(8)
        assert not load_or_refuse(bytes(damaged)), "a damaged weight was loaded"


@pytest.mark.usefixtures("no_hang")
def test_mutated_pickles_in_sound_archives_are_refused_or_do_no_harm() -> None:
    """The checksums are right, so the mutations reach the pickle machine."""
    with zipfile.ZipFile(io.BytesIO(honest_file())) as source:
        original, storage = source.read("archive/data.pkl")[2:-1], source.read("archive/data/0")
    assert load_or_refuse(archive(original, storage=storage).getvalue())
    rng = random.Random(1)
    loaded = 0
    for _ in range(4000):
        mutated = bytearray(original)
        for _ in range(rng.choice([1, 1, 2, 5])):
            at = rng.randrange(len(mutated))
            match rng.randrange(4):
                case 0:
                    mutated[at] = rng.randrange(256)
                case 1:
                    mutated[at] = ord(rng.choice("(}])tesaubQR0.cNKJMXqrhjG\x85\x86\x87\x88\x89\x8a"))
                case 2:
                    del mutated[at : at + rng.randrange(1, 8)]
                case 3:
                    other = rng.randrange(len(mutated))
                    mutated[at:at] = mutated[other : other + rng.randrange(1, 40)]
        loaded += load_or_refuse(archive(bytes(mutated), storage=storage).getvalue())
    assert 0 < loaded < 4000


@pytest.mark.usefixtures("no_hang")
def test_random_opcodes_are_refused_or_do_no_harm() -> None:
    pieces = [b"(", b"}", b"]", b")", b"t", b"e", b"s", b"a", b"u", b"b", b"R", b"N", b"\x85", b"\x86", b"K\1", b"q\0"]
    pieces += [
        b"h\0",
        b"X\1\0\0\0a",
        b"X\x09\0\0\0_metadata",
        b"\x88",
        b"ccollections\nOrderedDict\n",
        b"ctorch\nSize\n",
    ]
    pieces += [b"c__builtin__\nset\n", b"c_codecs\nencode\n", b"ctorch\nFloatStorage\n", FOUR_FLOATS, b"Q", EMPTY_HOOKS]
    pieces += [rebuilt(0, (2, 2), (2, 1)), b"ctorch._utils\n_rebuild_parameter\n", integer(2**70), b"G" + bytes(8)]
    rng = random.Random(2)
    loaded = sum(
        load_or_refuse(archive(b"".join(rng.choices(pieces, k=rng.randrange(12)))).getvalue()) for _ in range(4000)
    )
    assert loaded > 0


# Files that mean harm.


@pytest.mark.parametrize("name", ["os\nsystem", "posix\nsystem", "__builtin__\neval", "builtins\nexec", "nt\nsystem"])
def test_functions_of_python_are_refused(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LoadError, match="not among the things that are safe"):
        minitorch.load(archive(b"c" + name.encode() + b"\nX\6\0\0\0echo 1\x85R"))
    assert not capfd.readouterr().out


class Command:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo harm",)


def test_a_pickled_command_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    file = io.BytesIO()
    torch.save({"weights": torch.ones(1), "more": Command()}, file)
    with pytest.raises(LoadError, match=r"names posix\.system"):
        minitorch.load(file)
    assert not capfd.readouterr().out


@pytest.mark.parametrize(
    ("pickled", "words"),
    [
        (b"X\1\0\0\0a)R", "calls a str"),
        (b"ctorch\nfloat32\n)R", "calls a dtype"),
        (b"ctorch\nFloatStorage\n)R", "not a function"),
        (b"ctorch\nSize\n(K\1K\2tR", "arguments that it does not take"),
        (b"ctorch\nSize\nX\1\0\0\0aR", "arguments that it does not take"),
        (b"ctorch\nSize\n(X\1\0\0\0at\x85R", "something else than ints"),
        (b"ccollections\nOrderedDict\n(]tR", "arguments that it does not take"),
        (b"c_codecs\nencode\nX\1\0\0\0aX\3\0\0\0rot\x86R", "Latin-1"),
        (b"c_codecs\nencode\nX\3\0\0\0\xe2\x82\xacX\6\0\0\0latin1\x86R", "Latin-1"),
        (b"ctorch\nSize\n", "leaves a function"),
        (b"(]" + FOUR_FLOATS + b"t", "leaves a function or a storage"),
        (b"X\1\0\0\0aQ", "not a storage"),
        (b"]K\1Q", "not a storage"),
        (b"(" + rebuilt(0, (4,), (1,)) + b"NNNNtQ", "not a storage"),
        (b"(X\7\0\0\0storageK\1X\1\0\0\x000X\3\0\0\0cpuK\4tQ", "not a storage"),
        (FOUR_FLOATS.replace(b"\x000X", b"\x001X"), "no entry 'data/1'"),
        (FOUR_FLOATS.replace(b"K\4", b"K\5"), "not 5 of float32"),
        (FOUR_FLOATS.replace(b"K\4", integer(-4)), "not -4 of float32"),
        (FOUR_FLOATS.replace(b"K\4", integer(2**62)), "bytes, not"),
        (FOUR_FLOATS.replace(b"Float", b"Int") + b"0" + FOUR_FLOATS, "opcode"),
        (b"(" + FOUR_FLOATS.replace(b"Float", b"Int") + FOUR_FLOATS + b"t", "in two ways"),
        (b"X\1\0\0\0aK\1K\1s", "sets items of a str"),
        (b"]K\1K\1s", "sets items of a list"),
        (b"}K\1a", "appends to a dict"),
        (b")K\1a", "appends to a tuple"),
        (b"}(K\1u", "key without a value"),
        (b"}]K\1s", "a list as a key"),
        (b"}" + integer(2**64) + b"K\1s", "more than 64 bits"),
        (b"})\x85K\1s", "a tuple in a tuple as a key"),
        (b"c__builtin__\nset\n](]e\x85R", "a list as a key"),
        (b"}}X\1\0\0\0aK\1sb", "sets attributes"),
        (EMPTY_HOOKS + b"}X\5\0\0\0itemsK\1sb", "sets attributes"),
        (EMPTY_HOOKS + b"Nb", "sets attributes"),
        (b"h\7", "not defined"),
        (b"q\0", "no|none"),
        (b"t", "was not opened"),
        (b"a", "none"),
        (b"(a", "none"),
        (b"NN", "middle of an object"),
        (b"(N", "middle of an object"),
        (b"X\xff\xff\xff\xffa", "ends too early"),
        (b"\x8a\xffa", "ends too early"),
        (b"cos", "ends too early"),
        (b"X\1\0\0\0\xff", "not UTF-8"),
        (b"\x80\4N", "protocol 4"),
        (b"\x95" + bytes(8), "opcode"),
        (b"]q\0h\0a", "contains itself"),
        (b"}q\0K\1h\0s", "contains itself"),
        (b"(" * 10**5, "deeper"),
        (b"]" * 1000 + b"a" * 999, "deeper"),
        (b")" + b"\x85" * 10**5, "deeper"),
        (b"]q\0" + b"]h\0aq\0" * 10**4, "deeper|middle"),
        (b"ctorch._tensor\n_rebuild_from_type_v2\n", "subclass of Tensor"),
    ],
)
@pytest.mark.usefixtures("no_hang")
def test_what_torch_would_not_write_is_refused(pickled: bytes, words: str) -> None:
    with pytest.raises(LoadError, match=words):
        minitorch.load(archive(pickled))


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (5,), (1,)),
        (1, (4,), (1,)),
        (4, (1,), (1,)),
        (4, (), ()),
        (-1, (1,), (1,)),
        (0, (2,), (4,)),
        (0, (2, 2), (2, 2**62)),
        (0, (2, 2), (3, 1)),
        (0, (2**62, 2), (0, 1)),
        (0, (2**61,), (0,)),
        (0, (0,), (2**62,)),
        (5, (0,), (1,)),
        (2**64, (0,), (1,)),
        (0, (0, 2**63), (1, 1)),
        (0, (-1,), (1,)),
        (3, (2,), (-1,)),
        (0, (1, 1), (1,)),
        (0, (1,) * 65, (1,) * 65),
        (0, (2**70,), (0,)),
    ],
)
def test_tensors_outside_their_storage_are_refused(offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> None:
    with pytest.raises(LoadError, match=r"does not fit|a tensor has the size"):
        minitorch.load(archive(rebuilt(offset, size, stride)))


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (4,), (1,)),
        (3, (), ()),
        (4, (0,), (1,)),
        (1, (2, 3), (0, 1)),
        (0, (2, 2), (1, 2)),
        (0, (1,) * 64, (1,) * 64),
    ],
)
def test_tensors_that_fit_their_storage_are_loaded(offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> None:
    tensor = minitorch.load(archive(rebuilt(offset, size, stride), storage=np.arange(4, dtype=np.float32).tobytes()))
    expected = torch.as_strided(torch.arange(4.0), size, stride, offset)
    assert np.array_equal(tensor.numpy(), expected.numpy())


def test_tensors_with_hooks_are_refused() -> None:
    hooks = b"ccollections\nOrderedDict\n)RK\1K\1s"
    with pytest.raises(LoadError, match="hooks"):
        minitorch.load(archive(rebuilt(0, (4,), (1,), hooks)))
    parameter = b"ctorch._utils\n_rebuild_parameter\n" + rebuilt(0, (4,), (1,)) + b"\x88"
    with pytest.raises(LoadError, match="hooks"):
        minitorch.load(archive(parameter + hooks + b"\x87R"))


def test_integers_that_require_gradients_are_refused() -> None:
    tensor = rebuilt(0, (4,), (1,)).replace(b"Float", b"Int").replace(b"\x89", b"\x88")
    with pytest.raises(LoadError, match="requires gradients"):
        minitorch.load(archive(tensor))


def test_truth_values_are_zero_or_one() -> None:
    tensor = rebuilt(0, (4,), (1,)).replace(b"Float", b"Bool")
    assert minitorch.load(archive(tensor, storage=b"\0\1\1\0")).tolist() == [False, True, True, False]
    with pytest.raises(LoadError, match="truth values"):
        minitorch.load(archive(tensor, storage=b"\0\2\1\0"))


@pytest.mark.usefixtures("no_hang")
def test_a_billion_laughs_stay_small() -> None:
    """Each list holds the one before it three times: shared, so a few objects, however many they would be spelt out."""
    lists = b"]q\0"
    for level in range(MAX_DEPTH - 2):
        lists += b"](" + (b"h" + bytes([level])) * 3 + b"eq" + bytes([level + 1])
    assert len(minitorch.load(archive(b"(" + lists + b"t"))) == MAX_DEPTH - 1
    tuples = b"K\1q\0" + b"h\0h\0\x86q\0" * 60
    with pytest.raises(LoadError, match="a tuple in a tuple as a key"):
        minitorch.load(archive(b"}(" + tuples + b"K\1u"))


@pytest.mark.usefixtures("no_hang")
def test_keys_whose_hashes_collide_are_refused() -> None:
    """Python's hash of an int is its remainder by 2**61 - 1: such keys would make the dict quadratic."""
    items = b"".join(integer(n * (2**61 - 1)) + b"N" for n in range(50_000))
    with pytest.raises(LoadError, match="more than 64 bits"):
        minitorch.load(archive(b"}(" + items + b"u"))
    pairs = b"".join(integer(n) + integer(n) + b"\x86N" for n in range(5000))
    with pytest.raises(LoadError, match="tuples as keys"):
        minitorch.load(archive(b"}(" + pairs + b"u"))


def test_an_immense_pickle_is_refused_before_it_is_read() -> None:
    with pytest.raises(LoadError, match="more than"):
        minitorch.load(archive(b"}" * MAX_PICKLE_BYTES))


# Archives that are not as torch makes them.


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
