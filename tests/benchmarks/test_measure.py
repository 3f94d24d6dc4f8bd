"""The arithmetic of comparisons: no timing is asserted here."""

import numpy as np

from benchmarks.measure import Comparison, compare


def comparison(ours, torchs):
    return Comparison("case", np.asarray(ours, float), np.asarray(torchs, float))


def test_the_ratio_is_that_of_the_medians():
    assert comparison([1, 2, 90], [5, 6, 7]).ratio == 3


def test_a_clear_difference_is_called_by_its_name():
    generator = np.random.default_rng(0)
    fast, slow = generator.uniform(0.9, 1.1, (2, 50)) * [[1], [2]]
    assert str(comparison(fast, slow)).endswith("faster")
    assert str(comparison(slow, fast)).endswith("slower")


def test_there_is_no_verdict_where_the_interval_spans_one():
    same = np.random.default_rng(0).uniform(0.5, 1.5, (2, 50))
    low, high = comparison(*same).interval()
    assert low < 1 < high
    assert str(comparison(*same)).endswith("no verdict")


def test_both_run_in_turn_and_take_turns_at_being_first():
    calls = []
    result = compare("case", lambda: calls.append("ours"), lambda: calls.append("torch"), rounds=4)
    assert calls == ["ours", "torch"] * 3 + ["ours", "torch", "torch", "ours"] * 2
    assert len(result.ours) == len(result.torchs) == 4
