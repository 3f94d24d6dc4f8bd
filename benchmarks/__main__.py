"""``python -m benchmarks CASE``: prints a table of times, ours and torch's."""

from __future__ import annotations

import argparse
import platform

import numba
import numpy as np
import torch

import minitorch
from benchmarks.measure import HEADING
from benchmarks.step import step_case


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures minitorch against torch.")
    parser.add_argument("case", choices=["step"], help="step: a training step of the documented network")
    parser.add_argument(
        "--batch", type=int, nargs="+", default=[1, 16, 100], metavar="N", help="batch sizes (default: 1 16 100)"
    )
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads for both libraries (default: 2)")
    parser.add_argument("--rounds", type=int, default=60, metavar="N", help="how often each is timed (default: 60)")
    options = parser.parse_args()
    minitorch.set_num_threads(options.threads)
    torch.set_num_threads(options.threads)
    print(
        f"{platform.processor() or platform.machine()}, {minitorch.get_num_threads()} threads here, {torch.get_num_threads()} in "
        f"torch; minitorch {minitorch.__version__}, torch {torch.__version__}, numpy {np.__version__}, numba {numba.__version__}"
    )
    print(HEADING)
    for batch in options.batch:
        print(step_case(batch, options.rounds), flush=True)


if __name__ == "__main__":
    main()
