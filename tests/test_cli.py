"""The program: what it leaves behind, and that every mistake ends in a sentence."""

import json
import os
import pathlib
import pickle
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import minitorch
from minitorch.cli import main
from minitorch.program import Net

PROGRAM = [sys.executable, "-m", "minitorch"]


def run(*arguments, **options):
    return subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return folder, run("train", "--epochs", 2, "--out", folder)


def test_training_reports_and_saves_what_it_learnt(trained):
    folder, done = trained
    assert done.returncode == 0, done.stderr
    history = json.loads((folder / "history.json").read_text())
    assert f"Accuracy of the network on the 360 test images: {int(history['accuracy'])} %" in done.stdout
    assert set(history["accuracy_by_class"]) == set("0123456789")
    assert len(history["epochs"]) == 2
    assert len(history["losses"]) == 2 * -(-1437 // history["recipe"]["batch_size"])
    assert np.mean(history["losses"][-10:]) < 0.8 * np.mean(history["losses"][:10])
    net = Net()
    assert str(net.load_state_dict(minitorch.load(folder / "net.pth"))) == "<All keys matched successfully>"


def test_the_pictures_are_pictures(trained):
    from PIL import Image

    folder, _ = trained
    for name in ("loss.png", "predictions.png"):
        with Image.open(folder / name) as picture:
            assert min(picture.size) > 300
            assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 20


def test_compiling_is_announced_once_and_changes_nothing(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    first, second = (run("train", "--epochs", 1, "--out", tmp_path / name, env=environment) for name in ("a", "b"))
    assert "Compiling kernels for this machine, once" in first.stdout
    assert "Compiling" not in second.stdout
    losses = [json.loads((tmp_path / name / "history.json").read_text())["losses"] for name in ("a", "b")]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_after_a_warmup_nothing_is_left_to_compile(tmp_path, dtype):
    first, second = (run("warmup", "--dtype", dtype) for _ in range(2))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert f"Kernels for training in {dtype}" in first.stdout
    assert "All are ready" in second.stdout
    assert "MB of them" in second.stdout
    if dtype == "float32":
        assert "Compiling" not in run("train", "--epochs", 1, "--out", tmp_path).stdout


def test_a_warmup_that_cannot_store_anything_says_so(monkeypatch, capsys):
    from minitorch.kernels.cpu.cache import STORE
    from minitorch.kernels.store import Place

    complaint = "Compiled kernels cannot be stored (/nowhere: Read-only file system)"
    monkeypatch.setattr(STORE, "place", Place([], None, complaint))
    assert main(["warmup"]) == 1
    assert capsys.readouterr().err == f"minitorch: {complaint}\n"


def test_too_many_threads_are_named_without_a_place_in_the_source(tmp_path):
    done = run("train", "--epochs", 1, "--threads", 10_000, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "minitorch: set_num_threads(10000): " in done.stderr
    assert "UserWarning" not in done.stderr


def test_help_needs_no_compiler():
    program = "import sys; from minitorch.cli import build_parser; build_parser(); print('numba' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"


def test_the_same_seed_learns_the_same(tmp_path):
    for name in ("a", "b"):
        assert run("train", "--epochs", 1, "--seed", 3, "--out", tmp_path / name).returncode == 0
    losses = [json.loads((tmp_path / name / "history.json").read_text())["losses"] for name in ("a", "b")]
    assert losses[0] == losses[1]


def test_without_the_extras_training_goes_on_and_says_what_is_missing(tmp_path):
    hide = tmp_path / "hidden"
    for package in ("matplotlib", "tqdm", "PIL"):
        (hide / package).mkdir(parents=True)
        (hide / package / "__init__.py").write_text("raise ImportError('hidden by the test')")
    done = run(
        "train", "--epochs", 1, "--out", tmp_path / "out", env={**os.environ, "PYTHONPATH": f"{hide}:{os.getcwd()}"}
    )
    assert done.returncode == 0, done.stderr
    assert "matplotlib is missing: pip install 'minitorch[plot]'" in done.stdout
    assert "epoch 1/1: loss" in done.stderr
    assert (tmp_path / "out" / "net.pth").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--epoch", "x"], "expected a whole number, 1 or more, got 'x'"),
        (["--epochs", "0"], "expected a whole number, 1 or more, got 0"),
        (["--lr", "-1"], "expected a number, 0 or more, got -1"),
        (["--lr", "nan"], "expected a number, 0 or more, got nan"),
        (["--data", "mnist"], "invalid choice: 'mnist'"),
        (["--learning-rate", "1"], "unrecognized arguments: --learning-rate"),
    ],
)
def test_a_wrong_option_is_named(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as exit:
        main(["train", *arguments])
    assert exit.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_wrong_path_is_named(tmp_path, capsys):
    code = main(["train", "--data", "cifar10", "--root", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")])
    assert code == 1
    error = capsys.readouterr().err
    assert "nowhere" in error
    assert "Traceback" not in error


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["train", "--epochs", "1", "--out", str(tmp_path / "file")]) == 1
    assert "minitorch:" in capsys.readouterr().err


def small_cifar10(root: pathlib.Path, labels=None) -> pathlib.Path:
    """A folder of the published layout, with a few pictures of noise."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name in [f"data_batch_{n}" for n in range(1, 6)] + ["test_batch"]:
        given = labels or generator.integers(0, 10, 20).tolist()
        data = generator.integers(0, 256, (len(given), 3072), dtype=np.uint8)
        batch = {
            "batch_label": name,
            "labels": given,
            "data": data,
            "filenames": [f"{n}.png" for n in range(len(given))],
        }
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": names}, protocol=2))
    return folder


@pytest.mark.parametrize("workers", [0, 2])
def test_cifar10_of_another_origin_is_refused_until_accepted(tmp_path, capsys, workers):
    small_cifar10(tmp_path)
    arguments = [
        "train",
        "--data",
        "cifar10",
        "--root",
        tmp_path,
        "--epochs",
        1,
        "--batch-size",
        10,
        "--out",
        tmp_path / "out",
    ]
    arguments += ["--workers", workers]
    assert main([str(each) for each in arguments]) == 1
    assert "--no-verify" in capsys.readouterr().err
    assert main([str(each) for each in [*arguments, "--no-verify"]]) == 0
    assert "Accuracy of the network on the 20 test images:" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["truncated", "not a batch", "label out of range", "missing"])
def test_damaged_data_is_named(tmp_path, capsys, damage):
    folder = small_cifar10(tmp_path, [10] * 20 if damage == "label out of range" else None)
    file = folder / "data_batch_2"
    if damage == "truncated":
        file.write_bytes(file.read_bytes()[:-100])
    elif damage == "not a batch":
        file.write_bytes(b"these are no pictures")
    elif damage == "missing":
        file.unlink()
    arguments = [
        "train",
        "--data",
        "cifar10",
        "--no-verify",
        "--root",
        tmp_path,
        "--epochs",
        1,
        "--out",
        tmp_path / "out",
    ]
    assert main([str(each) for each in arguments]) == 1
    error = capsys.readouterr().err
    assert "data_batch" in error
    assert "Traceback" not in error


def test_ctrl_c_saves_what_was_learnt_and_ends_the_workers(tmp_path):
    arguments = ["train", "--epochs", "100000", "--workers", "2", "--out", str(tmp_path)]
    process = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    shown = ""
    while "epoch 2/" not in shown and time.monotonic() < deadline:
        shown += os.read(process.stderr.fileno(), 4096).decode()
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
    ).stdout.split()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted after" in output
    assert "Traceback" not in shown + errors
    Net().load_state_dict(minitorch.load(tmp_path / "net.pth"))
    assert len(json.loads((tmp_path / "history.json").read_text())["losses"]) > 0
    assert not any(os.path.exists(f"/proc/{child}") for child in children)


def test_that_there_is_no_gpu_is_said(tmp_path):
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "NUMBA_ENABLE_CUDASIM": "0"}
    done = run("train", "--device", "cuda", "--out", tmp_path / "runs", env=hidden)
    assert done.returncode == 1
    assert re.match("minitorch: .*(GPU|driver|numba-cuda)", done.stderr)
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_shapes_that_do_not_fit_name_the_layer():
    with pytest.raises(RuntimeError) as error:
        Net()(minitorch.zeros(1, 1, 32, 32))
    assert "conv1" in "\n".join([str(error.value), *error.value.__notes__])
