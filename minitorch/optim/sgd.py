"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from minitorch.autograd.grad_mode import enable_grad
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.optim.optimizer import Optimizer, Params
from minitorch.tensor import Tensor


class SGD(Optimizer):
    """Takes a step against the gradient::

        g = grad + weight_decay · param
        velocity = momentum · velocity + (1 - dampening) · g        at first: g
        param -= lr · velocity                                      nesterov: lr · (g + momentum · velocity)

    Without momentum there is no velocity: ``param -= lr · g``.

    Args:
        params: tensors, pairs of names and tensors, or dicts that set other values for some tensors.
        lr: the length of a step, in units of the gradient.
        momentum: how much of the last step's velocity is kept.
        dampening: how much of the gradient is left out of the velocity.
        weight_decay: how strongly parameters are pulled towards 0.
        nesterov: look ahead by one step.
        maximize: go with the gradient instead.

    Raises:
        ValueError: settings that are out of range, or no parameters.
        TypeError: something that is not a tensor.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in torch's form,
    where lr multiplies the velocity and not the gradient.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value in (("learning rate", lr), ("momentum value", momentum), ("weight_decay value", weight_decay)):
            if value < 0.0:
                raise ValueError(f"Invalid {name}: {value}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            # Which of its implementations torch takes. Here there is one; they are kept so that groups print and save alike.
            "foreach": None,
            "differentiable": False,
            "fused": None,
        }
        super().__init__(params, defaults)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Changes every parameter that has a gradient.

        Args:
            closure: computes the loss and its gradients anew, before the step.

        Returns:
            What the closure returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            momentum = float(group["momentum"])
            settings = float(group["weight_decay"]), bool(group["nesterov"]), bool(group["maximize"])
            lr = float(group["lr"])
            # What goes through one kernel: its parameters, their gradients and velocities.
            together: defaultdict[tuple[type, float], tuple[list[Any], ...]] = defaultdict(lambda: ([], [], []))
            for param in group["params"]:
                if param.grad is None:
                    continue
                array, velocity, fresh = param._array, None, 1.0
                if momentum:
                    state = self.state[param]
                    buffer = state.get("momentum_buffer")
                    if buffer is None:
                        zeros = tables[type(array)].zeros(array.shape, array)
                        buffer = state["momentum_buffer"] = Variable._of(zeros)
                    else:
                        fresh = 1 - group["dampening"]
                    velocity = buffer._array
                params, grads, velocities = together[type(array), fresh]
                params.append(array)
                grads.append(param.grad._array)
                velocities.append(velocity)
                param._version_counter[0] += 1
            for (kind, fresh), (params, grads, velocities) in together.items():
                tables[kind].sgd(params, grads, velocities if momentum else None, lr, momentum, fresh, *settings)
        return loss
