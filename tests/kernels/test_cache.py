"""The promises of the kernels' cache: a kernel is compiled once, and whatever happens to the cache, it works."""

import errno
import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json, os, pathlib, sys, tempfile, warnings
sys.path.insert(0, {folder!r})
sentences, compiled = [], []
warnings.showwarning = lambda message, *_: sentences.append(str(message))
from minitorch.kernels.cpu import cache, compiler
def refuse(*arguments, **options): raise OSError({error}, os.strerror({error}))
{obstacle}
with compiler.watch_compiling(compiled.append):
    import powers
    assert powers.square(3) == 9
    assert powers.cube(3) == 27
print(json.dumps([compiled, sentences]))
"""
BOTH = ["powers.square", "powers.cube"]


@pytest.fixture
def folder(tmp_path):
    source = "from minitorch.kernels.cpu.compiler import jit\n\n"
    source += "@jit\ndef square(x):\n    return x * x\n\n@jit\ndef cube(x):\n    return x * x * x\n"
    (tmp_path / "powers.py").write_text(source)
    return tmp_path


def run(folder, cache, obstacle="", error=0):
    """The kernels that had to be compiled, and the warnings, of a process of its own."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(folder=str(folder), obstacle=obstacle, error=error)],
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def stored(cache):
    return sorted(cache.glob("minitorch-*/*"))


def test_a_kernel_is_compiled_once(folder):
    cache = folder / "cache"
    assert run(folder, cache) == [BOTH, []]
    assert [path.name.split("-")[0] for path in stored(cache)] == ["powers.cube", "powers.square"]
    assert run(folder, cache) == [[], []]


def test_a_kernel_is_compiled_anew_when_its_source_has_changed(folder):
    cache = folder / "cache"
    run(folder, cache)
    with open(folder / "powers.py", "a") as source:
        source.write("# another line\n")
    assert run(folder, cache) == [BOTH, []]
    assert run(folder, cache) == [[], []]
    assert len(stored(cache)) == 2  # the new ones took the place of the old


@pytest.mark.parametrize("damage", ["empty", "truncated", "other bytes", "one bit"])
def test_damaged_files_are_named_once_and_replaced(folder, damage):
    cache = folder / "cache"
    run(folder, cache)
    for path in stored(cache):
        data = bytearray(path.read_bytes())
        if damage == "one bit":
            data[len(data) // 2] ^= 1
        broken = {"empty": b"", "truncated": data[:-100], "other bytes": os.urandom(len(data)), "one bit": bytes(data)}
        path.write_bytes(broken[damage])
    compiled, sentences = run(folder, cache)
    assert compiled == BOTH
    assert len(sentences) == 1
    assert sentences[0].endswith("is damaged: it is compiled anew.")
    assert run(folder, cache) == [[], []]


def test_a_folder_in_the_place_of_a_file_is_no_obstacle(folder):
    cache = folder / "cache"
    run(folder, cache)
    for path in stored(cache):
        path.unlink()
        path.mkdir()
    compiled, sentences = run(folder, cache)
    assert compiled == BOTH
    assert len(sentences) == 1
    assert "cannot be stored" in sentences[0]


def test_the_folder_beside_the_sources_is_taken_where_the_chosen_one_cannot_be_made(folder):
    (folder / "file").write_text("")
    compiled, sentences = run(folder, folder / "file", "cache.STORE.sources = pathlib.Path(sys.path[0])")
    assert compiled == BOTH
    assert len(sentences) == 1
    assert f"stored in {folder / '__pycache__'}, not as asked ({folder / 'file'}" in sentences[0]
    assert len([*(folder / "__pycache__").glob("*.kernel")]) == 2


@pytest.mark.parametrize("error", [errno.EACCES, errno.EROFS])
def test_kernels_work_where_nothing_can_be_stored_and_that_is_said_once(folder, error):
    for _ in range(2):
        compiled, sentences = run(folder, folder / "cache", "pathlib.Path.mkdir = refuse", error)
        assert compiled == BOTH
        assert len(sentences) == 1
        assert sentences[0].startswith("Compiled kernels cannot be stored (")
        assert os.strerror(error) in sentences[0]
        assert "NUMBA_CACHE_DIR can name a folder" in sentences[0]


def test_a_full_disk_does_not_stop_a_kernel(folder):
    compiled, sentences = run(folder, folder / "cache", "os.replace = refuse", errno.ENOSPC)
    assert compiled == BOTH
    assert len(sentences) == 1
    assert os.strerror(errno.ENOSPC) in sentences[0]
    assert stored(folder / "cache") == []


def test_kernels_that_somebody_else_stored_are_used_where_one_may_not_write(folder):
    """An administrator compiled them in a folder that is read-only for the users."""
    run(folder, folder / "cache")
    assert run(folder, folder / "cache", "tempfile.TemporaryFile = refuse", errno.EROFS) == [[], []]


def test_processes_that_compile_at_once_do_not_disturb_each_other(folder):
    cache = folder / "cache"
    program = PROGRAM.format(folder=str(folder), obstacle="", error=0)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    processes = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _ in range(3)]
    assert [each.wait(120) for each in processes] == [0, 0, 0]
    assert run(folder, cache) == [[], []]
