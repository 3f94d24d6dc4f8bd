"""Connectionist temporal classification, by the formulas that the CPU's kernels compile: see there.

A block of threads for each sequence takes one time after the other; a thread has a state, or several. Likelihoods are kept in the
input's precision, where the CPU has float64.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import uint32

from minitorch.kernels.cpu.ctc import label_of, log_of_sum, skips
from minitorch.kernels.cuda.array import DeviceArray, empty, on_device
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import position

__all__ = ["ctc_loss", "ctc_loss_backward"]

Array = DeviceArray | np.ndarray
BLOCK = 64


def ctc_loss(
    a: DeviceArray, targets: Array, lengths: Array, target_lengths: Array, blank: int
) -> tuple[DeviceArray, DeviceArray]:
    """The negative log-likelihood of each target, and the logarithms of alpha; beyond a sequence's states anything may be there.

    Args:
        a: log-probabilities, (time, batch, classes).
        targets: labels, (batch, at most so many).
        lengths: how much of the time counts, (batch,).
        target_lengths: how many of the labels count, (batch,).
        blank: the class of the blank.
    """
    time, batch, _ = a.shape
    losses, alpha = empty((batch,), a.dtype), empty((batch, time, 2 * targets.shape[1] + 1), a.dtype)
    given = _given(a, targets, lengths, target_lengths, blank)
    launch(_forward(number_type(a.dtype)), (batch,), (losses, alpha, *given), BLOCK)
    return losses, alpha


def ctc_loss_backward(
    grad: DeviceArray,
    a: DeviceArray,
    targets: Array,
    lengths: Array,
    target_lengths: Array,
    losses: DeviceArray,
    alpha: DeviceArray,
    blank: int,
    zero_infinity: bool,
) -> DeviceArray:
    """exp(a) less the share of each class at each time, times the gradient of the loss: as if ``a`` came from ``log_softmax``."""
    given = _given(a, targets, lengths, target_lengths, blank)
    beta, out = empty(alpha.shape, a.dtype), empty(a.shape, a.dtype)
    number = number_type(a.dtype)
    launch(_beta(number), a.shape[1:2], (beta, *given), BLOCK)
    found = (row_by_row(losses), row_by_row(alpha), beta, row_by_row(grad), np.bool_(zero_infinity))
    launch(_shares(number), blocks_for(a.size), (out, *found, *given))
    return out


def _given(a: DeviceArray, targets: Array, lengths: Array, target_lengths: Array, blank: int) -> tuple[Any, ...]:
    """What every kernel is given; at last the sizes of time, batch, classes and labels."""
    labels = tuple([row_by_row(on_device(each)) for each in (targets, lengths, target_lengths)])
    return row_by_row(a), labels, np.int64(blank), tuple(map(np.uint32, (*a.shape, targets.shape[1])))


@function
def _extent(n, labels, sizes):
    """Where a sequence's labels begin and end; the number of its states, its length, and how many states there is memory for."""
    width, start = uint32(sizes[3]), uint32(n * sizes[3])
    states, row = uint32(uint32(uint32(labels[2][n]) << 1) + uint32(1)), uint32(uint32(width << 1) + uint32(1))
    return start, uint32(start + width), states, uint32(labels[1][n]), row


@function
def _score(t, n, label, sizes):
    """Where in (time, batch, classes) a score is."""
    return uint32(uint32(uint32(uint32(t * sizes[1]) + n) * sizes[2]) + uint32(label))


@cache
def _forward(number: Any) -> Any:
    def kernel(losses, alpha, a, labels, blank, sizes):
        n, thread = uint32(cuda.blockIdx.x), uint32(cuda.threadIdx.x)
        begin, end, states, time, row = _extent(n, labels, sizes)
        target = labels[0][begin:end]
        now, t = uint32(uint32(n * sizes[0]) * row), uint32(0)
        while t < time:
            before = uint32(now - row)
            state = thread
            while state < states:
                total = number(-math.inf)
                if t == 0:
                    if state < 2:
                        total = number(0)
                else:
                    total = alpha[uint32(before + state)]
                    if state > 0:
                        total = log_of_sum(total, alpha[uint32(before + uint32(state - uint32(1)))])
                    if skips(target, state):
                        total = log_of_sum(total, alpha[uint32(before + uint32(state - uint32(2)))])
                alpha[uint32(now + state)] = total + a[_score(t, n, label_of(target, state, blank), sizes)]
                state = uint32(state + uint32(BLOCK))
            cuda.syncthreads()  # the next time reads what others wrote
            now, t = uint32(now + row), uint32(t + uint32(1))
        if thread == 0:
            loss = number(0) if states == 1 else number(math.inf)
            if time > 0:
                last = uint32(uint32(now - row) + uint32(states - uint32(1)))
                loss = -alpha[last]
                if states > 1:
                    loss = -log_of_sum(alpha[last], alpha[uint32(last - uint32(1))])
            losses[n] = loss

    return kernel


@cache
def _beta(number: Any) -> Any:
    def kernel(beta, a, labels, blank, sizes):
        n, thread = uint32(cuda.blockIdx.x), uint32(cuda.threadIdx.x)
        begin, end, states, time, row = _extent(n, labels, sizes)
        target = labels[0][begin:end]
        now, t = uint32(uint32(uint32(n * sizes[0]) + time) * row), time
        while t > 0:
            after = now
            now, t = uint32(now - row), uint32(t - uint32(1))
            state = thread
            while state < states:
                next_, over = uint32(state + uint32(1)), uint32(state + uint32(2))
                total = number(-math.inf)
                if uint32(t + uint32(1)) == time:
                    if over >= states:
                        total = number(0)
                else:
                    total = beta[uint32(after + state)]
                    if next_ < states:
                        total = log_of_sum(total, beta[uint32(after + next_)])
                    if over < states and skips(target, over):
                        total = log_of_sum(total, beta[uint32(after + over)])
                beta[uint32(now + state)] = total + a[_score(t, n, label_of(target, state, blank), sizes)]
                state = uint32(state + uint32(BLOCK))
            cuda.syncthreads()

    return kernel


@cache
def _shares(number: Any) -> Any:
    """A thread for each score."""

    def kernel(out, losses, alpha, beta, grad, zero_infinity, a, labels, blank, sizes):
        at = position()
        if at < uint32(uint32(sizes[0] * sizes[1]) * sizes[2]):
            place = uint32(at // sizes[2])
            t = uint32(place // sizes[1])
            n = uint32(place - uint32(t * sizes[1]))
            label = uint32(at - uint32(place * sizes[2]))
            begin, end, states, time, row = _extent(n, labels, sizes)
            target = labels[0][begin:end]
            result = number(0)
            if t < time and not (zero_infinity and losses[n] == math.inf):
                start = uint32(uint32(uint32(n * sizes[0]) + t) * row)
                share, state = number(-math.inf), uint32(0)
                while state < states:
                    if uint32(label_of(target, state, blank)) == label:
                        share = log_of_sum(share, alpha[uint32(start + state)] + beta[uint32(start + state)])
                    state = uint32(state + uint32(1))
                share = math.exp(share + losses[n] - a[at])
                result = grad[n] * (math.exp(a[at]) - share)
            out[at] = result

    return kernel
