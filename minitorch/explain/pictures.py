"""Pictures of a training run, drawn with matplotlib where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minitorch.vision.datasets.vision import PictureDataset

SHOWN = (4, 8)  # rows and columns of test pictures
INK, LIGHT = "#1f4e79", "#a9c4de"
RIGHT, WRONG = "#2d7d46", "#b3261e"


def draw(
    losses: Sequence[float], steps_per_epoch: int, test_set: PictureDataset, predicted: Sequence[int], folder: Path
) -> list[str]:
    """Draws ``loss.png`` and ``predictions.png``; returns what is to be said to the user about it.

    Args:
        losses: of every step.
        steps_per_epoch: how many steps went through the training pictures once.
        test_set: the test pictures, with their true classes.
        predicted: the class that the network gave to each.
        folder: where the pictures go.
    """
    try:
        import matplotlib
    except ImportError:
        return ["No pictures were drawn, as matplotlib is missing: pip install 'minitorch[plot]'"]
    matplotlib.use("Agg")  # no window
    from matplotlib import pyplot

    _save(pyplot, _loss_curve(pyplot, losses, steps_per_epoch), folder / "loss.png")
    _save(pyplot, _predictions(pyplot, test_set, predicted), folder / "predictions.png")
    return []


def _loss_curve(pyplot: Any, losses: Sequence[float], steps_per_epoch: int) -> Any:
    """Every step's loss, and the mean over a window that slides along."""
    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    epochs = np.arange(1, len(losses) + 1) / steps_per_epoch
    window = max(1, min(len(losses) // 20, steps_per_epoch))
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    axes.plot(epochs, losses, color=LIGHT, linewidth=0.6, label="each step")
    axes.plot(epochs[window - 1 :], smooth, color=INK, linewidth=2, label=f"mean of {window} steps")
    axes.set(xlabel="epoch", ylabel="cross entropy", title="Training loss", ylim=(0, None), xlim=(0, epochs[-1]))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _predictions(pyplot: Any, test_set: PictureDataset, predicted: Sequence[int]) -> Any:
    """The first test pictures and, in the last row, the first that the network gets wrong."""
    rows, columns = SHOWN
    wrong = [n for n, guess in enumerate(predicted) if guess != test_set.targets[n]]
    shown = [*range(min(len(predicted), (rows - 1) * columns)), *wrong[:columns]]
    figure, grid = pyplot.subplots(rows, columns, figsize=(1.2 * columns, 1.6 * rows), layout="constrained")
    for axes in grid.flat:
        axes.axis("off")
    for number, axes in zip(shown, grid.flat, strict=False):
        truth, guess = test_set.classes[test_set.targets[number]], test_set.classes[predicted[number]]
        axes.imshow(test_set.data[number], interpolation="nearest")
        axes.set_title(
            guess if guess == truth else f"{guess}\n(is {truth})", fontsize=9, color=RIGHT if guess == truth else WRONG
        )
    share = f"{len(wrong)} of {len(predicted)} wrong"
    figure.suptitle(
        f"What the network takes test pictures for ({share}; the last row shows the first of those)", fontsize=10
    )
    return figure


def _save(pyplot: Any, figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
