"""Measuring on a GPU: its work is waited for, and cases run there. For minitorch it is emulated; torch stays on the CPU."""

import importlib.util
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

import minitorch
from benchmarks import measure, record, report
from benchmarks.cases import ops
from benchmarks.cases.all import CASES
from benchmarks.comparison import Comparison, Label, groups
from benchmarks.limits import Limits
from benchmarks.place import CPU, LIBRARIES, Place
from benchmarks.record import Record

needs_compiler = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda, which compiles kernels, is not installed"
)


@dataclass(frozen=True)
class Emulated(Place):
    """A GPU that only minitorch computes on, and that counts how often it was waited for."""

    device: str = "cuda"
    waits: list[int] = field(default_factory=list)

    def put(self, what):
        return super().put(what) if type(what).__module__.startswith("minitorch") else what

    def wait(self):
        self.waits.append(len(self.waits))


def test_both_libraries_are_waited_for_on_a_gpu_alone(monkeypatch):
    waited = []
    for library in LIBRARIES:
        monkeypatch.setattr(library.cuda, "synchronize", lambda library=library: waited.append(library), raising=False)
    CPU.wait()
    assert not waited
    Place("cuda").wait()
    assert waited == [minitorch, torch]


def test_clocks_are_read_when_all_is_done():
    events = []

    class Watched(Place):
        def wait(self):
            events.append("waited")

    measure.call(lambda: events.append("called"), 3, Watched())
    assert events == ["waited", "called", "called", "called", "waited"]


def test_torch_computes_with_all_bits():
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    with torch.backends.__allow_nonbracketed_mutation():  # which torch's own database of operators has forbidden
        try:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
            Place("cuda").prepare()
            assert not torch.backends.cuda.matmul.allow_tf32
            assert not torch.backends.cudnn.allow_tf32
        finally:
            torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.mark.usefixtures("hurried")
def test_limits_of_a_gpu_are_those_that_torch_reaches(monkeypatch):
    monkeypatch.setattr("benchmarks.limits.MATRIX", {"cuda": 8})
    monkeypatch.setattr("benchmarks.limits.COPIES", [64, 128])
    monkeypatch.setattr("numpy.copyto", lambda *_: pytest.fail("numpy computes on the host"))
    place = Emulated()
    limits = Limits(1, place)
    assert limits.flops_per_second > 0
    assert len(limits.bytes_per_second) == 2
    assert place.waits


def test_a_record_tells_where_it_was_made(tmp_path):
    samples = np.ones(4), np.ones(4)
    results = [Comparison(Label("step", "batch 1", 2, "all", device), *samples) for device in ("cpu", "cuda") * 2]
    record.write(Record({}, {}, results), str(tmp_path / "run.json"))
    again = record.read([str(tmp_path / "run.json")])
    assert [each.label.device for each in again.results] == ["cpu", "cuda"] * 2
    assert [len(group) for group in groups(again.comparisons)] == [2, 2]
    assert report.heading("step", again.results[1].label.where).startswith("\nstep, cuda, 2 threads ")


def test_a_record_without_devices_is_the_cpus():
    assert Label("step", "batch 1", 2).where == "2 threads"


@needs_compiler
@pytest.mark.usefixtures("hurried")
class TestEmulated:
    @pytest.fixture(autouse=True)
    def _emulated(self, request):
        from minitorch.kernels.cuda import device
        from tests.ptx.device import Interpreter

        with device.use(Interpreter()):
            yield

    def test_operators(self, settings):
        only = ["add", "mm", "relu_", "sum"]
        results = list(CASES["ops"](settings(size=[64], only=only, place=Emulated())))
        assert [each.text for each in results if not isinstance(each, Comparison)] == []
        assert {each.label.where for each in results} == {"cuda, 1 thread"}

    def test_new_tensors_are_made_there_and_random_ones_have_a_shape_in_common(self):
        zeros, rand = (
            ops.program(minitorch, *ops.chosen([name]), [np.ones(3)], "rows", None, Emulated())
            for name in ("zeros", "rand")
        )
        assert zeros().device == minitorch.device("cuda:0")
        assert rand() == [3]

    def test_a_step_of_training(self, settings):
        place = Emulated()
        (result,) = CASES["step"](settings(batch=[1], place=place))
        assert isinstance(result, Comparison), result
        assert len(place.waits) >= 8
