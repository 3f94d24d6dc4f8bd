"""What of a module is saved and loaded: its parameters and buffers, by their paths."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from minitorch.autograd.grad_mode import no_grad
from minitorch.nn.modules.tree import Tree
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` returns: the names that it looked for in vain, and those that it had no use for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"


class Stateful(Tree):
    """The part of ``Module`` that saves and loads. ``_save_to_…`` and ``_load_from_…`` are for subclasses to extend."""

    _version: ClassVar[int] = 1
    """Of the layout of the state dict; subclasses that change theirs count it up, and read older ones."""

    def _local_state(self) -> dict[str, Tensor]:
        """This module's own parameters and persistent buffers."""
        persistent = {
            name: each for name, each in self._buffers.items() if name not in self._non_persistent_buffers_set
        }
        return {name: each for name, each in (self._parameters | persistent).items() if each is not None}

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """The parameters and persistent buffers of this module and all below it, by path: ``"conv1.weight"``.

        Args:
            destination: a dict to write to, instead of a new one.
            prefix: put before each path.
            keep_vars: the tensors themselves; otherwise detached tensors over the same memory.
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = {}  # type: ignore[attr-defined]  # torch's place for the versions
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix.removesuffix(".")] = {"version": self._version}
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return destination

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        for name, each in self._local_state().items():
            destination[prefix + name] = each if keep_vars else each.detach()

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Writes the tensors of ``state_dict`` over the parameters and buffers of the same paths.

        Args:
            state_dict: as ``state_dict()`` gives it.
            strict: the paths have to be the same on both sides.
            assign: make the tensors themselves parameters and buffers, with their memory and dtype, instead of copying.

        Raises:
            TypeError: not a mapping.
            RuntimeError: paths or shapes that do not fit; all of them are listed, and what fits has been loaded.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None) or {}
        state_dict = OrderedDict(state_dict)  # modules may change theirs while they load
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        for path, module in self.named_modules(remove_duplicate=False):
            local_metadata = {**metadata.get(path, {}), **({"assign_to_params_buffers": True} if assign else {})}
            prefix = f"{path}." if path else ""
            module._load_from_state_dict(state_dict, prefix, local_metadata, True, missing, unexpected, errors)
        if strict:
            for problem, keys in (("Unexpected", unexpected), ("Missing", missing)):
                if keys:
                    errors.insert(0, f"{problem} key(s) in state_dict: " + ", ".join(f'"{key}"' for key in keys) + ". ")
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors))
        return IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Loads this module's own tensors; what is wrong is added to the three lists."""
        local = self._local_state()
        for name, own in local.items():
            key = prefix + name
            if key in state_dict:
                error = self._load_tensor(
                    name, own, key, state_dict[key], local_metadata.get("assign_to_params_buffers", False)
                )
                if error is not None:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)
        if strict:
            for key in state_dict:
                name, dot, _ = key.removeprefix(prefix).partition(".")
                if key.startswith(prefix) and name not in (self._modules if dot else local):
                    unexpected_keys.append(key)

    def _load_tensor(self, name: str, own: Tensor, key: str, loaded: Any, assign: bool) -> str | None:
        """Loads one tensor, or says why it does not fit."""
        if not isinstance(loaded, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint but '
                f"received {type(loaded)}"
            )
        if own.shape == () and loaded.shape == (1,):  # how torch saved single numbers before its version 0.4
            loaded = loaded[0]
        if loaded.shape != own.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {loaded.shape} from checkpoint, the shape in current "
                f"model is {own.shape}."
            )
        try:
            with no_grad():
                if not assign:
                    own.copy_(loaded)
                elif isinstance(own, Parameter):
                    setattr(self, name, Parameter(loaded, requires_grad=own.requires_grad))
                else:
                    setattr(self, name, loaded)
        except Exception as error:  # it is reported together with all others
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are {own.shape} and whose dimensions '
                f"in the checkpoint are {loaded.shape}, an exception occurred : {error.args}."
            )
        return None
