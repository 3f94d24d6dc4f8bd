"""Whether operators record the graph: ``no_grad``, ``enable_grad``, ``set_grad_enabled``, ``inference_mode``.

The mode belongs to the thread (and to the asynchronous task), and every thread starts with recording on.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from contextvars import ContextVar
from types import TracebackType
from typing import Any

recording: ContextVar[bool] = ContextVar("recording", default=True)

_inference: ContextVar[bool] = ContextVar("inference", default=False)
inferring: list[inference_mode] = []
"""The contexts of inference mode that some thread is in: usually none, which is quicker to see than the thread's own mode."""


def is_grad_enabled() -> bool:
    """True where operators record the graph."""
    return recording.get()


class _SwitchGrad:
    """Sets the mode on entry and puts the earlier one back on exit; decorates functions too."""

    enabled: bool

    def __enter__(self) -> None:
        self._before = recording.get()
        recording.set(self.enabled and not _inference.get())

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        recording.set(self._before)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(function):
            return _each_step(self, function)

        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return switched

    def clone(self) -> _SwitchGrad:
        return type(self)()


def _each_step(mode: _SwitchGrad, function: Callable[..., Any]) -> Callable[..., Any]:
    """A generator function whose steps run in a mode, and what is between them does not."""

    @functools.wraps(function)
    def switched(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        proceed, given = generator.send, None
        try:
            while True:
                with mode.clone():
                    produced = proceed(given)
                try:
                    proceed, given = generator.send, (yield produced)
                except GeneratorExit:
                    raise
                except BaseException as error:
                    proceed, given = generator.throw, error
        except StopIteration as end:
            return end.value
        finally:
            with mode.clone():
                generator.close()

    return switched


class _DecoratesBare(_SwitchGrad):
    """Lets ``@no_grad`` stand without its parentheses."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        self = super().__new__(cls)
        return self if function is None else self(function)


class no_grad(_DecoratesBare):
    """Inside, operators record nothing and their results do not require gradients."""

    enabled = False


class enable_grad(_DecoratesBare):
    """Inside, operators record the graph, also within ``no_grad``."""

    enabled = True


class set_grad_enabled(_SwitchGrad):
    """Sets the mode at once; as a context manager, until its end."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = bool(enabled)
        self._before = recording.get()
        recording.set(self.enabled)

    def __enter__(self) -> None:
        recording.set(self.enabled)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        recording.set(self._before)  # a decorator changes the mode inside the function only
        return super().__call__(function)

    def clone(self) -> set_grad_enabled:
        return type(self)(self.enabled)


class Untracked(list[int]):
    """The version counter of a tensor that was made in inference mode: changes are not counted.

    Where operators are recorded, whoever wants to save such a tensor asks for its version, and gets the error.
    """

    __slots__ = ()

    def __getitem__(self, position: Any) -> Any:
        if not _inference.get():
            raise RuntimeError(
                "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
                "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it "
                "in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
            )
        return 0

    def __setitem__(self, position: Any, version: Any) -> None:
        pass


def is_inference_mode_enabled() -> bool:
    """True in inference mode."""
    return _inference.get()


class inference_mode(_SwitchGrad):
    """Inside, as in ``no_grad``, operators record nothing; and tensors that are made there can never become part of a graph.

    Args:
        mode: ``False`` leaves inference mode again, and records.
    """

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if callable(mode):
            self.__init__(True)  # type: ignore[misc]  # a function: decorated without parentheses
            return self(mode)
        return self

    def __init__(self, mode: bool = True) -> None:
        self.enabled, self._mode = not mode, mode

    def __enter__(self) -> None:
        self._before, self._mode_before = recording.get(), _inference.get()
        _inference.set(self._mode)
        recording.set(not self._mode)
        inferring.append(self)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        inferring.remove(self)
        recording.set(self._before)
        _inference.set(self._mode_before)

    def clone(self) -> inference_mode:
        return type(self)(self._mode)
