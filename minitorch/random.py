"""Random numbers: torch's generator, so that the same seed gives the same numbers."""

from __future__ import annotations

import contextlib
import numbers
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from minitorch.autograd.graph import Function
from minitorch.device import CPU, GPU, check_present, get_default_device
from minitorch.device import device as Device
from minitorch.kernels.cpu import random as draws


class Generator(draws.Generator):
    """A stream of random numbers, in the state that ``torch.Generator`` would be in.

    Threads that draw from one generator take turns.
    """

    def __init__(self, device: Any = "cpu") -> None:
        check_present(device)
        self._start(Device(device))

    def _start(self, place: Device) -> None:
        self.device = CPU if place.type == "cpu" else GPU
        self.lock = threading.RLock()
        super().__init__()

    def manual_seed(self, seed: int) -> Generator:  # type: ignore[override]  # torch's returns the generator
        """Starts the stream that belongs to a seed, and returns the generator.

        Raises:
            ValueError: the seed does not fit into 64 bits.
            RuntimeError: the seed is not a whole number.
        """
        if not isinstance(seed, numbers.Integral):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        with self.lock:
            super().manual_seed(int(seed))
        return self

    def get_state(self) -> Any:
        """The state, as torch writes it: uint8, shape (5056,)."""
        with self.lock:
            return Function.Tensor._of(super().get_state())

    def set_state(self, state: Any) -> None:
        """Continues from a state that ``get_state``, here or in torch, gave.

        Raises:
            RuntimeError: it is not such a state.
            TypeError: it is not a tensor of bytes.
        """
        if not isinstance(state, Function.Tensor):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(state).__name__}")
        if state._array.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        with self.lock:
            super().set_state(state._array)

    def clone_state(self) -> Generator:
        """Another generator, in the same state."""
        twin = Generator.__new__(Generator)
        twin._start(self.device)
        twin.set_state(self.get_state())
        return twin

    def __reduce__(self) -> Any:
        return type(self), (self.device,), (self.initial_seed(), None, self.get_state())

    def __setstate__(self, state: tuple[int, int | None, Any]) -> None:
        """Continues from the seed, an offset (of which torch's generators for GPUs have one) and the state of another one."""
        seed, _, whole = state
        self.manual_seed(seed)
        self.set_state(whole)


default_generator = Generator()
gpu_generator = Generator.__new__(Generator)
gpu_generator._start(GPU)  # which does not ask whether there is a GPU


def generator_for(device: Any, given: Generator | None = None) -> Generator:
    """What numbers for a device (the default one, for ``None``) are drawn from: what is given, else its default generator.

    Raises:
        RuntimeError: what is given is another device's.
    """
    place = get_default_device() if device is None else Device(device)
    if given is None:
        return default_generator if place.type == "cpu" else gpu_generator
    if given.device.type != place.type:
        raise RuntimeError(f"Expected a '{place.type}' device type for generator but found '{given.device.type}'")
    return given


def manual_seed(seed: int) -> Generator:
    """Seeds the default generators, and returns the CPU's.

    Raises:
        ValueError: the seed does not fit into 64 bits.
    """
    gpu_generator.manual_seed(int(seed))
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seeds the default generators with a number that nobody can foresee, and returns it."""
    found = default_generator.seed()
    gpu_generator.manual_seed(found)
    return found


def initial_seed() -> int:
    """The seed that the default generator was started with."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The state of the default generator: uint8, shape (5056,)."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Puts the default generator into a state that ``get_rng_state`` gave."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Iterable[Any] | None = None, enabled: bool = True) -> Iterator[None]:
    """What is drawn inside is as if it were not: afterwards the default generators continue where they were before.

    Args:
        devices: the GPUs to do this for beside the CPU; all there are unless given.
        enabled: otherwise nothing is done.
    """
    kept = [default_generator] if devices is not None and not list(devices) else [default_generator, gpu_generator]
    before = [each.get_state() for each in kept]
    try:
        yield
    finally:
        if enabled:
            for generator, state in zip(kept, before, strict=True):
                generator.set_state(state)
