"""The promises of the thread pool: no abort, no hang, one setting for numba and BLAS."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import warnings

import numba
import numpy as np
import pytest
import threadpoolctl
import torch

from minitorch.kernels.cpu import compiler, convolution, pooling, threads

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


def test_setting_governs_kernels_in_every_python_thread():
    threads.set_num_threads(1)
    input = np.random.default_rng(0).standard_normal((4, 3, 16, 16)).astype(np.float32)
    seen = []

    def work():
        convolve(input)
        seen.append((threads.get_num_threads(), numba.get_num_threads()))

    for count in (2, 1, 2):
        threads.set_num_threads(count)
        compiler._applied.count = 0
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert [each for each, _ in seen] == [2, 1, 2]
    assert seen[0][1] == 2


def test_more_threads_than_cores_are_accepted_but_not_used_and_that_is_said_once(monkeypatch):
    monkeypatch.setattr(threads, "_warned", False)
    with pytest.warns(UserWarning, match=rf"set_num_threads\(10000\): {threads.MOST_THREADS} threads are used"):
        threads.set_num_threads(10_000)
    assert threads.get_num_threads() == threads.MOST_THREADS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        threads.set_num_threads(10_000)


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "2", None])
def test_a_count_that_is_none_is_refused_in_torchs_words(count):
    with pytest.raises(RuntimeError) as theirs:
        torch.set_num_threads(count)
    with pytest.raises(RuntimeError) as mine:
        threads.set_num_threads(count)
    assert str(mine.value) == str(theirs.value)


def test_a_numpy_integer_is_a_count():
    threads.set_num_threads(np.int64(1))
    assert threads.get_num_threads() == 1


@pytest.mark.parametrize("wrong", ["many", "0", "-2", "1.5"])
def test_a_wrong_number_in_the_environment_is_named_and_ignored(wrong):
    output = run(
        SENTENCES + "pooling.max_pool(np.ones((1, 1, 4, 4)), *POOL); print(sentences)", NUMBA_NUM_THREADS=wrong
    )
    assert f"NUMBA_NUM_THREADS is {wrong!r} and not a whole number, 1 or more" in output


def test_an_unknown_threading_layer_is_named_and_replaced():
    program = SENTENCES + "pooling.max_pool(np.ones((4, 4, 64, 64)), *POOL); print(sentences)"
    output = run(program, NUMBA_THREADING_LAYER="sprockets")
    assert "NUMBA_THREADING_LAYER is 'sprockets', which cannot be loaded here" in output


SENTENCES = """
    import warnings
    import numpy as np
    sentences = []
    warnings.showwarning = lambda message, *_: sentences.append(str(message))
    from minitorch.kernels.cpu import pooling
    POOL = ((2, 2), (2, 2), (0, 0), (1, 1), False)
    """


def test_a_product_on_one_thread_leaves_blas_as_it_was():
    threads.set_num_threads(2)
    inside = threads.on_one_blas_thread(lambda: threads._blas_threads.value)
    assert inside == 1
    assert threads._blas_threads.value == 2
    with pytest.raises(ValueError, match="matmul"):
        threads.on_one_blas_thread(np.matmul, np.ones((2, 3)), np.ones((2, 3)))
    assert threads._blas_threads.value == 2


def test_products_of_several_python_threads_leave_blas_as_it_was():
    threads.set_num_threads(2)
    matrix = np.ones((50, 50))

    def work():
        for _ in range(500):
            threads.on_one_blas_thread(np.matmul, matrix, matrix)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert threads._blas_threads.value == 2


KERNELS_FROM_TWO_THREADS = """
    import threading
    import numpy as np
    from minitorch.kernels.cpu import pooling
    input = np.arange(4 * 64 * 64, dtype=np.float32).reshape(4, 1, 64, 64)
    expected = input[:, :, 1::2, 1::2]
    wrong = []
    def work():
        for _ in range(200):
            output, indices = pooling.max_pool(input, (2, 2), (2, 2), (0, 0), (1, 1), False)
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
    connection.send((convolve(input), pooling.max_pool(input, *POOL), threads.get_num_threads()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_child_runs_kernels_after_the_parent_has():
    """GNU's OpenMP would end the child, or wait for threads that the fork did not copy."""
    threads.set_num_threads(2)
    input = np.random.default_rng(0).standard_normal((16, 3, 32, 32)).astype(np.float32)  # enough for threads to pay
    expected, (expected_output, expected_indices) = convolve(input), pooling.max_pool(input, *POOL)
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
