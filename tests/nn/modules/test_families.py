"""Activations, normalisations, distances and losses against torch's: constructor, text, state, values, gradients, graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

import minitorch
from minitorch import nn
from minitorch.nn import modules
from tests.nn.networks import tensors
from tests.oracle import assert_same, assert_same_error, graph

pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss:UserWarning")

Inputs = Callable[[np.random.Generator], list[Any]]


class Family(NamedTuple):
    """How to make a module, and its inputs: those that are floating point and come first are differentiated.

    Attributes:
        make: ``make(nn, lib)``.
        inputs: arrays; or what is no array, as it is.
        leaves: how many of them are differentiated.
        twice: there is a second gradient in torch.
    """

    make: Callable[[Any, Any], Any]
    inputs: Inputs
    leaves: int = 1
    twice: bool = True


def normal(*shapes: tuple[int, ...]) -> Inputs:
    return lambda source: [source.standard_normal(shape) for shape in shapes]


def with_target(shape: tuple[int, ...], target: Callable[[np.random.Generator], Any]) -> Inputs:
    return lambda source: [source.standard_normal(shape), target(source)]


def signs(*shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda source: source.choice([-1.0, 1.0], shape)


def positive(*shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda source: source.uniform(0.1, 0.9, shape)


def indices(*shape: int, below: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda source: source.integers(0, below, shape)


def weights(lib: Any, *numbers: float) -> Any:
    return lib.tensor(numbers, dtype=lib.float64)


PLAIN = normal((3, 4))
TWO = normal((3, 4), (3, 4))
THREE = normal((3, 4), (3, 4), (3, 4))
SEQUENCES = (np.array([[1, 2, 2], [3, 1, 0]]), np.array([6, 5]), np.array([3, 2]))

FAMILIES = {
    "elu": Family(lambda nn, lib: nn.ELU(0.7), PLAIN),
    "elu in place": Family(lambda nn, lib: nn.Sequential(nn.Linear(4, 2).double(), nn.ELU(inplace=True)), PLAIN),
    "celu": Family(lambda nn, lib: nn.CELU(0.7), PLAIN),
    "selu": Family(lambda nn, lib: nn.SELU(), PLAIN),
    "leaky relu": Family(lambda nn, lib: nn.LeakyReLU(0.2), PLAIN),
    "gelu": Family(lambda nn, lib: nn.GELU(), PLAIN),
    "gelu by tanh": Family(lambda nn, lib: nn.GELU("tanh"), PLAIN),
    "silu": Family(lambda nn, lib: nn.SiLU(), PLAIN),
    "silu in place": Family(lambda nn, lib: nn.Sequential(nn.Linear(4, 2).double(), nn.SiLU(inplace=True)), PLAIN),
    "mish": Family(lambda nn, lib: nn.Mish(), PLAIN),
    "hardswish": Family(lambda nn, lib: nn.Hardswish(), PLAIN),
    "hardsigmoid": Family(lambda nn, lib: nn.Hardsigmoid(), PLAIN, twice=False),
    "hardtanh": Family(lambda nn, lib: nn.Hardtanh(-0.5, 0.7), PLAIN),
    "relu6": Family(lambda nn, lib: nn.ReLU6(), PLAIN),
    "threshold": Family(lambda nn, lib: nn.Threshold(0.1, 20.0), PLAIN),
    "softplus": Family(lambda nn, lib: nn.Softplus(2.0, 1.5), PLAIN),
    "glu": Family(lambda nn, lib: nn.GLU(), PLAIN),
    "log sigmoid": Family(lambda nn, lib: nn.LogSigmoid(), PLAIN),
    "softsign": Family(lambda nn, lib: nn.Softsign(), PLAIN),
    "tanhshrink": Family(lambda nn, lib: nn.Tanhshrink(), PLAIN),
    "hardshrink": Family(lambda nn, lib: nn.Hardshrink(0.3), PLAIN),
    "softshrink": Family(lambda nn, lib: nn.Softshrink(0.3), PLAIN),
    "rrelu": Family(lambda nn, lib: nn.RReLU(0.1, 0.4), PLAIN),
    "rrelu, not in training": Family(lambda nn, lib: nn.RReLU(0.1, 0.4).eval(), PLAIN),
    "prelu": Family(lambda nn, lib: nn.PReLU(4, dtype=lib.float64), PLAIN),
    "softmin": Family(lambda nn, lib: nn.Softmin(1), PLAIN),
    "softmax2d": Family(lambda nn, lib: nn.Softmax2d(), normal((2, 3, 2, 2))),
    "batch norm": Family(lambda nn, lib: nn.BatchNorm1d(4, dtype=lib.float64), PLAIN),
    "batch norm of signals": Family(lambda nn, lib: nn.BatchNorm1d(4, dtype=lib.float64), normal((3, 4, 5))),
    "batch norm of pictures": Family(
        lambda nn, lib: nn.BatchNorm2d(3, 1e-3, 0.3, dtype=lib.float64), normal((2, 3, 4, 5))
    ),
    "batch norm of volumes": Family(
        lambda nn, lib: nn.BatchNorm3d(3, momentum=None, dtype=lib.float64), normal((2, 3, 2, 2, 3))
    ),
    "batch norm, not in training": Family(lambda nn, lib: nn.BatchNorm1d(4, dtype=lib.float64).eval(), PLAIN),
    "batch norm, without statistics": Family(
        lambda nn, lib: nn.BatchNorm1d(4, affine=False, track_running_stats=False).eval(), PLAIN
    ),
    "batch norm, without a bias": Family(lambda nn, lib: nn.BatchNorm1d(4, dtype=lib.float64, bias=False), PLAIN),
    "instance norm": Family(lambda nn, lib: nn.InstanceNorm1d(4), normal((3, 4, 5))),
    "instance norm of pictures": Family(
        lambda nn, lib: nn.InstanceNorm2d(3, affine=True, track_running_stats=True, dtype=lib.float64),
        normal((2, 3, 4, 2)),
    ),
    "instance norm of one volume": Family(
        lambda nn, lib: nn.InstanceNorm3d(3, affine=True, dtype=lib.float64), normal((3, 4, 2, 2))
    ),
    "instance norm, not in training": Family(
        lambda nn, lib: nn.InstanceNorm1d(4, track_running_stats=True, dtype=lib.float64).eval(), normal((3, 4, 5))
    ),
    "layer norm": Family(lambda nn, lib: nn.LayerNorm(4, dtype=lib.float64), normal((2, 3, 4))),
    "layer norm of two dimensions": Family(
        lambda nn, lib: nn.LayerNorm([3, 4], eps=0.1, bias=False, dtype=lib.float64), normal((2, 3, 4))
    ),
    "layer norm, plain": Family(lambda nn, lib: nn.LayerNorm(4, elementwise_affine=False), normal((2, 3, 4))),
    "group norm": Family(lambda nn, lib: nn.GroupNorm(2, 4, dtype=lib.float64), normal((3, 4, 5))),
    "group norm, plain": Family(lambda nn, lib: nn.GroupNorm(2, 4, 0.1, affine=False), normal((3, 4, 2, 2))),
    "rms norm": Family(lambda nn, lib: nn.RMSNorm(4, dtype=lib.float64), normal((2, 3, 4))),
    "rms norm, plain": Family(lambda nn, lib: nn.RMSNorm([3, 4], 0.1, False), normal((2, 3, 4))),
    "local response norm": Family(lambda nn, lib: nn.LocalResponseNorm(3, 0.1), normal((2, 5, 3))),
    "cosine similarity": Family(lambda nn, lib: nn.CosineSimilarity(), TWO, 2),
    "pairwise distance": Family(lambda nn, lib: nn.PairwiseDistance(3.0, keepdim=True), TWO, 2),
    "bilinear": Family(lambda nn, lib: nn.Bilinear(3, 4, 5, dtype=lib.float64), normal((2, 3), (2, 4)), 2),
    "embedding": Family(
        lambda nn, lib: nn.Embedding(5, 3, padding_idx=-1, dtype=lib.float64),
        lambda source: [np.array([[0, 4], [2, 2]])],
        0,
    ),
    "embedding bag": Family(
        lambda nn, lib: nn.EmbeddingBag(5, 3, dtype=lib.float64),
        lambda source: [np.array([0, 4, 2, 2]), np.array([0, 1])],
        0,
        twice=False,
    ),
    "embedding bag of maxima": Family(
        lambda nn, lib: nn.EmbeddingBag(5, 3, mode="max", padding_idx=1, dtype=lib.float64),
        lambda source: [np.array([[0, 1, 2], [2, 2, 1]])],
        0,
        twice=False,
    ),
    "embedding bag of sums": Family(
        lambda nn, lib: nn.EmbeddingBag(5, 3, mode="sum", padding_idx=1, scale_grad_by_freq=True, dtype=lib.float64),
        lambda source: [np.array([[0, 1, 2], [2, 2, 1]]), None, source.standard_normal((2, 3))],
        0,
        twice=False,
    ),
    "bce": Family(lambda nn, lib: nn.BCELoss(), lambda source: [positive(3, 4)(source), positive(3, 4)(source)], 2),
    "bce, weighted": Family(
        lambda nn, lib: nn.BCELoss(weights(lib, 1, 2, 3, 4), reduction="sum"),
        lambda source: [positive(3, 4)(source), positive(3, 4)(source)],
        2,
    ),
    "bce with logits": Family(lambda nn, lib: nn.BCEWithLogitsLoss(), with_target((3, 4), positive(3, 4)), 2),
    "bce with logits, weighted": Family(
        lambda nn, lib: nn.BCEWithLogitsLoss(weights(lib, 1, 2, 3, 4), pos_weight=weights(lib, 2, 1, 0.5, 1)),
        with_target((3, 4), positive(3, 4)),
        2,
    ),
    "kl div": Family(lambda nn, lib: nn.KLDivLoss(), with_target((3, 4), positive(3, 4)), 2),
    "kl div by batch": Family(lambda nn, lib: nn.KLDivLoss(reduction="batchmean", log_target=True), TWO, 2),
    "smooth l1": Family(lambda nn, lib: nn.SmoothL1Loss(beta=0.5), TWO, 2),
    "huber": Family(lambda nn, lib: nn.HuberLoss("none", delta=0.5), TWO, 2),
    "poisson": Family(lambda nn, lib: nn.PoissonNLLLoss(full=True), with_target((3, 4), indices(3, 4, below=5))),
    "gaussian": Family(
        lambda nn, lib: nn.GaussianNLLLoss(full=True),
        lambda source: [*TWO(source), positive(3, 4)(source)],
        3,
    ),
    "ctc": Family(
        lambda nn, lib: nn.CTCLoss(), lambda source: [source.standard_normal((7, 2, 4)), *SEQUENCES], twice=False
    ),
    "ctc, without infinity": Family(
        lambda nn, lib: nn.CTCLoss(blank=3, reduction="sum", zero_infinity=True),
        lambda source: [
            source.standard_normal((3, 2, 4)),
            np.array([[1, 1, 1], [1, 2, 0]]),
            np.array([3, 3]),
            np.array([3, 2]),
        ],
        twice=False,
    ),
    "soft margin": Family(lambda nn, lib: nn.SoftMarginLoss(), with_target((3, 4), signs(3, 4))),
    "margin ranking": Family(
        lambda nn, lib: nn.MarginRankingLoss(0.5), lambda source: [*normal((5,), (5,))(source), signs(5)(source)], 2
    ),
    "hinge embedding": Family(lambda nn, lib: nn.HingeEmbeddingLoss(), with_target((3, 4), signs(3, 4))),
    "cosine embedding": Family(
        lambda nn, lib: nn.CosineEmbeddingLoss(0.2, reduction="none"),
        lambda source: [*TWO(source), signs(3)(source)],
        2,
    ),
    "multi margin": Family(lambda nn, lib: nn.MultiMarginLoss(), with_target((3, 4), indices(3, below=4)), twice=False),
    "multi margin, squared": Family(
        lambda nn, lib: nn.MultiMarginLoss(2, 0.5, weights(lib, 1, 2, 3, 4), reduction="none"),
        with_target((3, 4), indices(3, below=4)),
        twice=False,
    ),
    "multilabel margin": Family(
        lambda nn, lib: nn.MultiLabelMarginLoss(),
        with_target((3, 4), lambda source: np.array([[1, -1, 0, 0], [2, 0, -1, 3], [0, 1, 2, 3]])),
        twice=False,
    ),
    "multilabel soft margin": Family(
        lambda nn, lib: nn.MultiLabelSoftMarginLoss(weights(lib, 1, 2, 3, 4)), with_target((3, 4), positive(3, 4)), 2
    ),
    "triplet": Family(lambda nn, lib: nn.TripletMarginLoss(5.0, swap=True), THREE, 3),
    "triplet with a distance": Family(
        lambda nn, lib: nn.TripletMarginWithDistanceLoss(margin=5.0, swap=True), THREE, 3
    ),
}

ATTENTION = {
    "to itself": (lambda nn, lib: nn.MultiheadAttention(4, 2, dtype=lib.float64), (5, 3, 4), None, None, {}),
    "to another": (lambda nn, lib: nn.MultiheadAttention(4, 2, dtype=lib.float64), (5, 3, 4), (6, 3, 4), None, {}),
    "with keys and values": (
        lambda nn, lib: nn.MultiheadAttention(4, 2, bias=False, dtype=lib.float64), (5, 4), (6, 4), (6, 4), {},
    ),
    "of other sizes": (
        lambda nn, lib: nn.MultiheadAttention(4, 1, kdim=3, vdim=2, dtype=lib.float64), (5, 3, 4), (6, 3, 3), (6, 3, 2), {},
    ),
    "without weights": (
        lambda nn, lib: nn.MultiheadAttention(4, 2, batch_first=True, dtype=lib.float64), (3, 5, 4), None, None,
        {"need_weights": False},
    ),
    "with more positions": (
        lambda nn, lib: nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, dtype=lib.float64),
        (5, 3, 4), None, None, {"average_attn_weights": False, "attn_mask": np.tri(5) == 0},
    ),
    "of what is no padding": (
        lambda nn, lib: nn.MultiheadAttention(4, 2, dtype=lib.float64), (5, 3, 4), (6, 3, 4), None,
        {"key_padding_mask": np.arange(6) > np.array([[3], [5], [4]]), "attn_mask": np.arange(30).reshape(5, 6) % 4 == 3},
    ),
    "with dropout": (lambda nn, lib: nn.MultiheadAttention(4, 2, 0.5, dtype=lib.float64), (5, 3, 4), None, None, {}),
}  # fmt: skip
"""How to make it; the shapes of query, key and value (the same tensor where there is none); and settings of the call."""

CLASSES = sorted(
    name for name in modules.__all__ if "args" not in inspect.signature(getattr(torch.nn, name)).parameters
)
every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


def built(family: Family, seed: int = 0) -> list[tuple[Any, Any, list[Any]]]:
    """For each library the module, and its inputs."""
    arrays = family.inputs(np.random.default_rng(seed))
    pairs = []
    for place, lib in enumerate((minitorch, torch)):
        lib.manual_seed(seed)
        module = family.make(lib.nn, lib)
        inputs = [
            tensors(each, requires_grad=number < family.leaves)[place] if isinstance(each, np.ndarray) else each
            for number, each in enumerate(arrays)
        ]
        pairs.append((lib, module, inputs))
    return pairs


def state(module: Any) -> dict[str, Any]:
    return dict(module.state_dict())


@pytest.mark.parametrize("name", CLASSES)
def test_constructors_take_torchs_arguments(name: str):
    ours, theirs = (
        [(each.name, each.kind, each.default) for each in inspect.signature(getattr(lib, name)).parameters.values()]
        for lib in (nn, torch.nn)
    )
    assert ours == theirs


@every_family
def test_they_print_and_begin_as_torchs(family: Family):
    (_, ours, _), (_, theirs, _) = built(family)
    assert repr(ours) == repr(theirs)
    assert list(state(ours)) == list(state(theirs))
    assert_same(list(state(ours).values()), list(state(theirs).values()))


@every_family
@pytest.mark.parametrize("seed", [0, 1])
def test_values_gradients_state_and_graph_are_torchs(family: Family, seed: int):
    (_, ours, _), (_, theirs, _) = pairs = built(family, seed)
    results = []
    for lib, module, inputs in pairs:
        lib.manual_seed(3)
        results.append(module(*inputs))
    assert_same(*results)
    assert graph(results[0]) == graph(results[1])
    assert_same(list(state(ours).values()), list(state(theirs).values()))
    leaves = [[*inputs[: family.leaves], *module.parameters()] for _, module, inputs in pairs]
    if not leaves[0]:
        return
    source = np.random.default_rng(seed)
    shapes = [results[1].shape, *(each.shape for each in leaves[1])]
    cotangents = list(zip(*(tensors(source.standard_normal(each)) for each in shapes), strict=True))
    found = [
        lib.autograd.grad(result, each, along[0], create_graph=family.twice)
        for (lib, _, _), result, each, along in zip(pairs, results, leaves, cotangents, strict=True)
    ]
    assert_same(*found)
    if family.twice:
        second = []
        for (lib, _, _), first, each, along in zip(pairs, found, leaves, cotangents, strict=True):
            tied = [(grad, c) for grad, c in zip(first, along[1:], strict=True) if grad.requires_grad]
            second.append(
                lib.autograd.grad(
                    [grad for grad, _ in tied], each, [c for _, c in tied], allow_unused=True, materialize_grads=True
                )
                if tied
                else [lib.zeros_like(leaf) for leaf in each]
            )
        assert_same(*second)


@pytest.mark.parametrize("case", ATTENTION.values(), ids=ATTENTION)
def test_attention_of_several_heads_is_torchs(case: Any):
    make, *shapes, settings = case
    results, graphs = [], []
    for place, lib in enumerate((minitorch, torch)):
        source = np.random.default_rng(0)
        lib.manual_seed(0)
        module = make(lib.nn, lib)
        given: list[Any] = []
        for shape in shapes:
            fresh = shape and tensors(source.standard_normal(shape), requires_grad=True)[place]
            given.append(given[-1] if fresh is None else fresh)
        masks = {
            name: tensors(each)[place] if isinstance(each, np.ndarray) else each for name, each in settings.items()
        }
        result, weights = module(*given, **masks)
        cotangent = tensors(source.standard_normal(tuple(result.shape)))[place]
        leaves = [*{id(each): each for each in given}.values(), *module.parameters()]
        first = lib.autograd.grad(result, leaves, cotangent)
        results.append((repr(module), list(state(module)), [result, *([] if weights is None else [weights]), *first]))
        graphs.append(graph(result))
    assert results[0][:2] == results[1][:2]
    assert_same(results[0][2], results[1][2])
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize(
    "mistake",
    [
        lambda nn, lib: nn.MultiheadAttention(4, 3),
        lambda nn, lib: nn.MultiheadAttention(0, 3),
        lambda nn, lib: nn.MultiheadAttention(4, 2)(*[lib.zeros(4)] * 3),
        lambda nn, lib: nn.MultiheadAttention(4, 2)(*[lib.zeros(2, 3, 6)] * 3),
        lambda nn, lib: nn.MultiheadAttention(4, 2)(*[lib.zeros(2, 3, 4)] * 3, attn_mask=lib.zeros(2, 3)),
        lambda nn, lib: nn.MultiheadAttention(4, 2)(
            *[lib.zeros(2, 3, 4)] * 3, attn_mask=lib.zeros(2, 2, dtype=lib.int64)
        ),
        lambda nn, lib: nn.MultiheadAttention(4, 2)(*[lib.zeros(2, 3, 4)] * 3, key_padding_mask=lib.zeros(2, 3)),
        lambda nn, lib: nn.BatchNorm1d(3)(lib.zeros(2)),
        lambda nn, lib: nn.BatchNorm1d(3)(lib.zeros(1, 3)),
        lambda nn, lib: nn.BatchNorm2d(3)(lib.zeros(2, 3)),
        lambda nn, lib: nn.BatchNorm3d(3)(lib.zeros(2, 3)),
        lambda nn, lib: nn.BatchNorm2d(3)(lib.zeros(2, 4, 2, 2)),
        lambda nn, lib: nn.InstanceNorm1d(3)(lib.zeros(2)),
        lambda nn, lib: nn.InstanceNorm2d(3, affine=True)(lib.zeros(2, 4, 2, 2)),
        lambda nn, lib: nn.GroupNorm(3, 4),
        lambda nn, lib: nn.LayerNorm(3)(lib.zeros(2, 4)),
        lambda nn, lib: nn.RMSNorm(3)(lib.zeros(2, 4)),
        lambda nn, lib: nn.Hardtanh(1, 0),
        lambda nn, lib: nn.Softmax(1.5),
        lambda nn, lib: nn.Softmax2d()(lib.zeros(2, 4)),
        lambda nn, lib: nn.Bilinear(0, 4, 5),
        lambda nn, lib: nn.Embedding(3, 4, padding_idx=3),
        lambda nn, lib: nn.EmbeddingBag(3, 4, padding_idx=-4),
        lambda nn, lib: nn.Embedding.from_pretrained(lib.zeros(3)),
        lambda nn, lib: nn.Embedding(3, 4, _weight=lib.zeros(3)),
        lambda nn, lib: nn.HuberLoss(delta="1"),
        lambda nn, lib: nn.MultiMarginLoss(3),
        lambda nn, lib: nn.MultiMarginLoss(weight=lib.zeros(3, 3)),
        lambda nn, lib: nn.TripletMarginLoss(0.0),
        lambda nn, lib: nn.TripletMarginWithDistanceLoss(margin=-1.0),
        lambda nn, lib: nn.BCELoss()(lib.zeros(3), lib.zeros(2)),
        lambda nn, lib: nn.BCEWithLogitsLoss()(lib.zeros(3), lib.zeros(2)),
        lambda nn, lib: nn.GaussianNLLLoss()(lib.zeros(3), lib.zeros(3), lib.zeros(2)),
        lambda nn, lib: nn.SmoothL1Loss(reduction="some")(lib.zeros(3), lib.zeros(3)),
        lambda nn, lib: nn.ELU(beta=2),
    ],
)
def test_mistakes_get_torchs_answers(mistake: Any):
    assert_same_error(lambda: mistake(minitorch.nn, minitorch), lambda: mistake(torch.nn, torch))


def test_a_given_table_is_looked_up_and_frozen():
    for name in ("Embedding", "EmbeddingBag"):
        made = getattr(nn, name).from_pretrained(minitorch.ones(3, 2))
        assert not made.weight.requires_grad
        assert made(minitorch.tensor([[1, 2]])).shape == ((1, 2, 2) if name == "Embedding" else (1, 2))


def test_what_users_derive_keeps_the_settings():
    class Steeper(nn.LeakyReLU):
        slope: float = 3.0

        def __init__(self) -> None:
            super().__init__(negative_slope=0.5)

    assert Steeper()(minitorch.tensor([-2.0])).item() == -1.0
    assert repr(Steeper()) == "Steeper(negative_slope=0.5)"


def test_states_from_before_batches_were_counted_are_loaded():
    ours = nn.BatchNorm1d(2)
    old = {name: value for name, value in ours.state_dict().items() if name != "num_batches_tracked"}
    ours.load_state_dict(old)
    assert ours.num_batches_tracked.item() == 0
