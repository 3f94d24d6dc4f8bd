"""Operators of torch's database that minitorch has, by name, but that the tests leave out; each with the reason."""

LEFT_OUT: dict[str, str] = {
    "empty": "the contents are arbitrary; tests/test_sequences.py looks at the rest",
    "empty_like": "the contents are arbitrary",
    "empty_strided": "the contents are arbitrary; tests/test_sequences.py looks at the rest",
    "new_empty": "the contents are arbitrary",
    "new_empty_strided": "the contents are arbitrary; tests/test_sequences.py looks at the rest",
    "norm.nuc": "the nuclear norm is the sum of singular values, which norm() does not know of",
}

MESSAGES_DIFFER: dict[str, str] = {}
"""Operators whose error inputs raise the same type with other words."""
