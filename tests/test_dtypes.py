"""The dtypes that numpy does not have, or torch hardly computes with: bfloat16, uint16, uint32 and uint64."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch.kernels.cpu.bfloat16 import BFloat16, narrow, widen

EXPRESSIONS = {
    "bfloat16": """
        h | h + 1 | h * 2.5 | h + i | h + h.half() | h + t | h / 3 | h - 1.3 | 1.3 - h | h**1.3 | h % 1.3 | h == 1.1 | h <= 1.1 | h.sum() | h.sum(dtype=torch.float32) | h.mean() | h.max() | h == 1 | h < i
        h.float() | h.double() | h.long() | h.bool() | t.bfloat16() | t.to(torch.bfloat16) | g.bfloat16() | i.type(torch.bfloat16)
        h[0] | h[0].item() | h.tolist() | h[1:] | h[[0, 2]] | h[h > 1] | h.clone() | h.unfold(0, 2, 1) | h.as_strided((2, 2), (1, 1)) | h.sort()
        h.numpy() | np.asarray(h) | h.type() | h.dtype | h.is_floating_point() | h.element_size() | h.view(torch.int16) | h.view(torch.uint16)
        torch.ones(2, dtype=torch.int16).view(torch.bfloat16) | torch.zeros(2, dtype=torch.bfloat16) | torch.full((2,), 1.1, dtype=torch.bfloat16)
        torch.eye(2, dtype=torch.bfloat16) | torch.arange(3, dtype=torch.bfloat16) | torch.linspace(0, 1, 5, dtype=torch.bfloat16)
        torch.tensor([1e-40, 3.39e38, 3.4e38, -1e39, float('nan'), 1 + 2**-8, 1 + 3 * 2**-8], dtype=torch.bfloat16)
        torch.tensor(3.14159, dtype=torch.bfloat16) | torch.tensor(h, dtype=torch.float64) | h.new_zeros(2) | h.new_full((2,), 1.1) | h.new_tensor([1.1])
        torch.zeros_like(h) | torch.ones_like(t, dtype=torch.bfloat16) | torch.empty_like(h).dtype | h.fill_(1.3) | h.add_(1.3) | h.mul_(t)
        h.copy_(t) | t.clone().copy_(h) | h.__setitem__(0, 7.7) | torch.cat([h, t]) | torch.cat([h, h]) | torch.stack([h, h]) | torch.add(h, h, out=t.clone())
        torch.add(t, t, out=h.clone()) | torch.where(i == 1, h, h * 2) | torch.where(i == 1, h, 0.5) | torch.finfo(torch.bfloat16) | h @ h | f'{h[0]:.3f}'
        [getattr(torch.finfo(torch.bfloat16), n) for n in ('bits', 'eps', 'max', 'min', 'resolution', 'smallest_normal', 'tiny', 'dtype')]
        torch.bfloat16.is_signed | torch.bfloat16.itemsize | torch.result_type(h, 2.5) | torch.can_cast(torch.bfloat16, torch.int8)
        h.requires_grad_() | torch.full((2,), 1e39, dtype=torch.bfloat16) | torch.BFloat16Tensor([1, 2]) | bool(h[0]) | float(h[0]) | int(h[0]) | 1.5 in h
    """,
    "unsigned": """
        u+v | u-v | u*v | u/v | u//v | u%v | -u | u.abs() | u==v | u<v | u!=v | u>=v | torch.maximum(u,v) | u.sum()
        u.sum(dtype=torch.int64) | u.mean() | u.amax() | u.prod() | u.float() | u.long() | u.bool() | u[0] | u[1:] | u[[0,2]]
        u[torch.tensor([True,False,True])] | u.clone() | torch.cat([u,v]) | torch.stack([u,v]) | u.reshape(3,1) | u.T | u.flip(0)
        u.roll(1) | torch.where(u==v,u,v) | u.fill_(5) | u.zero_() | u.copy_(v) | u.numpy() | torch.from_numpy(u.numpy())
        torch.zeros(2,dtype=torch.uint16) | torch.ones(2,dtype=torch.uint16) | torch.full((2,),3,dtype=torch.uint16)
        torch.arange(3,dtype=torch.uint16) | torch.eye(2,dtype=torch.uint16) | torch.empty(2,dtype=torch.uint16).shape
        torch.linspace(0,1,3,dtype=torch.uint16) | u.item() | u.tolist() | repr(u) | u.sort() | u.argsort() | u.unique()
        u.nonzero() | u.any() | u.all() | u.cumsum(0) | u.to(torch.uint32) | u&v | u^v | ~u | u<<1 | u.bitwise_and(v)
        torch.equal(u,v) | torch.allclose(u,v) | u+1 | u==1 | u+1.5 | u*True | u+u.int() | u+u.float() | u==u.int()
        u+torch.tensor([1],dtype=torch.uint8) | torch.result_type(u,u.float()) | torch.promote_types(torch.uint16,torch.int32)
        torch.promote_types(torch.uint16,torch.uint8) | torch.promote_types(torch.uint16,torch.uint32)
        torch.promote_types(torch.uint16,torch.bool) | torch.promote_types(torch.uint16,torch.float16)
        torch.promote_types(torch.uint16,torch.bfloat16) | torch.promote_types(torch.uint16,torch.uint16)
        torch.promote_types(torch.uint8,torch.uint16) | torch.promote_types(torch.int8,torch.uint16)
        torch.can_cast(torch.uint16,torch.int8) | torch.can_cast(torch.uint16,torch.float16)
        torch.can_cast(torch.float16,torch.uint16) | torch.iinfo(torch.uint16) | torch.iinfo(torch.uint64).max
        torch.iinfo(torch.uint32) | u.clamp(0,2) | u.sign() | u.sqrt() | u.exp() | u.isnan() | u.gather(0,torch.tensor([0]))
        u.index_select(0,torch.tensor([0])) | u.masked_fill(u==v,1) | u.masked_select(u==v) | u.scatter(0,torch.tensor([0]),v)
        u.tril() | u[None].tril() | u.repeat(2) | u.expand(2,3) | u.unfold(0,2,1) | u.topk(1) | u.dot(v) | u[None]@v[:,None]
        u.is_floating_point() | u.is_signed() | u.type() | u.__setitem__(0,5) | u.random_() | u.take(torch.tensor([0]))
        torch.tensor(2**16,dtype=torch.uint16) | torch.tensor(-1,dtype=torch.uint16) | torch.tensor(1.5,dtype=torch.uint16)
        torch.tensor(2**64-1,dtype=torch.uint64) | torch.tensor(2**64-1,dtype=torch.uint64).item() | u.half()
        u.view(torch.int16) | u.bincount() | torch.zeros_like(u) | u.ne(v) | u.logical_not() | u.logical_and(v) | u.pow(2)
        u.square() | u.count_nonzero() | u.mul_(2) | u.add_(v) | torch.zeros(2,dtype=torch.uint16).sum() | u.max(0) | u.argmax()
        u.isfinite() | u.gcd(v) | u.floor_divide(v) | u.remainder(v) | u.chunk(2) | u.split(1) | u.diag() | u.median()
        u.fill_(70000) | torch.nn.functional.one_hot(u) | u.requires_grad_() | u.eq(2.5) | u.neg() | u.float()+u | u.bfloat16()
        torch.tensor([1,2],dtype=torch.uint64)==torch.tensor([1,2]) | torch.tensor([1,2],dtype=torch.uint64)<torch.tensor([1,2.])
        u.__rsub__(1) | u.type(torch.uint8) | torch.arange(0,5,2,dtype=torch.uint32) | u.narrow(0,0,1) | u.swapaxes(0,0)
        u.squeeze() | u.movedim(0,0) | u.select(0,1) | u.contiguous() | u.permute(0) | u.index_fill(0,torch.tensor([0]),3)
        u.index_copy(0,torch.tensor([0]),v[:1]) | u.index_put((torch.tensor([0]),),v[:1]) | u.logical_or(v) | u.logical_xor(v)
        u.std() | u.norm() | u.diff() | u.lt(1) | u.minimum(v) | u.fmax(v) | u.nan_to_num() | u.round() | u.floor() | u.ceil()
        u.trunc() | torch.tensor([True,False])==u[:2] | u.new_zeros(2) | u.new_full((2,),3) | u.isinf() | u.reciprocal()
        u.true_divide(v) | u.cumprod(0) | u.logcumsumexp(0) | u.kthvalue(1) | u.mode() | torch.bucketize(u,v) | u.isclose(v)
        u.var() | u.repeat_interleave(2) | torch.meshgrid(u,v,indexing='ij') | torch.tril(u[None])
        torch.nn.functional.pad(u,(1,1)) | torch.outer(u,v) | torch.rand(2,dtype=torch.uint16)
        torch.randn(2,dtype=torch.uint16) | torch.randperm(3,dtype=torch.uint16) | u.double() | u.short() | u.byte()
        u.put(torch.tensor([0]),v[:1]) | u.scatter_add(0,torch.tensor([0]),v) | u.index_add(0,torch.tensor([0]),v[:1])
        torch.tensor([3],dtype=torch.uint64)[0].item() | torch.full((2,),7,dtype=torch.uint64) | bool(u[0]) | int(u[0])
        float(u[0]) | [10,20,30,40,50][torch.tensor(2,dtype=torch.uint16)] | torch.ones(4)[torch.tensor([1],dtype=torch.uint16)]
        torch.ones(4)[torch.tensor(1,dtype=torch.uint16)] | u.storage_offset() | u.masked_scatter(u==v,v) | u.lerp(v,0.5)
        torch.bitwise_left_shift(u,v) | u.heaviside(v) | u.copysign(v) | u.float_power(2) | torch.add(u,1,alpha=2) | u.deg2rad()
        u.relu() | u.erf() | u.sigmoid() | u.fmin(v) | u.atan2(v) | u.ldexp(v) | torch.combinations(u) | u.cummax(0)
        u.type_as(v.float())
    """,
}
EACH = [
    each.strip() for text in EXPRESSIONS.values() for line in text.strip().splitlines() for each in line.split(" | ")
]


def outcome(expression: str, lib: Any) -> tuple[str, str]:
    """The type of what an expression gives, and its text; or those of its error."""
    names = {
        "torch": lib, "np": np, "t": lib.tensor([1.0, 2.0, 3.0]), "i": lib.tensor([1, 2, 3]), "g": lib.ones(2, requires_grad=True),
        "h": lib.tensor([1.1, -2.25, 300.0], dtype=lib.bfloat16),
        "u": lib.tensor([1, 2, 3], dtype=lib.uint16), "v": lib.tensor([3, 2, 1], dtype=lib.uint16),
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(expression, names)
        except Exception as error:
            return type(error).__name__, str(error).partition("\n")[0]
    return type(result).__name__, repr(result)


@pytest.mark.parametrize("expression", EACH)
def test_an_expression_gives_what_it_gives_in_torch(expression: str):
    assert outcome(expression, minitorch) == outcome(expression, torch)


def test_every_pattern_of_bits_is_widened_and_narrowed_as_in_torch():
    bits = np.arange(2**16).astype(np.uint16)
    theirs = torch.from_numpy(bits).view(torch.bfloat16)
    wide = widen(bits)
    np.testing.assert_array_equal(wide.view(np.uint32), theirs.float().numpy().view(np.uint32))
    known = ~np.isnan(wide)
    np.testing.assert_array_equal(narrow(wide).view(np.ndarray)[known], bits[known])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "float16"])
def test_numbers_are_rounded_to_bfloat16_as_in_torch(dtype: str):
    random = np.random.default_rng(0)
    patterns = random.integers(0, 256, 8 * 10**5, np.uint8).view("float32").copy()
    halfway = (random.integers(0, 2**16, 1000).astype(np.uint32) << 16 | 0x8000).view(np.float32)
    with np.errstate(all="ignore"):
        numbers = np.concatenate([patterns, halfway]).astype(dtype)
    ours, theirs = (lib.from_numpy(numbers).to(lib.bfloat16).view(lib.int16).numpy() for lib in (minitorch, torch))
    unknown = np.isnan(numbers)  # NaN of the one sign or the other
    np.testing.assert_array_equal(ours[~unknown], theirs[~unknown])
    assert minitorch.from_numpy(ours[unknown]).view(minitorch.bfloat16).isnan().all()


def test_numpys_functions_refuse_bfloat16_rather_than_compute_with_its_bits():
    array = minitorch.ones(3, dtype=minitorch.bfloat16)._array
    assert type(array) is BFloat16
    for compute in (np.exp, np.sum, np.sort, lambda a: a + a, lambda a: a.sum(), lambda a: np.where(a == 1, a, a)):
        with pytest.raises(TypeError, match="does not know bfloat16"):
            compute(array)


def test_memory_is_shared_with_torch_both_ways():
    theirs = torch.tensor([[1.0, 2.5], [-3.0, 0.1]]).bfloat16().t()
    ours = minitorch.utils.dlpack.from_dlpack(theirs)
    assert repr(ours) == repr(theirs)
    assert ours.stride() == theirs.stride()
    ours[0, 1] = 7.3
    assert theirs[0, 1].item() == 7.3125
    back = torch.from_dlpack(ours)
    back[1, 0] = -1
    assert repr(ours) == repr(theirs) == repr(back)
    assert repr(torch.utils.dlpack.from_dlpack(minitorch.utils.dlpack.to_dlpack(ours))) == repr(theirs)
    assert repr(minitorch.from_dlpack(torch.tensor([1, 2], dtype=torch.uint32))) == "tensor([1, 2], dtype=torch.uint32)"


def test_the_default_dtype_may_be_bfloat16():
    for lib in (minitorch, torch):
        lib.set_default_dtype(lib.bfloat16)
    try:
        for make in (
            lambda lib: lib.tensor([1.5, 2.25]),
            lambda lib: lib.tensor([1, 2]) / 3,
            lambda lib: lib.tensor([1, 2]).sqrt() * 1.5,
            lambda lib: lib.zeros(2),
            lambda lib: lib.where(lib.tensor([True]), 1.5, 2.5),
            lambda lib: lib.tensor([1, 2]).float(),
            lambda lib: lib.nn.Linear(2, 1).weight.dtype,
        ):
            assert repr(make(minitorch)) == repr(make(torch))
    finally:
        for lib in (minitorch, torch):
            lib.set_default_dtype(lib.float32)


def train(lib: Any, dtype: str) -> list[float]:
    """The losses of a small network with a convolution, in training."""
    source = np.random.default_rng(0)
    numbers = {name: source.standard_normal(shape).astype(np.float32) for name, shape in {
        "images": (8, 1, 6, 6), "0.weight": (3, 1, 3, 3), "0.bias": (3,), "4.weight": (5, 12), "4.bias": (5,),
    }.items()}  # fmt: skip
    nn = lib.nn
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 5))
    images = lib.from_numpy(numbers.pop("images")).to(getattr(lib, dtype))
    net.load_state_dict({name: lib.from_numpy(each / 3) for name, each in numbers.items()})
    net.to(getattr(lib, dtype))
    optimizer = lib.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(net(images), lib.arange(8) % 5)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_a_network_trains_in_bfloat16_as_in_torch():
    exact = np.array(train(torch, "float64"))
    ours, theirs = (np.array(train(lib, "bfloat16")) for lib in (minitorch, torch))
    assert np.abs(ours - exact).max() <= 2 * np.abs(theirs - exact).max() + 2**-7
    assert ours[-1] < ours[0]


def test_random_numbers_of_bfloat16_are_torchs():
    for draw in (
        lambda lib: lib.rand(33, dtype=lib.bfloat16),
        lambda lib: lib.randn(5, dtype=lib.bfloat16),
        lambda lib: lib.randn(37, dtype=lib.bfloat16),
        lambda lib: lib.randint(0, 99, (33,), dtype=lib.bfloat16),
        lambda lib: lib.randperm(33, dtype=lib.bfloat16),
        lambda lib: lib.zeros(33, dtype=lib.bfloat16).random_(),
        lambda lib: lib.zeros(33, dtype=lib.bfloat16).exponential_(),
        lambda lib: lib.bernoulli(lib.full((33,), 0.3, dtype=lib.bfloat16)),
    ):
        results = []
        for lib in (minitorch, torch):
            lib.manual_seed(3)
            results.append(repr(draw(lib)))
        assert results[0] == results[1]


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (7,), (3, 4), (1001,), (40, 50)])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 300.0, 1e12])
def test_bfloat16_is_printed_as_in_torch(shape: tuple[int, ...], scale: float):
    numbers = np.random.default_rng(0).standard_normal(shape) * scale
    ours, theirs = (repr(lib.from_numpy(np.asarray(numbers)).bfloat16()) for lib in (minitorch, torch))
    assert ours == theirs
