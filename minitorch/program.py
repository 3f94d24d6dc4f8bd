"""The documented program: a small convolutional network learns to classify pictures.

It reads like the program of any torch user: ``Net``, ``train_epoch``, ``test``, and ``run``, which puts them together and
writes down what came out.
"""

from __future__ import annotations

import importlib
import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import minitorch
import minitorch.nn.functional as F
from minitorch import Tensor, nn, optim
from minitorch.device import check_present
from minitorch.explain import pictures
from minitorch.explain.progress import progress_bar
from minitorch.kernels.cpu.cache import STORE
from minitorch.kernels.cpu.compiler import watch_compiling
from minitorch.serialization.writer import replacing
from minitorch.utils.data import DataLoader, Subset
from minitorch.vision import transforms
from minitorch.vision.datasets import CIFAR10, Digits
from minitorch.vision.datasets.vision import PictureDataset

TEST_BATCH_SIZE = 250
WARMUP_BATCH_SIZES = (1, 4, 16, 32, 100, 250, 1024)  # kernels have variants for little work and for much


class Net(nn.Module):
    """Two convolutions with pooling, three linear layers: pictures (batch, 3, 32, 32) to scores (batch, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


@dataclass
class Recipe:
    """What the user can choose. ``None`` stands for what suits the data."""

    data: str = "digits"
    root: str = "data"
    download: bool = False
    verify: bool = True
    epochs: Any = None  # int
    batch_size: Any = None  # int
    lr: Any = None  # float
    momentum: float = 0.9
    seed: int = 0
    workers: int = 0
    device: str = "cpu"
    out: str = "runs"

    def __post_init__(self) -> None:
        epochs, batch_size, lr = {"digits": (20, 32, 0.01), "cifar10": (7, 100, 0.001)}[self.data]
        self.epochs = epochs if self.epochs is None else self.epochs
        self.batch_size = batch_size if self.batch_size is None else self.batch_size
        self.lr = lr if self.lr is None else self.lr


@dataclass
class History:
    """What was learnt, epoch by epoch; ``history.json`` holds it."""

    recipe: dict[str, Any]
    losses: list[float] = field(default_factory=list)  # of every step
    epochs: list[dict[str, float]] = field(default_factory=list)
    accuracy: float | None = None  # on the test pictures, in percent
    accuracy_by_class: dict[str, float] = field(default_factory=dict)


def load_data(recipe: Recipe) -> tuple[PictureDataset, PictureDataset]:
    """The pictures to learn from, and those to be tested on, with the document's transforms.

    Digits are not flipped, for most of them would not be digits any more.
    """
    plain = transforms.Compose(to_tensor())
    if recipe.data == "digits":
        return Digits(train=True, transform=plain), Digits(train=False, transform=plain)
    train_set = CIFAR10(recipe.root, True, varied(), download=recipe.download, verify=recipe.verify)
    return train_set, CIFAR10(recipe.root, False, plain, verify=recipe.verify)


def to_tensor() -> list[Callable[..., Any]]:
    """From a picture to numbers from -1 to 1."""
    return [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]


def varied() -> transforms.Compose:
    """The same, of a picture that may be mirrored or made grey before."""
    return transforms.Compose([transforms.RandomHorizontalFlip(), transforms.RandomGrayscale(), *to_tensor()])


def train_epoch(net: Net, loader: DataLoader, optimizer: optim.SGD, title: str, history: History, device: str) -> None:
    """Goes through the training pictures once; each step's loss is appended to the history."""
    criterion = nn.CrossEntropyLoss()
    start, pictures_seen, first = time.perf_counter(), 0, len(history.losses)
    with progress_bar(len(loader), title) as bar:
        for inputs, labels in loader:
            inputs, labels = inputs.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(net(inputs), labels)
            loss.backward()
            optimizer.step()
            history.losses.append(loss.item())
            pictures_seen += len(labels)
            speed = pictures_seen / (time.perf_counter() - start)
            bar.step(f"loss {mean(history.losses[first:][-100:]):.3f}, {speed:,.0f} images/s")
    seconds = time.perf_counter() - start
    history.epochs.append(
        {"loss": mean(history.losses[first:]), "seconds": seconds, "images_per_second": pictures_seen / seconds}
    )


@minitorch.no_grad()
def test(net: Net, loader: DataLoader, device: str) -> tuple[list[int], list[int]]:
    """The true and the predicted class of each picture."""
    truth: list[int] = []
    predicted: list[int] = []
    for inputs, labels in loader:
        truth += labels.tolist()
        predicted += net(inputs.to(device)).argmax(1).tolist()
    return truth, predicted


def say(line: str) -> None:
    print(line, flush=True)


def mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else float("nan")


def percent_right(truth: Sequence[int], predicted: Sequence[int]) -> float:
    return 100 * mean([float(a == b) for a, b in zip(truth, predicted, strict=True)])


