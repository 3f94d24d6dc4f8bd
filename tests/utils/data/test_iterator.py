"""Worker processes: what happens when they fail, die, hang, are left early, or lose their parent."""

import contextlib
import gc
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from torch import _utils as torch_utils

import minitorch.utils.data as data
from minitorch.utils.data import iterator
from tests.utils.data.datasets import Doing, Images, raising

# A machine with one core is told that two workers are too many.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create 2 worker")

TORCHS_START = 60.0  # seconds
SOON = 10.0  # seconds, on a busy machine, for what is to happen at once


class TwoTexts(Exception):
    """An exception that cannot be made from one text."""

    def __init__(self, first, second):
        super().__init__(first, second)


def alive(pid):
    return Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def wait_until(condition):
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


# -- exceptions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action",
    [
        raising(ValueError, "no sample"),
        raising(KeyError, "missing"),
        raising(TwoTexts, 1, 2),
        raising(OSError, 2, "gone"),
    ],
)
def test_an_exception_in_a_worker_is_raised_as_in_torch(action):
    try:
        Doing(action)[3]
    except Exception:
        wrapped = torch_utils.ExceptionWrapper(where="in DataLoader worker process 1")
    with pytest.raises(Exception) as expected:  # noqa: PT011  # of whatever type
        wrapped.reraise()
    with pytest.raises(expected.type) as caught:
        list(data.DataLoader(Doing(action), num_workers=2))

    ours, theirs = (str(raised.value).splitlines() for raised in (caught, expected))
    assert (ours[:2], ours[-1]) == (theirs[:2], theirs[-1])
    assert any("in __getitem__" in line for line in ours)


def test_a_failed_batch_does_not_end_the_iteration():
    batches = iter(data.DataLoader(Doing(raising(ValueError)), num_workers=2))
    given = []
    for _ in range(8):
        with contextlib.suppress(ValueError):
            given.append(next(batches).item())
    assert given == [0, 1, 2, 4, 5, 6, 7]


# -- deaths -----------------------------------------------------------------------------------------------------------


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


DEATHS = [
    (kill_self, "DataLoader worker (pid {pid}) is killed by signal: Killed. "),
    (
        lambda: os._exit(3),
        "DataLoader worker (pid {pid}) exited unexpectedly with exit code 3. Details are lost due to multiprocessing. "
        "Rerunning with num_workers=0 may give better error trace.",
    ),
    (lambda: os._exit(0), "DataLoader worker (pid(s) {pid}) exited unexpectedly"),
]


@pytest.mark.parametrize(("action", "text"), DEATHS)
def test_a_dead_worker_is_reported_soon(action, text):
    start = time.monotonic()
    with pytest.raises(RuntimeError) as caught:
        list(data.DataLoader(Doing(action), num_workers=2))
    assert time.monotonic() - start < SOON
    assert without_pid(caught.value) == text.format(pid="PID")


def without_pid(error):
    return re.sub(r"\d{2,}", "PID", str(error))


