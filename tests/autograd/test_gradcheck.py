"""The checker accepts right gradients and refuses wrong ones, first and second."""

import numpy as np
import pytest

import minitorch
from minitorch.autograd import GradcheckError, gradcheck, gradgradcheck
from minitorch.autograd.graph import Function
from tests.autograd.programs import assert_said_alike, same_in_both


def leaf(*shape):
    return minitorch.randn(*shape, dtype=minitorch.float64, requires_grad=True)


class WrongGradient(Function):
    """x², with a derivative that is off by one part in fifty."""

    def forward(self, k, a):
        self.save(a)
        return k.mul(a, a)

    def backward(self, k, grad, a):
        return (k.mul(k.mul(grad, 2.04), a),)


class WrongSecondGradient(Function):
    """x³, with a derivative that is right, and does not depend on x as far as the graph can tell."""

    def forward(self, k, a):
        self.save(a, a.copy())
        return a**3

    def backward(self, k, grad, a, copied):
        return (k.mul(grad, k.mul(k.mul(copied, copied), 3.0)),)


def test_right_gradients_pass():
    a, b = leaf(2, 3), leaf(3, 2)
    assert gradcheck(lambda a, b: ((a @ b).exp(), a.sum(0)), (a, b))
    assert gradgradcheck(lambda a, b: ((a @ b).exp(), a.sum(0)), (a, b))


def test_a_wrong_first_gradient_is_refused():
    with pytest.raises(GradcheckError, match=r"Jacobian mismatch for output 0 with respect to input 0"):
        gradcheck(WrongGradient.apply, (leaf(3),))
    assert not gradcheck(WrongGradient.apply, (leaf(3),), raise_exception=False)


def test_a_wrong_second_gradient_is_refused():
    assert gradcheck(WrongSecondGradient.apply, (leaf(3),))
    with pytest.raises(GradcheckError):
        gradgradcheck(WrongSecondGradient.apply, (leaf(3),))


def test_inputs_that_do_not_require_gradients_are_left_out():
    assert gradcheck(lambda a, n: a * n, (leaf(3), 2.5))
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda a: a * 2, (minitorch.ones(3),))


def test_the_inputs_are_left_as_they_were():
    a = leaf(4)
    before = a.detach().numpy().copy()
    gradgradcheck(lambda a: a.sin(), (a,))
    np.testing.assert_array_equal(a.detach().numpy(), before)
    assert a.grad is None


# -- the same calls in both libraries ---------------------------------------------------------------------------------


def square(lib):
    return lib.tensor([[0.5, -1.0], [2.0, 0.25]], dtype=lib.float64, requires_grad=True)


def function(lib, backward, forward=lambda ctx, x: x * 2):
    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Mine", (lib.autograd.Function,), methods).apply


def of(call, *inputs, check="gradcheck", **settings):
    """A check of a function ``call(lib, *inputs)``, or of what ``call(lib)`` makes."""
    return lambda lib, say: getattr(lib.autograd, check)(
        call(lib), [each(lib) if callable(each) else each for each in (inputs or [square])], **settings
    )


def different_every_time(lib):
    passes = []

    def backward(ctx, grad):
        passes.append(grad)
        return grad * 2 * (1 + len(passes) * 1e-9)

    return function(lib, backward)


def two_results(ctx, x):
    ctx.set_materialize_grads(False)
    return x * 2, x * 3


SINE = of(lambda lib: lambda x: x.sin())
CALLS = {
    "right": SINE,
    "wrong": of(lambda lib: function(lib, lambda ctx, grad: grad * 3)),
    "wrong, no exception": of(lambda lib: function(lib, lambda ctx, grad: grad * 3), raise_exception=False),
    "wrong, fast": of(lambda lib: function(lib, lambda ctx, grad: grad * 3), raise_exception=False, fast_mode=True),
    "missing": of(
        lambda lib: function(lib, lambda ctx, grad: (grad * 2, None), lambda ctx, x, y: x * 2 + y.sum()), square, square
    ),
    "not linear": of(lambda lib: function(lib, lambda ctx, grad: grad * 2 if grad.abs().sum() > 0 else grad + 1)),
    "different, with tolerance": of(different_every_time, nondet_tol=1e-3),
    "undefined": of(lambda lib: function(lib, lambda ctx, a, b: a * 2 + b * 3, two_results)),
    "constant but not": of(lambda lib: lambda x: x.detach() * 2),
    "constant": of(lambda lib: lambda x: x.detach() * 0),
    "no gradient": of(lambda lib: lambda x: x.sin(), lambda lib: square(lib).detach()),
    "single precision": of(lambda lib: lambda x: x * x, lambda lib: square(lib).detach().float().requires_grad_()),
    "shared memory": of(
        lambda lib: lambda x: x * 2, lambda lib: lib.ones(1, 2).double().expand(3, 2).detach().requires_grad_()
    ),
    "with a number": of(lambda lib: lambda x, n: x**n, square, 2),
    "several results": of(lambda lib: lambda x: (x.sin(), 2 * x.sum())),
    "a list of results": of(lambda lib: lambda x: [x.sin(), x.sum()]),
    "an empty result": of(lambda lib: lambda x: x[:0]),
    "unused": of(lambda lib: lambda x, y: x * 2, square, square),
    "no direction": of(lambda lib: lambda x: x, check_backward_ad=False),
    "batched alone": of(
        lambda lib: lambda x: x, check_batched_grad=True, check_backward_ad=False, check_forward_ad=True
    ),
    "second": of(lambda lib: lambda x: x**3, check="gradgradcheck"),
    "second of a line": of(lambda lib: lambda x: x * 2, check="gradgradcheck"),
    "second, stepped": of(lambda lib: lambda x: x**3, check="gradgradcheck", gen_non_contig_grad_outputs=True),
    "second, no direction": of(lambda lib: lambda x: x, check="gradgradcheck", check_rev_over_rev=False),
}


@same_in_both(CALLS)
def test_a_check_ends_as_in_torch(program):
    assert_said_alike(program)


def test_passes_that_differ_are_refused():
    with pytest.raises(GradcheckError, match="Backward is not reentrant") as error:
        of(different_every_time)(minitorch, print)
    assert str(error.value).endswith("The tolerance for nondeterminism was 0.0.")
