"""A catalogue of mistakes, put into kernels that are right: the interpreter finds each of them."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytest.importorskip(
    "numba_cuda", reason="the kernels with mistakes are compiled with numba-cuda, which is not installed"
)

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, convolution, device, from_host, gemm, gemm_tile, to_host
from tests.ptx.compiled import ptx_of
from tests.ptx.device import CAPABILITY, Interpreter
from tests.ptx.instructions import mean
from tests.ptx.machine import Program
from tests.ptx.module import PTXError, parse

CPU, GPU = tables[np.ndarray], tables[DeviceArray]
RANDOM = np.random.default_rng(7)
WHOLE = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}


def normal(*shape):
    return RANDOM.standard_normal(shape).astype("f")


def pooled(k, a):
    output, indices = k.max_pool(a, (3, 3), (1, 1), (0, 0), (1, 1), False)
    return k.max_pool_backward(output, indices, a, 2)


def sampled(k, grad, grid):
    how = {"orders": (0, 0), "mode": "bilinear", "padding_mode": "border", "align_corners": False}
    return k.grid_sample_input_grad(grad, grid, input_shape=(1, 2, 5, 7), **how)


def transcribed(k, a, targets, lengths, counts):
    a = k.log_softmax(a, 2)
    losses, alpha = k.ctc_loss(a, targets, lengths, counts, 0)
    return k.ctc_loss_backward(
        k.sigmoid(losses), a, targets, lengths, counts, losses, alpha, blank=0, zero_infinity=True
    )


LABELS = [RANDOM.integers(1, 5, (3, 40)), np.array([45, 44, 9]), np.array([20, 19, 4])]


# One program for each family, and how many of the barriers in its last kernel are needed. The last barrier of a sum keeps
# the next one from writing too early; where there is no next one it is not needed.
FAMILIES = {
    "add": (lambda k, a, b: k.add(a, b), [normal(257), normal(257)], 0),
    "add strided": (lambda k, a, b: k.add(k.t(a), b), [normal(13, 31), normal(31, 13)], 0),
    "lerp strided": (lambda k, a, b, c: k.lerp(k.t(a), b, c), [normal(13, 31), normal(31, 13), normal(13)], 0),
    "igamma": (lambda k, a, b: k.igamma(k.abs(a), k.abs(b)), [normal(257), normal(257)], 0),
    "gcd": (lambda k, a, b: k.gcd(a, b), [RANDOM.integers(-99, 99, 257), RANDOM.integers(-99, 99, 257)], 0),
    "sum by thread": (lambda k, a: k.sum(a, (0,), False), [normal(70, 67)], 0),
    "sum by block": (lambda k, a: k.sum(a, (1,), False), [normal(3, 300)], 9),
    "argmax": (lambda k, a: k.argmax(a, 1, False), [normal(3, 300)], 8),
    "softmax by thread": (lambda k, a: k.softmax(a, 1), [normal(131, 5)], 0),
    "softmax by block": (lambda k, a: k.softmax(a, 1), [normal(3, 300)], 17),
    "log_softmax_backward": (lambda k, a: k.log_softmax_backward(a, a, 1), [normal(3, 300)], 8),
    "nll_loss": (
        lambda k, a, t: k.nll_loss_forward(a, t, None, -100, "mean")[0], [normal(300, 3), RANDOM.integers(0, 3, 300)], 19,
    ),
    "layer_norm": (lambda k, a: k.layer_norm(a, None, None, 1, 1e-3)[0], [normal(3, 300)], 29),
    "mm": (lambda k, a, b: k.mm(a, b), [normal(70, 40), normal(40, 71)], 2),
    "convolution": (lambda k, a, b: k.convolution(a, b, None, **WHOLE), [normal(2, 3, 8, 9), normal(5, 3, 3, 3)], 2),
    "convolution_input_grad": (
        lambda k, a, b: k.convolution_input_grad(a, b, (2, 3, 8, 9), **WHOLE), [normal(2, 5, 8, 9), normal(5, 3, 3, 3)], 2,
    ),
    "convolution_weight_grad": (
        lambda k, a, b: k.reshape(k.convolution_weight_grad(a, b, (5, 3, 3, 3), **WHOLE), (135,)),
        [normal(2, 5, 8, 9), normal(2, 3, 8, 9)], 2,
    ),
    "max_pool": (lambda k, a: k.max_pool(a, (2, 2), (2, 2), (0, 0), (1, 1), False)[0], [normal(3, 9, 31)], 0),
    "sort": (lambda k, a: k.sort(a, 1, False, True)[0], [normal(5, 50)], 3),
    "cumsum": (lambda k, a: k.cumsum(a, 0), [normal(300)], 0),
    "linspace": (lambda k, a: k.linspace(0.0, 1.0, 257, a.dtype), [normal(1)], 0),
    "eye": (lambda k, a: k.eye(19, 17, a.dtype), [normal(1)], 0),
    "max_pool_backward": (pooled, [normal(1, 30, 31)], 2),
    "index": (lambda k, a, i: k.index(k.t(a), None, i), [normal(31, 5), RANDOM.integers(-31, 31, 70)], 0),
    "masked_scatter": (lambda k, a, m: k.masked_scatter(a, m, a), [normal(257), RANDOM.random(257) < 0.5], 0),
    "embedding_bag": (
        lambda k, a, i, s: k.embedding_bag(a, i, s, None, "max", -1)[0],
        [normal(9, 31), RANDOM.integers(0, 9, 50), np.arange(0, 51, 5)], 0,
    ),
    "index_add": (
        lambda k, a, i, s: k.index_add(a, 0, i, s), [normal(7, 50), np.arange(11) % 7, normal(11, 50)], 0,
    ),
    "max_pool of volumes": (
        lambda k, a: k.max_pool(a, (2, 2, 2), (1, 2, 1), (0, 0, 0), (1, 1, 1), False)[0], [normal(2, 4, 7, 11)], 0,
    ),
    "max_unpool": (lambda k, a, at: k.max_unpool(a, at, (5, 8)), [normal(3, 20, 15), RANDOM.integers(0, 40, (3, 20, 15))], 2),
    "flip": (lambda k, a: k.flip(a, (0, 2)), [normal(5, 7, 11)], 0),
    "tril": (lambda k, a: k.tril(a, 1), [normal(3, 11, 13)], 0),
    "pad_edges": (lambda k, a: k.pad_edges(a, (3, 2), "reflect"), [normal(3, 101)], 0),
    "pad_edges_backward": (
        lambda k, a: k.pad_edges_backward(a, k.slice(a, 1, 0, 98, 1), (1, 2), "replicate"), [normal(3, 101)], 0,
    ),
    "grid_sample_input_grad": (sampled, [normal(1, 2, 9, 10), normal(1, 9, 10, 2)], 2),
    "cdist": (lambda k, a, b: k.cdist(a, b, 2.0), [normal(2, 9, 3), normal(2, 31, 3)], 0),
    "cdist_backward": (
        lambda k, a, b: k.cdist_backward(k.mm(a, k.t(b)), a, b, k.exp(k.mm(a, k.t(b))), 2.0), [normal(91, 3), normal(7, 3)], 0,
    ),
    "multi_margin": (
        lambda k, a, t, w: k.multi_margin(a, t, w, 2, 1.0)[0], [normal(3, 200), np.array([199, 0, 7]), np.ones(200, "f")], 17,
    ),
    "multilabel_margin": (
        lambda k, a, t: k.multilabel_margin(a, t)[1], [normal(37, 7), RANDOM.integers(-1, 7, (37, 7))], 0,
    ),
    "ctc_loss": (lambda k, a, *labels: k.ctc_loss(k.log_softmax(a, 2), *labels, 0)[0], [normal(45, 3, 5), *LABELS], 1),
    "ctc_loss_backward": (transcribed, [normal(45, 3, 5), *LABELS], 1),
}  # fmt: skip
MAIN = {
    "nll_loss": 1, "convolution_input_grad": 1, "max_pool_backward": 1, "index": 2, "masked_scatter": 1, "embedding_bag": 1,
    "index_add": 4, "grid_sample_input_grad": 4, "igamma": 2, "linalg_cholesky": 2,
    "linalg_lu_factor": 2, "cdist_backward": 3, "multilabel_margin": 1, "ctc_loss": 1, "ctc_loss_backward": 3,
}  # fmt: skip
"""The numbers of the families' main kernels, where these are not the first."""
CHANGING = {"index_add"}
"""The families whose main kernel changes what has been written before."""