def test_the_report_of_a_death_is_torchs():
    # In a process of its own: torch raises from a signal's handler, wherever the process happens to be.
    program = """
import os, signal, torch.utils.data as data
class Dying:
    def __init__(self, signal_number): self.signal_number = signal_number
    def __len__(self): return 8
    def __getitem__(self, index): os.kill(os.getpid(), signal.SIGKILL) if self.signal_number else os._exit(3)
for signal_number in (signal.SIGKILL, 0):
    try:
        list(data.DataLoader(Dying(signal_number), num_workers=1))
    except RuntimeError as error:
        print(repr(error.__cause__ or error))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=TORCHS_START)
    assert [without_pid(line) for line in result.stdout.splitlines()] == [
        repr(RuntimeError(text.format(pid="PID"))) for _, text in DEATHS[:2]
    ], result.stderr


def test_a_worker_killed_from_outside_is_reported_although_it_owes_nothing():
    loader = data.DataLoader(range(4), num_workers=2, persistent_workers=True)
    assert len(list(loader)) == 4
    victim = multiprocessing.active_children()[0]
    os.kill(victim.pid, signal.SIGKILL)
    wait_until(lambda: not alive(victim.pid))
    with pytest.raises(RuntimeError, match=rf"^DataLoader worker \(pid {victim.pid}\) is killed by signal: Killed\. $"):
        list(loader)
    assert len(list(loader)) == 4, "the next epoch has new workers"


def test_a_death_is_reported_while_another_worker_is_awaited():
    def collate(samples):
        time.sleep(60) if data.get_worker_info().id == 0 else kill_self()

    start = time.monotonic()
    with pytest.raises(RuntimeError, match="is killed by signal: Killed"):
        list(data.DataLoader(range(2), num_workers=2, collate_fn=collate))
    assert time.monotonic() - start < SOON


def test_a_slow_worker_times_out_as_in_torch():
    loader = data.DataLoader(Doing(lambda: time.sleep(60)), num_workers=2, timeout=0.3)
    start = time.monotonic()
    with pytest.raises(RuntimeError, match=r"^DataLoader timed out after 0\.3 seconds$"):
        list(loader)
    gc.collect()
    assert not multiprocessing.active_children(), "the sleeper is ended"
    assert time.monotonic() - start < SOON


# -- ends -------------------------------------------------------------------------------------------------------------


def test_leaving_early_ends_the_workers_at_once(monkeypatch):
    monkeypatch.setattr(iterator, "GRACE", 60.0)  # they end by themselves, not by a signal after a while
    for _batch in data.DataLoader(Images(100), num_workers=2, prefetch_factor=4):
        break
    start = time.monotonic()
    del _batch
    gc.collect()
    assert not multiprocessing.active_children()
    assert time.monotonic() - start < SOON


def test_many_epochs_leave_nothing():
    loader = data.DataLoader(Images(4), num_workers=2)
    descriptors = len(os.listdir("/proc/self/fd"))
    gc.disable()
    try:
        for _ in range(5):
            assert [index.item() for _, index in loader] == [0, 1, 2, 3]
        del _
        assert not multiprocessing.active_children()
        assert len(os.listdir("/proc/self/fd")) <= descriptors
    finally:
        gc.enable()


def test_an_epoch_of_persistent_workers_that_is_left_early_does_not_spoil_the_next():
    loader = data.DataLoader(range(20), num_workers=2, persistent_workers=True)
    for batch in loader:
        if batch.item() == 3:
            break
    workers = {worker.pid for worker in multiprocessing.active_children()}
    assert [batch.item() for batch in loader] == list(range(20))
    assert {worker.pid for worker in multiprocessing.active_children()} == workers


def test_persistent_workers_end_with_their_loader():
    loader = data.DataLoader(range(4), num_workers=2, persistent_workers=True)
    gc.disable()
    try:
        assert len(list(loader)) == 4
        assert len(multiprocessing.active_children()) == 2
        del loader
        assert not multiprocessing.active_children()
    finally:
        gc.enable()


def test_batches_that_are_ready_come_first_where_order_does_not_matter():
    def slow_in_worker_0(samples):
        if data.get_worker_info().id == 0:
            time.sleep(0.5)
        return samples[0]

    loader = data.DataLoader(range(6), num_workers=2, collate_fn=slow_in_worker_0, in_order=False)
    given = list(loader)
    assert given[0] == 1
    assert sorted(given) == list(range(6))


def test_more_batches_ahead_than_a_socket_holds_do_not_block():
    loader = data.DataLoader(range(3000), num_workers=1, prefetch_factor=3000)
    assert len(list(loader)) == 3000


def test_a_loader_can_be_used_in_a_thread():
    given = []
    thread = threading.Thread(target=lambda: given.extend(data.DataLoader(range(4), num_workers=2)))
    thread.start()
    thread.join(SOON)
    assert [batch.item() for batch in given] == [0, 1, 2, 3]


# -- whole programs ---------------------------------------------------------------------------------------------------

PROGRAM = """
import os, sys, time
import minitorch
import minitorch.utils.data as data
from minitorch.utils.data import iterator

class Slow(data.Dataset):
    def __init__(self):
        self.numbers = minitorch.arange(1000)
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        time.sleep(0.05)
        return self.numbers[index], os.getpid()

def main():
    loader = data.DataLoader(Slow(), num_workers=2, multiprocessing_context=sys.argv[1], shuffle=True)
    pids = set()
    for number, (_, pid) in enumerate(loader):
        pids.add(pid.item())
        if number == 3:
            print(*pids, flush=True)
            if sys.argv[2] == "leave":
                sys.exit()

if __name__ == "__main__":
    main()
"""


@contextlib.contextmanager
def program(tmp_path, method, end):
    """A program in a process group of its own that has printed its two workers."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "error"}
    process = subprocess.Popen(
        [sys.executable, path, method, end],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        yield process, [int(pid) for pid in process.stdout.readline().split()]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_ctrl_c_ends_everything_with_one_traceback(tmp_path, method):
    with program(tmp_path, method, "run on") as (process, workers):
        assert len(workers) == 2
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=SOON)
        assert errors.count("Traceback") == 1
        assert errors.rstrip().endswith("KeyboardInterrupt")
        assert not any(alive(pid) for pid in workers)


def test_workers_end_when_their_parent_is_killed(tmp_path):
    with program(tmp_path, "fork", "run on") as (process, workers):
        process.kill()
        process.wait()
        wait_until(lambda: not any(alive(pid) for pid in workers))
        assert process.stderr.read() == ""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_leaving_the_program_in_an_epoch_is_silent(tmp_path, method):
    with program(tmp_path, method, "leave") as (process, workers):
        _, errors = process.communicate(timeout=SOON)
        assert (process.returncode, errors) == (0, "")
        assert not any(alive(pid) for pid in workers)


def test_ctrl_c_while_workers_start_leaves_none(monkeypatch):
    start = multiprocessing.context.ForkProcess.start

    def interrupted_start(process):
        start(process)
        if len(multiprocessing.active_children()) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(multiprocessing.context.ForkProcess, "start", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        iter(data.DataLoader(range(4), num_workers=2))
    assert not multiprocessing.active_children()
