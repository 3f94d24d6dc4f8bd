"""Saving and loading in torch's own file format, safely in both directions.

In reading order: ``format`` (what the file is made of), ``writer`` (``save``) with ``pickler`` and ``archive``,
``reader`` (``load``) with ``unpickler``.
"""

from minitorch.serialization.format import LoadError, SaveError
from minitorch.serialization.reader import load
from minitorch.serialization.writer import save

__all__ = ["LoadError", "SaveError", "load", "save"]
