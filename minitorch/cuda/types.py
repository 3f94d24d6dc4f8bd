"""``cuda.FloatTensor`` and its kin, by which tensors on a GPU were made before they had dtypes and devices."""

from __future__ import annotations

from minitorch import dtypes
from minitorch.tensor_types import declared

BFloat16Tensor, BoolTensor, ByteTensor, CharTensor, DoubleTensor, FloatTensor, HalfTensor, IntTensor, LongTensor, ShortTensor = [
    declared(dtype, "cuda")
    for dtype in (
        dtypes.bfloat16, dtypes.bool, dtypes.uint8, dtypes.int8, dtypes.float64, dtypes.float32, dtypes.float16, dtypes.int32,
        dtypes.int64, dtypes.int16,
    )
]  # fmt: skip
