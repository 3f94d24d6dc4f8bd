"""``Module``: a tree of parameters, buffers and other modules, and a function of them, ``forward``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.grad_mode import no_grad
from minitorch.autograd.hooks import RemovableHandle
from minitorch.dtypes import dtype as Dtype
from minitorch.nn.modules.backward_hooks import BackwardHooks
from minitorch.nn.modules.state_dict import Stateful
from minitorch.nn.parameter import clear_gradient
from minitorch.tensor import Tensor

Hooks = dict[int, tuple[Callable[..., Any], bool]]  # by their order: the hook, and whether it takes keyword arguments


class Module(Stateful):
    """A part of a network, or a whole one. Subclasses call ``super().__init__()``, assign members, and define ``forward``.

    Attributes:
        training: whether the module is being trained; ``train()`` and ``eval()`` set it.
    """

    training: bool

    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update(training=True, _forward_hooks={}, _forward_pre_hooks={}, _backward_hooks={})

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; subclasses define it. Call the module itself, which runs the hooks too."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._forward_pre_hooks or self._forward_hooks or self._backward_hooks or _hooks_of_all:
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            self._note_place_of(error)
            raise

    def _note_place_of(self, error: Exception) -> None:
        """Adds a line to an error that tells the innermost module that it came from, by its path from the outermost one."""
        place = getattr(error, "_place", None)
        if place is None:
            own = f"the forward of {self._get_name()}" if self._modules else repr(self)
            error.add_note(f"in {own}")
            error._place = (self, own, len(error.__notes__) - 1)  # type: ignore[attr-defined]  # for the modules further out
            return
        module, own, line = place
        path = next((name for name, each in self.named_modules() if each is module), "")
        if path:
            error.__notes__[line] = f"in layer '{path}' of {self._get_name()}: {own}"

    # -- hooks --------------------------------------------------------------------------------------------------------

    _forward_hooks: Hooks
    _forward_pre_hooks: Hooks
    _backward_hooks: Hooks  # with whether they are called before the module's gradients are known

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls ``hook(module, args)`` before ``forward``; what it returns takes the place of the arguments.

        Args:
            hook: returns ``None``, the new argument, or a tuple of new arguments.
            prepend: call it before the hooks that are there already.
            with_kwargs: call ``hook(module, args, kwargs)``, which returns ``None`` or new ``(args, kwargs)``.
        """
        return _add_hook(self._forward_pre_hooks, hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls ``hook(module, args, output)`` after ``forward``; what it returns, unless ``None``, takes the output's place.

        Args:
            hook: the function to call.
            prepend: call it before the hooks that are there already.
            with_kwargs: call ``hook(module, args, kwargs, output)``.
        """
        return _add_hook(self._forward_hooks, hook, prepend, with_kwargs)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Calls ``hook(module, grad_input, grad_output)`` when the gradients of the module's inputs are known.

        Args:
            hook: is given tuples, with ``None`` for what is no tensor; a tuple that it returns takes the place of ``grad_input``.
            prepend: call it before the hooks that are there already.
        """
        return _add_hook(self._backward_hooks, hook, prepend, False)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Calls ``hook(module, grad_output)`` when the gradients of the module's outputs are known.

        Args:
            hook: a tuple that it returns takes the place of ``grad_output``.
            prepend: call it before the hooks that are there already.
        """
        return _add_hook(self._backward_hooks, hook, prepend, True)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in _all_hooks("forward_pre", self._forward_pre_hooks):
            if with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    if not (isinstance(changed, tuple) and len(changed) == 2):
                        raise RuntimeError(
                            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                        )
                    args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        backward_hooks = _all_hooks("backward", self._backward_hooks)
        watched = None
        if backward_hooks:
            after, before = (
                [hook for hook, is_before in backward_hooks if is_before == kind] for kind in (False, True)
            )
            watched = BackwardHooks(self, after, before)
            args = watched.watch_inputs(args)
        output = self.forward(*args, **kwargs)
        for hook, with_kwargs in _all_hooks("forward", self._forward_hooks):
            changed = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
            if changed is not None:
                output = changed
        return output if watched is None else watched.watch_output(output)

    # -- changing the whole tree --------------------------------------------------------------------------------------

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Calls ``fn`` with every module, children before their parent. Returns the module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Sets ``training`` of this module and all below it. Returns the module.

        Raises:
            ValueError: ``mode`` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Module:
        """``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Switches the recording of operators on all parameters on or off. Returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Takes the gradients of all parameters away, or sets them to 0."""
        for parameter in self.parameters():
            clear_gradient(parameter, set_to_none)

    def _apply(self, convert: Callable[[Tensor], Tensor]) -> Module:
        """Gives every parameter, its gradient, and every buffer other numbers; parameters remain the same objects."""
        with no_grad():
            for module in self.modules():
                for parameter in module._parameters.values():
                    if parameter is not None:
                        parameter.data = convert(parameter)
                        if parameter.grad is not None:
                            parameter.grad.data = convert(parameter.grad)
                for name, buffer in module._buffers.items():
                    if buffer is not None:
                        module._buffers[name] = convert(buffer)
        return self

    def to(self, *target: Any, dtype: Dtype | None = None, device: Any = None, non_blocking: bool = False) -> Module:
        """Changes the dtype of all floating point parameters and buffers in place, or their device. Returns the module.

        Takes a dtype, a device, both, or a tensor to be like.

        Raises:
            TypeError: the dtype is not floating point.
        """
        for each in target:
            if isinstance(each, Dtype | Tensor):
                dtype = each.dtype if isinstance(each, Tensor) else each
                device = each.device if isinstance(each, Tensor) else device
            elif not isinstance(each, bool):
                device = each
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        return self._apply(lambda t: t.to(device=device, dtype=dtype if t.is_floating_point() else None))

    def type(self, dst_type: Dtype | str) -> Module:
        """Changes the dtype of all parameters and buffers in place. Returns the module."""
        return self._apply(lambda t: t.type(dst_type))

    def bfloat16(self) -> Module:
        """Changes floating point parameters and buffers to bfloat16 in place. Returns the module."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def half(self) -> Module:
        """Changes floating point parameters and buffers to float16 in place. Returns the module."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def float(self) -> Module:
        """Changes floating point parameters and buffers to float32 in place. Returns the module."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self) -> Module:
        """Changes floating point parameters and buffers to float64 in place. Returns the module."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def cpu(self) -> Module:
        """Moves all parameters and buffers to the CPU. Returns the module."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Module:
        """Moves all parameters and buffers to a GPU. Returns the module.

        Raises:
            RuntimeError: there is none.
        """
        return self._apply(lambda t: t.cuda(device))

    # -- printing -----------------------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What is printed between the parentheses; subclasses define it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) == 1 and not self._modules:
            return f"{self._get_name()}({extra})"
        return parenthesised(
            self._get_name(), lines + [f"({name}): {module!r}" for name, module in self._modules.items()]
        )


def parenthesised(name: str, items: list[str]) -> str:
    """``name(…)`` with each item on lines of its own, indented."""
    if not items:
        return f"{name}()"
    lines = "\n".join(items).split("\n")
    return f"{name}(\n" + "\n".join("  " + line if line.strip() else "" for line in lines) + "\n)"


_hooks_of_all: dict[str, Hooks] = {}
"""Hooks that are called for every module, before its own, by their kind."""


def _all_hooks(kind: str, own: Hooks) -> list[tuple[Callable[..., Any], bool]]:
    shared = _hooks_of_all.get(kind, {})
    return [shared[key] for key in sorted(shared)] + [own[key] for key in sorted(own)]


def _add_shared_hook(kind: str, hook: Callable[..., Any], setting: bool) -> RemovableHandle:
    handle = _add_hook(_hooks_of_all.setdefault(kind, {}), hook, False, setting)

    def remove() -> None:
        handle.remove()
        if not _hooks_of_all.get(kind, True):
            del _hooks_of_all[kind]

    return RemovableHandle(remove)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``register_forward_pre_hook`` of every module."""
    return _add_shared_hook("forward_pre", hook, False)


def register_module_forward_hook(hook: Callable[..., Any], *, with_kwargs: bool = False) -> RemovableHandle:
    """``register_forward_hook`` of every module."""
    return _add_shared_hook("forward", hook, with_kwargs)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``register_full_backward_pre_hook`` of every module."""
    return _add_shared_hook("backward", hook, True)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``register_full_backward_hook`` of every module."""
    return _add_shared_hook("backward", hook, False)


def _add_hook(hooks: Hooks, hook: Callable[..., Any], prepend: bool, with_kwargs: bool) -> RemovableHandle:
    key = min(hooks, default=0) - 1 if prepend else max(hooks, default=0) + 1
    hooks[key] = hook, with_kwargs
    return RemovableHandle(lambda: hooks.pop(key, None))
