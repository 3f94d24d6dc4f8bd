"""A run is kept as JSON, and is the same when it is read again."""

import json

import numpy as np
import pytest

from benchmarks import picture, record, report
from benchmarks.comparison import Comparison, Difference, Label, Limit
from benchmarks.record import Record


@pytest.fixture
def run():
    generator = np.random.default_rng(0)

    def comparison(case, name, factor, group="", **settings):
        ours, torchs = generator.uniform(0.9, 1.1, (2, 9)) * [[1e-3], [1e-3 * factor]]
        return Comparison(Label(case, name, 2, group), ours, torchs, **settings)

    results = [
        comparison("step", "batch 100", 2, limit=Limit(1e-4, "sgemm"), first=(1.5, 0.25)),
        comparison("step", "batch 1", 1),
        comparison("memory", "peak", 0.5, unit="B"),
        comparison("memory", "growth", 1, unit="+B"),
        *(comparison("ops", f"op {n}", 1 + n, "forward", limit=Limit(1e-9, "copy")) for n in range(25)),
        Difference(Label("ops", "sum", 2), "the result differs"),
    ]
    return Record({"processor": "one", "cores": 2, "torch": "2"}, {"2": {"sgemm, GFLOP/s": 150.0}}, results)


def test_a_run_is_the_same_when_it_is_read_again(run, tmp_path):
    record.write(run, str(tmp_path / "run.json"))
    again = record.read([str(tmp_path / "run.json")])
    assert (again.facts, again.limits, again.differences) == (run.facts, run.limits, run.differences)
    for before, after in zip(run.comparisons, again.comparisons, strict=True):
        np.testing.assert_array_equal(before.ours, after.ours)
        np.testing.assert_array_equal(before.torchs, after.torchs)
        assert (before.label, before.unit, before.limit, before.first) == (
            after.label,
            after.unit,
            after.limit,
            after.first,
        )


def test_several_runs_are_read_as_one(run, tmp_path):
    for name in ("a", "b"):
        record.write(run, str(tmp_path / name))
    assert len(record.read([str(tmp_path / "a"), str(tmp_path / "b")]).results) == 2 * len(run.results)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"facts": 1}', "no json"])
def test_what_is_no_run_is_refused(tmp_path, text):
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"run\.json holds no run of the benchmarks"):
        record.read([str(path)])


def test_parts_are_chosen_by_case_and_threads(run):
    assert {each.label.case for each in run.only(["step"]).results} == {"step"}
    assert len(run.only([]).results) == len(run.only(["all"]).results) == len(run.results)
    assert not run.only(["step"], [1]).results


def test_the_table_tells_medians_ratio_interval_verdict_and_limit(run):
    line = report.row(run.results[0])
    assert line.startswith("batch 100")
    for part in ("ms [", "faster", "of sgemm", "1.50 s, 250 ms"):
        assert part in line
    assert "no verdict" in report.row(run.results[1])
    assert "NOT TIMED" in report.row(run.differences[0])


def test_growth_has_no_ratio_in_the_table(run):
    line = report.row(run.results[3])
    assert "verdict" not in line
    assert "faster" not in line


def test_large_groups_are_summed_up_and_their_slowest_listed(run):
    mean, slowest = report.summaries(run.results)
    assert mean.startswith("geometric mean of 25: forward")
    assert slowest.startswith("  slowest: op 0 ")


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_picture_is_drawn(run, tmp_path, ending):
    path = tmp_path / f"picture.{ending}"
    picture.draw(run, str(path))
    assert path.stat().st_size > 10_000


def test_the_picture_shows_the_means_of_large_groups_and_no_growth(run):
    names = [bar.name for bar in picture.bars(run.comparisons)]
    assert names == ["batch 100", "batch 1", "peak", "mean of 25: forward"]


def test_the_limit_in_the_picture_is_the_ratio_that_it_would_give(run):
    first = next(picture.bars(run.comparisons))
    assert first.limit == pytest.approx(np.median(run.results[0].torchs) / 1e-4)


def test_the_file_holds_every_sample(run, tmp_path):
    record.write(run, str(tmp_path / "run.json"))
    content = json.loads((tmp_path / "run.json").read_text())
    assert [len(each["ours"]) for each in content["comparisons"]] == [9] * len(run.comparisons)
