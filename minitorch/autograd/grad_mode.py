"""Whether operators record the graph: ``no_grad``, ``enable_grad``, ``set_grad_enabled``.

The mode belongs to the thread (and to the asynchronous task), and every thread starts with recording on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any

recording: ContextVar[bool] = ContextVar("recording", default=True)


def is_grad_enabled() -> bool:
    """True where operators record the graph."""
    return recording.get()


class _SwitchGrad:
    """Sets the mode on entry and puts the earlier one back on exit; decorates functions too."""

    enabled: bool

    def __enter__(self) -> None:
        self._before = recording.get()
        recording.set(self.enabled)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        recording.set(self._before)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return switched

    def clone(self) -> _SwitchGrad:
        return type(self)()


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
