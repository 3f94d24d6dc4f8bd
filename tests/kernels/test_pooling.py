"""Max pooling against torch: values, indices and gradients, with ties, NaN, infinities and padding."""

import numpy as np
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from minitorch.kernels.cpu import pooling
from minitorch.kernels.windows import pooled_size


@st.composite
def windows(draw):
    """A shape, and a pooling that torch accepts for it."""
    kernel_size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    options = (
        kernel_size,
        draw(st.tuples(st.integers(1, 4), st.integers(1, 4))),
        tuple(draw(st.integers(0, size // 2)) for size in kernel_size),
        draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        draw(st.booleans()),
    )
    shape = draw(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(1, 14), st.integers(1, 14)))
    _, stride, padding, dilation, ceil_mode = options
    sizes = [
        pooled_size(size, k, s, p, d, ceil_mode)
        for size, k, s, p, d in zip(shape[2:], kernel_size, stride, padding, dilation, strict=True)
    ]
    assume(min(sizes) > 0)
    return shape, options


def values(shape, seed, kind, dtype):
    """Few different numbers, so that there are ties."""
    rng = np.random.default_rng(seed)
    input = rng.integers(-3, 4, shape).astype(dtype)
    if kind is not None:
        input[rng.random(shape) < 0.4] = kind
    return input


def torch_pool(input, options):
    output, indices = torch.nn.functional.max_pool2d(torch.tensor(input), *options, return_indices=True)
    return output.numpy(), indices.numpy()


@given(
    window=windows(),
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from([None, np.nan, np.inf, -np.inf]),
    dtype=st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_values_and_indices_equal_torchs(window, seed, kind, dtype):
    shape, options = window
    input = values(shape, seed, kind, dtype)
    expected, expected_indices = torch_pool(input, options)
    output, indices = pooling.max_pool(input, *options)
    assert (output.dtype, indices.dtype) == (dtype, np.int16)
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(indices, expected_indices)


@given(window=windows(), seed=st.integers(0, 2**32 - 1), dtype=st.sampled_from([np.float32, np.float64]))
def test_gradients_equal_torchs_where_windows_overlap_too(window, seed, dtype):
    shape, options = window
    input = values(shape, seed, None, dtype)
    _, indices = pooling.max_pool(input, *options)
    assume(np.all(indices < shape[2] * shape[3]))  # torch writes out of bounds for windows wholly in the padding
    grad = np.random.default_rng(seed).standard_normal(indices.shape).astype(dtype)
    expected = torch.ops.aten.max_pool2d_with_indices_backward(
        torch.tensor(grad), torch.tensor(input), *options, torch.tensor(indices).long()
    )
    input_grad = pooling.max_pool_backward(grad, indices, np.empty(shape), 2)
    assert input_grad.dtype == dtype
    np.testing.assert_allclose(input_grad, expected.numpy(), rtol=1e-6, atol=1e-6)


@given(window=windows(), seed=st.integers(0, 2**32 - 1))
def test_gather_takes_what_pooling_took(window, seed):
    shape, options = window
    input = values(shape, seed, None, np.float32)
    output, indices = pooling.max_pool(input, *options)
    assume(np.isfinite(output).all())  # a window wholly in the padding takes nothing
    np.testing.assert_array_equal(pooling.max_pool_gather(input, indices, 2), output)


def test_gather_is_the_transpose_of_backward():
    rng = np.random.default_rng(0)
    _, indices = pooling.max_pool(rng.standard_normal((2, 3, 9, 9)), (3, 3), (2, 2), (1, 1), (1, 1), False)
    grad, direction = rng.standard_normal(indices.shape), rng.standard_normal((2, 3, 9, 9))
    input_grad = pooling.max_pool_backward(grad, indices, direction, 2)
    gathered = pooling.max_pool_gather(direction, indices, 2)
    np.testing.assert_allclose(np.vdot(input_grad, direction), np.vdot(grad, gathered))


def test_backward_starts_from_zeros_in_reused_memory():
    _, indices = pooling.max_pool(np.zeros((1, 1, 4, 4), np.float32), (2, 2), (2, 2), (0, 0), (1, 1), False)
    for _ in range(20):
        np.full((1, 1, 4, 4), 7, np.float32)  # its memory is likely to be handed out next
        input_grad = pooling.max_pool_backward(np.ones((1, 1, 2, 2), np.float32), indices, np.empty((1, 1, 4, 4)), 2)
        assert input_grad.sum() == 4


def test_window_in_the_padding_alone_touches_no_memory():
    """Dilation can put a whole window beyond the input; torch's index for it lies outside the plane."""
    input = np.ones((1, 1, 1, 1), np.float32)
    options = ((2, 2), (2, 2), (1, 1), (3, 3), True)
    output, indices = pooling.max_pool(input, *options)
    assert (output.item(), indices.item()) == (-np.inf, 4)
    assert pooling.max_pool_gather(input, indices, 2).item() == 0
    assert pooling.max_pool_backward(np.ones_like(output), indices, input, 2).item() == 0


def test_strided_input_and_input_without_batch():
    input = np.random.default_rng(0).standard_normal((3, 12, 10)).astype(np.float32).swapaxes(1, 2)
    options = ((3, 2), (2, 2), (1, 0), (1, 1), False)
    output, indices = pooling.max_pool(input, *options)
    expected, expected_indices = torch_pool(input, options)
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(indices, expected_indices)


def test_integers_are_pooled():
    input = np.random.default_rng(0).integers(-9, 9, (2, 3, 8, 8))
    output, _ = pooling.max_pool(input, (2, 2), (2, 2), (0, 0), (1, 1), False)
    np.testing.assert_array_equal(output, input.reshape(2, 3, 4, 2, 4, 2).max((3, 5)))
