"""What users type: mistakes end in a sentence and status 2, before anything is measured."""

import json

import pytest

from benchmarks import __main__ as program
from benchmarks import machine
from benchmarks.cases import network


@pytest.fixture(autouse=True)
def threads():
    """As many as before, when a test is over."""
    yield
    machine.set_threads(machine.cores())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("nope", "there is no case 'nope'; there are step, forward,"),
        ("step nope", "there is no case 'nope'"),
        ("step --threads 0", "--threads 0: expected 1 or more"),
        ("step --threads 1 -2", "--threads -2: expected 1 or more"),
        ("step --threads 100000", "--threads 100000: this program has"),
        ("step --threads two", "invalid int value: 'two'"),
        ("step --rounds 0", "--rounds 0: expected 1 or more"),
        ("step --batch 0", "--batch 0: expected 1 or more"),
        ("ops --size -1", "--size -1: expected 1 or more"),
        ("ops --only nope", "--only nope: no operator of the case ops has this name"),
        ("step --json FOLDER/none/run.json", "run.json: it cannot be written: No such file or directory"),
        ("step --json FOLDER", "it cannot be written: Is a directory"),
        ("step --plot FOLDER/none/run.png", "run.png: it cannot be written: No such file or directory"),
        ("step --plot FOLDER/run.txt", "a picture's name ends in one of"),
        ("step --device tpu", "--device tpu: expected cpu or cuda"),
        ("step deep --device cuda", "--device cuda: deep is not measured on GPUs; step, forward,"),
        ("epoch --root FOLDER", "there is no folder cifar-10-batches-py in it"),
        ("--from FOLDER/none.json", "none.json"),
    ],
)
def test_a_mistake_ends_in_a_sentence(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "measure", lambda *_: pytest.fail("it began to measure"))
    with pytest.raises(SystemExit) as end:
        program.main(arguments.replace("FOLDER", str(tmp_path)).split())
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("torch_has_one", "simulated", "sentence"),
    [
        (False, "0", "--device cuda: torch finds no GPU on this machine"),
        (True, "0", "--device cuda: minitorch finds no GPU: numba-cuda is not installed"),
        (True, "1", "--device cuda: NUMBA_ENABLE_CUDASIM is set: there is nothing to be timed in numba's simulator"),
    ],
)
def test_no_gpu_is_said(torch_has_one, simulated, sentence, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: torch_has_one)
    monkeypatch.setattr("minitorch.cuda.is_available", lambda: simulated == "1")
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", simulated)
    monkeypatch.setattr(program, "measure", lambda *_: pytest.fail("it began to measure"))
    with pytest.raises(SystemExit) as end:
        program.main(["step", "--device", "cuda"])
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err


def test_without_a_case_the_cases_are_listed(capsys):
    assert program.main([]) == 0
    output = capsys.readouterr().out
    for name in program.CASES:
        assert f"\n  {name} " in output


@pytest.mark.usefixtures("hurried")
def test_a_run_leaves_a_table_a_record_and_a_picture(capsys, tmp_path, settings, monkeypatch):
    monkeypatch.setattr(program, "Limits", lambda threads, place: settings().limits)
    files = [str(tmp_path / name) for name in ("run.json", "run.png")]
    command = ["step", "forward", "--batch", "1", "--rounds", "2", "--threads", "1", "--json", files[0]]
    assert program.main([*command, "--plot", files[1]]) == 0
    output = capsys.readouterr().out
    assert "\nstep, 1 thread " in output
    assert "\nbatch 1 " in output
    content = json.loads((tmp_path / "run.json").read_text())
    assert [each["label"]["case"] for each in content["comparisons"]] == ["step", "forward"]
    assert content["facts"]["torch"]
    assert (tmp_path / "run.png").stat().st_size > 10_000
    assert program.main(["forward", "--from", files[0]]) == 0
    again = capsys.readouterr().out
    assert "\nforward, 1 thread " in again
    assert "\nstep" not in again


@pytest.mark.usefixtures("hurried")
def test_different_results_are_named_and_end_in_status_1(capsys, settings, monkeypatch):
    monkeypatch.setattr(program, "Limits", lambda threads, place: settings().limits)
    monkeypatch.setattr(network, "parameters", lambda net: {"w": float(type(net).__module__.startswith("minitorch"))})
    assert program.main(["step", "--batch", "1", "--rounds", "1", "--threads", "1"]) == 1
    assert "step, batch 1: w differs" in capsys.readouterr().err


@pytest.mark.usefixtures("hurried")
def test_what_was_measured_before_an_interruption_is_kept(tmp_path, settings, monkeypatch):
    def interrupted(given):
        yield next(iter(network.forward(given)))
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "Limits", lambda threads, place: settings().limits)
    monkeypatch.setitem(program.CASES, "step", interrupted)
    path = tmp_path / "run.json"
    assert program.main(["step", "--batch", "1", "--rounds", "1", "--threads", "1", "--json", str(path)]) == 130
    assert len(json.loads(path.read_text())["comparisons"]) == 1
