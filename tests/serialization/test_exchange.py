"""Files go from here to torch and from torch to here, and nothing about the objects in them changes."""

from __future__ import annotations

import io
import math
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import serialization
from tests.oracle import pull_back

TYPES = [
    "float16",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "bool",
]


class Recipe:
    """A tensor over a part of a storage, to be made here or in torch."""

    def __init__(self, draw: st.DrawFn, storages: list[tuple[str, np.ndarray]]) -> None:
        self.number = draw(st.integers(0, len(storages) - 1))
        name, array = storages[self.number]
        self.size = draw(st.lists(st.integers(0, 3), max_size=4).map(tuple))
        self.stride = draw(st.tuples(*[st.integers(0, 4) for _ in self.size]))
        last = sum((n - 1) * step for n, step in zip(self.size, self.stride, strict=True))
        if 0 not in self.size and last >= array.size:
            self.size, self.stride, last = (0,), (1,), 0
        self.offset = draw(st.integers(0, array.size - 1 - last)) if 0 not in self.size else 0
        self.requires_grad = name.startswith("float") and draw(st.booleans())
        self.is_parameter = draw(st.booleans())


def build(obj: Any, library: ModuleType, storages: list) -> Any:
    """The object in which each recipe is replaced by its tensor, over the given storages."""
    if isinstance(obj, Recipe):
        storage = storages[obj.number]
        if library is torch:
            tensor = torch.as_strided(storage, obj.size, obj.stride, obj.offset)
        else:
            strides = [step * storage.itemsize for step in obj.stride]
            view = np.ndarray(obj.size, storage.dtype, storage, obj.offset * storage.itemsize, strides)
            tensor = minitorch.from_numpy(view)
        if obj.is_parameter:
            return library.nn.Parameter(tensor, requires_grad=obj.requires_grad)
        return tensor.detach().requires_grad_(obj.requires_grad)
    if isinstance(obj, dict):
        return type(obj)((key, build(value, library, storages)) for key, value in obj.items())
    if isinstance(obj, list | tuple):
        return type(obj)(build(value, library, storages) for value in obj)
    return obj


@st.composite
def recipes(draw: st.DrawFn) -> tuple[Any, list[np.ndarray]]:
    """A nested object with recipes in it, and the storages of these."""
    storages = []
    for _ in range(draw(st.integers(1, 3))):
        name, count = draw(st.sampled_from(TYPES)), draw(st.integers(1, 40))
        raw = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 2 if name == "bool" else 256, (count, 8))
        array = np.empty(count, name)
        array.view(np.uint8)[:] = raw.ravel()[: array.nbytes]
        storages.append((name, array))
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(2**31) - 1, 2**31 + 1),
        st.floats(),
        st.complex_numbers(),
        st.text(),
        st.binary(),
        st.sets(st.integers(0, 9) | st.text(max_size=2)),
        st.builds(lambda: Recipe(draw, storages)),
    )
    keys = st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none() | st.floats(allow_nan=False)
    keys |= st.binary(max_size=3) | st.tuples(st.integers(0, 9), st.text(max_size=2))
    nested = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=5).map(tuple),
            st.dictionaries(keys, inner, max_size=4),
            st.dictionaries(keys, inner, max_size=4).map(OrderedDict),
        ),
        max_leaves=12,
    )
    return draw(nested), [array for _, array in storages]


def described(obj: Any, addresses: dict[tuple[int, int], int] | None = None) -> Any:
    """The object in plain words that are equal for equal objects of either library; shared memory is named alike."""
    addresses = {} if addresses is None else addresses
    if isinstance(obj, torch.Tensor | minitorch.Tensor):
        mine = isinstance(obj, minitorch.Tensor)
        address = obj._storage_array().ctypes.data if mine else obj.untyped_storage().data_ptr()
        size = obj._storage_array().nbytes if mine else obj.untyped_storage().nbytes()
        return (
            type(obj).__name__,
            str(obj.dtype),
            tuple(obj.size()),
            obj.stride(),
            obj.storage_offset(),
            obj.requires_grad,
            obj.is_leaf,
            obj.detach().numpy().tobytes(),
            (size, addresses.setdefault((address, size), len(addresses)) if size else None),
        )
    if isinstance(obj, dict):
        items = [(described(key), described(value, addresses)) for key, value in obj.items()]
        return (type(obj).__name__, items, described(getattr(obj, "_metadata", None)))
    if isinstance(obj, list | tuple):
        return (type(obj).__name__, [described(value, addresses) for value in obj])
    if isinstance(obj, set):
        return ("set", sorted(map(repr, obj)))
    return (type(obj).__name__, repr(obj))


