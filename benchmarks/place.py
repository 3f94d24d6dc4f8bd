"""Where both libraries compute: the processor, or a GPU, which goes on with its work after a call has returned."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch

import minitorch

LIBRARIES: tuple[Any, ...] = (minitorch, torch)


@dataclass(frozen=True)
class Place:
    """A device of both libraries.

    Attributes:
        device: its name, "cpu" or "cuda".
    """

    device: str = "cpu"

    def put(self, what: Any) -> Any:
        """A tensor or a module of either library, there."""
        return what if self.device == "cpu" else what.to(self.device)

    def wait(self) -> None:
        """Returns when all that was begun there is done."""
        if self.device == "cuda":
            for library in LIBRARIES:
                library.cuda.synchronize()

    def prepare(self) -> None:
        """Has torch compute with all bits of float32 on a GPU, as minitorch does: without TF32."""
        if self.device == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

    def facts(self) -> dict[str, str]:
        """What a reader of the figures has to know of it."""
        if self.device == "cpu":
            return {}
        return {"GPU": torch.cuda.get_device_name(), "torch's CUDA": str(torch.version.cuda), "TF32": "off"}


CPU = Place()


def why_no_gpu() -> str | None:
    """Why nothing can be timed on a GPU, as a sentence; None where it can."""
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0":
        return "NUMBA_ENABLE_CUDASIM is set: there is nothing to be timed in numba's simulator"
    if not torch.cuda.is_available():
        return "torch finds no GPU on this machine"
    if not minitorch.cuda.is_available():
        return "minitorch finds no GPU: numba-cuda is not installed (pip install 'minitorch[cuda]'), or has no driver for one"
    return None
