"""Connectionist temporal classification: the sum over all alignments of labels with a sequence, in logarithms.

Between the labels, before and after them, there may be blanks: the states are blank, label, blank, …, label, blank. A step stays
in a state, goes to the next one, or skips a blank between two labels that differ. ``alpha`` are the likelihoods of what leads up
to a state at a time, ``beta`` those of what follows.

Source: A. Graves et al., Connectionist temporal classification (2006), sections 4.1 and 4.2.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit

__all__ = ["ctc_loss", "ctc_loss_backward"]

Array = np.ndarray


def ctc_loss(a: Array, targets: Array, lengths: Array, target_lengths: Array, blank: int) -> tuple[Array, Array]:
    """The negative log-likelihood of each target, and the logarithms of alpha.

    Args:
        a: log-probabilities, (time, batch, classes).
        targets: labels, (batch, at most so many).
        lengths: how much of the time counts, (batch,).
        target_lengths: how many of the labels count, (batch,).
        blank: the class of the blank.
    """
    losses = np.empty(a.shape[1], a.dtype)
    alpha = np.empty((a.shape[1], a.shape[0], 2 * targets.shape[1] + 1))
    _forward(np.ascontiguousarray(a), targets, lengths, target_lengths, blank, alpha, losses)
    return losses, alpha


def ctc_loss_backward(
    grad: Array,
    a: Array,
    targets: Array,
    lengths: Array,
    target_lengths: Array,
    losses: Array,
    alpha: Array,
    blank: int,
    zero_infinity: bool,
) -> Array:
    """exp(a) less the share of each class at each time, times the gradient of the loss: as if ``a`` came from ``log_softmax``."""
    out = np.zeros(a.shape, a.dtype)
    grad = np.ascontiguousarray(grad)
    _backward(grad, np.ascontiguousarray(a), targets, lengths, target_lengths, blank, losses, alpha, zero_infinity, out)
    return out


@jit
def log_of_sum(x, y):
    """log(exp(x) + exp(y)); NaN if one of them is."""
    larger, smaller = (x, y) if x > y else (y, x)
    return larger if smaller == -np.inf else larger + math.log1p(math.exp(smaller - larger))


@jit
def label_of(target, state, blank):
    return target[state // 2] if state % 2 else blank


@jit
def skips(target, state):
    """Whether a step may lead to a label from the one before."""
    return state % 2 == 1 and state >= 3 and target[state // 2] != target[state // 2 - 1]


@parallel_jit
def _forward(a, targets, lengths, target_lengths, blank, alpha, losses):
    for n in prange(a.shape[1]):
        target, states, time = targets[n], 2 * target_lengths[n] + 1, lengths[n]
        alpha[n] = -np.inf
        if time == 0:
            losses[n] = 0.0 if target_lengths[n] == 0 else np.inf
            continue
        for state in range(min(2, states)):
            alpha[n, 0, state] = a[0, n, label_of(target, state, blank)]
        for t in range(1, time):
            for state in range(states):
                total = alpha[n, t - 1, state]
                if state > 0:
                    total = log_of_sum(total, alpha[n, t - 1, state - 1])
                if skips(target, state):
                    total = log_of_sum(total, alpha[n, t - 1, state - 2])
                alpha[n, t, state] = total + a[t, n, label_of(target, state, blank)]
        likelihood = alpha[n, time - 1, states - 1]
        if states > 1:
            likelihood = log_of_sum(likelihood, alpha[n, time - 1, states - 2])
        losses[n] = -likelihood


@parallel_jit
def _backward(grad, a, targets, lengths, target_lengths, blank, losses, alpha, zero_infinity, out):
    for n in prange(a.shape[1]):
        target, states, time = targets[n], 2 * target_lengths[n] + 1, lengths[n]
        if zero_infinity and losses[n] == np.inf:
            continue
        beta, later, shares = np.full(states, -np.inf), np.full(states, -np.inf), np.empty(a.shape[2])
        for t in range(time - 1, -1, -1):
            shares[:] = -np.inf
            for state in range(states):
                if t == time - 1:
                    total = 0.0 if state >= states - 2 else -np.inf
                else:
                    total = later[state]
                    if state + 1 < states:
                        total = log_of_sum(total, later[state + 1])
                    if state + 2 < states and skips(target, state + 2):
                        total = log_of_sum(total, later[state + 2])
                label = label_of(target, state, blank)
                beta[state] = total + a[t, n, label]
                shares[label] = log_of_sum(shares[label], alpha[n, t, state] + beta[state])
            later[:] = beta
            for label in range(a.shape[2]):
                share = math.exp(shares[label] + losses[n] - a[t, n, label])
                out[t, n, label] = grad[n] * (math.exp(a[t, n, label]) - share)