def saved(library: ModuleType, obj: Any) -> io.BytesIO:
    file = io.BytesIO()
    library.save(obj, file)
    file.seek(0)
    return file


@given(recipes())
def test_what_is_saved_here_is_loaded_here(drawn: tuple[Any, list[np.ndarray]]) -> None:
    recipe, arrays = drawn
    obj = build(recipe, minitorch, arrays)
    assert described(minitorch.load(saved(minitorch, obj))) == described(obj)


@given(recipes(), st.booleans())
def test_what_is_saved_here_is_loaded_by_torch(drawn: tuple[Any, list[np.ndarray]], weights_only: bool) -> None:
    recipe, arrays = drawn
    obj = build(recipe, minitorch, arrays)
    assert described(torch.load(saved(minitorch, obj), weights_only=weights_only)) == described(obj)


@given(recipes())
def test_what_torch_saves_is_loaded_here(drawn: tuple[Any, list[np.ndarray]]) -> None:
    recipe, arrays = drawn
    obj = build(recipe, torch, [torch.from_numpy(array) for array in arrays])
    assert described(minitorch.load(saved(torch, obj))) == described(obj)


def trained(library: ModuleType) -> tuple[Any, Any]:
    """A small network with tied weights and its optimizer, after one step with momentum."""
    net = library.nn.Sequential(library.nn.Linear(3, 3), library.nn.ReLU(), library.nn.Linear(3, 3))
    net[2].weight = net[0].weight
    optimizer = library.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    pull_back(net(library.ones(2, 3)))
    optimizer.step()
    return net, optimizer


@pytest.mark.parametrize(("writer", "reader"), [(torch, minitorch), (minitorch, torch), (minitorch, minitorch)])
def test_a_network_and_its_optimizer_move_between_libraries(writer: ModuleType, reader: ModuleType) -> None:
    net, optimizer = trained(writer)
    state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    loaded = reader.load(saved(writer, state))
    assert described(loaded) == described(state)
    assert list(loaded["net"]._metadata) == ["", "0", "1", "2"]
    twin, twin_optimizer = trained(reader)
    twin.load_state_dict(loaded["net"])
    twin_optimizer.load_state_dict(loaded["optimizer"])
    assert twin[0].weight is twin[2].weight
    for mine, theirs in zip(twin.parameters(), net.parameters(), strict=True):
        assert np.array_equal(mine.detach().numpy(), theirs.detach().numpy())


@pytest.mark.parametrize("name", TYPES)
def test_types_and_sizes_survive(name: str) -> None:
    values = {"type": getattr(minitorch, name), "size": minitorch.Size((2, 3))}
    loaded = torch.load(saved(minitorch, values), weights_only=True)
    assert loaded == {"type": getattr(torch, name), "size": torch.Size((2, 3))}
    assert minitorch.load(saved(torch, loaded)) == values


def test_bfloat16_survives_with_its_bits_its_view_and_its_need_of_gradients() -> None:
    theirs = (torch.arange(12.0) / 7).bfloat16().reshape(3, 4).t().requires_grad_()
    ours = minitorch.load(saved(torch, theirs))
    assert repr(ours) == repr(theirs).replace(", grad_fn=<TBackward0>", "")
    back = torch.load(saved(minitorch, [ours, minitorch.bfloat16]), weights_only=True)
    assert back[1] is torch.bfloat16
    assert torch.equal(back[0], theirs)
    assert (back[0].stride(), back[0].requires_grad) == (theirs.stride(), True)


@pytest.mark.parametrize("size", [(), (0,), (2, 0, 3), (1, 1)])
def test_tensors_without_dimensions_or_elements_survive(size: tuple[int, ...]) -> None:
    loaded = torch.load(saved(minitorch, minitorch.ones(size)), weights_only=True)
    assert torch.equal(loaded, torch.ones(size))
    assert described(minitorch.load(saved(torch, loaded))) == described(loaded)


def test_empty_tensors_of_different_types_are_told_apart() -> None:
    nothing = np.zeros(0)
    values = [minitorch.from_numpy(nothing), minitorch.from_numpy(nothing.view(np.int64)), minitorch.zeros(0)]
    assert described(torch.load(saved(minitorch, values))) == described(values)


def test_an_object_that_occurs_twice_is_one_object_again() -> None:
    tensor, inner = minitorch.ones(3), [1]
    for library in (minitorch, torch):
        loaded = library.load(saved(minitorch, {"a": tensor, "b": (tensor, inner), "c": inner}))
        assert loaded["a"] is loaded["b"][0]
        assert loaded["b"][1] is loaded["c"]


def test_loaded_tensors_write_through_to_those_they_share_memory_with() -> None:
    base = minitorch.zeros(4)
    loaded = minitorch.load(saved(minitorch, {"base": base, "view": base[1:3]}))
    loaded["view"].fill_(7)
    assert loaded["base"].tolist() == [0, 7, 7, 0]


