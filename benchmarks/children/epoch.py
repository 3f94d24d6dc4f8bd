"""The documented script on CIFAR-10: reads the pictures, and goes through them once, a training step for each batch."""

import importlib
import time
from typing import Any

from benchmarks.children import arguments, report

PROGRAMS = {
    "minitorch": ("minitorch.program", "minitorch.program"),
    "torch": ("reference.training", "reference.network"),
}
BATCH = 100
COMPARED = 5  # first losses


def main() -> None:
    given = arguments()
    library: Any = importlib.import_module(given["library"])
    program, network = (importlib.import_module(name) for name in PROGRAMS[given["library"]])
    loaders: Any = importlib.import_module(f"{given['library']}.utils.data")
    recipe = importlib.import_module("minitorch.program").Recipe(data="cifar10", root=given["root"], verify=False)
    start = time.perf_counter()
    library.manual_seed(0)
    pictures, _ = program.load_data(recipe)
    pictures.data, pictures.targets = pictures.data[: given["pictures"]], pictures.targets[: given["pictures"]]
    device = given["device"]
    net = network.Net().to(device)
    criterion = library.nn.CrossEntropyLoss()
    optimizer = library.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    if library.__name__ == "torch" and device == "cuda":
        library.backends.cuda.matmul.allow_tf32 = library.backends.cudnn.allow_tf32 = False
    warm_up(library, network.Net().to(device), criterion, device)
    prepared = time.perf_counter()
    losses = []
    loader = loaders.DataLoader(pictures, batch_size=BATCH, shuffle=True, num_workers=given["workers"])
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(net(inputs.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    end = time.perf_counter()
    report(result=losses[:COMPARED], seconds=end - prepared, first=prepared - start)


def warm_up(library: Any, net: Any, criterion: Any, device: str) -> None:
    """A step with a network of its own, for which kernels are loaded; the random numbers stay where they were."""
    state = library.get_rng_state()
    inputs, labels = library.zeros(BATCH, 3, 32, 32), library.arange(BATCH) % 10
    criterion(net(inputs.to(device)), labels.to(device)).backward()
    library.set_rng_state(state)


if __name__ == "__main__":
    main()
