"""What is said when a GPU cannot be used, or has failed: first what torch says, then what is the matter.

Everything here is told what numba's ``cuda`` is, which only the device seam knows.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import CodeType
from typing import Any

from numba.core.errors import NumbaError

from minitorch.kernels.errors import AcceleratorError, OutOfMemoryError

URL = "http://www.nvidia.com/Download/index.aspx"
NO_DRIVER = (
    "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver from " + URL
)
NO_GPU = "No CUDA GPUs are available"
NOT_INITIALIZED = "CUDA driver initialization failed, you might not have a CUDA gpu."
FORKED = "Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, you must use the 'spawn' start method"
INSTALL = "pip install 'minitorch[cuda]' installs versions that work together."
PARTS = ("numba-cuda", "numba", "numpy", "cuda-toolkit")
"""What kernels are compiled with."""

OUT_OF_MEMORY, NO_DEVICE, UNSUPPORTED_PTX_VERSION, NOT_READY = 2, 100, 222, 600  # codes of the driver's errors


def broken(error: BaseException) -> str:
    """Why kernels cannot be compiled, when a part of numba's CUDA target fails: mostly one that does not fit another."""
    return (
        f"numba cannot compile for CUDA here: {type(error).__name__}: {_line(error)}\n"
        f"Installed are {', '.join(f'{part} {version_of(part)}' for part in PARTS)}. {INSTALL}"
    )


def version_of(package: str) -> str:
    """The version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not at all)"


def _line(error: BaseException) -> str:
    """What an error says, as far as it fits a line: numba's say a lot."""
    lines = [each.strip() for each in str(error).splitlines() if each.strip()]
    return lines[0] if lines else "(without a word)"


def why_not(cuda: Any) -> str | None:
    """Why no GPU can be used, or nothing if one can. This asks the driver, but takes no memory on a GPU."""
    if cuda.implementation != "NVIDIA":
        return f"numba-cuda is not installed, and what numba itself has for CUDA does not suffice.\n{INSTALL}"
    try:
        importlib.import_module("numba.cuda.np.arrayobj")  # numba does so when it first compiles
    except Exception as error:  # of any type: it is a package that does not fit another
        return broken(error)
    try:
        usable = cuda.is_available()
        reason = cuda.cuda_error()
        if reason is None and not usable:
            return f"numba finds no CUDA toolkit to compile with: its NVVM is not there.\n{INSTALL}"
        return _of_driver(reason) if reason else _of_gpus(cuda)
    except Exception as error:  # likewise: whatever a driver may answer
        return f"{NOT_INITIALIZED}\n{type(error).__name__}: {_line(error)}"


def _of_driver(reason: str) -> str:
    """What is said of a driver that does not start."""
    if "cannot be found" in reason:
        return NO_DRIVER
    if "CUDA_ERROR_NO_DEVICE" in reason:
        return NO_GPU
    if "NUMBA_DISABLE_CUDA" in reason:
        return f"{NO_GPU}\n{reason}"
    return f"{NOT_INITIALIZED}\n{reason.strip()}"


def _of_gpus(cuda: Any) -> str | None:
    if not len(cuda.gpus):
        return NO_GPU
    made_for, able = cuda.runtime.get_version(), cuda.cudadrv.driver.driver.get_version()
    return (
        too_old(made_for, able) if made_for[0] > able[0] else None
    )  # a driver runs what its major version's toolkits make


def too_old(made_for: tuple[int, int], able: tuple[int, int]) -> str:
    """What is said of a driver that cannot run what the toolkit makes; both are versions of CUDA."""
    found = 1000 * able[0] + 10 * able[1]
    return (
        f"The NVIDIA driver on your system is too old (found version {found}). Please update your GPU driver by downloading and "
        f"installing a new version from the URL: {URL} Alternatively, install a toolkit that it knows.\n"
        f"Kernels are compiled for CUDA {made_for[0]}.{made_for[1]}; the driver knows CUDA {able[0]}.{able[1]}: "
        f"pip install 'numba-cuda[cu{able[0]}]'"
    )


# -- failures ---------------------------------------------------------------------------------------------------------


def is_drivers(error: BaseException, cuda: Any) -> bool:
    """Whether the driver has reported this."""
    return isinstance(error, cuda.cudadrv.driver.CudaAPIError)


def is_out_of_memory(error: BaseException, cuda: Any) -> bool:
    """Whether this says that there is no more memory."""
    return is_drivers(error, cuda) and _code(error) == OUT_OF_MEMORY


def _code(error: Any) -> int:
    return int(error.code)


def explained(error: Exception, cuda: Any) -> Exception | None:
    """The error to raise for what the driver has reported; nothing if it is not the driver's."""
    if not is_drivers(error, cuda):
        return None
    if _code(error) == UNSUPPORTED_PTX_VERSION:
        return RuntimeError(too_old(cuda.runtime.get_version(), cuda.cudadrv.driver.driver.get_version()))
    if is_out_of_memory(error, cuda):
        return OutOfMemoryError("CUDA error: out of memory")
    _, text = cuda.cudadrv.driver.binding.cuGetErrorString(error.code)  # type: ignore[attr-defined]  # the driver's own
    return AcceleratorError(
        f"CUDA error: {text.decode() if text else _line(error)}\n"
        "CUDA reports what a kernel did wrong some time later, so what was asked for now need not be the cause.\n"
        "With CUDA_LAUNCH_BLOCKING=1 in the environment, it does so at once."
    )


def of_launch(error: Exception, cuda: Any, kernel: Callable[..., None], dtypes: Sequence[str]) -> Exception | None:
    """The error to raise when a kernel could not be compiled for arguments of these dtypes, or not be started."""
    known = explained(error, cuda)
    if known is not None:
        return known
    what = f'"{name_of(kernel)}" not implemented on CUDA for {", ".join(dict.fromkeys(dtypes))}'
    if isinstance(error, NumbaError | NotImplementedError):
        return NotImplementedError(f"{what}: numba cannot compile it. {_reason(error)}")
    if type(error).__module__.partition(".")[0] in ("numba", "cuda"):  # NVVM's, the linker's
        return RuntimeError(f"{what}: {type(error).__name__}: {_line(error)}")
    return None


def _reason(error: Exception) -> str:
    """What says most in a compiler's message: the call that it has nothing for, else the first line that is no heading."""
    lines = [each.strip() for each in str(error).splitlines() if each.strip()]
    calls = [each.removeprefix(">>> ") for each in lines if each.startswith(">>> ")]
    if calls:
        return f"It has no {calls[-1]}."
    return next((each for each in lines if not each.startswith("Failed in")), "(without a word)")


def name_of(kernel: Callable[..., None]) -> str:
    """What people would call a kernel: for one that is made from formulas, their names as well."""
    formulas = ", ".join(_formulas(kernel))
    return f"{kernel.__name__}({formulas})" if formulas else kernel.__name__.lstrip("_")


def _formulas(function: Any) -> Iterator[str]:
    """The functions of other files that a function was made with: their names, or where they are if they have none."""
    for cell in function.__closure__ or ():
        formula = getattr(cell.cell_contents, "py_func", None)
        if formula is None:
            continue
        code: CodeType = formula.__code__
        if code.co_filename == function.__code__.co_filename:
            yield from _formulas(formula)
        else:
            lies = f"{Path(code.co_filename).name}:{code.co_firstlineno}"
            yield lies if formula.__name__ == "<lambda>" else formula.__name__
