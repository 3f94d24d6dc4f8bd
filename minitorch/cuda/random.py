"""The random numbers of tensors on a GPU. They come from a generator of their own, so that the CPU's stay the same with and
without a GPU, as in torch; it is of the same kind as the CPU's, so that a seed gives the same numbers on both, unlike in torch.

Seeding it is no error without a GPU. Its state is not one that torch's generator for GPUs could be in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minitorch.cuda.gpu import gpu, is_available
from minitorch.random import gpu_generator


def manual_seed(seed: int) -> None:
    """Starts the GPU's random numbers that belong to a seed.

    Raises:
        ValueError: the seed does not fit into 64 bits.
    """
    gpu_generator.manual_seed(int(seed))


manual_seed_all = manual_seed  # there is one GPU


def seed() -> None:
    """Seeds the GPU's random numbers with a number that nobody can foresee."""
    gpu_generator.seed()


seed_all = seed


def initial_seed() -> int:
    """The seed that the GPU's random numbers were started with.

    Raises:
        RuntimeError: there is no GPU.
    """
    gpu()
    return gpu_generator.initial_seed()


def get_rng_state(device: Any = "cuda") -> Any:
    """The state of the GPU's random numbers: uint8, shape (5056,).

    Raises:
        RuntimeError: there is no GPU.
    """
    gpu()
    return gpu_generator.get_state()


def get_rng_state_all() -> list[Any]:
    """The states of all GPUs' random numbers, of which there is one or none."""
    return [gpu_generator.get_state()] if is_available() else []


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Continues from a state that ``get_rng_state`` gave."""
    gpu_generator.set_state(new_state)


def set_rng_state_all(new_states: Iterable[Any]) -> None:
    """Continues from the states that ``get_rng_state_all`` gave."""
    for state in new_states:
        set_rng_state(state)
