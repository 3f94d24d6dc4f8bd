"""Tensors that are read and written at positions, with gradients; and what the table of cases does not say of these kernels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

import minitorch as torch
from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, from_host, to_host
from minitorch.nn import functional as F

CPU, GPU = tables[np.ndarray], tables[DeviceArray]


def written(x, of):
    y = x * 1
    y[of([1, 4])] = x[:2] * 3
    y[y > 1] = 0.5
    y[0, [1, 2]] += 2
    y[:, 1] = 7.0
    return y


# Of a tensor of (5, 3) and of what makes a tensor, on the same device, from a list.
PROGRAMS = {
    "index": lambda x, of: x[of([3, 0, 3, -1])],
    "index of a list": lambda x, of: x[[0, 2, 2]],
    "index beside slices": lambda x, of: x[:, None, of([[0, 2], [1, 1]])],
    "mask": lambda x, of: x[x > 0],
    "mask of rows": lambda x, of: x[of([True, False, True, True, False])],
    "gather": lambda x, of: x.gather(1, of([[0, 2], [1, 1]])),
    "take": lambda x, of: x.take(of([0, -1, 3])),
    "take_along_dim": lambda x, of: torch.take_along_dim(x, of([[0, -1]]), 1),
    "index_select": lambda x, of: x.index_select(1, of([2, 2])),
    "masked_select": lambda x, of: x.masked_select(x > 0),
    "nonzero": lambda x, of: (x > 0).nonzero() * x.sum(),
    "embedding": lambda x, of: F.embedding(of([[1, 2], [2, 2]]), x, padding_idx=1, scale_grad_by_freq=True),
    "embedding_bag": lambda x, of: F.embedding_bag(of([1, 2, 2, 4]), x, of([0, 1])),
    "embedding_bag max": lambda x, of: F.embedding_bag(of([1, 2, 2, 4]), x, of([0, 1]), mode="max"),
    "setitem": written,
    "index_put": lambda x, of: x.index_put((of([1, 1, 0]),), x[:3] * 2, accumulate=True),
    "put": lambda x, of: x.put(of([1, -1]), x[0, :2] * 3),
    "scatter": lambda x, of: x.scatter(0, of([[1, 2, 2]]), x[:1] * 2),
    "scatter_add": lambda x, of: x.scatter_add(0, of([[1, 2, 2], [1, 2, 2]]), x[:2] * 2),
    **{
        f"scatter_reduce {kind}": lambda x, of, kind=kind: x.scatter_reduce(0, of([[1, 2, 2], [1, 2, 0]]), x[:2] * 2, kind)
        for kind in ("sum", "prod", "mean", "amax", "amin")
    },
    "index_add": lambda x, of: x.index_add(0, of([1, 1]), x[:2] * 2, alpha=2),
    "index_copy": lambda x, of: x.index_copy(0, of([1, 4]), x[:2] * 2),
    "index_fill": lambda x, of: x.index_fill(0, of([1, -1]), 3.0),
    "masked_fill": lambda x, of: x.masked_fill(x > 0, 3.0),
    "masked_scatter": lambda x, of: x.masked_scatter(x > 0, x * 2),
    "select_scatter": lambda x, of: x.select_scatter(x[0] * 2, 0, 1),
    "slice_scatter": lambda x, of: x.slice_scatter(x[:2] * 2, 0, 1, 5, 2),
    "diagonal_scatter": lambda x, of: x.diagonal_scatter(x[0] * 2),
}  # fmt: skip


def derivatives(program, device):
    """The result, the gradient with a random cotangent, and the gradient of a function of that."""
    random = np.random.default_rng(1)
    x = torch.tensor(random.standard_normal((5, 3)).astype("f"), device=device, requires_grad=True)
    y = program(x, lambda numbers: torch.tensor(numbers, device=device)) ** 2
    cotangent = torch.tensor(random.standard_normal(tuple(y.shape)).astype("f"), device=device)
    (grad,) = torch.autograd.grad((y * cotangent).sum(), x, create_graph=True)
    (grad**2).sum().backward()
    assert {each.device.type for each in (y, grad, x.grad)} == {device}
    return [each.detach().cpu().numpy() for each in (y, grad, x.grad)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_tensors_on_a_gpu_have_the_results_and_derivatives_of_those_on_the_cpu(name, interpreter):
    for theirs, ours in zip(*(derivatives(PROGRAMS[name], device) for device in ("cpu", "cuda")), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)
    assert interpreter.launched


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
