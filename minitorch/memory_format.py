"""How elements are laid out in memory: ``torch.memory_format`` and ``torch.layout``, as far as there are any here."""

from __future__ import annotations


class memory_format:
    """An order of a tensor's dimensions in memory, printed as torch prints it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class layout(memory_format):
    """A kind of storage: there is only the strided one."""

    __slots__ = ()


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
strided = layout("strided")


def check(layout: layout | None, memory_format: memory_format | None) -> None:
    """Refuses what there is not.

    Raises:
        NotImplementedError: another layout than the strided one, or another order than row by row or the tensor's own.
    """
    if layout not in (None, strided):
        raise NotImplementedError(f"minitorch has only strided tensors, not {layout!r}")
    if memory_format not in (None, contiguous_format, preserve_format):
        raise NotImplementedError(f"minitorch has no {memory_format!r}")
