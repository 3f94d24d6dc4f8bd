"""The promises of the thread pool: no abort, no hang, one setting for numba and BLAS; and of the compiler's cache."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import threadpoolctl

from minitorch.kernels.cpu import convolution, pooling, threads

POOL = ((2, 2), (2, 2), (0, 0), (1, 1), False)


def run(program, **environment):
    """Runs a Python program in a process of its own, and returns what it printed."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def convolve(input):
    weight = np.ones((4, input.shape[1], 3, 3), input.dtype)
    return convolution.conv2d(input, weight, None, (1, 1), (1, 1), (1, 1), 1)


@pytest.fixture(autouse=True)
def restored_threads():
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def test_setting_governs_numba_and_blas():
    for count in (1, 2, 1):
        threads.set_num_threads(count)
        assert threads.get_num_threads() == count
        blas = [each for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"]
        numpys = [each for each in blas if "numpy" in each["filepath"]]
        assert [each["num_threads"] for each in numpys] == [count]


def test_more_threads_than_cores_are_accepted_but_not_used():
    threads.set_num_threads(10_000)
    assert 1 <= threads.get_num_threads() < 10_000


@pytest.mark.parametrize("count", [0, -1])
def test_no_threads_at_all_are_refused(count):
    with pytest.raises(RuntimeError, match="set_num_threads expects a positive integer"):
        threads.set_num_threads(count)


KERNELS_FROM_TWO_THREADS = """
    import threading
    import numpy as np
    from minitorch.kernels.cpu import pooling
    input = np.arange(4 * 64 * 64, dtype=np.float32).reshape(4, 1, 64, 64)
    expected = input[:, :, 1::2, 1::2]
    wrong = []
    def work():
        for _ in range(200):
            output, indices = pooling.max_pool2d(input, (2, 2), (2, 2), (0, 0), (1, 1), False)
            if not np.array_equal(output, expected):
                wrong.append(output)
    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers: each.start()
    for each in workers: each.join()
    print("wrong:", len(wrong))
"""


@pytest.mark.parametrize("layer", ["default", "workqueue"])
def test_two_python_threads_may_run_kernels_at_once(layer):
    """numba's workqueue would abort the process."""
    assert run(KERNELS_FROM_TWO_THREADS, NUMBA_THREADING_LAYER=layer) == "wrong: 0\n"


def test_two_python_threads_get_the_results_that_one_gets():
    inputs = [np.random.default_rng(seed).standard_normal((8, 3, 20, 20)).astype(np.float32) for seed in range(2)]
    expected = [convolve(each) for each in inputs]
    same = [[], []]

    def work(index):
        for _ in range(50):
            same[index].append(np.array_equal(convolve(inputs[index]), expected[index]))

    workers = [threading.Thread(target=work, args=(index,)) for index in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert same == [[True] * 50] * 2


def kernels_in_child(connection, input):
    connection.send((convolve(input), pooling.max_pool2d(input, *POOL), threads.get_num_threads()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_child_runs_kernels_after_the_parent_has():
    """GNU's OpenMP would end the child, or wait for threads that the fork did not copy."""
    threads.set_num_threads(2)
    input = np.random.default_rng(0).standard_normal((4, 3, 16, 16)).astype(np.float32)
    expected, (expected_output, expected_indices) = convolve(input), pooling.max_pool2d(input, *POOL)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=kernels_in_child, args=(sender, input))
    child.start()
    assert receiver.poll(120), "the child hangs"
    result, (output, indices), count = receiver.recv()
    child.join(30)
    assert child.exitcode == 0
    assert count == 1
    np.testing.assert_array_equal(output, expected_output)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(convolve(input), expected)  # and the parent goes on


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_child_forked_before_any_kernel_has_all_threads():
    output = run(
        """
        import multiprocessing
        from minitorch.kernels.cpu import threads
        def child():
            threads.set_num_threads(2)
            print(threads.get_num_threads(), flush=True)
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        process.join()
        """,
        NUMBA_NUM_THREADS="2",
    )
    assert output == "2\n"


SQUARE = """
    import sys
    sys.path.insert(0, {folder!r})
    from minitorch.kernels.cpu import threads
    names = []
    with threads.announce_compiling(names.append):
        import square
        assert square.square(3) == 9
    print(names)
"""


@pytest.fixture
def module_folder(tmp_path):
    (tmp_path / "square.py").write_text(
        "from minitorch.kernels.cpu.threads import jit\n\n@jit\ndef square(x):\n    return x * x\n"
    )
    return tmp_path


def test_compiling_is_announced_once_and_not_when_the_cache_has_the_kernel(module_folder):
    program = SQUARE.format(folder=str(module_folder))
    assert [run(program), run(program)] == ["['square']\n", "[]\n"]


def test_kernels_work_where_no_cache_can_be_written(module_folder):
    """Every place for the cache is a file, not a folder."""
    for blocked in ("__pycache__", "cache"):
        (module_folder / blocked).write_text("")
    environment = dict.fromkeys(["HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"], str(module_folder / "cache"))
    program = SQUARE.format(folder=str(module_folder))
    assert [run(program, **environment), run(program, **environment)] == ["['square']\n"] * 2


def test_a_full_disk_does_not_stop_a_kernel(module_folder):
    program = SQUARE.format(folder=str(module_folder)).replace(
        "    names = []",
        """
    import errno
    from numba.core.caching import IndexDataCacheFile
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")
    IndexDataCacheFile.save = full
    names = []""",
    )
    assert run(program) == "['square']\n"
