"""How two programs are timed. How long anything takes is asserted nowhere, but that two clocks agree."""

import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.utils.benchmark

import minitorch
from benchmarks import measure
from benchmarks.comparison import Comparison, Difference, Label
from benchmarks.measure import Turn, Within, call, compare, difference, settle

LABEL = Label("case", "name", 1)
AGREEMENT = 1.5  # of two clocks, on a machine that does other things as well
TRIES = 40


@pytest.mark.usefixtures("hurried")
def test_both_run_in_turn_and_take_turns_at_being_first():
    calls = []
    result = compare(LABEL, lambda: calls.append("ours"), lambda: calls.append("torch"), rounds=4)
    assert calls[:2] == ["ours", "torch"]  # whose results are compared
    assert calls[2:4] == ["ours", "torch"]  # how many calls make a turn
    assert calls[4::2] == ["ours", "torch", "torch", "ours"] * 2  # each after a call that does not count
    assert calls[4::2] == calls[5::2]
    assert len(result.ours) == len(result.torchs) == 4


@pytest.mark.usefixtures("hurried")
def test_what_differs_is_not_timed():
    runs = []
    result = compare(LABEL, lambda: runs.append(0) or 1.0, lambda: 2.0, rounds=4)
    assert isinstance(result, Difference)
    assert len(runs) == 1


@pytest.mark.usefixtures("hurried")
def test_what_programs_leave_behind_is_compared_too():
    left = {"a": 1.0}, {"a": 1.5}
    result = compare(LABEL, lambda: 0, lambda: 0, 2, left_behind=(lambda: left[0], lambda: left[1]))
    assert isinstance(result, Difference)
    assert result.text.startswith("a differs by 5.0e-01")


@pytest.mark.usefixtures("hurried")
def test_times_are_for_one_of_the_calls_that_a_program_stands_for():
    def nap():
        time.sleep(0.01)

    one, ten = compare(LABEL, nap, nap, 2), compare(LABEL, nap, nap, 2, calls=10)
    assert isinstance(one, Comparison)
    assert one.ours.min() >= 0.01
    assert 0.001 <= ten.ours.min() < 0.01


def test_a_turn_has_as_many_calls_as_take_its_time():
    turn = Turn(lambda: None)
    assert turn.calls > 1000
    assert min(call(turn.run, turn.calls) for _ in range(5)) > measure.TURN / 10


def spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def ratio_of_clocks(run: Callable[[], object]) -> float:
    """The time of a call by our clock, over that by torch's."""
    turn = Turn(run)
    timer = torch.utils.benchmark.Timer("run()", globals={"run": run}, num_threads=torch.get_num_threads())
    return np.median([turn.seconds() for _ in range(5)]) / timer.blocked_autorange(min_run_time=0.05).median


def test_our_clock_agrees_with_that_of_torch_utils_benchmark():
    # Of too few elements for a second thread, whose help comes and goes.
    tiny, more, ours = torch.ones(4), torch.ones(20_000), minitorch.ones(1000)
    programs = {
        "a known time": lambda: spin(1e-4),
        "a tiny operator": lambda: tiny * tiny,
        "many sines": lambda: more.sin(),
        "an operator of ours": lambda: ours + ours,
    }
    for name, run in programs.items():
        ratios = [ratio_of_clocks(run)]
        while not 1 / AGREEMENT < ratios[-1] < AGREEMENT and len(ratios) < TRIES:
            ratios.append(ratio_of_clocks(run))  # what else the machine does disturbs one or the other
        assert 1 / AGREEMENT < ratios[-1] < AGREEMENT, f"{name}: our clock's times over torch's are {ratios}"


def test_settling_ends_even_if_a_thread_never_sleeps(monkeypatch):
    monkeypatch.setattr(measure, "IDLE", -1.0)
    monkeypatch.setattr(measure, "PATIENCE", 0.02)
    start = time.perf_counter()
    settle()
    assert time.perf_counter() - start >= 0.02


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        (minitorch.ones(2), torch.ones(2), None),
        (minitorch.ones(2) * 1.00001, torch.ones(2), None),
        (minitorch.ones(2) * 1.001, torch.ones(2), "the result differs by 1.0e-03"),
        (minitorch.ones(2), torch.ones(3), "the result is float32[2] here and float32[3] in torch"),
        (minitorch.ones(2), torch.ones(2).double(), "the result is float32"),
        (minitorch.arange(3), torch.arange(3), None),
        (minitorch.arange(3), torch.arange(3) + 1, "the result differs"),
        ([1.0, (2.0, 3.0)], [1.0, (2.0, 4.0)], "part 1 of part 1 of the result differs"),
        ([1.0], [1.0, 2.0], "the result has 1 parts here and 2 in torch"),
        ({"a": 1.0}, {"b": 1.0}, "the result has"),
        ({"a": 1.0}, {"a": 1.0}, None),
        (float("nan"), float("nan"), None),
        (float("nan"), 1.0, "infinite or NaN"),
        (1.0, float("inf"), "infinite or NaN"),
        (True, False, "the result differs"),
        ({"a": Within(1e-2, 1.001)}, {"a": Within(1e-2, 1.0)}, None),
        ({"a": Within(1e-2, 1.1)}, {"a": Within(1e-2, 1.0)}, "a differs by 1.0e-01"),
        ({"a": 1.001, "b": Within(1e-2, 1.0)}, {"a": 1.0, "b": Within(1e-2, 1.0)}, "a differs by 1.0e-03"),
    ],
)
def test_results_are_compared(ours, theirs, found):
    text = difference(ours, theirs)
    assert (text is None) == (found is None), text
    assert found is None or found in text
