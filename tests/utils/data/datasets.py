"""Datasets that the tests of workers share."""

import minitorch
import minitorch.utils.data as data


class Doing(data.Dataset):
    """Eight samples; fetching number 3 does something."""

    def __init__(self, action):
        self.action = action

    def __len__(self):
        return 8

    def __getitem__(self, index):
        if index == 3:
            self.action()
        return index


class Images(data.Dataset):
    """Samples that are large enough to be mapped."""

    def __init__(self, count=8):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return minitorch.full((64, 64, 16), float(index)), index


def raising(kind, *arguments):
    """What raises an error, as an action of ``Doing``."""

    def action():
        raise kind(*arguments)

    return action
