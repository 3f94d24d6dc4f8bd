"""Datasets under torchvision's names, and ``Digits``, which needs no download."""

from minitorch.vision.datasets.cifar import CIFAR10
from minitorch.vision.datasets.digits import Digits
from minitorch.vision.datasets.vision import StandardTransform, VisionDataset

__all__ = ["CIFAR10", "Digits", "StandardTransform", "VisionDataset"]
