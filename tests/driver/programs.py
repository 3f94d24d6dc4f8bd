"""Whole programs, and kernels with arguments of each type, on the emulated driver. See test_driver.py."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest

import minitorch
from minitorch import program
from minitorch.kernels import tables
from minitorch.kernels.cpu.compiler import watch_compiling
from minitorch.kernels.cuda import DeviceArray, device, from_host, to_host
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.lifting import lift, position
from tests.kernels.cuda import training

GPU = tables[DeviceArray]


def test_steps_of_training_are_the_cpus(gpu, driver):
    training.compare()
    assert sum(what == "launch" for what, _ in driver.log) > 20


def parts(out, number, several):
    if position() == 0:
        first, (second, third) = several
        out[0], out[1], out[2], out[3] = number, first, second, third


NUMBERS = [
    np.bool_(True), np.int8(-3), np.uint8(200), np.int16(-300), np.uint16(60000), np.int32(-(2**31)), np.uint32(2**32 - 1),
    np.int64(-(2**40)), np.uint64(2**63), np.float16(0.1), np.float32(0.1), np.float64(0.1),
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS, ids=lambda each: each.dtype.name)
def test_kernels_get_numbers_of_each_type(number, gpu):
    """Between others, so that each begins where the driver expects it."""
    out = from_host(np.zeros(4, np.float64))
    launch(parts, (1,), (out, number, (np.uint8(7), (number, np.int8(-1)))), 32)
    assert to_host(out).tolist() == [float(number), 7, float(number), -1]


def test_threads_use_the_gpu_at_once(gpu):
    """Each on its own stream, or on the default one, with the same kernels."""
    inputs = [minitorch.full((257,), float(n)) for n in range(4)]
    found = [None] * len(inputs)

    def work(n):
        with minitorch.cuda.stream(minitorch.cuda.Stream() if n % 2 else minitorch.cuda.default_stream()):
            found[n] = ((inputs[n].cuda() * 3 - 1).exp()).cpu()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(inputs))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for given, result in zip(inputs, found, strict=True):
        np.testing.assert_allclose(result.numpy(), (given * 3 - 1).exp().numpy(), rtol=1e-6)


def use(a):
    return to_host(GPU.matmul(GPU.add(a, a), GPU.relu(a)))


def test_kernels_are_compiled_once(gpu, monkeypatch, tmp_path):
    """What another process has stored is loaded."""
    a = np.arange(-8, 8, dtype=np.float32).reshape(4, 4)
    compiled, again = [], []
    with watch_compiling(before=compiled.append):
        first = use(from_host(a))
    assert len(compiled) == len([*tmp_path.glob("*.kernel")]) >= 3
    monkeypatch.setattr(device, "_found", [])
    device.compiled.cache_clear()
    with watch_compiling(before=again.append):
        second = use(from_host(a))
    assert again == []
    np.testing.assert_array_equal(first, second)


def test_a_damaged_file_is_replaced(gpu, monkeypatch, tmp_path):
    a = from_host(np.ones(4, np.float32))
    GPU.exp(a)
    (stored,) = tmp_path.glob("*.kernel")
    stored.write_bytes(stored.read_bytes()[:-1])
    monkeypatch.setattr(device, "_found", [])
    with pytest.warns(UserWarning, match="is damaged: it is compiled anew"):
        GPU.exp(from_host(np.ones(4, np.float32)))
    assert len([*tmp_path.glob("*.kernel")]) == 1


def test_kernels_from_elsewhere_are_not_stored(gpu, tmp_path):
    """Their sources are not watched."""
    launch(parts, (1,), (from_host(np.zeros(4)), np.float32(1), (np.uint8(7), (np.float32(1), np.int8(-1)))), 32)
    lift(lambda x: x + x, from_host(np.ones(3)))
    assert [*tmp_path.glob("*.kernel")] == []


def test_after_a_warmup_nothing_is_left_to_compile(driver, monkeypatch, capsys):
    driver.interpreting = False
    monkeypatch.setattr(program, "WARMUP_BATCH_SIZES", (2,))
    program.warmup(device="cuda")
    first = capsys.readouterr().out
    assert "Kernels for training in float32, on the GPU" in first
    assert "gemm_tile.kernel" in first
    assert re.search(r"^\d+ kernels compiled in", first, re.M)
    monkeypatch.setattr(device, "_found", [])
    device.compiled.cache_clear()
    program.warmup(device="cuda")
    assert "All are ready" in capsys.readouterr().out