# Programs whose main kernel, the third, writes over what an earlier one had made; and the barriers in it that are needed. The
# last one of finding a pivot is not, for another follows.
IN_PLACE = {
    "linalg_cholesky": (
        lambda k, a: k.linalg_cholesky(a, False)[0],
        [np.stack([4 * np.eye(7, dtype="f") + 1] * 2)],
        range(3),
    ),
    "linalg_lu_factor": (lambda k, a: k.linalg_lu_factor(a)[0], [normal(2, 7, 7)], [*range(17), *range(18, 22)]),
}


class Faulty(Interpreter):
    """Makes a mistake in one of the launches.

    Args:
        which: the number of that launch.
        text: changes its PTX.
        shape: changes its grid.
        numbers: changes the launch's arguments.
    """

    texts = {}  # noqa: RUF012  (compiling takes long)

    def __init__(self, which, text=None, shape=None, numbers=None):
        super().__init__()
        self.which, self.text, self.shape, self.numbers = which, text, shape, numbers

    def launch(self, kernel, threads, grid, args, by_address=()):
        if len(self.launched) == self.which:
            grid = self.shape(grid) if self.shape else grid
            args = self.numbers(list(args)) if self.numbers else args
        super().launch(kernel, threads, grid, args)

    def program(self, kernel, types, threads):
        if self.text is None or len(self.launched) != self.which:
            return super().program(kernel, types, threads)
        if (kernel, types) not in self.texts:
            self.texts[kernel, types] = ptx_of(kernel, types, CAPABILITY, threads)
        changed = self.text(self.texts[kernel, types])
        assert changed != self.texts[kernel, types]
        return Program(parse(changed), mean)


