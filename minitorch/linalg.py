"""``minitorch.linalg``: linear algebra under torch's names; the operators themselves are in ``minitorch.ops``."""

from __future__ import annotations

from minitorch.ops.linear_algebra import linalg as _operators

globals().update(_operators)

__all__ = [*_operators]
