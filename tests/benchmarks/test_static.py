"""The static and emulated figures of CUDA kernels: what they say, and what is said where something is missing."""

import importlib.util
import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks.static import command
from benchmarks.static.occupancy import MULTIPROCESSORS, occupancy, resident_blocks
from tests.ptx import toolkit

needs_compilers = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None or toolkit.tool("ptxas") is None,
    reason="numba-cuda or ptxas is not installed",
)

HEADER_PROGRAM = """
#include <cstdio>
#include "cuda_occupancy.h"
int main() {
  int major, minor, threads, registers, shared, warps, of_multiprocessor, reserved;
  while (scanf("%d %d %d %d %d %d %d %d", &major, &minor, &warps, &of_multiprocessor, &reserved,
               &threads, &registers, &shared) == 8) {
    cudaOccDeviceProp gpu;
    gpu.computeMajor = major; gpu.computeMinor = minor; gpu.maxThreadsPerBlock = 1024;
    gpu.maxThreadsPerMultiprocessor = 32 * warps; gpu.regsPerBlock = gpu.regsPerMultiprocessor = 65536; gpu.warpSize = 32;
    gpu.sharedMemPerBlock = 48 << 10; gpu.sharedMemPerMultiprocessor = of_multiprocessor; gpu.numSms = 1;
    gpu.sharedMemPerBlockOptin = of_multiprocessor - reserved; gpu.reservedSharedMemPerBlock = reserved;
    cudaOccFuncAttributes kernel;
    kernel.maxThreadsPerBlock = 1024; kernel.numRegs = registers; kernel.sharedSizeBytes = shared;
    kernel.maxDynamicSharedSizeBytes = 48 << 10; kernel.numBlockBarriers = 1;
    cudaOccDeviceState state;
    cudaOccResult result;
    if (cudaOccMaxActiveBlocksPerMultiprocessor(&result, &gpu, &kernel, &state, threads, 0)) return 1;
    printf("%d\\n", result.activeBlocksPerMultiprocessor);
  }
}
"""


def header_folder():
    """Where NVIDIA's ``cuda_occupancy.h`` is; Triton, which torch brings with it, has it too."""
    places = [Path("/usr/local/cuda/include")]
    if (spec := importlib.util.find_spec("triton")) is not None:
        places += [Path(each, "backends/nvidia/include") for each in spec.submodule_search_locations]
    return next((each for each in places if (each / "cuda_occupancy.h").exists()), None)


@pytest.mark.skipif(not (shutil.which("g++") and header_folder()), reason="g++ or cuda_occupancy.h is not installed")
def test_occupancy_is_what_nvidias_header_says(tmp_path):
    source, calculator = tmp_path / "calculator.cpp", tmp_path / "calculator"
    source.write_text(HEADER_PROGRAM)
    subprocess.run(["g++", "-w", f"-I{header_folder()}", source, "-o", calculator], check=True)
    rows = list(
        itertools.product(
            MULTIPROCESSORS, (32, 64, 96, 256, 512), range(16, 129, 7), (0, 256, 1024, 9000, 16384, 40000)
        )
    )
    lines = [
        f"{major} {minor} {has.warps} {has.shared} {has.reserved} {threads} {registers} {shared}"
        for (major, minor), threads, registers, shared in rows
        for has in [MULTIPROCESSORS[major, minor]]
    ]
    said = subprocess.run([calculator], input="\n".join(lines), capture_output=True, text=True, check=True).stdout
    assert [resident_blocks(*row) for row in rows] == [int(each) for each in said.split()]


def test_a_place_is_for_a_warp():
    assert occupancy((9, 0), threads=256, registers=128, shared=0) == 16 / 64
    assert occupancy((7, 5), threads=256, registers=128, shared=0) == 16 / 32


