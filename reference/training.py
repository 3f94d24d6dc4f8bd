"""The documented program, in real torch and torchvision. ``minitorch.program`` is its twin."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

import minitorch.vision.datasets
from minitorch.program import Recipe
from reference.network import Net


class Digits(datasets.VisionDataset):
    """minitorch's handwritten digits, as torchvision would offer them: PIL images, which its transforms take."""

    def __init__(self, train: bool, transform: Any) -> None:
        super().__init__(None, transform=transform)
        self.pictures = minitorch.vision.datasets.Digits(train=train)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        picture, label = self.pictures[index]
        return self.transform(picture), label

    def __len__(self) -> int:
        return len(self.pictures)


class CopyOfCIFAR10(datasets.CIFAR10):
    """CIFAR-10 from a folder whose hashes are not the published ones: torchvision checks no hash that is ``None``."""

    train_list: ClassVar[list[list[Any]]] = [[name, None] for name, _ in datasets.CIFAR10.train_list]
    test_list: ClassVar[list[list[Any]]] = [[name, None] for name, _ in datasets.CIFAR10.test_list]
    meta: ClassVar[dict[str, Any]] = {**datasets.CIFAR10.meta, "md5": None}


def load_data(recipe: Recipe) -> tuple[datasets.VisionDataset, datasets.VisionDataset]:
    """The pictures to learn from, and those to be tested on, with the document's transforms (digits are not flipped).

    Raises:
        RuntimeError: the folder of CIFAR-10 is missing or not the published one.
    """
    to_tensor = [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]
    plain = transforms.Compose(to_tensor)
    if recipe.data == "digits":
        return Digits(train=True, transform=plain), Digits(train=False, transform=plain)
    varied = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.RandomGrayscale(), *to_tensor])
    cifar10 = datasets.CIFAR10 if recipe.verify else CopyOfCIFAR10
    try:
        return cifar10(recipe.root, train=True, transform=varied), cifar10(recipe.root, train=False, transform=plain)
    except RuntimeError as error:
        error.add_note(f"It was looked for in {recipe.root} (--root); --no-verify accepts a copy with other hashes.")
        raise


def train_epoch(net: Net, loader: DataLoader, optimizer: optim.SGD, device: str) -> float:
    """Goes through the training pictures once; returns the mean loss of its steps."""
    criterion = nn.CrossEntropyLoss()
    running_loss = 0.0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    return running_loss / len(loader)


@torch.no_grad()
def test(net: Net, loader: DataLoader, device: str) -> float:
    """The share of pictures whose class is predicted, in percent."""
    correct = total = 0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        correct += (net(inputs).argmax(1) == labels).sum().item()
        total += len(labels)
    return 100 * correct / total


def run(recipe: Recipe) -> None:
    """Trains and tests, and prints the document's sentence.

    Raises:
        RuntimeError: the data cannot be read, or torch finds no GPU where one is asked for.
    """
    if recipe.device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("torch finds no GPU on this machine")
    device = recipe.device
    torch.manual_seed(recipe.seed)
    train_set, test_set = load_data(recipe)
    net = Net().to(device)
    optimizer = optim.SGD(net.parameters(), lr=recipe.lr, momentum=recipe.momentum)
    train_loader = DataLoader(train_set, batch_size=recipe.batch_size, shuffle=True, num_workers=recipe.workers)
    test_loader = DataLoader(test_set, batch_size=250)
    for epoch in range(1, recipe.epochs + 1):
        loss = train_epoch(net, train_loader, optimizer, device)
        print(f"epoch {epoch}/{recipe.epochs}: loss {loss:.3f}", flush=True)
    print("Finished Training")
    print(f"Accuracy of the network on the {len(test_set)} test images: {int(test(net, test_loader, device))} %")
