"""Convolution and its gradients against torch, at any shape, stride, padding, dilation and number of groups."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minitorch.kernels.cpu import convolution, threads

pairs = {low_high: st.tuples(*[st.integers(*low_high)] * 2) for low_high in ((0, 4), (1, 3), (1, 5))}


class Case:
    """Random operands of a convolution: as arrays of one type, and the same numbers as float64 torch tensors."""

    def __init__(self, seed, batch, groups, group_in, group_out, size, kernel_size, stride, padding, dilation, dtype):
        self.rng = np.random.default_rng(seed)
        self.dtype = dtype
        self.options = (stride, padding, dilation, groups)
        extent = [  # at least what the kernel needs
            max(s, d * (k - 1) + 1 - 2 * p) for s, k, p, d in zip(size, kernel_size, padding, dilation, strict=True)
        ]
        self.input = self.random(batch, groups * group_in, *extent)
        self.weight = self.random(groups * group_out, group_in, *kernel_size)
        self.bias = self.random(groups * group_out)
        self.grad = self.random(*self.torch_forward().shape)

    def random(self, *shape):
        return self.rng.standard_normal(shape).astype(self.dtype)

    def torch_forward(self, dtype=torch.float64):
        operands = (torch.tensor(each).to(dtype) for each in (self.input, self.weight, self.bias))
        stride, padding, dilation, groups = self.options
        return torch.nn.functional.conv2d(*operands, stride, padding, dilation, groups)

    def torch_grads(self, dtype=torch.float64):
        operands = (torch.tensor(each).to(dtype) for each in (self.grad, self.input, self.weight))
        stride, padding, dilation, groups = self.options
        return torch.ops.aten.convolution_backward(
            *operands, None, stride, padding, dilation, False, [0, 0], groups, [True, True, False]
        )[:2]

    def torch_results(self, dtype=torch.float64):
        return [each.numpy() for each in (self.torch_forward(dtype), *self.torch_grads(dtype))]

    def results(self):
        return [
            convolution.conv2d(self.input, self.weight, self.bias, *self.options),
            convolution.conv2d_input_grad(self.grad, self.weight, self.input.shape, *self.options),
            convolution.conv2d_weight_grad(self.grad, self.input, self.weight.shape, *self.options),
        ]


def cases(dtype):
    return st.builds(
        Case,
        seed=st.integers(0, 2**32 - 1),
        batch=st.integers(0, 4),
        groups=st.integers(1, 3),
        group_in=st.integers(1, 7),
        group_out=st.integers(1, 9),
        size=st.tuples(st.integers(1, 20), st.integers(1, 40)),
        kernel_size=pairs[1, 5],
        stride=pairs[1, 3],
        padding=pairs[0, 4],
        dilation=pairs[1, 3],
        dtype=st.just(dtype),
    )


def documented(batch=100, dtype=np.float32):
    """The documented network's two convolutions."""
    options = ((5, 5), (1, 1), (0, 0), (1, 1), dtype)
    return [Case(1, batch, 1, 3, 6, (32, 32), *options), Case(2, batch, 1, 6, 16, (14, 14), *options)]


@given(case=cases(np.float64))
def test_float64_equals_torch(case):
    for result, expected in zip(case.results(), case.torch_results(), strict=True):
        assert result.dtype == np.float64
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


@given(case=cases(np.float32))
def test_float32_is_as_close_to_float64_as_torch_is(case):
    assert_as_close_as_torch(case)


@pytest.mark.parametrize(
    "case",
    [
        *documented(),
        Case(3, 2, 1, 32, 64, (32, 32), (5, 5), (1, 1), (2, 2), (1, 1), np.float32),
        Case(4, 1, 1, 3, 16, (112, 112), (7, 7), (2, 2), (3, 3), (1, 1), np.float32),
        Case(5, 3, 8, 1, 1, (16, 16), (3, 3), (1, 1), (1, 1), (1, 1), np.float32),
        Case(6, 2, 1, 64, 32, (8, 8), (1, 1), (2, 2), (0, 0), (1, 1), np.float32),
    ],
    ids=["first layer", "second layer", "bands of rows", "strided stem", "depthwise", "stride larger than kernel"],
)
def test_usual_layers_are_as_close_to_float64_as_torch_is(case):
    assert_as_close_as_torch(case)


