import collections
import types

import numpy as np
import pytest
import torch
import torch.utils.data as torch_data

import minitorch
import minitorch.utils.data as data
from minitorch.utils.data.collate import collate, default_collate_fn_map
from tests.oracle import cotangent, pull_back

Point = collections.namedtuple("Point", ["x", "y"])


class Tagged(dict):
    """A mapping with more than its items."""

    tag = None


class Fixed(collections.abc.Sequence):
    """A sequence that cannot be made from a list."""

    def __init__(self, first, second):
        self.items = (first, second)

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.items[index]


def tagged(**items):
    mapping = Tagged(items)
    mapping.tag = "kept"
    return mapping


BATCHES = {
    "tensors": lambda library: [library.tensor([1.0, 2.0]), library.tensor([3.0, 4.0])],
    "0-d tensors": lambda library: [library.tensor(3), library.tensor(4)],
    "arrays": lambda library: [np.arange(3, dtype=np.int16), np.arange(3, dtype=np.int16)],
    "0-d arrays": lambda library: [np.array(3.0), np.array(4.0)],
    "float32 scalars": lambda library: [np.float32(1.5), np.float32(2.5)],
    "float64 scalars": lambda library: [np.float64(1.5), np.float64(2.5)],
    "uint8 scalars": lambda library: [np.uint8(1), np.uint8(2)],
    "bool scalars": lambda library: [np.bool_(True), np.bool_(False)],
    "ints": lambda library: [1, 2, 3],
    "floats": lambda library: [1.0, 2.0],
    "bools": lambda library: [True, False],
    "texts": lambda library: ["a", "b"],
    "bytes": lambda library: [b"a", b"b"],
    "dicts": lambda library: [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    "dicts with more": lambda library: [tagged(a=1), tagged(a=2)],
    "fixed mappings": lambda library: [types.MappingProxyType({"a": 1}), types.MappingProxyType({"a": 2})],
    "named tuples": lambda library: [Point(1, 2.0), Point(3, 4.0)],
    "tuples": lambda library: [(1, "a"), (2, "b")],
    "lists": lambda library: [[1, 2.0], [3, 4.0]],
    "ranges": lambda library: [range(2), range(2)],
    "fixed sequences": lambda library: [Fixed(1, 2), Fixed(3, 4)],
    "nested": lambda library: [({"a": [library.tensor(1), 2]}, Point(1, (2, 3)))] * 2,
}


def plain(value):
    """The same structure from either library: tensors as dtype and numbers, everything else with its type."""
    if isinstance(value, minitorch.Tensor | torch.Tensor):
        return "tensor", str(value.dtype), value.tolist()
    if isinstance(value, collections.abc.Mapping):
        return type(value), {key: plain(item) for key, item in value.items()}, getattr(value, "tag", None)
    if isinstance(value, collections.abc.Sequence) and not isinstance(value, str | bytes):
        return type(value), [plain(item) for item in value]
    return type(value), value


@pytest.mark.parametrize("name", BATCHES)
def test_collates_as_torch(name):
    ours = data.default_collate(BATCHES[name](minitorch))
    theirs = torch_data.default_collate(BATCHES[name](torch))
    assert plain(ours) == plain(theirs)


@pytest.mark.parametrize("name", BATCHES)
def test_converts_as_torch(name):
    ours = data.default_convert(BATCHES[name](minitorch))
    theirs = torch_data.default_convert(BATCHES[name](torch))
    assert plain(ours) == plain(theirs)


def test_arrays_of_texts_are_not_converted():
    texts = np.array(["a", "b"])
    assert data.default_convert(texts) is texts


@pytest.mark.parametrize(
    "make",
    [
        lambda library: [[1, 2], [3]],
        lambda library: [(1, 2), (3,)],
        lambda library: [library.zeros(3), library.zeros(4)],
        lambda library: [library.zeros(2, 3), library.zeros(3)],
        lambda library: [np.zeros(3), np.zeros(4)],
        lambda library: [None, None],
        lambda library: [{1}, {2}],
        lambda library: [{"a": object()}],
        lambda library: [np.array(["a"])],
        lambda library: [{"a": 1}, {"b": 1}],
    ],
)
def test_what_cannot_be_collated_gets_torchs_error(make):
    with pytest.raises((RuntimeError, TypeError, KeyError)) as expected:
        torch_data.default_collate(make(torch))
    with pytest.raises(expected.type) as error:
        data.default_collate(make(minitorch))
    assert str(error.value) == str(expected.value)


def test_other_types_can_be_given_a_function():
    functions = {**default_collate_fn_map, set: lambda batch, collate_fn_map: sorted(set.union(*batch))}
    assert collate([({1},), ({2},)], collate_fn_map=functions) == [[1, 2]]


def test_gradients_flow_through_a_batch():
    sample = minitorch.ones(2, requires_grad=True)
    batch = data.default_collate([sample, sample])
    pull_back(batch)
    assert sample.grad.tolist() == cotangent(batch).sum(0).tolist()
