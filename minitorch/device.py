"""Where the memory of tensors is."""

from __future__ import annotations


class device:
    """Where a tensor's memory is. So far there is the CPU."""

    __slots__ = ("index", "type")

    def __init__(self, type: str | device = "cpu", index: int | None = None) -> None:
        name, _, number = str(type).partition(":")
        if name != "cpu":
            raise RuntimeError(f"this build of minitorch computes on the CPU: device 'cpu' is there, '{type}' is not")
        if number and not number.isdecimal():
            raise RuntimeError(f"Invalid device string: '{type}'")
        self.type = name
        self.index = int(number) if number else index

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        place = f"type='{self.type}'" + ("" if self.index is None else f", index={self.index}")
        return f"device({place})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


CPU = device("cpu")