def run(recipe: Recipe) -> History:
    """Trains, tests and writes ``net.pth``, ``history.json`` and two pictures to the folder ``recipe.out``.

    Interrupted by Ctrl-C, it saves what was learnt so far and passes the interruption on.

    Raises:
        OSError: the folder cannot be written to.
        RuntimeError: the data cannot be read, or the device is not there.
    """
    check_present(recipe.device)
    folder = Path(recipe.out)
    folder.mkdir(parents=True, exist_ok=True)
    minitorch.manual_seed(recipe.seed)
    train_set, test_set = load_data(recipe)
    net = Net()
    net.to(recipe.device)
    optimizer = optim.SGD(net.parameters(), lr=recipe.lr, momentum=recipe.momentum)
    train_loader = DataLoader(train_set, batch_size=recipe.batch_size, shuffle=True, num_workers=recipe.workers)
    test_loader = DataLoader(test_set, batch_size=TEST_BATCH_SIZE)
    history = History(asdict(recipe))
    where = f"{minitorch.get_num_threads()} threads" if recipe.device == "cpu" else recipe.device
    say(f"{len(train_set):,} pictures to learn from, {len(test_set):,} to be tested on; {where}")
    prepare_kernels(train_set, recipe.batch_size, recipe.device)
    try:
        for epoch in range(1, recipe.epochs + 1):
            train_epoch(net, train_loader, optimizer, f"epoch {epoch}/{recipe.epochs}", history, recipe.device)
    except KeyboardInterrupt:
        save(net, history, folder)
        say(f"\nInterrupted after {len(history.losses)} steps; what was learnt so far is in {folder}")
        raise
    say("Finished Training")
    truth, predicted = test(net, test_loader, recipe.device)
    history.accuracy = percent_right(truth, predicted)
    say(f"Accuracy of the network on the {len(truth)} test images: {int(history.accuracy)} %")
    for label, name in enumerate(test_set.classes):
        members = [number for number, each in enumerate(truth) if each == label]
        if members:
            share = percent_right([truth[m] for m in members], [predicted[m] for m in members])
            history.accuracy_by_class[name] = share
            say(f"Accuracy of {name:>10}: {share:5.1f} %")
    save(net, history, folder)
    for line in pictures.draw(history.losses, len(train_loader), test_set, predicted, folder):
        say(line)
    say(f"Network, history and pictures are in {folder}")
    return history


def prepare_kernels(train_set: PictureDataset, batch_size: int, device: str) -> None:
    """Uses all kernels before the training starts. If they have to be compiled, the user is told why it takes so long."""
    compiled: list[str] = []

    def announce(name: str) -> None:
        if not compiled:
            say("Compiling kernels for this machine, once; later runs find them ready ...")
        compiled.append(name)

    start = time.perf_counter()
    with watch_compiling(before=announce):
        for each in sorted({batch_size, len(train_set) % batch_size or batch_size, TEST_BATCH_SIZE}):
            use_kernels(train_set, each, minitorch.float32, device)
    if compiled:
        say(f"... compiled in {time.perf_counter() - start:.1f} s")


def warmup(dtype: str = "float32", device: str = "cpu") -> None:
    """Compiles and stores what training the network needs, on a CPU for one thread and for all, and says what it did.

    Raises:
        OSError: compiled kernels cannot be stored anywhere.
        RuntimeError: there is no such device.
    """
    minitorch.empty(0, device=device)  # so that it is there
    on_cpu = device == "cpu"
    store = STORE if on_cpu else importlib.import_module("minitorch.kernels.cuda.cache").STORE
    place = store.place
    if place.writable is None:
        raise OSError(place.complaint)
    count = minitorch.get_num_threads()
    compiled: list[str] = []

    def report(name: str, seconds: float) -> None:
        compiled.append(name)
        say(f"  {name:<32} {seconds:5.1f} s")

    where = f"on one thread and on {count}" if on_cpu else "on the GPU"
    say(f"Kernels for training in {dtype}, {where}: those that are not ready are compiled now.")
    start = time.perf_counter()
    try:
        with watch_compiling(after=report):
            for threads, batch_size in itertools.product(sorted({1, count} if on_cpu else {count}), WARMUP_BATCH_SIZES):
                minitorch.set_num_threads(threads)
                use_kernels(Digits(transform=varied()), batch_size, getattr(minitorch, dtype), device)
    finally:
        minitorch.set_num_threads(count)
    seconds = time.perf_counter() - start
    say(f"{len(compiled)} kernels compiled in {seconds:.1f} s." if compiled else f"All are ready ({seconds:.1f} s).")
    say(f"{place.writable} holds {store.size() / 1e6:.1f} MB of them.")


def use_kernels(pictures: PictureDataset, batch_size: int, dtype: minitorch.dtype, device: str = "cpu") -> None:
    """Loads a batch, takes a step and makes a prediction, with a network of its own, and so uses all kernels of a training.

    The random numbers are afterwards where they were.
    """
    state = minitorch.get_rng_state()
    net = Net().to(device, dtype)
    optimizer = optim.SGD(net.parameters(), lr=0.0, momentum=0.9)
    batch = Subset(pictures, [number % len(pictures) for number in range(batch_size)])
    for inputs, labels in DataLoader(batch, batch_size, shuffle=True):
        inputs, labels = inputs.to(device, dtype), labels.to(device)
        nn.CrossEntropyLoss()(net(inputs), labels).backward()
        optimizer.step()
        with minitorch.no_grad():
            net(inputs).argmax(1)
    minitorch.set_rng_state(state)


def save(net: Net, history: History, folder: Path) -> None:
    """Writes the network's parameters, which can be loaded where there is no GPU, and the history."""
    minitorch.save(net.to("cpu").state_dict(), folder / "net.pth")
    with replacing(str(folder / "history.json")) as file:
        file.write((json.dumps(asdict(history), indent=1) + "\n").encode())
