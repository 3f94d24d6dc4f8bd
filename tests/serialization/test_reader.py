"""Whatever the file holds, loading ends in an object or in one kind of error: no code runs, nothing hangs."""

from __future__ import annotations

import io
import os
import random
import signal
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch.serialization import LoadError
from minitorch.serialization.format import MAX_DEPTH, MAX_PICKLE_BYTES
from tests.serialization.files import (
    EMPTY_HOOKS,
    FOUR_FLOATS,
    archive,
    honest_file,
    integer,
    load_or_refuse,
    rebuilt,
)


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