def test_shared_memory_is_written_once() -> None:
    base = minitorch.zeros(1000)
    with zipfile.ZipFile(saved(minitorch, [base, base[1:], base.view(10, 100).t(), base.detach()])) as archive:
        assert [name for name in archive.namelist() if "/data/" in name] == ["archive/data/0"]


def test_a_part_of_a_record_is_saved_as_a_copy() -> None:
    records = np.array([(1, 10), (2, 20), (3, 30)], dtype=[("label", "i4"), ("count", "i4")])
    tensor = minitorch.from_numpy(records["count"])
    for library in (minitorch, torch):
        assert library.load(saved(minitorch, tensor)).tolist() == [10, 20, 30]


def test_expanded_tensors_keep_their_size_in_the_file() -> None:
    wide = torch.ones(1).expand(10**12)
    assert minitorch.load(saved(torch, wide)).size() == (10**12,)


def test_the_archive_is_laid_out_as_torchs() -> None:
    """Same entries in the same order with the same fixed contents, and storages at multiples of 64 bytes."""
    obj = [np.arange(5.0), np.arange(7)]
    mine, theirs = (saved(library, [library.from_numpy(a) for a in obj]) for library in (minitorch, torch))
    with zipfile.ZipFile(mine) as my_zip, zipfile.ZipFile(theirs) as their_zip:
        assert my_zip.namelist() == their_zip.namelist()
        assert my_zip.testzip() is None
        for name in my_zip.namelist():
            if not name.endswith(("data.pkl", "serialization_id")):
                assert my_zip.read(name) == their_zip.read(name)
        assert len(my_zip.read("archive/.data/serialization_id")) == 40
        for entry in my_zip.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
            header = mine.getvalue()[entry.header_offset :][:30]
            start = entry.header_offset + 30 + int.from_bytes(header[26:28], "little")
            assert (start + int.from_bytes(header[28:30], "little")) % 64 == 0


def test_equal_objects_give_equal_files() -> None:
    assert saved(minitorch, {"a": minitorch.ones(2)}).read() == saved(minitorch, {"a": minitorch.ones(2)}).read()


def test_torch_maps_our_files_into_memory(tmp_path: Any) -> None:
    minitorch.save({"w": minitorch.arange(6.0)}, tmp_path / "w.pth")
    assert torch.load(tmp_path / "w.pth", mmap=True)["w"].tolist() == [0, 1, 2, 3, 4, 5]


def test_numbers_of_a_big_endian_machine_are_turned_round() -> None:
    source = zipfile.ZipFile(saved(torch, torch.tensor([1.5, -2.0], dtype=torch.float64)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("data/0"):
                content = np.frombuffer(content, "<f8").astype(">f8").tobytes()
            target.writestr(name, b"big" if name.endswith("byteorder") else content)
    assert minitorch.load(file).tolist() == [1.5, -2.0]


def test_torch_catches_our_errors_as_it_does_its_own() -> None:
    assert issubclass(serialization.LoadError, RuntimeError)
    assert issubclass(serialization.SaveError, RuntimeError)
    assert issubclass(serialization.SaveError, OSError)


@pytest.mark.filterwarnings("ignore:.*quantize")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: torch.zeros(2, dtype=torch.complex64), "complex"),
        (lambda: torch.eye(2).to_sparse(), "sparse"),
        (lambda: torch.zeros(2, dtype=torch.float8_e5m2), "rare type"),
        (lambda: torch.zeros(2).untyped_storage(), "storages"),
        (lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "quantised"),
        (lambda: torch.zeros(2, device="meta"), "without memory"),
        (lambda: torch.device("cpu"), r"names torch\.device"),
        (lambda: torch.nn.Linear(1, 1), r"names torch\.nn\..*save its state_dict"),
    ],
)
def test_things_of_other_kinds_are_refused_by_name(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(serialization.LoadError, match=words):
        minitorch.load(saved(torch, make()))


def test_floats_keep_every_bit() -> None:
    values = [math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, math.nan]
    assert repr(torch.load(saved(minitorch, values))) == repr(values)


def test_arrays_that_begin_at_one_place_are_saved_each_for_itself() -> None:
    memory = np.arange(4, dtype=np.float32)
    for arrays in ([memory[:1], memory], [memory, memory[:1]]):
        saved_tensors = saved(minitorch, [minitorch.from_numpy(array) for array in arrays])
        loaded = torch.load(saved_tensors)
        for tensor, array in zip(loaded, arrays, strict=True):
            np.testing.assert_array_equal(tensor.numpy(), array)
