"""The options of ``python -m benchmarks``, and whether they can be met."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import machine, picture
from benchmarks.cases.all import CASES, ON_GPUS
from benchmarks.cases.ops import chosen
from benchmarks.place import why_no_gpu

STATIC = """\
by itself:
  cuda-static What is known of the CUDA kernels without a GPU; cuda-static --help has its options"""


def build_parser() -> argparse.ArgumentParser:
    """The options."""
    cases = "\n".join(f"  {name:11} {case.__doc__}" for name, case in CASES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures minitorch against torch; benchmarks/README.md explains how.",
        epilog=f"cases:\n{cases}\n  {'all':11} All of them, which takes a while\n\n{STATIC}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("case", nargs="*", metavar="CASE", help="what to measure")
    for name, text in (
        ("--threads", "threads of both libraries (all cores); several: one after the other"),
        ("--batch", "sizes of batches (by case)"),
        ("--size", "elements (ops), links (deep), pictures (epoch), steps (memory) (by case)"),
    ):
        parser.add_argument(name, type=int, nargs="+", metavar="N", help=text)
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each is timed (by case)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of the operators, these (ops)")
    parser.add_argument("--root", metavar="DIR", help="where cifar-10-batches-py lies (epoch; else random pictures)")
    parser.add_argument("--device", default="cpu", metavar="cpu|cuda", help="where to compute (cpu)")
    parser.add_argument("--json", metavar="FILE", help="write every sample to a file")
    parser.add_argument("--plot", metavar="FILE", help="draw a picture of the ratios")
    parser.add_argument(
        "--from", dest="read", nargs="+", metavar="FILE", help="measure nothing; show what --json has written"
    )
    return parser


def fault(options: argparse.Namespace) -> str | None:
    """Why an option cannot be met, as a sentence; None where all can."""
    checks: Iterable[Callable[[argparse.Namespace], str | None]] = (
        _fault_of_cases,
        _fault_of_numbers,
        _fault_of_threads,
        _fault_of_device,
        _fault_of_files,
    )
    return next((text for check in checks if (text := check(options)) is not None), None)


def _fault_of_cases(options: argparse.Namespace) -> str | None:
    if "cuda-static" in options.case:
        return "cuda-static goes by itself: python -m benchmarks cuda-static"
    for name in options.case:
        if name not in CASES and name != "all":
            return f"there is no case {name!r}; there are {', '.join([*CASES, 'all'])}"
    for name in options.only or []:
        if not any(chosen([name])):
            return f"--only {name}: no operator of the case ops has this name"
    return None


def _fault_of_numbers(options: argparse.Namespace) -> str | None:
    for name, values in (("rounds", [options.rounds]), ("batch", options.batch), ("size", options.size)):
        for value in values or []:
            if value is not None and value < 1:
                return f"--{name} {value}: expected 1 or more"
    return None


def _fault_of_threads(options: argparse.Namespace) -> str | None:
    for count in options.threads or [machine.cores()]:
        if count < 1:
            return f"--threads {count}: expected 1 or more"
        if options.read:
            continue
        if count > machine.cores():
            return f"--threads {count}: this program has {machine.cores()} cores to run on"
        try:
            machine.set_threads(count)
        except RuntimeError as error:
            return f"--threads {count}: {error}"
    return None


def _fault_of_device(options: argparse.Namespace) -> str | None:
    if options.device == "cpu":
        return None
    if options.device != "cuda":
        return f"--device {options.device}: expected cpu or cuda"
    for name in options.case:
        if name not in (*ON_GPUS, "all"):
            return f"--device cuda: {name} is not measured on GPUs; {', '.join(ON_GPUS)} are"
    if not options.read and (text := why_no_gpu()) is not None:
        return f"--device cuda: {text}"
    return None


def _fault_of_files(options: argparse.Namespace) -> str | None:
    if options.root is not None and not Path(options.root, "cifar-10-batches-py").is_dir():
        return f"--root {options.root}: there is no folder cifar-10-batches-py in it"
    if options.plot is not None:
        try:
            picture.check_format(options.plot)
        except (ImportError, ValueError) as error:
            return f"--plot {options.plot}: {error}"
    return fault_of_output("json", options.json) or fault_of_output("plot", options.plot)


def fault_of_output(option: str, name: str | None) -> str | None:
    """Why the file that an option names cannot be written, as a sentence; None where it can, or none is named."""
    if name is None:
        return None
    path = Path(name)
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        return f"--{option} {name}: it cannot be written: {error.strerror}"
    if is_new:
        path.unlink()
    return None
