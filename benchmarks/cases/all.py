"""All cases, in the order in which they are run."""

from __future__ import annotations

from benchmarks.cases import Case
from benchmarks.cases.conv import conv
from benchmarks.cases.deep import deep
from benchmarks.cases.epoch import epoch
from benchmarks.cases.memory import memory
from benchmarks.cases.network import forward, step
from benchmarks.cases.ops import ops
from benchmarks.cases.overhead import overhead
from benchmarks.cases.startup import first, imports

CASES: dict[str, Case] = {
    "step": step,
    "forward": forward,
    "epoch": epoch,
    "overhead": overhead,
    "deep": deep,
    "ops": ops,
    "conv": conv,
    "import": imports,
    "first": first,
    "memory": memory,
}

ON_GPUS = ("step", "forward", "epoch", "ops", "conv")
"""Those that ``--device cuda`` measures."""
