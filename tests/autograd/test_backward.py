"""The backward pass behaves as torch's: what it fills in, what it frees, what it refuses, and in which order it works."""

import gc
import itertools
import threading
import weakref

import numpy as np
import pytest
import torch

import minitorch

BOTH = pytest.mark.parametrize("library", [minitorch, torch], ids=["minitorch", "torch"])


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def leaf(library, *shape, seed=0):
    return library.tensor(numbers(*shape, seed=seed), requires_grad=True)


def cotangent(library, tensor, seed=7):
    return library.from_numpy(numbers(*tensor.shape, seed=seed))


@BOTH
def test_gradients_add_up_in_grad_which_stays_the_same_tensor(library):
    x = leaf(library, 3)
    y = x * x
    y.backward(cotangent(library, x), retain_graph=True)
    first = x.grad
    y.backward(cotangent(library, x))
    assert x.grad is first
    np.testing.assert_allclose(x.grad.numpy(), 4 * numbers(3) * numbers(3, seed=7))


@BOTH
@pytest.mark.filterwarnings("ignore:Using backward")  # torch says it once in a process
def test_with_create_graph_grad_is_a_new_tensor_with_a_graph(library):
    x = leaf(library, 3)
    y = (x**3).sum()
    y.backward(create_graph=True)
    first = x.grad
    assert first.requires_grad
    y.backward(create_graph=True)
    assert x.grad is not first
    (second,) = library.autograd.grad(first.sum(), x)
    np.testing.assert_allclose(second.numpy(), 6 * numbers(3))


def test_two_leaves_of_one_sum_have_gradients_of_their_own():
    a, b = leaf(minitorch, 3), leaf(minitorch, 3, seed=1)
    (a + b).backward(cotangent(minitorch, a))
    a.grad.zero_()
    assert b.grad.abs().sum().item() > 0


@BOTH
def test_a_graph_that_saved_nothing_can_be_passed_through_again(library):
    x = leaf(library, 3)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 2, 2])


@pytest.mark.parametrize("order", [3, 4])
def test_derivatives_of_higher_order_equal_torchs(order):
    found = []
    for library in (minitorch, torch):
        x = leaf(library, 5)
        value = ((x**4).sin() * x.exp()).sum()
        for _ in range(order):
            (value,) = library.autograd.grad((value * cotangent(library, value)).sum(), x, create_graph=True)
        found.append(value.detach().numpy())
    np.testing.assert_allclose(*found, rtol=1e-9)


@BOTH
def test_hooks_see_and_replace_gradients_in_the_order_of_their_registration(library):
    x = leaf(library, 3)
    y = x * 2
    seen = []
    y.register_hook(lambda grad: seen.append("first") or grad * 10)
    removed = y.register_hook(lambda grad: seen.append("removed"))
    y.register_hook(lambda grad: seen.append("second") or grad + 1)
    x.register_hook(lambda grad: seen.append("leaf") or -grad)
    y.retain_grad()
    removed.remove()
    y.backward(cotangent(library, y))
    assert seen == ["first", "second", "leaf"]
    np.testing.assert_allclose(y.grad.numpy(), numbers(3, seed=7) * 10 + 1)
    np.testing.assert_allclose(x.grad.numpy(), (numbers(3, seed=7) * 10 + 1) * -2)


def test_a_hook_that_changes_the_shape_is_refused():
    x = leaf(minitorch, 3)
    x.register_hook(lambda grad: grad[0])
    with pytest.raises(RuntimeError, match="has changed the size of value"):
        x.sum().backward()


@BOTH
def test_inputs_limits_what_is_filled_in(library):
    a, b = leaf(library, 3), leaf(library, 3, seed=1)
    middle = a * b
    (middle * 2).sum().backward(inputs=[a, middle])
    assert b.grad is None
    np.testing.assert_allclose(a.grad.numpy(), 2 * numbers(3, seed=1))
    np.testing.assert_array_equal(middle.grad.numpy(), [2, 2, 2])


@BOTH
def test_grad_gives_gradients_and_touches_none(library):
    a, b, unused = leaf(library, 3), leaf(library, 3, seed=1), leaf(library, 2)
    middle = a * b
    found = library.autograd.grad(middle.exp().sum(), [middle, a, unused], allow_unused=True)
    np.testing.assert_allclose(found[0].numpy(), np.exp(numbers(3) * numbers(3, seed=1)))
    np.testing.assert_allclose(found[1].numpy(), found[0].numpy() * numbers(3, seed=1))
    assert found[2] is None
    assert a.grad is None
    zeros = library.autograd.grad(a.sum(), unused, materialize_grads=True)[0]
    np.testing.assert_array_equal(zeros.numpy(), [0, 0])


