"""Transforms of pictures, under torchvision's names."""

from minitorch.vision.transforms import functional
from minitorch.vision.transforms.transforms import (
    Compose,
    Normalize,
    RandomGrayscale,
    RandomHorizontalFlip,
    ToTensor,
)

__all__ = ["Compose", "Normalize", "RandomGrayscale", "RandomHorizontalFlip", "ToTensor", "functional"]
