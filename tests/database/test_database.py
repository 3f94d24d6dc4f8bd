"""Every operator of torch's database that minitorch has: values, dtypes, shapes, strides, first and second gradients, errors."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.database.left_out import LEFT_OUT, MESSAGES_DIFFER, NOT_IN_HALVES
from tests.database.samples import IMPRECISE, Call, Untranslatable, find, full_name, op_db, operators, samples, tensors
from tests.oracle import assert_close, numbers

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
SAMPLES = 1000 if THOROUGH else 8  # of each operator
INFOS = operators()
ONCE = ("nn.functional.ctc_loss", "nn.functional.scaled_dot_product_attention")
"""Operators of which torch refuses a second derivative when it is asked for, though the database says that there is one."""

every_operator = pytest.mark.parametrize("info", INFOS, ids=full_name)
both_floats = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])

both_halves = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@every_operator
@both_halves
def test_gradients_of_halves_are_torchs(info: Any, dtype: torch.dtype):
    if dtype not in info.dtypes or not info.supports_autograd:
        pytest.skip(f"torch has no gradient of {full_name(info)} for {dtype}")
    if info.name in NOT_IN_HALVES:
        pytest.skip(NOT_IN_HALVES[info.name])
    for call in samples(info, dtype, SAMPLES, requires_grad=True):
        ours = gradients(minitorch, call.ours(), call.translated, twice=False)
        try:
            theirs = gradients(torch, call.torchs(), call.given, twice=False)
        except NotImplementedError as error:
            pytest.skip(f"torch says {error}")

        def judge(call: Call = call) -> list[Any]:
            exact = call.in_float64()
            return gradients(torch, exact.torchs(), exact.given, twice=False)

        assert_alike(ours, theirs, call, strides=False, judge=judge)


@every_operator
@both_halves
def test_halves_are_torchs(info: Any, dtype: torch.dtype):
    if dtype not in info.dtypes:
        pytest.skip(f"torch has no {full_name(info)} for {dtype}")
    if info.name in NOT_IN_HALVES:
        pytest.skip(NOT_IN_HALVES[info.name])
    for call in samples(info, dtype, SAMPLES):
        assert_alike(call.ours(), call.torchs(), call, judge=lambda call=call: call.in_float64().torchs())


@every_operator
@both_floats
def test_values_dtypes_shapes_and_strides_are_torchs(info: Any, dtype: torch.dtype):
    if dtype not in info.dtypes:
        pytest.skip(f"torch has no {full_name(info)} for {dtype}")
    for call in samples(info, dtype, SAMPLES):
        assert_alike(call.ours(), call.torchs(), call, judge=lambda call=call: call.in_float64().torchs())


@every_operator
@both_floats
def test_first_and_second_gradients_are_torchs(info: Any, dtype: torch.dtype):
    if dtype not in info.dtypes or not info.supports_autograd:
        pytest.skip(f"torch has no gradient of {full_name(info)} for {dtype}")
    twice = info.supports_gradgrad and info.name not in ONCE
    for call in samples(info, dtype, SAMPLES, requires_grad=True):
        ours, theirs = (
            gradients(library, result(), inputs, twice)
            for library, result, inputs in ((minitorch, call.ours, call.translated), (torch, call.torchs, call.given))
        )
        assert len(ours) == len(theirs), call

        def judge(call: Call = call) -> list[Any]:
            exact = call.in_float64()
            return gradients(torch, exact.torchs(), exact.given, twice)

        assert_alike(ours, theirs, call, strides=False, judge=judge)


@every_operator
def test_error_inputs_raise_torchs_errors(info: Any):
    if info.error_inputs_func is None:
        pytest.skip(f"the database has no error inputs of {full_name(info)}")
    wrong = []
    for error_input in info.error_inputs("cpu"):
        try:
            call = Call(info, error_input.sample_input)
        except Untranslatable:  # such as another device
            continue
        theirs, ours = raised(call.torchs), raised(call.ours)
        if "storage that is not resizable" in str(theirs):  # only because the translation shares that memory with numpy
            continue
        same_words = call.name in MESSAGES_DIFFER or str(ours).split("\n")[0] == str(theirs).split("\n")[0]
        if theirs is not None and not (type(ours) is type(theirs) and same_words):
            wrong.append(f"{call}\n  ours:   {ours!r}\n  torchs: {theirs!r}")
    assert not wrong, "\n".join(wrong)


def test_what_is_left_out_is_known_and_has_a_reason():
    names = {full_name(info) for info in op_db}
    assert set(LEFT_OUT) | set(MESSAGES_DIFFER) <= names
    assert all(find(name.split(".")[0]) is not None and reason for name, reason in LEFT_OUT.items())


def raised(function: Any) -> Exception | None:
    try:
        function()
    except Exception as error:  # which one it is, is what is compared
        return error
    return None


def gradients(library: Any, result: Any, inputs: Any, twice: bool) -> list[Any]:
    """The gradients of the inputs for random cotangents, then those of these gradients, for inputs and cotangents.

    A second gradient that is missing is zero: the libraries may differ in what is a constant.
    """
    source = np.random.default_rng(0)

    def cotangent(like: Any) -> Any:
        numbers = np.asarray(source.standard_normal(tuple(like.shape)))
        return library.from_numpy(numbers).to(getattr(library, str(like.dtype).removeprefix("torch."))).requires_grad_()

    leaves = [each for each in tensors(inputs) if each.requires_grad]
    outputs = [each for each in tensors(result) if each.requires_grad]
    if not leaves or not outputs:
        return []
    cotangents = [cotangent(each) for each in outputs]
    first = library.autograd.grad(outputs, leaves, cotangents, create_graph=twice, allow_unused=True)
    if not twice:
        return list(first)
    pairs = [(each, cotangent(each)) for each in first if each is not None]
    tied = [pair for pair in pairs if pair[0].requires_grad]
    sources = [*leaves, *cotangents]
    second: Any = [None] * len(sources)
    if tied:
        second = library.autograd.grad(*([[a for a, _ in tied], sources, [b for _, b in tied]]), allow_unused=True)
    return [*first, *(library.zeros_like(x) if each is None else each for x, each in zip(sources, second, strict=True))]


def is_channels_last(tensor: torch.Tensor) -> bool:
    form = {4: torch.channels_last, 5: torch.channels_last_3d}.get(tensor.ndim)
    return form is not None and not tensor.is_contiguous() and tensor.is_contiguous(memory_format=form)


def assert_alike(ours: Any, theirs: Any, call: Call, strides: bool = True, judge: Any = None) -> None:
    """Checks type, dtype, shape, numbers and strides, through containers; ``judge`` gives torch's result in float64."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, minitorch.Tensor), f"{call}: {ours!r} is no tensor"
        found, wanted = ((str(each.dtype), tuple(each.shape)) for each in (ours, theirs))
        assert found == wanted, f"{call}: {found} and not {wanted}"
        if strides and theirs.numel() > 1:
            steps = [[s for s, n in zip(each.stride(), each.shape, strict=True) if n > 1] for each in (ours, theirs)]
            row_by_row = ours.is_contiguous() and is_channels_last(theirs)  # which is one of README's differences
            assert row_by_row or steps[0] == steps[1], f"{call}: strides {ours.stride()} and not {theirs.stride()}"
        exact = None if judge is None or theirs.dtype not in IMPRECISE else lambda: numbers(judge())
        try:
            assert_close(numbers(ours), numbers(theirs), exact, str(theirs.dtype).removeprefix("torch."))
        except AssertionError as error:
            raise AssertionError(f"{call}: {error}") from None
    elif isinstance(theirs, tuple | list):
        assert len(ours) == len(theirs), f"{call}: {len(ours)} results and not {len(theirs)}"
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert_alike(a, b, call, strides, judge and (lambda number=number: judge()[number]))
    elif isinstance(theirs, torch.dtype):
        assert str(ours) == str(theirs), f"{call}: {ours} and not {theirs}"
    else:
        assert ours == theirs, f"{call}: {ours!r} and not {theirs!r}"
