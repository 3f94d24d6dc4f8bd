"""The comparison with torch: it agrees today, it would notice if that changed, and its mistakes end in a sentence."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import minitorch
from minitorch.kernels import tables
from reference import graph, training
from reference.__main__ import main
from reference.run import Run
from reference.tolerance import History, relative_difference

KERNELS = tables[np.ndarray]


@pytest.fixture(autouse=True)
def _same_threads_afterwards():
    before = minitorch.get_num_threads(), torch.get_num_threads()
    yield
    minitorch.set_num_threads(before[0])
    torch.set_num_threads(before[1])


def lockstep(*arguments: object) -> int:
    return main(["train", "--steps", "4", "--batch-size", "8", *map(str, arguments)])


def replace(monkeypatch, name, change):
    """Puts ``change`` of the kernel's result in the kernel's place."""
    kernel = getattr(KERNELS, name)
    monkeypatch.setitem(KERNELS.__dict__, name, lambda *args, **options: change(kernel(*args, **options)))


def test_both_libraries_train_alike(capsys):
    assert lockstep("--every", 1) == 0
    output = capsys.readouterr().out
    assert output.count("equal bit for bit (10 tensors, 62,006 numbers)") == 2
    assert output.count("equal bit for bit in all 4 steps") == 2
    assert "within tolerance" in output
    assert "they agree" in output
    assert "OUT OF TOLERANCE" not in output


def test_an_epochs_end_and_the_next_one_are_alike(capsys):
    assert lockstep("--steps", 9, "--batch-size", 200, "--dtype", "float32") == 0  # the eighth has 37, the ninth 200
    assert "in all 9 steps" in capsys.readouterr().out


def test_no_momentum_is_alike():
    assert lockstep("--momentum", 0) == 0


def test_a_wrong_derivative_is_noticed(monkeypatch, capsys):
    monkeypatch.setitem(KERNELS.__dict__, "relu_backward", lambda grad, result: grad * (result >= 0))
    assert lockstep() == 1
    assert capsys.readouterr().out.count("OUT OF TOLERANCE: step 1: ") == 2


@pytest.mark.parametrize("kernel", ["relu_backward", "convolution", "convolution_weight_grad", "addmm", "log_softmax"])
def test_an_error_of_a_ten_thousandth_is_noticed(monkeypatch, kernel):
    replace(monkeypatch, kernel, lambda result: result * result.dtype.type(1.0001))
    assert lockstep("--dtype", "float32") == 1


def test_float64_notices_what_float32_cannot(monkeypatch):
    replace(monkeypatch, "relu_backward", lambda result: result * result.dtype.type(1 + 1e-8))
    assert lockstep("--dtype", "float32") == 0
    assert lockstep("--dtype", "float64") == 1


def test_an_error_in_a_single_step_is_noticed(monkeypatch, capsys):
    calls = iter(range(1000))
    # Two runs of minitorch take each step; each asks four times for relu's derivative.
    replace(monkeypatch, "relu_backward", lambda result: result * (0 if next(calls) // 8 == 2 else 1))
    assert lockstep("--dtype", "float32") == 1
    assert "OUT OF TOLERANCE: step 3: " in capsys.readouterr().out


def test_a_wrong_update_is_noticed(monkeypatch, capsys):
    step = minitorch.optim.SGD.step

    def nesterov(self, closure=None):
        for group in self.param_groups:
            group["nesterov"] = True
        return step(self, closure)

    monkeypatch.setattr(minitorch.optim.SGD, "step", nesterov)
    assert lockstep() == 1
    assert "OUT OF TOLERANCE: step 1: conv1.weight" in capsys.readouterr().out


def test_other_weights_are_noticed(monkeypatch, capsys):
    parameters = Run.parameters
    monkeypatch.setattr(
        Run, "parameters",
        lambda self: {k: v + (self.library is torch) * 1e-9 for k, v in parameters(self).items()},
    )  # fmt: skip
    assert lockstep() == 1
    assert "initial weights: conv1.weight differ though the seed is the same" in capsys.readouterr().out


def test_other_batches_are_noticed(monkeypatch, capsys):
    load = training.load_data
    monkeypatch.setattr(training, "load_data", lambda recipe: load(recipe)[::-1])
    assert lockstep() == 1
    assert "batch 1: pictures differ though the seed is the same" in capsys.readouterr().out


def history(ours: float, theirs: float, steps: int = 9) -> tuple[History, list[bool]]:
    """A tensor of random numbers that both libraries get wrong by so many roundings."""
    generator = np.random.default_rng(0)
    made, right = History(5000), []
    for _ in range(steps):
        exact, errors = generator.standard_normal(5000), generator.standard_normal((2, 5000)) * 2.0**-24
        right.append(made.add(exact + ours * errors[0], exact + theirs * errors[1], exact))
    return made, right


def test_twice_torchs_error_is_allowed_and_more_is_not():
    assert history(ours=19, theirs=10)[0].typically_right()
    assert not history(ours=21, theirs=10)[0].typically_right()


def test_less_than_a_rounding_of_the_result_is_no_error():
    assert history(ours=1.9, theirs=0.0)[0].typically_right()
    assert not history(ours=2.1, theirs=0.0)[0].typically_right()


def test_ten_times_torchs_error_needs_an_explanation():
    assert all(history(ours=95, theirs=10)[1])
    assert not any(history(ours=105, theirs=10)[1])


def test_not_a_number_is_never_right():
    made = History(2)
    assert not made.add(np.array([np.nan, 1.0]), np.ones(2), np.ones(2))
    assert not made.typically_right()
    assert np.isnan(relative_difference(np.array([np.nan, 1.0]), np.ones(2)))


def test_the_graphs_are_equal(capsys):
    assert main(["graph"]) == 0
    output = capsys.readouterr().out
    assert f"All {len(graph.EXPRESSIONS)} graphs are equal" in output
    assert "AccumulateGrad conv1.weight" in output
    assert "\n  ! " not in output


def test_another_graph_is_marked(monkeypatch, capsys):
    def build(library, net):
        x = library.ones(3, requires_grad=True)
        return x * 2 if library is torch else x + x

    monkeypatch.setitem(graph.EXPRESSIONS, "y = 2 x", build)
    assert main(["graph"]) == 1
    output = capsys.readouterr().out
    assert "  !   0 AddBackward0 <- 1, 1" in output
    assert "Different: y = 2 x" in output


def test_the_program_runs_in_torch_alone(capsys):
    assert main(["torch", "--epochs", "1", "--batch-size", "100", "--threads", "1"]) == 0
    assert "Accuracy of the network on the 360 test images: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--steps", "-3"], "expected a whole number, 1 or more, got -3"),
        (["--steps", "0"], "expected a whole number, 1 or more, got 0"),
        (["--lr", "fast"], "expected a number, 0 or more, got 'fast'"),
        (["--dtype", "float16"], "invalid choice: 'float16'"),
        (["--step", "3", "--speed", "9"], "unrecognized arguments: --speed 9"),
    ],
)
def test_a_wrong_option_is_named(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as exit:
        main(["train", *arguments])
    assert exit.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "torch"])
def test_a_wrong_path_is_named(command, tmp_path, capsys):
    assert main([command, "--data", "cifar10", "--root", str(tmp_path / "nowhere")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("reference: ")
    assert str(tmp_path / "nowhere") in error


def test_a_loss_that_is_not_finite_is_named(capsys):
    assert lockstep("--lr", "1e30") == 1
    assert "try a smaller --lr" in capsys.readouterr().err


def test_without_torch_it_says_what_to_install(tmp_path):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.getcwd()}"}
    done = subprocess.run(
        [sys.executable, "-m", "reference", "graph"], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 1
    assert done.stderr == "reference: torch is missing: pip install 'minitorch[reference]'\n"
