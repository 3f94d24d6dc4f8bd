"""Errors that programs catch by name, and that are raised where a device is: torch's, by torch's names."""

from __future__ import annotations


class AcceleratorError(RuntimeError):
    """A GPU, or its driver, has failed, or has been asked for what it cannot do."""

    __module__ = "torch"


class OutOfMemoryError(RuntimeError):
    """A device has not as much memory as was asked for."""

    __module__ = "torch"
