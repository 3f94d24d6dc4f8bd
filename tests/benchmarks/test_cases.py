"""Each case runs, at a tiny size; the numbers do not matter."""

import numpy as np
import pytest

from benchmarks.cases import epoch, operators
from benchmarks.cases.all import CASES
from benchmarks.comparison import Comparison, Difference, Label
from benchmarks.processes import ChildFailed, Samples, run

FEW_OPERATORS = [
    "add",
    "sum",
    "transpose",
    "mm",
    "conv2d",
    "cross_entropy",
    "x[rows]",
    "zero_",
    "rand",
    "equal",
    "unbind",
]


def names(results):
    for each in results:
        assert isinstance(each, Comparison), each
        assert each.ours.min() > 0
        assert each.torchs.min() > 0
    return [each.label.name for each in results]


@pytest.mark.usefixtures("hurried")
class TestInThisProcess:
    @pytest.mark.parametrize("case", ["step", "forward"])
    def test_the_network(self, case, settings):
        results = list(CASES[case](settings(batch=[1, 2])))
        assert names(results) == ["batch 1", "batch 2"]
        assert results[0].limit.value == results[1].limit.value / 2

    def test_overhead(self, settings):
        assert len(names(list(CASES["overhead"](settings())))) == 7

    def test_convolution(self, settings):
        results = list(CASES["conv"](settings(batch=[1])))
        assert len(names(results)) == 18
        assert len({each.label.group for each in results}) == 3

    def test_operators_at_three_layouts_and_both_ways(self, settings):
        groups = {each.label.group for each in CASES["ops"](settings(size=[100], only=["mul"]))}
        assert groups == {
            f"{way}, 100 elements, {layout}"
            for way in ("forward", "forward+backward")
            for layout in ("rows", "transposed", "every second")
        }

    def test_operators_of_all_kinds(self, settings):
        results = list(CASES["ops"](settings(size=[1000], only=FEW_OPERATORS)))
        assert {each.partition(",")[0].split()[0] for each in names(results)} == set(FEW_OPERATORS)


@pytest.mark.parametrize("size", [1_000, 100_000, 1_000_000])
def test_inputs_of_operators_have_about_as_many_elements_as_asked_for(size):
    for operator in operators.OPERATORS:
        if operator.name == "outer":  # its result has
            continue
        largest = max(np.prod(shape) for shape in operator.shapes(size))
        assert size / 11 <= largest <= size, operator.name


def test_names_of_operators_are_different():
    listed = [operator.name for operator in operators.OPERATORS]
    assert len(listed) == len(set(listed))


class TestInProcessesOfTheirOwn:
    def test_a_chain(self, settings):
        results = list(CASES["deep"](settings(size=[2000])))
        assert [each.label.name for each in results] == ["2,000 links, time", "2,000 links, peak memory"]
        assert all(isinstance(each, Comparison) for each in results)

    def test_an_epoch_on_random_pictures(self, settings, monkeypatch):
        monkeypatch.setattr(epoch, "WORKERS", [0])
        results = list(CASES["epoch"](settings(size=[300])))
        assert names(results) == ["300 pictures, 0 workers", "300 pictures, the better of each"]

    def test_an_import(self):
        figures = run("imports", "minitorch", 1, start=0.0)
        assert figures["seconds"] > 0
        assert figures["memory"] > 2**20

    def test_training(self):
        figures = run("training", "minitorch", 1, batch=2, growing=10)
        assert figures["since_start"] > 0
        assert figures["memory"] > figures["above"] >= 0
        assert figures["growth"] < 2**26
        assert len(figures["result"]) == 1

    def test_a_failure_is_told_by_its_last_line(self, settings):
        with pytest.raises(ChildFailed, match="chain with nothing: ModuleNotFoundError: No module named 'nothing'"):
            run("chain", "nothing", 1)

    def test_failures_and_different_results_are_not_compared(self, monkeypatch):
        figures = {"minitorch": {"result": 1.0, "seconds": 1.0}, "torch": {"result": 2.0, "seconds": 1.0}}
        monkeypatch.setattr("benchmarks.processes.run", lambda child, library, threads, **given: figures[library])
        result = Samples("chain", 1, 3).compare(None, "seconds", "s")
        assert isinstance(result, Difference)
        assert "differs" in result.text


def test_the_better_number_of_workers_is_taken_for_each():
    def comparison(ours, torchs):
        return Comparison(Label("epoch", "", 2), np.array([ours] * 4), np.array([torchs] * 4))

    best = epoch.best_of_each([comparison(1.0, 8.0), comparison(2.0, 6.0)], 100)
    assert (best.ours[0], best.torchs[0]) == (1.0, 6.0)
