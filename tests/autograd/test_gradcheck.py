"""The checker accepts right gradients and refuses wrong ones, first and second."""

import numpy as np
import pytest

import minitorch
from minitorch.autograd import GradcheckError, gradcheck, gradgradcheck
from minitorch.autograd.graph import Function


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