def outcome(family, **mistake):
    """What became of a program with a mistake in the family's main kernel."""
    program, arrays, _ = (FAMILIES | IN_PLACE)[family]
    with device.use(Faulty(MAIN.get(family, 0), **mistake)):
        try:
            result = to_host(program(GPU, *map(from_host, arrays)))
        except PTXError as error:
            return str(error)
    return "right" if np.allclose(result, program(CPU, *arrays), rtol=1e-4, atol=1e-4) else "wrong numbers"


@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_mistake_all_is_well(family):
    assert outcome(family) == "right"


BARRIER = re.compile(r"^\s*bar\.sync[^;]*;", re.M)


def without(pattern, number):
    """The text without the n-th place that matches."""

    def change(text):
        found = list(re.finditer(pattern, text))[number]
        return text[: found.start()] + text[found.end() :]

    return change


@pytest.mark.parametrize(("family", "number"), [(name, n) for name, row in FAMILIES.items() for n in range(row[2])])
def test_a_missing_barrier(family, number):
    assert "race in" in outcome(family, text=without(BARRIER, number))


@pytest.mark.parametrize("number", [*range(15), 16, 17])
def test_a_missing_barrier_of_a_scan(number):
    """All are needed but the 16th: in the last step, threads that write are others than those that are read from."""
    assert "race in" in outcome("cumsum", text=without(BARRIER, number))


@pytest.mark.parametrize("family", [name for name, row in FAMILIES.items() if row[2]])
def test_every_barrier_but_a_last_one_is_in_the_catalogue(family):
    texts = []
    outcome(family, text=lambda text: texts.append(text) or text + " ")
    assert len(BARRIER.findall(texts[0])) - FAMILIES[family][2] in (0, 1)


@pytest.mark.parametrize("family", [name for name, row in FAMILIES.items() if row[2]])
def test_a_barrier_that_not_all_threads_reach(family):
    first = "setp.lt.u32 %p0, %tid.x, 7;\n@%p0 bar.sync 0;"
    message = outcome(family, text=lambda text: BARRIER.sub(first, text, count=1))
    assert "divergent barrier" in message or "race in" in message


GUARD = re.compile(r"setp\.(ge|lt|le|gt)\.([us])(32|64)")
OTHER = {"ge": "gt", "gt": "ge", "lt": "le", "le": "lt"}


@pytest.mark.parametrize(
    "family",
    [
        "add",
        "add strided",
        "lerp strided",
        "igamma",
        "gcd",
        "sum by thread",
        "softmax by thread",
        "max_pool",
        "index",
        "masked_scatter",
        "max_pool of volumes",
        "flip",
        "tril",
        "pad_edges",
        "pad_edges_backward",
        "cdist",
        "cdist_backward",
        "multilabel_margin",
        "linspace",
        "eye",
    ],
)
def test_a_bound_that_is_off_by_one(family):
    """The first comparison of each is whether this thread has something to do."""
    message = outcome(family, text=lambda text: GUARD.sub(lambda m: f"setp.{OTHER[m[1]]}.{m[2]}{m[3]}", text, count=1))
    assert "out of bounds" in message