def test_sums_at_a_fork_are_added_in_torchs_order():
    """Float32 sums depend on the order: these are equal to the last bit."""
    found = []
    for library in (minitorch, torch):
        x = library.tensor(numbers(1000).astype(np.float32), requires_grad=True)
        branches = [(x * float(scale)) for scale in numbers(9)]
        total = branches[4]
        for branch in branches[:4] + branches[5:]:
            total = total + branch
        total.backward(library.from_numpy(numbers(1000, seed=3).astype(np.float32)))
        found.append(x.grad.numpy())
    np.testing.assert_array_equal(*found)


@BOTH
def test_modes_nest_decorate_and_belong_to_their_thread(library):
    x = leaf(library, 3)
    modes = []
    with library.no_grad():
        assert not (x * 2).requires_grad
        with library.enable_grad():
            assert (x * 2).requires_grad
        with library.set_grad_enabled(True):
            assert library.is_grad_enabled()
        assert not library.is_grad_enabled()
        thread = threading.Thread(target=lambda: modes.append(library.is_grad_enabled()))
        thread.start()
        thread.join()
    assert modes == [True]

    @library.no_grad()
    def quiet():
        return x * 2

    @library.set_grad_enabled(False)
    def quiet_too():
        return x * 2

    assert library.is_grad_enabled()
    assert not quiet().requires_grad
    assert not quiet_too().requires_grad
    before = library.set_grad_enabled(False)
    assert not library.is_grad_enabled()
    before.__exit__(None, None, None)
    assert library.is_grad_enabled()


@BOTH
def test_detached_tensors_share_memory(library):
    x = leaf(library, 3)
    y = x * 2
    cut = y.detach()
    assert not cut.requires_grad
    cut[0] = 100
    assert y[0].item() == 100
    assert y._version == 1  # detach() tells autograd of changes
    y.data[1] = 100
    assert y[1].item() == 100
    assert y._version == 1  # .data does not


@BOTH
def test_grad_of_a_tensor_in_mid_graph_warns(library):
    y = leaf(library, 3) * 2
    with pytest.warns(UserWarning, match="is not a leaf Tensor is being accessed"):
        assert y.grad is None


