"""Datasets, transforms and pictures, under torchvision's names and paths."""

from minitorch.vision import datasets, transforms, utils

__all__ = ["datasets", "transforms", "utils"]
