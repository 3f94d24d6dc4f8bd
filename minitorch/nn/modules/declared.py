"""Modules that are a function with settings: their class names the function, and declares the settings as annotated attributes.

The constructor, what is printed and ``forward`` follow from that::

    class ELU(Declared):
        function = F.elu
        alpha: float = 1.0
        inplace: bool = False
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, dataclass_transform

from minitorch.nn.modules.module import Module


@dataclass_transform()
class Declared(Module):
    """What the constructor is given becomes attributes, which ``function`` gets after what the module is called with."""

    function: ClassVar[Callable[..., Any]]
    settings: ClassVar[tuple[str, ...]]
    """The names of what ``function`` is given by keyword."""
    constructor: ClassVar[inspect.Signature]
    """What is declared; a class may have a constructor of its own before that."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "function" in cls.__dict__:  # others inherit their settings, as does what users derive
            declared = inspect.get_annotations(cls)
            cls.settings = tuple(declared)
            parameters = [
                inspect.Parameter(
                    name,
                    inspect.Parameter.POSITIONAL_OR_KEYWORD,
                    default=cls.__dict__.get(name, inspect.Parameter.empty),
                    annotation=annotation,
                )
                for name, annotation in declared.items()
            ]
            cls.constructor = inspect.Signature(parameters)
            for name in declared:
                if name in cls.__dict__:  # it is an attribute of the module, or one of its buffers
                    delattr(cls, name)
            cls.__signature__ = cls.constructor  # type: ignore[attr-defined]  # which inspect looks for
        if "__init__" in cls.__dict__:
            own = inspect.signature(cls.__init__)
            cls.__signature__ = own.replace(parameters=list(own.parameters.values())[1:])  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        try:
            given = type(self).constructor.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}.__init__() {error}") from None
        given.apply_defaults()
        self.declare(dict(given.arguments))

    def declare(self, given: dict[str, Any]) -> None:
        """Keeps what the constructor was given; subclasses may check it, or keep some of it otherwise."""
        for name, value in given.items():
            setattr(self, name, value)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        return type(self).function(*inputs, **named, **{name: getattr(self, name) for name in self.settings})


class Activation(Declared):
    """An activation, which prints its settings; ``inplace`` only where it holds."""

    def extra_repr(self) -> str:
        shown = {name: getattr(self, name) for name in self.settings}
        return ", ".join(f"{name}={value!r}" for name, value in shown.items() if name != "inplace" or value)