def test_a_chain_of_a_million_operations_is_no_deeper_than_any_other():
    x = minitorch.ones(1, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + 0.0
    y.backward()
    assert x.grad.item() == 1
    del y  # this must not recurse either


def references_to_dropped_graphs():
    x = minitorch.tensor(numbers(4, 4), requires_grad=True)
    y = ((x @ x).relu().softmax(1) * x).sum()
    z = (x * 2)[1:]
    z.add_(x[1:])
    y.backward()
    with pytest.warns(UserWarning, match="reference cycle"):
        z.sum().backward(create_graph=True)
    alive = [weakref.ref(y), weakref.ref(y.grad_fn), weakref.ref(z.grad_fn), weakref.ref(x.grad)]
    x.grad = None
    return alive


def test_graphs_go_when_they_are_dropped_without_the_garbage_collector():
    references_to_dropped_graphs()  # once before: numba, which compiles now, leaves cycles of its own
    gc.collect()
    gc.disable()
    try:
        assert [each() for each in references_to_dropped_graphs()] == [None] * 4
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_node_that_was_used_many_times_waits_for_all_its_gradients():
    """A wide and deep lattice: every node feeds several younger ones."""
    found = []
    for library in (minitorch, torch):
        x = leaf(library, 4)
        layer = [x, x * 2, x + 1]
        for step in range(6):
            layer = [(a * b).tanh() + step for a, b in itertools.permutations(layer, 2)][:4]
        total = layer[0]
        for each in layer[1:]:
            total = total + each
        total.backward(cotangent(library, total))
        found.append(x.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-12)


FLAT = {
    "relu": lambda library, x: x.relu(),
    "max_pool2d": lambda library, x: library.nn.functional.max_pool2d(x.view(1, 1, 4, 4), 2),
    "nll_loss": lambda library, x: library.nn.functional.nll_loss(x, library.tensor([0, 3, 1, 1])),
}


@BOTH
@pytest.mark.parametrize("function", FLAT.values(), ids=FLAT)
def test_where_the_gradient_is_flat_the_second_one_is_zero_and_not_missing(function, library):
    x = leaf(library, 4, 4)
    (first,) = library.autograd.grad(function(library, x).sum(), x, create_graph=True)
    assert first.requires_grad
    (second,) = library.autograd.grad(first, x, cotangent(library, first))
    np.testing.assert_array_equal(second.numpy(), np.zeros((4, 4)))


@BOTH
def test_a_tensor_that_a_hook_returned_is_not_added_to_by_later_passes(library):
    x = leaf(library, 3)
    mine = library.ones(3, dtype=library.float64)
    x.register_hook(lambda grad: mine)
    for y in (x * 2 + x * x, x * 3 + x):  # two gradients meet at the leaf
        y.backward(cotangent(library, y))
    np.testing.assert_array_equal(x.grad.numpy(), [2, 2, 2])
    np.testing.assert_array_equal(mine.numpy(), [1, 1, 1])


@BOTH
def test_a_gradient_that_a_hook_has_kept_stays_as_it_was(library):
    x = leaf(library, 3)
    kept = []
    x.register_hook(kept.append)
    for seed in (7, 8):
        y = x * 2 + x * 3
        y.backward(cotangent(library, y, seed))
    np.testing.assert_allclose(kept[0].numpy(), 5 * numbers(3, seed=7), rtol=1e-15)
    np.testing.assert_allclose(x.grad.numpy(), 5 * (numbers(3, seed=7) + numbers(3, seed=8)), rtol=1e-14)


@BOTH
def test_retained_gradients_have_memory_of_their_own(library):
    x = leaf(library, 3)
    y = x * 2
    z = y + 1
    y.retain_grad()
    z.retain_grad()
    z.backward(cotangent(library, z))
    z.grad.zero_()
    np.testing.assert_array_equal(y.grad.numpy(), cotangent(library, z).numpy())


@BOTH
def test_a_parameter_serves_as_cotangent_of_a_recorded_pass(library):
    x = leaf(library, 3)
    seed = library.nn.Parameter(cotangent(library, x))
    (first,) = library.autograd.grad(x**3, x, seed, create_graph=True)
    by_x, by_seed = library.autograd.grad(first, [x, seed], cotangent(library, x, seed=8))
    np.testing.assert_allclose(by_x.numpy(), 6 * numbers(3) * numbers(3, seed=7) * numbers(3, seed=8))
    np.testing.assert_allclose(by_seed.numpy(), 3 * numbers(3) ** 2 * numbers(3, seed=8))


@BOTH
def test_a_gradient_that_nobody_else_has_is_taken_and_any_other_is_copied(library):
    x, given = leaf(library, 2, 3), library.ones(2, 3, dtype=library.float64)
    (x + 1).backward(given)  # the caller has it
    assert x.grad.data_ptr() != given.data_ptr()
    x.grad = None
    flat = library.ones(6, dtype=library.float64)
    x.view(6).backward(flat)  # a new view, of memory that the caller has
    assert x.grad.data_ptr() == flat.data_ptr()


def test_a_cotangent_is_not_written_to_by_later_passes():
    """Torch does write to it, here: what it takes for the leaf's own is a view of the caller's memory."""
    x, flat = leaf(minitorch, 2, 3), cotangent(minitorch, minitorch.ones(6))
    x.view(6).backward(flat)
    first = x.grad
    x.view(6).backward(flat)
    assert x.grad is first
    np.testing.assert_array_equal(flat.numpy(), numbers(6, seed=7))
    np.testing.assert_array_equal(x.grad.numpy().reshape(6), 2 * numbers(6, seed=7))


@pytest.mark.parametrize("layout", ["rows", "columns", "every second"])
@pytest.mark.parametrize("function", [lambda x: x * 2, lambda x: x.t(), lambda x: x.sum(0), lambda x: x[1:]])
def test_a_gradient_is_laid_out_as_in_torch(function, layout):
    def strides(library):
        data = library.from_numpy(numbers(3, 8))
        x = {"rows": data, "columns": data.t().contiguous().t(), "every second": data[:, ::2]}[layout].requires_grad_()
        y = function(x)
        y.backward(cotangent(library, y))
        return x.grad.stride()

    assert strides(minitorch) == strides(torch)


@BOTH
def test_a_graph_keeps_its_leaves_and_their_hooks(library):
    seen = []

    def build():
        x = leaf(library, 3)
        x.register_hook(seen.append)
        return x * 2, (x @ x) * 3

    one, other = build()
    assert one.grad_fn.next_functions[0][0].variable.shape == (3,)
    one.backward(cotangent(library, one))
    other.backward()
    np.testing.assert_allclose(seen[0].numpy(), 2 * cotangent(library, one).numpy())
    np.testing.assert_allclose(seen[1].numpy(), 6 * numbers(3))


@BOTH
def test_hooks_of_a_leaf_run_when_its_gradient_is_complete_in_every_new_graph(library):
    order = []
    first, second = leaf(library, 3), leaf(library, 3, seed=1)
    first.register_hook(lambda grad: order.append("first"))
    second.register_hook(lambda grad: order.append("second"))
    for _ in range(3):
        hidden = first * 2
        hidden.register_hook(lambda grad: order.append("hidden"))
        (hidden * second).backward(cotangent(library, hidden))
    assert order == ["second", "hidden", "first"] * 3


@BOTH
def test_a_leaf_of_two_graphs_gets_the_gradients_of_both(library):
    x = leaf(library, 3)
    older = x * 2
    newer = x * 3
    newer.backward(cotangent(library, x))
    (older * older + x).backward(cotangent(library, x, seed=8))
    np.testing.assert_allclose(x.grad.numpy(), 3 * numbers(3, seed=7) + (8 * numbers(3) + 1) * numbers(3, seed=8))