@needs_compilers
def test_two_kernels_have_rows(tmp_path, capsys):
    path = tmp_path / "figures.json"
    assert program.main(["cuda-static", "--only", "add", "mm vectors", "--json", str(path)]) == 0
    output = capsys.readouterr().out
    assert "no figure is a time" in output
    assert "| static " in output
    assert "| emulated" in output
    assert "\nadd: lifting.flat binary " in output
    content = json.loads(path.read_text())
    assert "nothing here is a measured time" in content["remark"]
    addition, product = content["kernels"]
    assert [*product["static"]] == ["sm_75", "sm_80", "sm_90", "sm_100"]
    for figures in product["static"].values():
        assert figures["spilled"] == 0
        assert figures["products"] > 0.6
        assert 0.2 < figures["occupancy"] <= 1
    assert addition["static"]["sm_90"]["products"] is None  # it has no loop
    emulated = addition["emulated"]
    assert emulated["conflicts"] is None  # it uses no shared memory
    # 257 sums: to 33 sectors of the output, from as many of each input. The last ones are not full.
    assert emulated["operations"] == pytest.approx(257 / (99 * 32))
    assert emulated["loads"] == emulated["stores"] == pytest.approx(257 * 4 / (33 * 32))
    assert product["emulated"]["operations"] > 1


@needs_compilers
def test_an_error_of_the_interpreter_has_a_row_and_does_not_end_the_table(tmp_path, capsys, monkeypatch):
    from tests.kernels.cuda.programs import PROGRAMS

    def beyond(k, a, b):
        return k.add(k.sub(a, b), k.as_strided(a, (257,), (1,), 9))

    monkeypatch.setitem(PROGRAMS, "beyond", (beyond, (257,), (257,)))
    path = tmp_path / "figures.json"
    assert program.main(["cuda-static", "--only", "beyond", "sigmoid", "--json", str(path)]) == 1
    *_, difference, addition, sigmoid = capsys.readouterr().out.splitlines()
    assert "error" not in difference
    assert addition.startswith("beyond: lifting.")
    assert "| error: out of bounds of an array of 257 float32" in addition
    assert sigmoid.startswith("sigmoid: ")
    before, failed, after = json.loads(path.read_text())["kernels"]
    assert failed["static"]["sm_90"]["registers"] > 0
    assert failed["emulated"]["error"].startswith("out of bounds")
    assert before["emulated"]["stores"] == after["emulated"]["stores"]


@needs_compilers
def test_without_a_disassembler_loops_are_those_of_ptx(monkeypatch, capsys):
    from benchmarks.static import figures

    found = toolkit.tool
    for module in (toolkit, command, figures):
        monkeypatch.setattr(module, "tool", lambda name: None if name == "nvdisasm" else found(name))
    assert program.main(["cuda-static", "--only", "sum by block"]) == 0
    output = capsys.readouterr().out
    assert "in PTX, as nvdisasm is not installed" in output
    assert "\nsum by block: folding.by_block " in output


@pytest.mark.parametrize(
    ("name", "replacement", "sentence"),
    [
        ("find_spec", lambda name: None, "numba-cuda, which compiles the kernels, is not installed: pip install"),
        ("tool", lambda name: None, "ptxas, NVIDIA's assembler, is not found: pip install"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(name, replacement, sentence, monkeypatch, capsys):
    monkeypatch.setattr(command, "find_spec", lambda name: object())
    monkeypatch.setattr(command, name, replacement)
    with pytest.raises(SystemExit) as end:
        program.main(["cuda-static"])
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("cuda-static --only nope", "--only nope: there is no such program; there are add,"),
        ("cuda-static --json FOLDER", "it cannot be written: Is a directory"),
        ("step cuda-static", "cuda-static goes by itself"),
    ],
)
@needs_compilers
def test_a_mistake_ends_in_a_sentence(arguments, sentence, capsys, tmp_path):
    with pytest.raises(SystemExit) as end:
        program.main(arguments.replace("FOLDER", str(tmp_path)).split())
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
