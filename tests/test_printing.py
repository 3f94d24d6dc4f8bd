"""Printed tensors against torch's, character for character."""

import time

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minitorch
from minitorch import dtypes
from minitorch.printing import PROFILES, format_tensor, get_printoptions, set_printoptions

TYPES = [each.numpy for each in dtypes.ALL if each is not dtypes.bfloat16]  # which numpy does not have
FLOATS = [each.numpy for each in dtypes.ALL if each.is_floating_point]


@pytest.fixture(autouse=True)
def _options_end_with_the_test():
    yield
    set_options(profile="default")
    torch.set_default_dtype(torch.float32)
    dtypes.set_default_dtype(dtypes.float32)


def set_options(**options) -> None:
    torch.set_printoptions(**options)
    set_printoptions(**options)


def twins(array, requires_grad=False):
    array = np.asarray(array)
    mine, theirs = minitorch.from_numpy(array.copy()), torch.from_numpy(array.copy())
    return mine.requires_grad_(requires_grad), theirs.requires_grad_(requires_grad)


def with_history(array):
    mine, theirs = twins(array, requires_grad=True)
    return mine + -0.0, theirs + -0.0


def assert_prints_as_in_torch(mine, theirs) -> None:
    assert repr(mine) == str(mine) == repr(theirs)


SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=8)
# What decides about the notation: whole or not, far apart or not, beside NaN, infinities and zeros of both signs.
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf]


def kinds_of_floats(dtype: np.dtype) -> list[st.SearchStrategy]:
    limits = np.finfo(dtype)
    largest = float(limits.max)
    return [
        st.floats(width=8 * dtype.itemsize),
        st.floats(-10, 10, width=16),
        st.integers(-2000, 2000).map(float),
        st.integers(int(-min(largest, 1e12)), int(min(largest, 1e12))).map(float),
        st.floats(0, float(limits.tiny), width=8 * dtype.itemsize),
        st.sampled_from(SPECIAL),
        st.one_of(st.sampled_from(SPECIAL), st.floats(-100, 100, width=16)),
        st.one_of(st.sampled_from(SPECIAL), st.integers(-2000, 2000).map(float)),
        st.sampled_from([1e-4, 0.99e-4, 1.0, 1000.0, 1001.0, 0.1, 60000.0]),
        st.sampled_from([1e8, 1.01e8, 1e5] if largest > 1e9 else [6e4]),
    ]


@st.composite
def arrays(draw, shapes=SHAPES) -> np.ndarray:
    dtype = draw(st.sampled_from(TYPES))
    shape = draw(shapes)
    if dtype in FLOATS:
        elements = draw(st.sampled_from(kinds_of_floats(dtype)))
        count = int(np.prod(shape))
        with np.errstate(over="ignore"):
            chosen = np.array(draw(st.lists(elements, min_size=1, max_size=12))).astype(dtype)
        return np.resize(chosen, count).reshape(shape)
    if dtype == np.bool or draw(st.booleans()):
        return draw(hnp.arrays(dtype, shape))
    return draw(hnp.arrays(dtype, shape, elements=st.integers(0, 100)))


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from(list(PROFILES)),
        "precision": st.integers(0, 12),
        "threshold": st.integers(0, 30),
        "edgeitems": st.integers(0, 4),
        "linewidth": st.integers(0, 150),
        "sci_mode": st.sampled_from([None, True, False]),
    },
)


@pytest.mark.parametrize(
    "values", [(1.5, 1500.0), (1.5, 1500.1), (1e8, 1e8), (1e8, 100000001.0), (1e-4, 0.05), (0.99e-4, 0.05)]
)
def test_numbers_go_scientific_just_where_they_do_in_torch(values):
    assert_prints_as_in_torch(*twins(np.array(values)))


@given(arrays(), st.booleans())
def test_any_tensor_prints_as_in_torch(array, requires_grad):
    assert_prints_as_in_torch(*twins(array, requires_grad and array.dtype.kind == "f"))


@given(arrays(), OPTIONS)
@example(np.arange(6.0).reshape(2, 3), {"threshold": 0, "edgeitems": 0})
@example(np.array(1e9, np.float32), {"threshold": 0, "edgeitems": 0})
@example(np.array([0.0]), {"sci_mode": True})
@example(np.array([0.5, 1.5, np.nan]), {"precision": 0})
@example(np.array([1.0, 1e20]), {"sci_mode": False})
def test_any_tensor_prints_as_in_torch_under_any_options(array, options):
    try:
        set_options(**options)
        assert get_printoptions() == torch._tensor_str.get_printoptions()
        assert_prints_as_in_torch(*twins(array))
        if array.dtype.kind == "f":
            assert_prints_as_in_torch(*with_history(array))
    finally:
        set_options(profile="default")


@given(arrays(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=12)), st.integers(0, 3), st.integers(0, 20))
def test_only_what_is_shown_decides_how_a_shortened_tensor_is_written(array, edgeitems, threshold):
    try:
        set_options(edgeitems=edgeitems, threshold=threshold)
        assert_prints_as_in_torch(*twins(array))
    finally:
        set_options(profile="default")


@pytest.mark.parametrize("values", [[1.0, 1e9, 2.0], [1.0, 0.5, 3.0], [1, 1000000, 3], [True, False, True]])
def test_a_hidden_number_has_no_say(values):
    set_options(edgeitems=1, threshold=2)
    assert_prints_as_in_torch(*twins(values))


