"""``python -m reference``: minitorch beside real torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import minitorch
from minitorch.cli import INTERRUPTED, MISTAKES, explain, number
from minitorch.program import Recipe


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(prog="python -m reference", description="Compares minitorch with real torch.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train in both libraries in lockstep, comparing every step")
    alone = commands.add_parser("torch", help="run the documented program in torch alone")
    commands.add_parser("graph", help="print the graphs of the documented expressions side by side")
    count, positive = number(int, 0, "a whole number, 0 or more"), number(int, 1, "a whole number, 1 or more")
    rate = number(float, 0, "a number, 0 or more")
    train.add_argument("--steps", type=positive, default=500, metavar="N", help="how many (default: %(default)s)")
    train.add_argument("--every", type=positive, default=25, metavar="N", help="steps per line (default: %(default)s)")
    train.add_argument(
        "--dtype", choices=["float32", "float64", "both"], default="both",
        help="float32: float64 decides who is wrong; float64: must agree to 1e-9 (default: %(default)s)",
    )  # fmt: skip
    train.add_argument(
        "--threads", type=positive, default=1, metavar="N",
        help="processor cores; with several, the two libraries' threads wait for each other (default: %(default)s)",
    )  # fmt: skip
    alone.add_argument("--threads", type=positive, metavar="N", help="processor cores to use (default: all)")
    alone.add_argument("--epochs", type=positive, metavar="N", help="times to see all (digits: 20, cifar10: 7)")
    alone.add_argument("--workers", type=count, default=0, metavar="N", help="processes that load data (default: none)")
    train.add_argument(
        "--device", choices=["cpu", "cuda"], default="cpu",
        help="where minitorch computes; torch too, if it finds a GPU (default: %(default)s)",
    )  # fmt: skip
    alone.add_argument(
        "--device", choices=["cpu", "cuda"], default="cpu", help="where to compute (default: %(default)s)"
    )
    for each in (train, alone):
        each.add_argument("--data", choices=["digits", "cifar10"], default="digits", help="default: %(default)s")
        each.add_argument("--root", default="data", metavar="DIR", help="where cifar-10-batches-py lies")
        each.add_argument("--no-verify", dest="verify", action="store_false", help="accept a copy with other hashes")
        each.add_argument("--batch-size", type=positive, metavar="N", help="pictures a step (digits: 32, cifar10: 100)")
        each.add_argument("--lr", type=rate, metavar="F", help="learning rate (digits: 0.01, cifar10: 0.001)")
        each.add_argument("--momentum", type=rate, default=0.9, metavar="F", help="of SGD (default: %(default)s)")
        each.add_argument("--seed", type=count, default=0, metavar="N", help="of random numbers (default: %(default)s)")
    return parser


def run(command: str, threads: int | None = None, **options: Any) -> int:
    """Carries a command out; its modules are imported here, as they need torch, which ``--help`` does not."""
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
        minitorch.set_num_threads(threads)
    if command == "graph":
        from reference import graph

        return graph.run()
    if command == "torch":
        from reference import training

        training.run(Recipe(**options))
        return 0
    from reference import lockstep

    steps, every, dtype = options.pop("steps"), options.pop("every"), options.pop("dtype")
    return lockstep.run(Recipe(**options), steps, every, ["float32", "float64"] if dtype == "both" else [dtype])


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 1 where the libraries differ or after a mistake that is explained, 130 after Ctrl-C."""
    options = vars(build_parser().parse_args(arguments))
    try:
        return run(**options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError as error:
        print(f"reference: {error.name} is missing: pip install 'minitorch[reference]'", file=sys.stderr)
    except MISTAKES as error:
        print(f"reference: {explain(error)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
