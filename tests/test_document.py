"""The tutorial's program, told again in a few blocks: the same calls print the same text here and in torch."""

from __future__ import annotations

import contextlib
import io
import re
from types import ModuleType
from typing import Any

import pytest
import torch
import torchvision

import minitorch
from minitorch import vision

BLOCKS: dict[str, str] = {
    "tensors": """
        print(torch.zeros(5, 3, dtype=torch.long))
        print(torch.tensor([5.5, 3]))
        x = torch.ones(5, 3, dtype=torch.double)
        y = torch.rand(5, 3)
        print(x.size(), x, x + y, torch.add(x, y), sep="\\n")
        total = torch.empty(5, 3, dtype=torch.double)
        torch.add(x, y, out=total)
        print(total)
        print(y.add_(x))
        print(y[:, 1])
        x = torch.randn(4, 4)
        print(x.size(), x.view(16).size(), x.view(2, 8).size(), x.reshape(2, 8).size(), x.reshape(1, -1).size())
        print("%.4f" % torch.randn(1).item())
    """,
    "numpy": """
        a = torch.ones(5)
        b = a.numpy()
        print(a, b)
        a.add_(1)
        print(a, b)
        a = np.ones(4)
        print(torch.tensor(a), torch.from_numpy(a))
        b = torch.from_numpy(a)
        np.add(a, 1, out=a)
        print(a, b)
    """,
    "differentiation": """
        x = torch.ones(2, 2, requires_grad=True)
        print(x)
        y = 2 * x**2 + 1
        print(y, y.grad_fn)
        z = y**2 * 3
        out = z.mean()
        print(z, out)
        out.backward()
        print(x.grad)
        x = torch.randn(3, requires_grad=True)
        y = x * 2
        while y.data.norm() < 1000:
            y = y * 2
        print(y)
        y.backward(torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float))
        print(x.grad)
        print(x.requires_grad, (x**2).requires_grad)
        with torch.no_grad():
            print((x**2).requires_grad)
        y = x.detach()
        print(y.requires_grad, x.eq(y).all(), x.equal(y))
    """,
    "a network": """
        class Net(nn.Module):
            def __init__(self):
                super(Net, self).__init__()
                self.conv1 = nn.Conv2d(3, 6, 5)
                self.conv2 = nn.Conv2d(6, 16, 5)
                self.fc1 = nn.Linear(16 * 5 * 5, 120)
                self.fc2 = nn.Linear(120, 84)
                self.fc3 = nn.Linear(84, 10)

            def forward(self, x):
                x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
                x = F.max_pool2d(F.relu(self.conv2(x)), 2)
                x = x.view(-1, 16 * 5 * 5)
                x = F.relu(self.fc2(F.relu(self.fc1(x))))
                return self.fc3(x)

        net = Net()
        print(net)
        params = list(net.parameters())
        print(len(params), params[0].size(), isinstance(params[0], torch.Tensor))
        input = torch.randn(1, 3, 32, 32)
        out = net(input)
        print(out)
        net.zero_grad()
        out.backward(torch.randn(1, 10))
        print(net.conv1.bias.grad)
    """,
    "a loss and a step": """
        criterion = nn.MSELoss()
        target = torch.randn(10).view(1, -1)
        loss = criterion(net(input), target)
        print(loss, loss.grad_fn.next_functions[0][0])
        net.zero_grad()
        print(net.conv1.bias.grad)
        loss.backward()
        print(net.conv1.bias.grad)
        optimizer = optim.SGD(net.parameters(), lr=0.01)
        print(optimizer)
        optimizer.zero_grad()
        loss = criterion(net(input), target)
        loss.backward()
        optimizer.step()
        print(net.conv1.bias)
    """,
    "pictures": """
        transform = transforms.Compose([
            transforms.RandomHorizontalFlip(),
            transforms.RandomGrayscale(),
            transforms.ToTensor(),
            transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ])

        class Pictures(torch.utils.data.Dataset):
            def __init__(self, count):
                self.pixels = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3)).astype(np.uint8)

            def __len__(self):
                return len(self.pixels)

            def __getitem__(self, index):
                return transform(Image.fromarray(self.pixels[index])), index % 10

        trainloader = torch.utils.data.DataLoader(Pictures(20), batch_size=5, shuffle=True)
        testloader = torch.utils.data.DataLoader(Pictures(8), batch_size=4, shuffle=False)
        images, labels = next(iter(testloader))
        print(images.size(), labels, utils.make_grid(images).size())
        print(images[0, 0, :3, :3])
    """,
    "training": """
        net2 = Net()
        criterion2 = nn.CrossEntropyLoss()
        optimizer2 = optim.SGD(net2.parameters(), lr=0.001, momentum=0.9)
        for epoch in range(2):
            running_loss = 0.0
            for i, data in enumerate(trainloader, 0):
                inputs, labels = data
                optimizer2.zero_grad()
                loss = criterion2(net2(inputs), labels)
                loss.backward()
                optimizer2.step()
                running_loss += loss.item()
                if i % 2 == 1:
                    print('[%d, %5d] loss: %.3f' % (epoch + 1, i + 1, running_loss / 2), labels)
                    running_loss = 0.0
    """,
    "testing": """
        _, predicted = torch.max(net2(images), 1)
        print('Predicted: ', ' '.join('%5s' % 'abcdefghij'[predicted[j]] for j in range(4)))
        correct = total = 0
        with torch.no_grad():
            for images, labels in testloader:
                _, predicted = torch.max(net2(images).data, 1)
                total += labels.size(0)
                correct += (predicted == labels).sum().item()
        print('%d of %d' % (correct, total))
    """,
    "saving": """
        file = io.BytesIO()
        torch.save(net.state_dict(), file)
        file.seek(0)
        net3 = Net()
        print(net3.load_state_dict(torch.load(file)))
        print(net3(input).equal(net(input)))
    """,
    "functions": """
        print(torch.empty(2, 3).uniform_(-10, 10), torch.empty(2, 3).normal_(1.0, 2.0))
        a, b = torch.arange(6.0).view(2, 3), torch.arange(12.0).view(3, 4)
        print(a.mm(b), torch.bmm(a.view(1, 2, 3), b.view(1, 3, 4)), torch.addmm(torch.ones(2, 4), a, b), a.t(), a[0].dot(a[1]))
        print(F.softmax(a, dim=1), nn.LogSoftmax(dim=-1)(a), a.transpose(0, 1).size())
    """,
}  # fmt: skip

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def printed(lib: ModuleType, pictures: Any) -> dict[str, str]:
    """What each block prints, run one after the other in one namespace."""
    import numpy as np
    from PIL import Image

    names = {
        "torch": lib, "nn": lib.nn, "F": lib.nn.functional, "optim": lib.optim, "transforms": pictures.transforms,
        "utils": pictures.utils, "np": np, "Image": Image, "io": io,
    }  # fmt: skip
    lib.manual_seed(0)
    texts = {}
    for name, block in BLOCKS.items():
        lines = block.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec("\n".join(line[indent:] for line in lines), names)
        texts[name] = ADDRESS.sub("", out.getvalue())
    return texts


@pytest.fixture(scope="module")
def texts() -> tuple[dict[str, str], dict[str, str]]:
    return printed(minitorch, vision), printed(torch, torchvision)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_prints_what_it_prints_in_torch(name: str, texts: tuple[dict[str, str], dict[str, str]]):
    ours, theirs = texts
    assert theirs[name]
    assert ours[name] == theirs[name]
