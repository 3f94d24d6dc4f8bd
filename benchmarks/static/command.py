"""The command ``python -m benchmarks cuda-static``."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec

from benchmarks.command_line import fault_of_output
from tests.ptx.toolkit import tool

NAME = "cuda-static"


def build_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {NAME}",
        description="Static and emulated figures of the CUDA kernels, without a GPU; benchmarks/README.md explains them.",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of the programs of the compile gate, these")
    parser.add_argument("--json", metavar="FILE", help="write the figures to a file")
    return parser


def missing() -> str | None:
    """What is not there, and how to install it, as a sentence; None where all is."""
    if find_spec("numba_cuda") is None:
        return "numba-cuda, which compiles the kernels, is not installed: pip install 'minitorch[cuda]'"
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0":
        return "NUMBA_ENABLE_CUDASIM is set, and numba's simulator compiles nothing: unset it"
    if tool("ptxas") is None:
        return (
            "ptxas, NVIDIA's assembler, is not found: pip install 'cuda-toolkit[nvcc]==13.0.*', "
            "or put a CUDA toolkit's folder bin on the PATH"
        )
    return None


def main(arguments: Sequence[str]) -> int:
    """Prints the table. Returns 1 if the interpreter met an error, which is in the kernel's row, else 0.

    Raises:
        SystemExit: with 2, an option cannot be met, or something is not installed.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    if (text := missing() or fault_of_output("json", options.json)) is not None:
        parser.error(text)
    # These need what was just looked for.
    from benchmarks.static import figures, table
    from tests.kernels.cuda.programs import PROGRAMS

    for name in options.only or []:
        if name not in PROGRAMS:
            parser.error(f"--only {name}: there is no such program; there are {', '.join(PROGRAMS)}")
    code = "machine code (SASS, by nvdisasm)" if tool("nvdisasm") else "PTX, as nvdisasm is not installed"
    facts = {
        "numba-cuda": version("numba-cuda"),
        "ptxas": _version("ptxas"),
        "nvdisasm": _version("nvdisasm"),
        "loops are read from": code,
    }
    print("\n".join(f"{name}: {fact}" for name, fact in facts.items()))
    print(f"\n{table.REMARK.format(code=code)}\n\n{table.heading()}")
    found = []
    try:
        for kernel in figures.collect(options.only or list(PROGRAMS)):
            found.append(kernel)
            print(table.row(kernel), flush=True)
    except RuntimeError as error:  # an assembler that is too old, say
        parser.error(str(error))
    if options.json:
        table.write(found, facts, options.json)
    return int(any(isinstance(kernel.emulated, str) for kernel in found))


def _version(name: str) -> str:
    path = tool(name)
    if path is None:
        return "not installed"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"V([\d.]+)", said)
    return found[1] if found else "unknown"
