"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.comparison import Comparison, Difference, Summary, groups, summarise
from benchmarks.record import Result

BYTES = [(1, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB")]
UNITS = {"s": [(1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1, "s")], "B": BYTES, "+B": BYTES}
NAME = 44  # columns for what was compared
SLOWEST = 12  # of a group of operators, to be listed
LARGE = 20  # comparisons in a group for which that is worth while


def heading(case: str, where: str) -> str:
    """Above the rows of a case."""
    title = f"{case}, {where}"
    return (
        f"\n{title:{NAME}} {'minitorch [middle half]':28} {'torch [middle half]':28} {'torch / minitorch [95 %]':31} "
        f"{'of the limit: ours, torch':27} first call"
    )


def row(result: Result) -> str:
    """A comparison as a line of the table."""
    if isinstance(result, Difference):
        return f"{result.label.name:{NAME}} NOT TIMED, the results differ: {result.text}"
    shares = result.shares()
    what = result.limit.what if result.limit else ""
    first = f"{_number(result.first[0], 's')}, {_number(result.first[1], 's')}" if result.first else ""
    return (
        f"{result.label.name:{NAME}} {_samples(result.ours, result.unit):28} {_samples(result.torchs, result.unit):28} "
        f"{_ratio(result.ratio, result.interval(), result.verdict):31} {_shares(shares, what):27} {first}"
    ).rstrip()


def summaries(results: Sequence[Result]) -> list[str]:
    """The geometric means of groups, and what is slowest in the large ones."""
    lines = []
    for group in groups([each for each in results if isinstance(each, Comparison)]):
        lines.append(summary_row(summarise(group)))
        if len(group) >= LARGE:
            slowest = sorted(group, key=lambda each: each.ratio)[:SLOWEST]
            lines.append("  slowest: " + ", ".join(f"{each.label.name} {each.ratio:.2f}" for each in slowest))
    return lines


def limits(where: str, measured: dict[str, float]) -> str:
    """What was measured of the machine."""
    figures = ", ".join(f"{name} {value:.3g}" for name, value in measured.items())
    return f"limits of this machine, {where}: {figures or 'none were needed'}"


def summary_row(summary: Summary) -> str:
    title = f"geometric mean of {summary.count}: {summary.group}"
    ratio = _ratio(summary.ratio, summary.interval, summary.verdict)
    return f"{title:{NAME + 58}} {ratio:31} {_shares(summary.shares, '')}".rstrip()


def _samples(values: np.ndarray, unit: str) -> str:
    low, middle, high = np.percentile(values, [25, 50, 75])
    scale, name = _scale(middle, unit)
    return f"{_digits(middle / scale)} {name:2} [{_digits(low / scale)}, {_digits(high / scale)}]"


def _number(value: float, unit: str) -> str:
    scale, name = _scale(value, unit)
    return f"{_digits(value / scale)} {name}"


def _scale(value: float, unit: str) -> tuple[float, str]:
    fitting = [each for each in UNITS[unit] if abs(value) >= each[0]]
    return fitting[-1] if fitting else UNITS[unit][0]


def _digits(value: float) -> str:
    """Three of them."""
    return f"{value:.2f}" if abs(value) < 9.995 else f"{value:.1f}" if abs(value) < 99.95 else f"{value:.0f}"


def _ratio(ratio: float, interval: tuple[float, float], verdict: str) -> str:
    if not ratio > 0:
        return "-"
    return f"{ratio:.2f} [{interval[0]:.2f}, {interval[1]:.2f}] {verdict}"


def _shares(shares: tuple[float, float] | None, what: str) -> str:
    if shares is None:
        return "-"
    ours, torchs = (f"{100 * share:.{0 if share >= 0.0995 else 1}f} %" for share in shares)
    return f"{ours}, {torchs}{' of ' + what if what else ''}"
