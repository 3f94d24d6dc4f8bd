"""The documented network: a training step (forward, loss, backward, update) here and in torch, from the same weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import minitorch
from benchmarks.measure import Comparison, compare
from minitorch.program import Net
from reference.network import Net as TorchNet

TOLERANCE = 1e-4  # of losses before anything is timed; `python -m reference` compares closely


def step_case(batch: int, rounds: int) -> Comparison:
    """Times a step at one batch size.

    Raises:
        RuntimeError: the two losses differ.
    """
    generator = np.random.default_rng(0)
    images = generator.standard_normal((batch, 3, 32, 32), dtype=np.float32)
    labels = generator.integers(0, 10, batch)
    theirs = TorchNet()
    ours = Net()
    ours.load_state_dict(
        {name: minitorch.from_numpy(value.numpy().copy()) for name, value in theirs.state_dict().items()}
    )
    run_ours = stepper(minitorch, ours, minitorch.from_numpy(images), minitorch.from_numpy(labels))
    run_theirs = stepper(torch, theirs, torch.from_numpy(images), torch.from_numpy(labels))
    losses = run_ours(), run_theirs()
    if not np.isclose(*losses, rtol=TOLERANCE):
        raise RuntimeError(f"the losses of the first step differ: {losses[0]} here, {losses[1]} in torch")
    return compare(f"step, batch {batch}", run_ours, run_theirs, rounds)


def stepper(library: Any, net: Any, inputs: Any, labels: Any) -> Callable[[], float]:
    """One training step as a function that returns the loss: the same text for either library."""
    criterion = library.nn.CrossEntropyLoss()
    optimizer = library.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)

    def step() -> float:
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
