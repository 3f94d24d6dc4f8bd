"""Saving happens completely or not at all, and says where an object can't be saved."""

from __future__ import annotations

import io
import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch.serialization import SaveError
from minitorch.serialization.format import MAX_DEPTH


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow past 100 kB, as if the disk were full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, full_disk: None) -> None:
    path = tmp_path / "net.pth"
    minitorch.save({"epoch": 1}, path)
    with pytest.raises(SaveError, match="nothing was saved, and an older file is as it was") as caught:
        minitorch.save({"epoch": 2, "w": minitorch.zeros(10**6)}, path)
    assert caught.value.filename == str(path)
    assert minitorch.load(path) == {"epoch": 1}
    assert os.listdir(tmp_path) == ["net.pth"]


def test_a_device_without_space_is_told() -> None:
    with pytest.raises(SaveError, match="No space left on device"):
        minitorch.save(minitorch.zeros(10**6), "/dev/full")


def test_a_device_is_written_to_and_not_replaced() -> None:
    minitorch.save([1], "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_an_object_that_cannot_be_saved_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    minitorch.save([1], path)
    with pytest.raises(TypeError):
        minitorch.save([print], path)
    assert minitorch.load(path) == [1]
    assert os.listdir(tmp_path) == ["net.pth"]


def test_an_interrupted_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "net.pth"
    minitorch.save([1], path)
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        minitorch.save([2], path)
    assert minitorch.load(path) == [1]
    assert os.listdir(tmp_path) == ["net.pth"]


def run(code: str, path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), str(path)], stdout=subprocess.PIPE)


def test_a_process_killed_while_it_saves_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    minitorch.save([1], path)
    code = """
        import os, signal, sys, minitorch
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        minitorch.save([2, minitorch.zeros(10**6)], sys.argv[1])
    """
    with run(code, path) as process:
        assert process.wait() == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 2, "it was not killed in the middle"
    assert minitorch.load(path) == [1]
    minitorch.save([3], path)
    assert minitorch.load(path) == [3]


def test_a_process_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    code = """
        import sys, minitorch
        for n in range(10**9):
            minitorch.save({"n": n, "w": minitorch.full((10**5,), float(n))}, sys.argv[1])
            if n % 2 == 0:
                print(n, flush=True)
    """
    with run(code, path) as process:
        assert process.stdout is not None
        for _ in range(10):
            process.stdout.readline()
            obj = minitorch.load(path)
            assert bool((obj["w"] == obj["n"]).all())
        process.kill()
    obj = minitorch.load(path)
    assert obj["n"] >= 18
    assert bool((obj["w"] == obj["n"]).all())


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    before = os.umask(0o027)
    try:
        minitorch.save([1], path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        minitorch.save([2], path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(before)


def test_a_link_keeps_pointing_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    link, target = tmp_path / "latest.pth", tmp_path / "runs" / "net.pth"
    link.symlink_to(target)
    for value in (1, 2):
        minitorch.save([value], link)
        assert link.is_symlink()
        assert minitorch.load(target) == [value]


def test_a_path_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="No such file or directory"):
        minitorch.save([1], tmp_path / "absent" / "net.pth")
    with pytest.raises(SaveError, match="Is a directory"):
        minitorch.save([1], tmp_path)
    with pytest.raises(TypeError, match="needs a path"):
        minitorch.save([1], 42)


def test_names_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".pth")
    minitorch.save([1], str(path))
    assert minitorch.load(str(path)) == [1]


class OneWay(io.RawIOBase):
    """A pipe: it can be written to, and that is all."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.content += bytes(data)
        return len(data)


def test_a_file_that_cannot_seek_is_written_too() -> None:
    pipe = OneWay()
    minitorch.save({"w": minitorch.arange(100)}, pipe)
    assert torch.load(io.BytesIO(pipe.content))["w"].tolist() == list(range(100))
    assert minitorch.load(io.BytesIO(pipe.content))["w"].tolist() == list(range(100))


class Broken(OneWay):
    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


def test_the_errors_of_a_file_object_are_passed_on() -> None:
    with pytest.raises(OSError, match="No space"):
        minitorch.save([1], Broken())


Point = namedtuple("Point", "x y")
itself: list[Any] = []
itself.append((itself,))
deep: list[Any] = []
for _ in range(MAX_DEPTH):
    deep = [deep]
numbers = np.ones(3)
with_attribute = OrderedDict()
with_attribute.author = "me"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        ({"a": [1, 2, 3, lambda: 0]}, r"obj\['a'\]\[3\]: a function or class \(.*lambda.*\)"),
        ([(1, {2: int})], r"obj\[0\]\[1\]\[2\]: a function or class \(int\)"),
        ({"loss": np.float32(1)}, r"obj\['loss'\]: a numpy number .* save its \.item\(\)"),
        ({"loss": np.float64(1)}, r"obj\['loss'\]: a numpy number .* save its \.item\(\)"),
        ({"x": np.ones(3)}, r"obj\['x'\]: a numpy array; save minitorch\.from_numpy of it"),
        ({"net": minitorch.nn.Linear(1, 1)}, r"obj\['net'\]: a .*Linear; save its state_dict\(\)"),
        (Point(1, 2), r"obj: a .*Point; files hold"),
        ([defaultdict(list)], r"obj\[0\]: a collections\.defaultdict; files hold"),
        ({"a": 1 << 4000}, r"obj\['a'\]: an int of more than 255 bytes"),
        ({"a": {2**64: 1}}, r"obj\['a'\]\[18446744073709551616\]: its key is an int of more than 64 bits"),
        ({frozenset(): 1}, "its key is a frozenset"),
        ({((1,),): 1}, "its key is a tuple in a tuple"),
        ({(n, n): None for n in range(5000)}, "tuples are keys"),
        (itself, r"obj\[0\]\[0\]: it contains itself"),
        (deep, "nests deeper than 100 levels"),
        (with_attribute, r"obj\.author: of an OrderedDict's attributes only _metadata is saved"),
        (
            [minitorch.from_numpy(numbers), minitorch.from_numpy(numbers.view(np.int64))],
            r"obj\[1\]: tensors of different types that share their memory",
        ),
        (torch.ones(1), "a torch.Tensor"),
    ],
)
def test_what_cannot_be_saved_is_named_with_its_place(obj: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        minitorch.save(obj, io.BytesIO())


def test_what_is_nested_as_deeply_as_allowed_is_saved_and_loaded() -> None:
    file = io.BytesIO()
    minitorch.save(deep[0], file)
    assert minitorch.load(file) == deep[0]


def test_an_object_too_large_for_the_reader_is_not_written() -> None:
    with pytest.raises(TypeError, match="belong into tensors"):
        minitorch.save([1.5] * 4_000_000, io.BytesIO())
    with pytest.raises(TypeError, match="a string of more than"):
        minitorch.save("x" * 2**26, io.BytesIO())


def test_a_tensor_that_was_computed_is_saved_as_a_leaf() -> None:
    file = io.BytesIO()
    weight = minitorch.ones(2, requires_grad=True)
    minitorch.save(weight * 2, file)
    loaded = minitorch.load(file)
    assert loaded.is_leaf
    assert loaded.requires_grad
    assert loaded.tolist() == [2, 2]
