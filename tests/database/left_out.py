"""Operators of torch's database that minitorch has, by name, but that the tests leave out; each with the reason."""

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(
        ("__radd__", "__rand__", "__rmul__", "__ror__", "__rxor__"),
        "its only error input has a number where the tensor should be, for which only a method in C has a check",
    ),
    "zero_": "the database calls it on a copy, and its inputs are leaves; tests/ops/cases.py compares it",
    "normal.number_mean": "the database exchanges mean and deviation before it calls torch",
    "rand_like": "the database calls randn_like under this name; tests/test_sampling.py compares it",
    "normal.in_place": "its samples are for normal_, and the name leads to the function normal",
    "as_strided.partial_views": "its inputs begin in the middle of a memory, the rest of which from_numpy() does not know of",
    "empty": "the contents are arbitrary; tests/test_sequences.py looks at the rest",
    "empty_like": "the contents are arbitrary",
    "empty_strided": "the contents are arbitrary; tests/test_sequences.py looks at the rest",
    "new_empty": "the contents are arbitrary",
    "new_empty_strided": "the contents are arbitrary; tests/test_sequences.py looks at the rest",
    **dict.fromkeys(
        ("special.bessel_j0", "special.bessel_y1"),
        "torch's float64 results are off in the sixth digit; tests/kernels/test_bessel.py compares with exact ones",
    ),
    **dict.fromkeys(
        ("resize_", "resize_as_"),
        "the inputs share memory with numpy's arrays, which cannot grow; tests/test_storage.py compares the rest",
    ),
    "pca_lowrank": "of its many second gradients in float32 one or another is off by luck; tests/ops/test_decompositions.py "
    "compares it",
    "native_layer_norm": "without a weight, torch fails to compute a second gradient; nn.functional.layer_norm is compared",
    "nn.functional.normalize": "of single elements it is constant, so that only rounding errors would be compared; "
    "tests/ops/cases_losses.py compares it",
}

MESSAGES_DIFFER: dict[str, str] = {}
"""Operators whose error inputs raise the same type with other words."""
