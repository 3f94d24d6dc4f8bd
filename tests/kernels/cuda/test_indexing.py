"""What the table of cases does not say of kernels that read and write at positions."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

import minitorch as torch
from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, from_host, to_host

CPU, GPU = tables[np.ndarray], tables[DeviceArray]


def test_an_index_out_of_bounds_is_found_before_anything_is_read(interpreter):
    x = torch.zeros((5, 3), device="cuda")
    with pytest.raises(IndexError, match="index 5 is out of bounds for dimension 0 with size 5"):
        x[torch.tensor([0, 5], device="cuda")]
    with pytest.raises(RuntimeError, match="index 3 is out of bounds for dimension 1 with size 3"):
        x.gather(1, torch.tensor([[3]], device="cuda"))
    with pytest.raises(IndexError, match="out of range"):
        x.take(torch.tensor([-16], device="cuda"))


HALVES = {
    "index": lambda k, a, i, v: k.index(a, i),
    "gather": lambda k, a, i, v: k.gather(a, 0, k.reshape(i, (9, 1))),
    "scatter": lambda k, a, i, v: k.scatter(a, 0, k.expand(k.reshape(i, (9, 1)), (9, 3)), v),
    "index_fill": lambda k, a, i, v: k.index_fill(a, 0, i, 1.5),
    "index_add": lambda k, a, i, v: k.index_add(a, 0, i, v),
    "index_put": lambda k, a, i, v: k.index_put(k.t(a), (None, i), k.t(v), accumulate=True),
    "scatter_reduce": lambda k, a, i, v: k.scatter_reduce(a, 0, k.expand(k.reshape(i, (9, 1)), (9, 3)), v, "mean"),
    "embedding_bag": lambda k, a, i, v: k.embedding_bag(a, i, np.array([0, 4, 9]), None, "mean", -1)[0],
    "embedding_dense_backward": lambda k, a, i, v: k.embedding_dense_backward(v, i, 9, 2, True),
    "nonzero": lambda k, a, i, v: k.nonzero(a),
    "masked_select": lambda k, a, i, v: k.masked_select(a, k.cast(a, bool)),
    "masked_scatter": lambda k, a, i, v: k.masked_scatter(a, k.cast(a, bool), v),
    "masked_fill": lambda k, a, i, v: k.masked_fill(a, k.cast(a, bool), 1.5),
    "where": lambda k, a, i, v: k.where(k.cast(a, bool), k.index(v, i), a),
}


@pytest.mark.parametrize("name", HALVES)
def test_halves_are_moved_as_they_are_and_added_up_in_float32(name, interpreter):
    random = np.random.default_rng(1)
    a, values = (random.integers(-3, 4, shape).astype(np.float16) / 4 for shape in ((9, 3), (9, 3)))
    indices = random.integers(0, 9, 9)
    ours = HALVES[name](GPU, *map(from_host, (a, indices, values)))
    theirs = HALVES[name](CPU, a, indices, values)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(to_host(ours), theirs, rtol=1e-3)


def test_indices_may_be_on_the_host(interpreter):
    random = np.random.default_rng(1)
    a, rows, mask = random.standard_normal((5, 3)), np.array([4, 0, 4]), np.array([True, False, True])
    device, columns = from_host(a), np.array([[1], [0], [2]])
    np.testing.assert_array_equal(to_host(GPU.index(device, rows)), a[rows])
    np.testing.assert_array_equal(to_host(GPU.index(device, None, mask)), a[:, mask])
    np.testing.assert_array_equal(to_host(GPU.take(device, rows)), a.reshape(-1)[rows])
    np.testing.assert_array_equal(to_host(GPU.gather(device, 1, columns)), np.take_along_axis(a[:3], columns, 1))
    added = GPU.index_add(device, 0, rows, GPU.slice(device, 0, 0, 3, 1))
    np.testing.assert_array_equal(to_host(added), CPU.index_add(a, 0, rows, a[:3]))


@pytest.mark.parametrize("accumulate", [False, True])
def test_what_lies_beside_a_view_that_is_written_over_stays(accumulate, interpreter):
    random = np.random.default_rng(1)
    whole, values = random.standard_normal((7, 8)).astype("f"), random.standard_normal((4, 9)).astype("f")
    indices = random.integers(-3, 3, 9)
    ours = from_host(whole)
    CPU.index_put(whole.T[::2][:, 1:7:2], (None, indices), values, accumulate, over=True)
    view = GPU.slice(GPU.slice(GPU.t(ours), 0, 0, 8, 2), 1, 1, 7, 2)
    assert GPU.index_put(view, (None, from_host(indices)), from_host(values), accumulate, over=True) is view
    np.testing.assert_array_equal(to_host(ours), whole)


def test_an_array_may_be_written_over_itself(interpreter):
    a, indices = np.arange(300.0), np.arange(300)[::-1]
    ours = from_host(a)
    GPU.index_put(ours, (from_host(indices),), GPU.alias(ours), over=True)
    np.testing.assert_array_equal(to_host(ours), a[indices])


def test_sums_into_one_place_are_those_of_the_cpu_to_the_bit(interpreter):
    random = np.random.default_rng(1)
    values, indices = random.standard_normal(1000).astype("f"), random.integers(0, 3, 1000)
    ours = GPU.gather_backward(from_host(values), from_host(indices), (3,), 0)
    np.testing.assert_array_equal(to_host(ours), CPU.gather_backward(values, indices, (3,), 0))


def test_the_last_value_for_a_place_stays(interpreter):
    indices, values = np.array([2, 0, 2, 2]), np.array([5.0, 6.0, 7.0, 8.0])
    for name in ("scatter", "index_copy"):
        found = getattr(GPU, name)(from_host(np.zeros(3)), 0, from_host(indices), from_host(values))
        np.testing.assert_array_equal(to_host(found), [6, 0, 8])
    put = GPU.index_put(from_host(np.zeros(3)), (from_host(indices),), from_host(values))
    np.testing.assert_array_equal(to_host(put), [6, 0, 8])
