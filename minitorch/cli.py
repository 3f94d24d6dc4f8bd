"""The command line: ``minitorch train``, ``minitorch warmup``."""

from __future__ import annotations

import argparse
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import minitorch

MISTAKES = (OSError, RuntimeError, ValueError, TypeError, IndexError, ImportError, MemoryError)
INTERRUPTED = 128 + signal.SIGINT


def number(kind: type, least: float, what: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected {what}, got '{text}'") from None
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"expected {what}, got {text}")
        return value

    return parse


def build_parser() -> argparse.ArgumentParser:
    """The program's commands and options."""
    parser = argparse.ArgumentParser(prog="minitorch", description=minitorch.__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"minitorch {minitorch.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    train = commands.add_parser(
        "train",
        help="train the documented network and test it",
        description="Trains the documented network, tests it, and saves the network, its history and pictures.",
    )
    count, positive = number(int, 0, "a whole number, 0 or more"), number(int, 1, "a whole number, 1 or more")
    rate = number(float, 0, "a number, 0 or more")
    train.add_argument(
        "--data", choices=["digits", "cifar10"], default="digits", help="what to learn (default: %(default)s)"
    )
    train.add_argument(
        "--root", default="data", metavar="DIR", help="where cifar-10-batches-py lies, or is downloaded to"
    )
    train.add_argument("--download", action="store_true", help="download CIFAR-10 if it is not there")
    train.add_argument(
        "--no-verify",
        dest="verify",
        action="store_false",
        help="accept a copy of CIFAR-10 that is not the published one",
    )
    train.add_argument(
        "--epochs", type=positive, metavar="N", help="times through the pictures (digits: 20, cifar10: 7)"
    )
    train.add_argument("--batch-size", type=positive, metavar="N", help="pictures per step (digits: 32, cifar10: 100)")
    train.add_argument("--lr", type=rate, metavar="F", help="learning rate (digits: 0.01, cifar10: 0.001)")
    train.add_argument("--momentum", type=rate, default=0.9, metavar="F", help="momentum of SGD (default: %(default)s)")
    train.add_argument(
        "--seed", type=count, default=0, metavar="N", help="seed of all random numbers (default: %(default)s)"
    )
    train.add_argument(
        "--threads", type=positive, metavar="N", help="threads to compute with (default: one for each core)"
    )
    train.add_argument("--workers", type=count, default=0, metavar="N", help="processes that load data (default: none)")
    train.add_argument(
        "--device",
        choices=["cpu", "cuda"],
        default="cpu",
        help="where to compute; cuda: on a GPU (default: %(default)s)",
    )
    train.add_argument("--out", default="runs", metavar="DIR", help="where results go (default: %(default)s)")
    warmup = commands.add_parser(
        "warmup",
        help="compile the kernels beforehand",
        description="Compiles what training the documented network needs, and stores it for later programs.",
    )
    warmup.add_argument(
        "--dtype", choices=["float32", "float64"], default="float32", help="of the network (default: %(default)s)"
    )
    warmup.add_argument(
        "--device",
        choices=["cpu", "cuda"],
        default="cpu",
        help="for which to compile; cuda: a GPU (default: %(default)s)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program; returns its exit code: 0, 1 after a mistake that it explained, 130 after Ctrl-C."""
    options = vars(build_parser().parse_args(arguments))
    commands: dict[str, Callable[..., None]] = {"train": train, "warmup": warmup}
    command = commands[options.pop("command")]
    try:
        with warnings.catch_warnings():
            warnings.showwarning = say_warning  # type: ignore[assignment]  # it has no use for the place
            command(**options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except MISTAKES as error:
        print(f"minitorch: {explain(error)}", file=sys.stderr)
        return 1
    return 0


# What a command needs is imported when it runs, so that --help need not wait for the compiler.


def train(threads: int | None, **options: Any) -> None:
    from minitorch import program

    if threads is not None:
        minitorch.set_num_threads(threads)
    program.run(program.Recipe(**options))


def warmup(**options: Any) -> None:
    from minitorch import program

    program.warmup(**options)


def say_warning(message: Warning | str, *where: Any) -> None:
    """A warning as a sentence, without the line of the source that it comes from."""
    print(f"minitorch: {message}", file=sys.stderr)


def explain(error: BaseException) -> str:
    """What went wrong, with the notes that were added on its way."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = str(error) or type(error).__name__
    return "\n".join([text, *getattr(error, "__notes__", [])])


if __name__ == "__main__":
    sys.exit(main())
