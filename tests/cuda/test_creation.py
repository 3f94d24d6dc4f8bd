"""New tensors on a GPU are written there, and are what they are on the CPU, bit for bit; interpreted."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

import minitorch
from minitorch.kernels.cuda import device
from tests.ptx.device import Interpreter

F32, F64, HALF, I64, U8, BOOL = (
    getattr(minitorch, name) for name in ("float32", "float64", "float16", "int64", "uint8", "bool")
)

# of the setting ``device=``
MADE = {
    "zeros": lambda **where: minitorch.zeros(2, 3, **where),
    "no zeros": lambda **where: minitorch.zeros(0, 3, **where),
    "a zero": lambda **where: minitorch.zeros((), dtype=I64, **where),
    "ones of halves": lambda **where: minitorch.ones(3, dtype=HALF, **where),
    "ones of truth values": lambda **where: minitorch.ones(300, dtype=BOOL, **where),
    "full": lambda **where: minitorch.full((2, 2), 1.7, **where),
    "full of negative zeros": lambda **where: minitorch.full((2,), -0.0, **where),
    "full of NaN": lambda **where: minitorch.full((2,), float("nan"), dtype=F64, **where),
    "full of what wraps around": lambda **where: minitorch.full((2,), -1, dtype=U8, **where),
    "zeros like": lambda **where: minitorch.zeros_like(minitorch.empty(2, 3, **where).t()),
    "ones like, elsewhere": lambda **where: minitorch.ones_like(minitorch.rand(2, 3).t(), dtype=I64, **where),
    "full like": lambda **where: minitorch.full_like(minitorch.empty(3, **where), 4),
    "full like what is expanded": lambda **where: minitorch.full_like(minitorch.empty(3, 1, **where).expand(3, 2), 4),
    "new zeros": lambda **where: minitorch.empty(1, **where).new_zeros(2, 2),
    "new ones": lambda **where: minitorch.empty(1).new_ones((3,), dtype=I64, **where),
    "new full": lambda **where: minitorch.empty(1, **where).new_full((3,), 2.5),
    "zero_": lambda **where: minitorch.empty(2, 3, **where).zero_(),
    "zero_ of a part": lambda **where: minitorch.ones(4, 4, **where)[1:3, ::2].zero_(),
    "zero_ of integers": lambda **where: minitorch.ones(4, dtype=I64, **where).zero_(),
    "fill_": lambda **where: minitorch.empty(2, 3, **where).t().fill_(-2),
    "fill_ of halves": lambda **where: minitorch.empty(3, dtype=HALF, **where).fill_(0.1),
    "arange": lambda **where: minitorch.arange(300, **where),
    "arange by steps": lambda **where: minitorch.arange(7, -20, -4, **where),
    "arange of floats": lambda **where: minitorch.arange(0.1, 40.0, 0.3, **where),
    "arange of doubles": lambda **where: minitorch.arange(-3.3, 5.1, 0.1, dtype=F64, **where),
    "arange of whole floats": lambda **where: minitorch.arange(1, 9, dtype=F32, **where),
    "arange of cut numbers": lambda **where: minitorch.arange(0.5, 9.7, 0.7, dtype=I64, **where),
    "arange of bytes": lambda **where: minitorch.arange(250, 260, dtype=U8, **where),
    "arange of nothing": lambda **where: minitorch.arange(3, 3, **where),
    "linspace": lambda **where: minitorch.linspace(-1.3, 2.1, 300, **where),
    "linspace of doubles": lambda **where: minitorch.linspace(0.1, -7.7, 37, dtype=F64, **where),
    "linspace of one": lambda **where: minitorch.linspace(3, 4, 1, **where),
    "linspace of none": lambda **where: minitorch.linspace(3, 4, 0, **where),
    "linspace of the same": lambda **where: minitorch.linspace(3.3, 3.3, 5, **where),
    "linspace of integers": lambda **where: minitorch.linspace(0, 10, 4, dtype=I64, **where),
    "eye": lambda **where: minitorch.eye(20, **where),
    "eye, wide": lambda **where: minitorch.eye(3, 5, dtype=I64, **where),
    "eye, tall": lambda **where: minitorch.eye(5, 3, dtype=HALF, **where),
}


class Counting(Interpreter):
    """Counts what is copied from the host."""

    copies = 0

    def write(self, *args, **settings):
        self.copies += 1
        super().write(*args, **settings)


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_tensor_is_written_on_the_gpu(make):
    with device.use(Counting()) as gpu:
        ours = make(device="cuda")
        assert gpu.copies == 0
        assert ours.is_cuda
        found = ours.cpu()
    expected = make(device="cpu")
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert ours.stride() == expected.stride() or not ours.numel()
    assert found.numpy().tobytes() == expected.numpy().tobytes()


@pytest.mark.parametrize(
    "make",
    [MADE[name] for name in ("zeros", "ones of halves", "full", "zeros like", "new zeros", "zero_", "eye", "arange")],
)
def test_one_kernel_is_launched(make):
    with device.use(Interpreter()) as gpu:
        make(device="cuda")
        assert len(gpu.launched) == 1


def test_what_may_hold_anything_is_not_written_at_all():
    with device.use(Counting()) as gpu:
        made = minitorch.empty(3, device="cuda"), minitorch.empty_like(minitorch.empty(2, 3).t(), device="cuda")
        made += (minitorch.empty(1, device="cuda").new_empty(4), minitorch.empty_strided((2, 2), (1, 2), device="cuda"))
        assert [each.stride() for each in made] == [(1,), (1, 3), (1,), (1, 2)]
        assert (gpu.copies, gpu.launched) == (0, [])


def test_halves_count_on_the_gpu_as_on_the_cpu():
    """Half a unit in the last place would be rounded twice there."""
    with device.use(Interpreter()):
        ours = (
            minitorch.arange(0.1, 3, 0.1, dtype=HALF, device="cuda"),
            minitorch.linspace(0, 1, 7, dtype=HALF, device="cuda"),
        )
        expected = minitorch.arange(0.1, 3, 0.1, dtype=HALF), minitorch.linspace(0, 1, 7, dtype=HALF)
        for found, wanted in zip(ours, expected, strict=True):
            np.testing.assert_array_equal(found.cpu().numpy(), wanted.numpy())