@pytest.mark.parametrize("family", [*FAMILIES])
def test_a_grid_that_is_one_block_short(family):
    message = outcome(family, shape=lambda grid: (grid[0] - 1, *grid[1:]))
    assert message == "wrong numbers" if family in CHANGING else "never written" in message


@pytest.mark.parametrize("family", ["mm", "convolution_weight_grad"])
def test_a_grid_that_is_one_block_too_wide_does_no_harm(family):
    """Sinks pass over what is beyond the edges."""
    assert outcome(family, shape=lambda grid: (grid[0] + 1, *grid[1:])) == "right"


@pytest.mark.parametrize("family", ["sum by block", "argmax", "softmax by block", "max_pool_backward"])
def test_a_grid_that_is_one_block_too_wide(family):
    message = outcome(family, shape=lambda grid: (grid[0] + 1, *grid[1:]))
    assert message == "right" if family == "softmax by block" else "out of bounds" in message


@pytest.mark.parametrize("family", [*FAMILIES])
def test_a_result_that_is_not_stored(family):
    message = outcome(family, text=lambda text: re.sub(r"st\.global\.[^;]*;", "", text))
    assert message == "wrong numbers" if family in CHANGING else "never written" in message


@pytest.mark.parametrize(("module", "family"), [(gemm, "mm"), (convolution, "convolution_weight_grad")])
def test_more_results_stored_at_once_than_divide_a_row(module, family, monkeypatch):
    monkeypatch.setattr(module, "at_once", lambda run, dtype: 4)
    message = outcome(family)
    assert "does not divide" in message or "out of bounds" in message


def test_a_source_and_a_product_that_disagree_on_how_a_tile_lies(monkeypatch):
    monkeypatch.setattr(gemm_tile, "pitch", lambda extent, number: extent)
    gemm_tile._kernel.cache_clear()
    try:
        message = outcome("mm")
    finally:
        gemm_tile._kernel.cache_clear()
    assert message == "wrong numbers" or "race in" in message or "out of bounds" in message


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("family", ["add", "add strided", "lerp strided", "igamma", "gcd"])
def test_a_size_that_is_off_by_one(family, by):
    def change(args):
        n = next(n for n, each in enumerate(args) if isinstance(each, np.uint32))
        return [*args[:n], np.uint32(int(args[n]) + by), *args[n + 1 :]]

    assert ("never written" if by < 0 else "out of bounds") in outcome(family, numbers=change)


@pytest.mark.parametrize("by", [-1, 1])
def test_a_number_of_columns_that_is_off_by_one(by):
    assert outcome("eye", numbers=lambda args: [args[0], np.uint32(int(args[1]) + by), args[2]]) == "wrong numbers"


def test_a_start_and_a_step_that_change_places():
    assert outcome("linspace", numbers=lambda args: [args[0], args[2], args[1], *args[3:]]) == "wrong numbers"


@pytest.mark.parametrize("by", [-1, 1])
def test_a_turned_array_that_is_read_from_a_place_beside_its_end(by):

    def change(args):
        return [*args[:3], np.uint32(int(args[3]) + by), *args[4:]]

    message = outcome("flip", numbers=change)
    assert message == "wrong numbers" or "out of bounds" in message


@pytest.mark.parametrize("family", ["pad_edges", "pad_edges_backward"])
def test_a_dimension_that_is_taken_for_another(family):
    """The sizes of the result's and of the array's dimension change places."""

    def change(args):
        size, places, extent, inner = args[-1]
        return [*args[:-1], (size, extent, places, inner)]

    message = outcome(family, numbers=change)
    assert message == "wrong numbers" or "out of bounds" in message


def test_windows_of_another_dimension():
    def change(args):
        *others, begins, ends, nothing, numbers = args
        return [*others, (begins[0], begins[2], begins[1]), ends, nothing, numbers]

    message = outcome("max_pool of volumes", numbers=change)
    assert message == "wrong numbers" or "out of bounds" in message