@pytest.mark.parametrize("shape", [(1000,), (1001,), (1, 1001), (7, 1, 200), (40, 50, 2), (10, 200, 0), (100, 101)])
@pytest.mark.parametrize("dtype", TYPES)
def test_tensors_around_the_default_threshold(shape, dtype):
    array = (np.arange(np.prod(shape)).reshape(shape) % 100).astype(dtype)
    assert_prints_as_in_torch(*twins(array))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (1, 0, 4)])
@pytest.mark.parametrize("dtype", TYPES)
def test_empty_tensors(shape, dtype):
    assert_prints_as_in_torch(*twins(np.empty(shape, dtype)))


@pytest.mark.parametrize("default", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(), (2,), (0,)])
def test_the_type_is_told_unless_it_is_the_default_one(default, dtype, shape):
    torch.set_default_dtype(getattr(torch, default))
    dtypes.set_default_dtype(getattr(dtypes, default))
    assert_prints_as_in_torch(*twins(np.ones(shape, dtype)))


@given(st.integers(1, 40), st.sampled_from([np.float32, np.float64]))
def test_what_is_said_of_the_graph_goes_to_a_new_line_when_the_last_is_full(length, dtype):
    array = np.linspace(0, 1, length, dtype=dtype)
    for part in (array, array.reshape(1, -1), array.reshape(-1, 1)):
        assert_prints_as_in_torch(*twins(part, requires_grad=True))
        assert_prints_as_in_torch(*with_history(part))


def test_memory_order_does_not_matter():
    array = np.arange(60.0).reshape(3, 4, 5).transpose(2, 0, 1)[::-1, :, ::2]
    assert_prints_as_in_torch(*twins(array))


def test_a_tensor_of_a_hundred_million_elements_prints_at_once():
    mine = minitorch.tensor(1.5).expand(100, 1_000_000)
    start = time.perf_counter()
    text = repr(mine)
    assert time.perf_counter() - start < 0.5
    assert text == repr(torch.tensor(1.5).expand(100, 1_000_000))


def test_another_name_moves_the_lines_along():
    mine, _ = twins(np.eye(2))
    assert format_tensor(mine, "Image").splitlines() == ["Image([[1., 0.],", "       [0., 1.]], dtype=torch.float64)"]


@pytest.mark.parametrize(
    "options", [{"profile": name} for name in PROFILES] + [{"precision": 2}, {"sci_mode": True}, {}]
)
def test_options_are_set_and_told_as_in_torch(options):
    set_options(precision=7, threshold=5, edgeitems=1, linewidth=60, sci_mode=False)
    set_options(**options)
    assert get_printoptions() == torch._tensor_str.get_printoptions()


def test_options_can_be_put_back():
    before = get_printoptions()
    set_printoptions(precision=1, sci_mode=True)
    set_printoptions(**before)
    assert get_printoptions() == before


def test_a_profile_that_is_not_there_is_refused_and_nothing_changes():
    before = get_printoptions()
    with pytest.raises(ValueError, match="no profile 'long': choose one of default, short, full"):
        set_printoptions(profile="long", precision=9)
    assert get_printoptions() == before


SCALARS = [(3.14159, ".2f"), (3, "d"), (3, "05d"), (True, ""), (1.5, ""), (1e-3, ">12")]


@pytest.mark.parametrize(("value", "spec"), SCALARS)
def test_a_tensor_without_dimensions_is_formatted_as_its_number(value, spec):
    mine, theirs = twins(np.array(value))
    assert format(mine, spec) == format(theirs, spec)


def test_a_tensor_with_dimensions_takes_no_format():
    for tensor in twins([1.0]):
        assert f"{tensor}" == repr(tensor)
        with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor.__format__"):
            format(tensor, ".2f")


@given(arrays(), st.booleans())
def test_parameters_and_containers_of_tensors_print_as_in_torch(array, requires_grad):
    if array.dtype.kind == "f":
        texts = []
        for lib, tensor in zip((minitorch, torch), twins(array), strict=True):
            parameter = lib.nn.Parameter(tensor, requires_grad)
            texts.append([repr(parameter), str(parameter), f"{[parameter]}", repr({"w": (tensor, [tensor])})])
        assert texts[0] == texts[1]


def nested(lib):
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self, note=""):
            super().__init__()
            self.note = note
            self.linear = nn.Linear(2, 3, bias=False)
            self.weight = nn.Parameter(lib.ones(2))
            self.absent = None

        def extra_repr(self):
            return self.note

    repeated = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)] + [nn.Linear(2, 3)] + [nn.ReLU()] * 2)
    return [
        nn.Sequential(repeated, nn.ModuleDict({"x": nn.Dropout(0.25), "y": nn.Sequential(nn.Flatten(), nn.Sequential())})),
        nn.Sequential(Block(), Block(), Block("width=3"), Block("one\ntwo"), nn.Identity()),
        nn.ModuleList([]), nn.ModuleList([Block("one\ntwo")] * 2), Block("one\ntwo"), nn.Sequential(nn.Sequential(repeated)),
        nn.Conv2d(1, 2, 3, stride=2, padding=1, bias=False), nn.MaxPool2d(2), nn.Softmax(), nn.Unflatten(1, (2, 3)),
    ]  # fmt: skip


def test_nested_modules_and_repeated_blocks_print_as_in_torch():
    for mine, theirs in zip(nested(minitorch), nested(torch), strict=True):
        assert repr(mine) == repr(theirs)
