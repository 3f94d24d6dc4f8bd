"""The documented program and its comparison with torch on a GPU, which is interpreted: a few pictures, a step or two."""

import copy
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles the kernels for GPUs, is not installed")

import minitorch
from minitorch import program
from minitorch.kernels.cuda import device
from minitorch.program import Net, Recipe
from reference.__main__ import main
from tests.ptx.device import Interpreter


@pytest.fixture
def few_pictures(monkeypatch):
    load = program.load_data

    def cut(recipe):
        sets = load(recipe)
        for each, count in zip(sets, (4, 2), strict=True):
            each.data, each.targets = each.data[:count], each.targets[:count]
        return sets

    monkeypatch.setattr(program, "load_data", cut)
    monkeypatch.setattr(program, "TEST_BATCH_SIZE", 2)


def test_training_gives_what_it_gives_on_the_cpu(few_pictures, tmp_path):
    plain = program.run(Recipe(epochs=1, batch_size=2, out=str(tmp_path / "cpu")))
    with device.use(Interpreter()) as interpreter:
        found = program.run(Recipe(epochs=1, batch_size=2, device="cuda", out=str(tmp_path / "cuda")))
    assert len(interpreter.launched) > 100
    assert len(found.losses) == 2
    np.testing.assert_allclose(found.losses, plain.losses, rtol=1e-6)
    assert json.loads((tmp_path / "cuda" / "history.json").read_text())["recipe"]["device"] == "cuda"
    ours, theirs = (minitorch.load(tmp_path / name / "net.pth") for name in ("cuda", "cpu"))
    assert str(Net().load_state_dict(ours)) == "<All keys matched successfully>"
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name].numpy(), value.numpy(), rtol=1e-5, atol=1e-7, err_msg=name)


def test_steps_are_compared_with_torchs(capsys):
    with device.use(Interpreter()) as interpreter:
        status = main(["train", "--device", "cuda", "--steps", "1", "--batch-size", "2", "--dtype", "float32"])
    output = capsys.readouterr().out
    assert status == 0, output
    assert "minitorch computes on cuda, torch on " in output
    assert "within tolerance" in output
    assert len(interpreter.launched) > 50


@pytest.mark.parametrize(("command", "sentence"), [("train", ".*(GPU|driver)"), ("torch", "torch finds no GPU")])
def test_that_there_is_no_gpu_is_said(command, sentence):
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "NUMBA_ENABLE_CUDASIM": "0"}
    program = [sys.executable, "-m", "reference", command, "--device", "cuda"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, env=hidden)
    assert done.returncode == 1
    assert re.match("reference: " + sentence, done.stderr)
    assert "Traceback" not in done.stderr


def test_a_parameter_can_be_copied():
    with device.use(Interpreter()):
        weight = minitorch.nn.Linear(3, 2).to("cuda").weight
        twin = copy.deepcopy(weight)
        assert twin.device == minitorch.device("cuda:0")
        np.testing.assert_array_equal(twin.numpy(force=True), weight.numpy(force=True))
        twin.detach().zero_()
        assert weight.numpy(force=True).any()