def assert_as_close_as_torch(case):
    def error(result, exact):
        return np.sqrt(np.mean((result.astype(np.float64) - exact) ** 2))

    exact_results = case.torch_results()
    for result, in_torch, exact in zip(case.results(), case.torch_results(torch.float32), exact_results, strict=True):
        assert result.dtype == np.float32
        assert result.shape == exact.shape
        if exact.size:
            rounding = 1e-7 * np.abs(exact).max()  # tiny results: torch may happen to be exact
            assert error(result, exact) <= 2 * error(in_torch, exact) + rounding


def test_float16_is_rounded_once_from_float32():
    case = documented(batch=2)[0]
    half, single = (Case.__new__(Case), Case.__new__(Case))
    for other, dtype in ((half, np.float16), (single, np.float32)):
        other.options = case.options
        for name in ("input", "weight", "bias", "grad"):
            setattr(other, name, getattr(case, name).astype(np.float16).astype(dtype))
    for result, expected in zip(half.results(), single.results(), strict=True):
        assert result.dtype == np.float16
        np.testing.assert_array_equal(result, expected.astype(np.float16))


def test_no_bias_is_a_bias_of_zeros():
    case = documented(batch=2)[0]
    without = convolution.conv2d(case.input, case.weight, None, *case.options)
    np.testing.assert_array_equal(without, convolution.conv2d(case.input, case.weight, 0 * case.bias, *case.options))


@given(case=cases(np.float64))
def test_strided_operands_give_the_same_results(case):
    expected = case.results()
    for name in ("input", "weight", "grad"):
        array = getattr(case, name)
        spread = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)[..., ::-2]
        spread[:] = array
        setattr(case, name, spread)
    for result, same in zip(case.results(), expected, strict=True):
        np.testing.assert_array_equal(result, same)


@given(case=cases(np.float32), value=st.sampled_from([np.inf, -np.inf, np.nan]), place=st.integers(0, 2**32 - 1))
def test_infinity_and_nan_reach_exactly_what_they_meet(case, value, place):
    """One value that is not finite, in one operand: it shows where it does in torch (in float64), and nowhere else."""
    for name in ("input", "weight", "grad"):
        array = getattr(case, name)
        if not array.size:
            continue
        flat = array.reshape(-1)
        before, flat[place % array.size] = flat[place % array.size], value
        for result, expected in zip(case.results(), case.torch_results(), strict=True):
            np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
            np.testing.assert_array_equal(np.isposinf(result), np.isposinf(expected))
            np.testing.assert_array_equal(np.isneginf(result), np.isneginf(expected))
        flat[place % array.size] = before


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_results_do_not_depend_on_luck_or_on_the_number_of_threads(batch):
    before = threads.get_num_threads()
    try:
        for case in documented(batch):
            by_threads = []
            for count in (1, 2):
                threads.set_num_threads(count)
                first = case.results()
                for _ in range(3):
                    for result, again in zip(first, case.results(), strict=True):
                        np.testing.assert_array_equal(result, again)
                by_threads.append(first)
            for one, two in zip(*by_threads, strict=True):
                np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5 * np.abs(one).max())
    finally:
        threads.set_num_threads(before)


def test_processors_with_narrow_vectors_and_few_registers_get_the_same_results(tmp_path):
    """A fresh process is made to believe that its processor knows nothing special."""
    case = documented(batch=2)[1]
    program = """if True:
        import sys
        import numpy as np
        from minitorch.kernels.cpu import convolution, register_tile
        assert (register_tile.VECTOR_BYTES, register_tile.TILE_COLUMNS) == (16, 2)
        given = np.load(sys.argv[1])
        options = ((1, 1), (0, 0), (1, 1), 1)
        output = convolution.conv2d(given["input"], given["weight"], given["bias"], *options)
        weight_grad = convolution.conv2d_weight_grad(given["grad"], given["input"], given["weight"].shape, *options)
        np.savez(sys.argv[1], output=output, weight_grad=weight_grad)
    """
    file = tmp_path / "arrays.npz"
    np.savez(file, input=case.input, weight=case.weight, bias=case.bias, grad=case.grad)
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    subprocess.run([sys.executable, "-c", program, file], env=os.environ | plain, check=True, timeout=180)
    output, _, weight_grad = case.torch_results()
    results = np.load(file)
    np.testing.assert_allclose(results["output"], output, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(results["weight_grad"], weight_grad, rtol=1e-4, atol=1e-4)


def test_inputs_are_left_as_they_were():
    case = documented(batch=2)[0]
    before = [each.copy() for each in (case.input, case.weight, case.bias, case.grad)]
    case.results()
    for each, copy in zip((case.input, case.weight, case.bias, case.grad), before, strict=True):
        np.testing.assert_array_equal(each, copy)
