"""Changes in place: through views, of views, and what they do to histories and versions; all as in torch."""

import numpy as np
import pytest
import torch

import minitorch

LIBRARIES = (minitorch, torch)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def change_a_view(library, x, v):
    y = x * 2
    y[0].mul_(v)
    return y


def change_the_base_and_look_through_an_older_view(library, x, v):
    y = x * 2
    row = y[1]
    y.mul_(x)
    return row * v


def change_a_view_and_look_through_its_sibling(library, x, v):
    y = x * 2
    older = y.view(12)
    y[:, 1].exp_()
    return older[2:8] * 3


def change_a_view_of_a_view(library, x, v):
    y = x * 2
    y[1:].t()[0].mul_(3)
    return y * x


def assign_to_rows(library, x, v):
    y = x * 2
    y[1] = v
    y[2, 1:3] = v[1:3] * 2
    return y * x


def assign_to_a_constant(library, x, v):
    y = library.zeros(3, 4, dtype=library.float64)
    y[1] = v * 2
    y[:, 0] = x[:, 1]
    return y * y


def assign_a_number(library, x, v):
    y = x * 2
    y[0] = 1.5
    return y * x


def assign_through_positions(library, x, v):
    y = x * 2
    y[library.tensor([0, 2])] = v
    return y * x


def assign_through_a_mask(library, x, v):
    y = x * 2
    y[y > 0] = 1.0
    return y * x


def copy_over(library, x, v):
    y = x * 2
    y.copy_(v)
    return y * x


def forget_by_zero(library, x, v):
    y = x * 2
    y.zero_()
    return y + x


def fill(library, x, v):
    y = x * 2
    y[1:].fill_(3.0)
    return y * x


def relu_in_place(library, x, v):
    y = x * 2
    y.relu_()
    return y * v


def signs_in_place(library, x, v):
    y = x * 2
    y += v
    y -= 1
    y *= x
    y /= v
    return y


def several_times(library, x, v):
    y = x * 2
    row = y[0]
    row.mul_(v)
    row.add_(x[1])
    y[0].exp_()
    return y + row


CHANGES = [
    change_a_view,
    change_the_base_and_look_through_an_older_view,
    change_a_view_and_look_through_its_sibling,
    change_a_view_of_a_view,
    assign_to_rows,
    assign_to_a_constant,
    assign_a_number,
    assign_through_positions,
    assign_through_a_mask,
    copy_over,
    forget_by_zero,
    fill,
    relu_in_place,
    signs_in_place,
    several_times,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_values_and_gradients_of_first_and_second_order_equal_torchs(change):
    found = []
    for library in LIBRARIES:
        x = library.tensor(numbers(3, 4), requires_grad=True)
        v = library.tensor(numbers(4, seed=1), requires_grad=True)
        y = change(library, x, v)
        first = library.autograd.grad(
            y, [x, v], library.from_numpy(numbers(*y.shape, seed=2)), create_graph=True, allow_unused=True
        )
        results = [y, *first]
        seeds = [(g, numbers(*g.shape, seed=3 + n)) for n, g in enumerate(first) if g is not None and g.requires_grad]
        results += (
            library.autograd.grad(
                [g for g, _ in seeds], [x, v], [library.from_numpy(s) for _, s in seeds], allow_unused=True
            )
            if seeds
            else [None, None]
        )
        found.append([None if each is None else each.detach().numpy() for each in results])
    for ours, theirs in zip(*found, strict=True):
        assert (ours is None) == (theirs is None) or not np.any(ours if theirs is None else theirs)
        if ours is not None and theirs is not None:
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def names(node):
    return node and (
        node.name().removeprefix("torch::autograd::"),
        tuple(names(each) for each, _ in node.next_functions),
    )


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_histories_equal_torchs(change):
    graphs = []
    for library in LIBRARIES:
        x = library.tensor(numbers(3, 4), requires_grad=True)
        v = library.tensor(numbers(4, seed=1), requires_grad=True)
        graphs.append(names(change(library, x, v).grad_fn))
    assert graphs[0] == graphs[1]


def several_views(library):
    first, _ = (library.ones(2, 3, requires_grad=True) * 2).unbind()
    first.add_(1)


def view_from_no_grad(library):
    y = library.ones(2, 3, requires_grad=True) * 2
    with library.no_grad():
        row = y[0]
    row.add_(1)


def expanded(library):
    library.ones(1, 3).expand(2, 3).add_(1)


def grows(library):
    library.ones(3).add_(library.ones(2, 3))


def wider_category(library):
    library.ones(3, dtype=library.int64).add_(0.5)


MISTAKES = [several_views, view_from_no_grad, expanded, grows, wider_category]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_change_that_cannot_be_is_refused_in_torchs_words(mistake):
    texts = []
    for library in LIBRARIES:
        with pytest.raises(RuntimeError) as caught:
            mistake(library)
        texts.append(str(caught.value).split("\n")[0].split(". ")[0])
    assert texts[0] == texts[1]


def test_versions_count_changes_for_all_who_share_the_memory():
    for library in LIBRARIES:
        base = library.zeros(2, 3)
        row, flat = base[0], base.view(6)
        row.add_(1)
        flat[0] = 2
        base.mul_(2)
        assert [base._version, row._version, flat._version] == [3, 3, 3]


@pytest.mark.parametrize("library", LIBRARIES, ids=["minitorch", "torch"])
def test_operands_given_by_keyword_are_recorded_like_others(library):
    w = library.tensor(numbers(3), requires_grad=True)
    y = library.tensor(numbers(3, seed=1))
    y.mul_(other=w)
    y.backward(library.from_numpy(numbers(3, seed=2)))
    np.testing.assert_allclose(w.grad.numpy(), numbers(3, seed=1) * numbers(3, seed=2))
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        library.add(library.ones(3), other=w, out=library.empty(3))


@pytest.mark.parametrize("size", [5, 300_000])
@pytest.mark.parametrize("layout", ["rows", "transposed", "every second", "expanded operand", "wider operand"])
def test_arithmetic_over_the_first_operand_is_arithmetic(layout, size):
    def run(library):
        rng = np.random.default_rng(0)
        x, y = (library.from_numpy(rng.uniform(1, 2, (2, size)).astype(np.float32)) for _ in range(2))
        if layout == "transposed":
            x = x.t()
            y = y.reshape(size, 2)
        elif layout == "every second":
            x, y = x[:, ::2], y[:, 1 : 2 * x[:, ::2].shape[1] : 2] if size % 2 == 0 else y[:, ::2]
        elif layout == "expanded operand":
            y = y[:, :1].expand(2, size)
        elif layout == "wider operand":
            y = y.double()
        versions = x._version
        x.add_(y).mul_(y).sub_(y, alpha=0.5).div_(y).mul_(x)
        x.add_(2).mul_(0.5).neg_().abs_().sqrt_()
        return x, x._version - versions

    (ours, steps), (theirs, torchs_steps) = map(run, LIBRARIES)
    assert steps == torchs_steps
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=3e-6)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", ["mul_", "div_", "neg_", "abs_", "sqrt_"])
def test_only_sums_and_differences_take_a_factor(name, library):
    x = library.ones(3)
    with pytest.raises(TypeError):
        getattr(x, name)(*[library.ones(3)] * (name in ("mul_", "div_")), alpha=3)
    assert x.tolist() == [1, 1, 1]
