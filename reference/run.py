"""One training run, in minitorch or in torch: the same text for both, so that only the libraries can differ."""

from __future__ import annotations

from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]  # float64 copies, by name


class Run:
    """A network with its loss and optimiser.

    Args:
        library: ``minitorch`` or ``torch``; the network and all tensors are of that library.
        device: where it computes.
    """

    def __init__(self, library: Any, net: Any, lr: float, momentum: float, device: str = "cpu") -> None:
        self.library, self.device = library, device
        self.net = net.to(device)
        self.criterion = library.nn.CrossEntropyLoss()
        self.optimizer = library.optim.SGD(net.parameters(), lr=lr, momentum=momentum)

    def step(self, inputs: Any, labels: Any) -> Arrays:
        """Does a step; returns "loss", "outputs" and, for each parameter p, the gradient "p.grad" and new value "p"."""
        self.optimizer.zero_grad()
        outputs = self.net(inputs.to(self.device))
        loss = self.criterion(outputs, labels.to(self.device))
        loss.backward()
        self.optimizer.step()
        seen = {"loss": copy(loss), "outputs": copy(outputs)}
        seen |= {f"{name}.grad": copy(parameter.grad) for name, parameter in self.net.named_parameters()}
        return seen | self.parameters()

    def parameters(self) -> Arrays:
        return {name: copy(parameter) for name, parameter in self.net.named_parameters()}

    def momenta(self) -> Arrays:
        """The optimiser's momentum buffers; those that exist yet."""
        buffers = ((name, self.optimizer.state[p].get("momentum_buffer")) for name, p in self.net.named_parameters())
        return {name: copy(buffer) for name, buffer in buffers if buffer is not None}

    def restore(self, parameters: Arrays, momenta: Arrays) -> None:
        """Goes to where another run is, as its ``parameters()`` and ``momenta()`` say."""
        for name, parameter in self.net.named_parameters():
            with self.library.no_grad():
                parameter.copy_(self._like(parameter, parameters[name]))
            if name in momenta:
                self.optimizer.state[parameter]["momentum_buffer"] = self._like(parameter, momenta[name])

    def _like(self, parameter: Any, array: np.ndarray) -> Any:
        """A tensor of these numbers, of the parameter's dtype and on its device."""
        return self.library.from_numpy(array.copy()).to(self.device, parameter.dtype)


def copy(tensor: Any) -> np.ndarray:
    return tensor.numpy(force=True).astype(np.float64)