@pytest.mark.parametrize("family", ["add strided", "lerp strided"])
def test_strides_in_the_wrong_order(family):
    def change(args):
        return [*args[:-2], args[-2][::-1], args[-1]]

    message = outcome(family, numbers=change)
    assert message == "wrong numbers" or "out of bounds" in message


def test_a_test_for_zero_that_is_missing():
    """Euclid's algorithm then divides by what is left, which is 0 in the end."""
    message = outcome(
        "gcd",
        text=lambda text: re.sub(r"setp\.eq\.([bsu])64(\s+%p\d+), (%rd\d+), 0;", r"setp.eq.\g<1>64\2, \3, -1;", text),
    )
    assert message in ("division by zero", "wrong numbers")


@pytest.mark.parametrize("operand", [1, 2])
def test_steps_of_a_matrix_that_are_swapped(operand):
    def change(args):
        array, lines, line_step, step, batch_step = args[operand]
        return [*args[:operand], (array, lines, step, line_step, batch_step), *args[operand + 1 :]]

    message = outcome("mm", numbers=change)
    assert message == "wrong numbers" or "out of bounds" in message or "does not divide" in message


@pytest.mark.parametrize(
    "family", ["sum by block", "argmax", "softmax by block", "mm", "convolution", "max_pool_backward", "max_unpool"]
)
def test_shared_memory_that_is_too_small(family):
    def halve(text):
        return re.sub(r"(\.shared [^\[]*\[)(\d+)\]", lambda m: f"{m[1]}{int(m[2]) // 2}]", text)

    message = outcome(family, text=halve)
    assert "out of bounds of shared memory" in message or "race in shared memory" in message


@pytest.mark.parametrize("family", ["sum by block", "softmax by block", "mm", "convolution"])
def test_shared_memory_that_is_read_before_it_is_written(family):
    message = outcome(family, text=lambda text: re.sub(r"st\.shared\.[^;]*;", "", text, count=1))
    assert "never written" in message


def test_a_run_that_more_than_one_thread_takes():
    """The first jump before one without a condition ends what does not begin a run."""
    message = outcome("index_add", text=lambda text: re.sub(r"@%p\d+ bra[^;]*;(\s*bra\.uni)", r"\1", text, count=1))
    assert "race in" in message


@pytest.mark.parametrize("number", [2, 3])
def test_positions_that_change_places_with_values_or_with_their_order(number):
    def change(args):
        args[number], args[number - 1] = args[number - 1], args[number]
        return args

    message = outcome("index_add", numbers=change)
    assert message == "wrong numbers" or "race in" in message or "out of bounds" in message


@pytest.mark.parametrize("family", ["index", "index_add"])
def test_steps_of_slices_that_are_off_by_one(family):
    def change(args):
        return [*args[:-1], tuple(np.uint32(int(step) + 1) for step in args[-1])]

    message = outcome(family, numbers=change)
    assert message == "wrong numbers" or "race in" in message or "out of bounds" in message


@pytest.mark.parametrize(("family", "number"), [(name, n) for name, row in IN_PLACE.items() for n in row[2]])
def test_a_missing_barrier_between_steps_of_a_decomposition(family, number):
    assert "race in" in outcome(family, text=without(BARRIER, number))


@pytest.mark.parametrize("family", IN_PLACE)
def test_a_matrix_that_no_block_decomposes(family):
    message = outcome(family, shape=lambda grid: (grid[0] - 1, *grid[1:]))
    assert message == "wrong numbers" or "never written" in message


@pytest.mark.parametrize("family", IN_PLACE)
def test_a_size_of_matrices_that_is_too_small(family):
    message = outcome(family, numbers=lambda args: [*args[:-1], np.int64(args[-1] - 2)])
    assert message == "wrong numbers" or "never written" in message


@pytest.mark.parametrize("family", IN_PLACE)
def test_a_decomposition_without_a_mistake_is_right(family):
    assert outcome(family) == "right"


@pytest.mark.parametrize("family", ["cdist", "cdist_backward", "ctc_loss", "ctc_loss_backward"])
def test_two_sizes_that_change_places(family):
    def change(args):
        first, second, *others = args[-1]
        return [*args[:-1], (second, first, *others)]

    message = outcome(family, numbers=change)
    assert message == "wrong numbers" or "out of bounds" in message or "never written" in message
