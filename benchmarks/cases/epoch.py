"""``epoch``: the documented script on CIFAR-10, from the files to the trained network; each in a process of its own."""

from __future__ import annotations

import pickle
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.cases import Results, Settings
from benchmarks.cases.network import STEP_FLOPS
from benchmarks.comparison import Comparison
from benchmarks.processes import Samples

ROUNDS = 4
PICTURES = 50_000
WORKERS = [0, 2]
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
FILES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def epoch(settings: Settings) -> Results:
    """The documented script on CIFAR-10: an epoch with reading, flips, grey, and training steps of 100 pictures"""
    with ExitStack() as stack:
        root = settings.root
        if root is None:
            root = stack.enter_context(tempfile.TemporaryDirectory())
            write_random_pictures(Path(root), max(settings.size or [PICTURES]))
        for pictures in settings.size or [PICTURES]:
            yield from _with_workers(settings, root, pictures)


def _with_workers(settings: Settings, root: str, pictures: int) -> Results:
    limit = settings.limits.work(flops=pictures * STEP_FLOPS)
    found = []
    for workers in WORKERS:
        samples = Samples(
            "epoch", settings.threads, settings.rounds or ROUNDS, False,
            root=root, pictures=pictures, workers=workers, device=settings.place.device,
        )  # fmt: skip
        label = settings.label("epoch", f"{pictures:,} pictures, {workers} workers")
        found.append(samples.compare(label, "seconds", "s", limit, first="first"))
        yield found[-1]
    if all(isinstance(each, Comparison) for each in found):
        yield best_of_each([each for each in found if isinstance(each, Comparison)], pictures)


def best_of_each(comparisons: list[Comparison], pictures: int) -> Comparison:
    """Each library with the number of workers that suits it better."""
    ours = min(comparisons, key=lambda each: float(np.median(each.ours)))
    torchs = min(comparisons, key=lambda each: float(np.median(each.torchs)))
    label = replace(ours.label, name=f"{pictures:,} pictures, the better of each")
    return Comparison(label, ours.ours, torchs.torchs, "s", ours.limit)


def write_random_pictures(root: Path, count: int) -> None:
    """Files like the published ones of CIFAR-10, with random pictures: at least ``count`` for training."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name in FILES:
        each = -(-count // 5)
        batch = {
            "batch_label": name,
            "labels": generator.integers(0, 10, each).tolist(),
            "data": generator.integers(0, 256, (each, 3072), np.uint8),
            "filenames": [f"{number}.png" for number in range(each)],
        }
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": NAMES, "num_vis": 3072}, protocol=2))
