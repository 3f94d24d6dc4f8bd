"""Steps of training a small network on a GPU and on the CPU. As a program: on numba's simulator.

Network: convolution, ReLU, max pooling, a linear layer, cross entropy, SGD: what `minitorch train` uses.
"""

from __future__ import annotations

import numpy as np

import minitorch
from minitorch import nn

STEPS = 2


def trained(device: str) -> list[np.ndarray]:
    """The losses of some steps on a device, and the parameters after them."""
    minitorch.manual_seed(3)
    images, labels = minitorch.randn(2, 1, 6, 6).to(device), minitorch.tensor([0, 2]).to(device)
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3)
    ).to(device)
    optimizer = minitorch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss)
    assert all(each.grad.device == each.device == labels.device for each in network.parameters())
    return [each.detach().cpu().numpy() for each in (*losses, *network.parameters())]


def compare() -> None:
    """Some steps on the CPU and on the current GPU, or what stands for it.

    Raises:
        AssertionError: they differ by more than rounding.
    """
    for ours, theirs in zip(trained("cuda"), trained("cpu"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    compare()
    print("equal")
