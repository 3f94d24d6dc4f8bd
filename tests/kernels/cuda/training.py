"""A step of training a small network, on any table of kernels. As a program: on numba's simulator, against the CPU.

Network: convolution, ReLU, max pooling, a linear layer, cross entropy, SGD: what `minitorch train` uses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

HOW = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
STEPS = 2


def parameters() -> list[np.ndarray]:
    random = np.random.default_rng(3)
    shapes = [(2, 1, 6, 6), (2, 1, 3, 3), (2,), (3, 18), (3,)]  # input; weights and biases
    arrays = [random.standard_normal(shape).astype(np.float32) for shape in shapes]
    return [*arrays, np.array([0, 2]), *[np.zeros(shape, np.float32) for shape in shapes[1:]]]


def step(k: Any, arrays: list[Any]) -> Any:
    """Forward, backward, and the update of the weights, as the engine calls the kernels. Returns the loss."""
    input, weight, bias, matrix, last_bias, target, *velocities = arrays
    hidden = k.relu(k.convolution(input, weight, bias, **HOW))
    pooled, indices = k.max_pool(hidden, (2, 2), (2, 2), (0, 0), (1, 1), False)
    flat = k.view(pooled, (2, 18))
    scores = k.log_softmax(k.addmm(last_bias, flat, k.t(matrix), 1, 1), 1)
    loss, weights = k.nll_loss_forward(scores, target, None, -100, "mean")

    grad = k.nll_loss_backward(k.ones((), loss), target, weights, scores, -100)
    grad = k.log_softmax_backward(grad, scores, 1)
    matrix_grad, last_bias_grad = k.mm(k.t(grad), flat), k.sum_to(grad, (3,))
    grad = k.reshape(k.mm(grad, matrix), (2, 2, 3, 3))
    grad = k.relu_backward(k.max_pool_backward(grad, indices, hidden, 2), hidden)
    weight_grad, bias_grad = k.convolution_weight_grad(grad, input, (2, 1, 3, 3), **HOW), k.sum(grad, (0, 2, 3), False)

    grads = (weight_grad, bias_grad, matrix_grad, last_bias_grad)
    k.sgd((weight, bias, matrix, last_bias), grads, velocities, 0.1, 0.9, 1.0, 0.01, False, False)
    return loss


def compare() -> None:
    """Some steps on the CPU and on the current device.

    Raises:
        AssertionError: they differ by more than rounding.
    """
    from minitorch.kernels import tables
    from minitorch.kernels.cuda import DeviceArray, from_host, to_host

    theirs, ours = parameters(), [from_host(each) for each in parameters()]
    for _ in range(STEPS):
        expected, found = step(tables[np.ndarray], theirs), step(tables[DeviceArray], ours)
        np.testing.assert_allclose(to_host(found), expected, rtol=1e-5)
    for their, our in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(to_host(our), their, rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    compare()
    print("equal")
