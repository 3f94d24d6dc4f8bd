"""The documented network learns as torch's does, and training it leaves no memory behind."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.nn.networks import documented_network, tensors, twins
from tests.oracle import assert_same, graph


def step(lib: Any, net: Any, optimizer: Any, images: Any, labels: Any) -> Any:
    optimizer.zero_grad()
    loss = lib.nn.CrossEntropyLoss()(net(images), labels)
    loss.backward()
    optimizer.step()
    return loss


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_of_the_documented_network_are_torchs(dtype: str):
    ours, theirs = twins(documented_network, dtype=dtype)
    _, judge = twins(documented_network, dtype="float64")
    nets = [(minitorch, ours), (torch, theirs), (torch, judge)]
    optimizers = [lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9) for lib, net in nets]
    source = np.random.default_rng(0)
    for _ in range(3):
        images = source.standard_normal((8, 3, 32, 32))
        labels = source.integers(0, 10, 8)
        losses = []
        for (lib, net), optimizer in zip(nets, optimizers, strict=True):
            kind = lib.float64 if net is judge else getattr(lib, dtype)
            batch = lib.tensor(images.astype(dtype)).to(kind)
            losses.append(step(lib, net, optimizer, batch, lib.tensor(labels)))
        assert_same(*losses)
        for a, b, c in zip(ours.parameters(), theirs.parameters(), judge.parameters(), strict=True):
            assert_same(a.grad, b.grad, c.grad)
            assert_same(a, b, c)


def test_the_graph_of_the_documented_network_is_torchs():
    nets = twins(documented_network)
    images = tensors(np.random.default_rng(0).standard_normal((2, 3, 32, 32)).astype(np.float32))
    losses = [
        lib.nn.CrossEntropyLoss()(net(x), lib.tensor([3, 7]))
        for lib, net, x in zip((minitorch, torch), nets, images, strict=True)
    ]
    assert graph(losses[0]) == graph(losses[1])


MEMORY = """
import gc, sys
import minitorch
from minitorch import nn, optim
import minitorch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).view(-1, 400)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))

def blocks_after(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        optimizer.step()
    return sys.getallocatedblocks()

minitorch.set_num_threads(1)
net, images, labels = Net(), minitorch.randn(1, 3, 32, 32), minitorch.tensor([3])
optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
gc.disable()
print(-blocks_after(2600) + blocks_after(600))  # at first Python's stock of freed tuples fills up: 2,000 of each length
"""


def test_two_thousand_steps_without_the_garbage_collector_leave_memory_flat():
    run = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 100  # objects; one that is lost at each step would make 600
