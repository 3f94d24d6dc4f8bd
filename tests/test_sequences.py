"""Sequences, windows, triangles and new tensors like others, against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error

CALLS: list[Callable[[Any], Any]] = [
    *(
        lambda lib, name=name, n=n, periodic=periodic: getattr(lib, name + "_window")(n, periodic)
        for name in ("hann", "hamming", "blackman", "bartlett")
        for n in (0, 1, 2, 5, 8)
        for periodic in (True, False)
    ),
    lambda lib: lib.kaiser_window(7, False, 0.5),
    lambda lib: lib.kaiser_window(20, True, 8.0, dtype=lib.float64),
    lambda lib: lib.hamming_window(6, True, 0.5, 0.4, dtype=lib.float64),
    lambda lib: lib.logspace(0, 3, 4),
    lambda lib: lib.logspace(0, 3, 4, base=2, dtype=lib.int64),
    lambda lib: lib.logspace(1, 2, 1),
    lambda lib: lib.linspace(lib.tensor(1.0), 3, 5),
    lambda lib: lib.range(0, 3),
    lambda lib: lib.range(0, 3, 2),
    lambda lib: lib.range(1, -1, -0.5),
    lambda lib: lib.scalar_tensor(3),
    lambda lib: lib.scalar_tensor(True, dtype=lib.int32),
    lambda lib: lib.tril_indices(3, 4, -1),
    lambda lib: lib.triu_indices(3, 2, 1, dtype=lib.int32),
    lambda lib: lib.asarray([1, 2]),
    lambda lib: lib.asarray(lib.ones(2), dtype=lib.float64),
    lambda lib: lib.ones(2).new_full((2, 1), 7),
    lambda lib: lib.ones(2, dtype=lib.int32).new_full((2,), 7.5),
    lambda lib: lib.ones(2).new_tensor([1, 2]),
    lambda lib: lib.ones(2).new_zeros(2, 3, dtype=lib.int8, device="cpu"),
    lambda lib: lib.ones(2).new_ones(size=(2,)),
    lambda lib: lib.empty_strided((2, 3), (1, 2)).fill_(1),
    lambda lib: lib.ones(2).new_empty_strided((2, 3), (1, 4)).fill_(1),
    lambda lib: lib.tensor([1.7, 2.2]).byte(),
    lambda lib: lib.tensor([1.7, -2.2]).char(),
    lambda lib: lib.ones(2).type("torch.IntTensor"),
    lambda lib: lib.ones(2).to(lib.ones(1, dtype=lib.float64)),
    lambda lib: lib.ones(2).to(lib.ones(1, dtype=lib.int16), copy=True),
    lambda lib: lib.ones(2).to("cpu", lib.float64, False, True),
    lambda lib: lib.ones(3, 2).t().clone(memory_format=lib.contiguous_format),
    lambda lib: lib.tensor([1.0, 2.0]).view(lib.int32),
    lambda lib: lib.arange(4).view(lib.int32),
    lambda lib: lib.arange(4, dtype=lib.int32).view(dtype=lib.int64),
    lambda lib: lib.ones(2, 3).sum_to_size(1, 3),
    lambda lib: lib.ones(2, 3).sum_to_size((3,)),
]

ERRORS: list[Callable[[Any], Any]] = [
    lambda lib: lib.hann_window(-1),
    lambda lib: lib.hann_window(4, dtype=lib.int64),
    lambda lib: lib.range(3, 0),
    lambda lib: lib.logspace(0, 1, -1),
    lambda lib: lib.triu_indices(-1, 3),
    lambda lib: lib.empty_strided((2, 3), (1,)),
    lambda lib: lib.empty_strided((2, -3), (1, 1)),
    lambda lib: lib.ones(2).new_ones(-2),
    lambda lib: lib.ones(2, 3).sum_to_size(2),
    lambda lib: lib.is_nonzero(lib.ones(2)),
    lambda lib: lib.is_floating_point(3),
    lambda lib: lib.numel(3),
    lambda lib: lib.ones(2).type("foo"),
    lambda lib: lib.set_num_interop_threads(0),
    lambda lib: lib.eye(-1),
    lambda lib: lib.arange(float("inf")),
    lambda lib: lib.broadcast_shapes((2,), (3,)),
    lambda lib: lib.ones(3).view(lib.float64),
    lambda lib: lib.ones(()).view(lib.float64),
    lambda lib: lib.ones(2, 4).t().view(lib.float64),
    lambda lib: lib.ones(2, 4)[:, 1:3].view(lib.float64),
    lambda lib: lib.ones(3, 3)[:, :2].view(lib.float64),
    lambda lib: lib.ones(3, 4).unflatten(1, (2, 3)),
    lambda lib: lib.ones(3, 4).unflatten(1, (-1, -1)),
    lambda lib: lib.ones(4).as_strided((5,), (1,)),
    lambda lib: lib.ones(3).unfold(0, 4, 1),
    lambda lib: lib.ones(3, 3).split([2, 2]),
    lambda lib: lib.ones(2).chunk(0),
    lambda lib: lib.meshgrid(lib.ones(2), lib.ones(2), indexing="ab"),
    lambda lib: lib.ones(2, 3).movedim((0, 0), (0, 1)),
    lambda lib: lib.ones(3).H,
    lambda lib: lib.ones(3).adjoint(),
    lambda lib: lib.ones(2, requires_grad=True).unsqueeze_(0),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore:torch.range is deprecated")
def test_values_dtypes_and_strides(call: Callable[[Any], Any]):
    ours, theirs = call(minitorch), call(torch)
    assert_same(ours, theirs)
    assert not theirs.numel() or ours.stride() == theirs.stride()


@pytest.mark.parametrize("call", ERRORS)
def test_errors(call: Callable[[Any], Any]):
    assert_same_error(lambda: call(minitorch), lambda: call(torch))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1:, 1:],
        lambda x: x.diagonal(1),
        lambda x: x[1:].unfold(1, 2, 1)[1],
        lambda x: x[1:, :1].expand(3, 3),
        lambda x: x.as_strided((2, 2), (1, 3), 2),
        lambda x: x.split(2)[1],
        lambda x: x.movedim(0, 1)[1],
    ],
)
def test_views_share_the_storage_at_torchs_place(view: Callable[[Any], Any]):
    base = np.arange(16.0).reshape(4, 4)
    ours, theirs = view(minitorch.from_numpy(base)), view(torch.from_numpy(base))
    assert_same(ours, theirs)
    assert (ours.stride(), ours.storage_offset()) == (theirs.stride(), theirs.storage_offset())
    assert ours.data_ptr() == theirs.data_ptr()


def test_a_view_that_was_taken_before_its_base_took_another_shape_is_refused():
    base = minitorch.zeros(2, 3)
    old = base[0]
    base.t_()
    base[0] = minitorch.ones(2, requires_grad=True)
    assert base.grad_fn.name() == "torch::autograd::CopySlices"
    with pytest.raises(RuntimeError, match="before its base took another shape"):
        old.grad_fn  # noqa: B018  (it is the reading that fails)


def test_questions_about_tensors():
    for lib in (minitorch, torch):
        x = lib.zeros(2, 3)
        assert lib.is_tensor(x)
        assert not lib.is_tensor(3)
        assert not lib.is_storage(x)
        assert (lib.numel(x), x.get_device(), x.is_pinned(), x.is_shared()) == (6, -1, False, False)
        assert (lib.is_floating_point(x), lib.is_complex(x), x.long().is_signed(), x.byte().is_signed()) == (
            True, False, True, False,
        )  # fmt: skip
        assert x.is_set_to(x.view(2, 3))
        assert not x.is_set_to(x.view(3, 2))
        assert lib.broadcast_shapes((2,), (3, 1), 2) == (3, 2)
