"""The documented network: ``step``, a training step, and ``forward``, without gradients; both from the same weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

import minitorch
from benchmarks.cases import Results, Settings
from benchmarks.measure import Within, compare
from benchmarks.place import Place
from minitorch.program import Net
from reference.network import Net as TorchNet

BATCHES = [1, 4, 16, 64, 100, 256, 1024]
ROUNDS = 30
TIES = 1e-2  # of the largest gradient: where two numbers of a pooling window differ by less than rounding does, either may win
FORWARD_FLOPS = 2 * (28 * 28 * 6 * 75 + 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10)  # per picture
STEP_FLOPS = 3 * FORWARD_FLOPS - 2 * (28 * 28 * 6 * 75)  # two gradients, but none of the pictures


def step(settings: Settings) -> Results:
    """A training step of the documented network: forward, loss, backward, update"""
    for batch in settings.batch or BATCHES:
        label = settings.label("step", f"batch {batch}")
        (our_net, *our_data), (torch_net, *torch_data) = twins(batch, settings.place)
        ours, torchs = stepper(minitorch, our_net, *our_data), stepper(torch, torch_net, *torch_data)
        trained = partial(parameters, our_net), partial(parameters, torch_net)
        limit = settings.limits.work(flops=batch * STEP_FLOPS)
        yield compare(label, ours, torchs, settings.rounds or ROUNDS, settings.place, limit=limit, left_behind=trained)


def forward(settings: Settings) -> Results:
    """The documented network without gradients"""
    for batch in settings.batch or BATCHES:
        ours, torchs = (
            forwarder(library, net, inputs)
            for library, (net, inputs, _) in zip((minitorch, torch), twins(batch, settings.place), strict=True)
        )
        label = settings.label("forward", f"batch {batch}")
        limit = settings.limits.work(flops=batch * FORWARD_FLOPS)
        yield compare(label, ours, torchs, settings.rounds or ROUNDS, settings.place, limit=limit)


def twins(batch: int, place: Place) -> tuple[tuple[Any, Any, Any], tuple[Any, Any, Any]]:
    """Network, pictures and labels, ours and torch's, with the same numbers."""
    generator = np.random.default_rng(0)
    images = generator.standard_normal((batch, 3, 32, 32), dtype=np.float32)
    labels = generator.integers(0, 10, batch)
    torch.manual_seed(0)
    theirs, ours = TorchNet(), Net()
    ours.load_state_dict(
        {name: minitorch.from_numpy(value.numpy().copy()) for name, value in theirs.state_dict().items()}
    )
    return (
        (
            place.put(ours),
            place.put(minitorch.from_numpy(images.copy())),
            place.put(minitorch.from_numpy(labels.copy())),
        ),
        (place.put(theirs), place.put(torch.from_numpy(images)), place.put(torch.from_numpy(labels))),
    )


def parameters(net: Any) -> dict[str, Any]:
    """The values and gradients of the parameters, by name."""
    named = dict(net.named_parameters())
    values = {name: each.detach() for name, each in named.items()}
    return values | {f"{name}.grad": Within(TIES, each.grad) for name, each in named.items()}


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


def forwarder(library: Any, net: Any, inputs: Any) -> Callable[[], Any]:
    """The network's scores, without gradients, as a function."""

    def forward() -> Any:
        with library.no_grad():
            return net(inputs)

    return forward
