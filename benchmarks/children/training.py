"""Trains the documented network on random pictures.

* The time from the start of the process to the end of the first step, and the peak of its memory until then.
* The peak of the memory while further steps are taken, above what was there before.
* With "growing", how much memory so many steps more have added.
"""

import importlib
import time
from typing import Any

from benchmarks.children import arguments, peak_memory, report, reset_peak, resident_memory

NETWORKS = {"minitorch": "minitorch.program", "torch": "reference.network"}
STEPS = 5  # for the peak
SETTLING = 1000  # steps before growth is measured


def main() -> None:
    given = arguments()
    library: Any = importlib.import_module(given["library"])
    library.manual_seed(0)
    net = importlib.import_module(NETWORKS[given["library"]]).Net()
    criterion = library.nn.CrossEntropyLoss()
    optimizer = library.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)

    def step(inputs: Any, labels: Any) -> float:
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    def batch(size: int) -> tuple[Any, Any]:
        return library.randn(size, 3, 32, 32), library.arange(size) % 10

    losses = [step(*batch(given.get("first_batch", 4)))]
    figures = {"since_start": time.perf_counter() - given["start"], "memory": peak_memory()}
    if "batch" in given:
        inputs, labels = batch(given["batch"])
        before = resident_memory()
        reset_peak()
        losses += [step(inputs, labels) for _ in range(STEPS)]
        figures["above"] = peak_memory() - before
        figures["whole"] = max(figures["memory"], peak_memory())
    if "growing" in given:
        inputs, labels = batch(4)
        for _ in range(SETTLING):
            step(inputs, labels)
        before = resident_memory()
        for _ in range(given["growing"]):
            loss = step(inputs, labels)
        figures["growth"] = resident_memory() - before
        losses.append(loss)
    report(result=losses if "growing" not in given else losses[:1], **figures)


if __name__ == "__main__":
    main()
