"""What all optimisers share: groups of parameters with their settings, and what is remembered about each parameter."""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from minitorch.nn.parameter import clear_gradient
from minitorch.tensor import Tensor
from minitorch.typename import typename

Params = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class Optimizer:
    """Changes parameters, given their gradients; subclasses define ``step``.

    Args:
        params: tensors, pairs of names and tensors, or dicts with ``"params"`` and settings of their own.
        defaults: the settings of groups that do not say otherwise.

    Attributes:
        param_groups: dicts of ``"params"`` and settings; settings may be changed between steps.
        state: what is remembered about each parameter.

    Raises:
        TypeError: not tensors.
        ValueError: no parameters, results of operators, or a parameter in two groups.
    """

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + typename(params)
            )
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Changes every parameter that has a gradient; subclasses define it."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Takes the gradients of all parameters away, or sets them to 0.

        A parameter without a gradient is left out by ``step``; one with a gradient of 0 is not.
        """
        for group in self.param_groups:
            for param in group["params"]:
                clear_gradient(param, set_to_none)

    # -- groups -------------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds parameters with settings of their own; what is not set is taken from ``defaults``.

        Args:
            param_group: ``{"params": tensors, "lr": …}``.

        Raises:
            TypeError: not a dict, or not tensors.
            ValueError: results of operators, a parameter of another group, or names for some parameters only.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will "
                "change between runs. Please use a list instead."
            )
        given = [params] if isinstance(params, Tensor) else list(params)
        names = [each[0] for each in given if isinstance(each, tuple)]
        params = param_group["params"] = [each[1] if isinstance(each, tuple) else each for each in given]
        if names:
            if len(names) != len(params):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = names
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError("optimizer can only optimize Tensors, but one of the params is " + typename(param))
            if not (param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, value in self.defaults.items():
            param_group.setdefault(name, value)
        self._check_distinct(param_group)
        self.param_groups.append(param_group)

    def _check_distinct(self, new: dict[str, Any]) -> None:
        if len(set(new["params"])) != len(new["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; see "
                "github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=4,
            )
        for group in self.param_groups:
            if ("param_names" in new) != ("param_names" in group):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{'with' if 'param_names' in new else 'without'} names to the optimizer"
                )
        if any(not set(group["params"]).isdisjoint(new["params"]) for group in self.param_groups):
            raise ValueError("some parameters appear in more than one parameter group")

    # -- saving and loading -------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the groups, with a number in place of each parameter: its position among all of them."""
        numbers: dict[Tensor, int] = {}
        groups = []
        start = 0
        for group in self.param_groups:
            numbers.update({param: n for n, param in enumerate(group["params"], start) if param not in numbers})
            start += len(group["params"])
            settings = {name: value for name, value in group.items() if name != "params"}
            groups.append({**settings, "params": [numbers[param] for param in group["params"]]})
        state = {numbers[key] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over the state and the settings of another optimiser, for the parameters at the same positions.

        Tensors are moved to the device of their parameter, and cast to its dtype.

        Raises:
            ValueError: the groups are of other sizes.
        """
        saved_groups = copy.deepcopy(state_dict["param_groups"])
        if len(saved_groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(
            len(own["params"]) != len(saved["params"])
            for own, saved in zip(self.param_groups, saved_groups, strict=True)
        ):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        params: dict[Any, Tensor] = {}
        for own, saved in zip(self.param_groups, saved_groups, strict=True):
            params.update(zip(saved["params"], own["params"], strict=True))
            saved["params"] = own["params"]
            if "param_names" in own:
                saved.setdefault("param_names", own["param_names"])
            for name, value in self.defaults.items():  # settings that are younger than the file
                saved.setdefault(name, value)
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            state[params.get(key, key)] = _cast(value, params[key]) if key in params else value
        self.state, self.param_groups = state, saved_groups

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            settings = "".join(f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
            text += f"\nParameter Group {number}\n{settings}"
        return text + ")"


def _cast(value: Any, param: Tensor) -> Any:
    """What was saved about a parameter, with tensors on the parameter's device and in its dtype, if that is floating point."""
    if isinstance(value, Tensor):
        return value.to(param.device, param.dtype if param.is_floating_point() else None)
    if isinstance(value, dict):
        return {name: each if name == "step" else _cast(each, param) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cast(each, param) for each in value)
    return value
