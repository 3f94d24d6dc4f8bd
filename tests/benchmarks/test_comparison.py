"""What is concluded from samples: no timing is asserted here."""

import numpy as np
import pytest

from benchmarks.comparison import FEWEST, Comparison, Label, Limit, groups, summarise


def comparison(ours, torchs, name="name", group="", **settings):
    return Comparison(Label("case", name, 2, group), np.asarray(ours, float), np.asarray(torchs, float), **settings)


def around(center, seed=0, rounds=50):
    return np.random.default_rng(seed).uniform(0.9 * center, 1.1 * center, rounds)


def test_the_ratio_is_that_of_the_medians():
    assert comparison([1, 2, 90], [5, 6, 7]).ratio == 3


@pytest.mark.parametrize(("unit", "better", "worse"), [("s", "faster", "slower"), ("B", "less", "more")])
def test_a_clear_difference_is_called_by_its_name(unit, better, worse):
    assert comparison(around(1), around(2, 1), unit=unit).verdict == better
    assert comparison(around(2), around(1, 1), unit=unit).verdict == worse


def test_there_is_no_verdict_where_the_interval_spans_one():
    same = comparison(*np.random.default_rng(0).uniform(0.5, 1.5, (2, 50)))
    low, high = same.interval()
    assert low < 1 < high
    assert same.verdict == "no verdict"


def test_there_is_no_verdict_from_a_few_rounds():
    assert comparison([1] * (FEWEST - 1), [2] * (FEWEST - 1)).verdict == "no verdict"
    assert comparison([1] * FEWEST, [2] * FEWEST).verdict == "faster"


def test_the_interval_covers_the_true_ratio_about_as_often_as_it_says():
    generator = np.random.default_rng(0)
    hits = 0
    for _ in range(100):
        low, high = comparison(generator.normal(1, 0.1, 30), generator.normal(2, 0.2, 30)).interval()
        hits += low <= 2 <= high
    assert hits >= 88


def test_the_interval_is_the_same_each_time():
    assert comparison(around(1), around(2)).interval() == comparison(around(1), around(2)).interval()


def test_memory_that_was_added_has_no_ratio():
    grown = comparison([0, 0, 0, 0], [1, 1, 1, 1], unit="+B")
    assert np.isnan(grown.ratio)
    assert grown.verdict == "no verdict"


def test_shares_say_how_much_of_the_limit_is_reached():
    assert comparison([2, 2], [4, 4], limit=Limit(1, "copy")).shares() == (0.5, 0.25)
    assert comparison([2, 2], [4, 4]).shares() is None


def test_groups_are_summed_up_by_geometric_means():
    members = [
        comparison([1] * 5, [ratio] * 5, str(ratio), "all", limit=Limit(share, "copy"))
        for ratio, share in ((1, 0.5), (2, 0.25), (4, 0.125))
    ]
    (group,) = groups([*members, comparison([1], [9], group="alone"), comparison([1], [9])])
    summary = summarise(group)
    assert summary.ratio == pytest.approx(2)
    assert summary.shares == pytest.approx((0.25, 0.25 / 2))
    assert (summary.count, summary.verdict) == (3, "faster")
