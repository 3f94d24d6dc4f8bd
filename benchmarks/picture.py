"""A run as a picture: how many times as fast as torch, case by case, and how fast this machine would let anything be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from benchmarks.comparison import Comparison, groups, summarise
from benchmarks.record import Record

COLOURS = {"faster": "#1a7f64", "less": "#1a7f64", "slower": "#c2543a", "more": "#c2543a", "no verdict": "#8a8f98"}
INK, FAINT, LIMIT = "#22262b", "#d5d9de", "#2b5fb3"
MANY = 10  # comparisons in a case, above which only the means of its groups are drawn
LEAST, MOST = 1 / 32, 128  # of the ratios that fit
ROW, MARGINS, WIDTH = 0.25, 1.7, 9.5  # inches


@dataclass(frozen=True)
class Bar:
    """A line of the picture.

    Attributes:
        case: whose part of the picture it is in, and on how many threads.
        name: what was compared.
        ratio: torch's over ours.
        interval: of the ratio.
        verdict: "faster", "no verdict", ….
        limit: what the ratio would be if we reached the limit, if that is known.
    """

    case: str
    name: str
    ratio: float
    interval: tuple[float, float]
    verdict: str
    limit: float | None


def draw(found: Record, path: str) -> None:
    """Writes the picture, in the format that the path's ending names.

    Raises:
        ImportError: matplotlib is not installed.
        OSError: the file cannot be written.
        ValueError: matplotlib does not know the format.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = list(with_headings(list(bars(found.comparisons))))
    places = list(accumulate((1.0 if isinstance(row, Bar) else 1.6 for row in rows[1:]), initial=0.0))
    figure = Figure(figsize=(WIDTH, ROW * places[-1] + MARGINS), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    right = _frame(axes, [row for row in rows if isinstance(row, Bar)], places[-1])
    for place, row in zip(places, rows, strict=True):
        if isinstance(row, Bar):
            _draw_bar(axes, place, row, right)
    axes.set_yticks(places, [row.name if isinstance(row, Bar) else row for row in rows])
    for text, row in zip(axes.get_yticklabels(), rows, strict=True):
        text.set(color=INK, fontsize=8.5, fontweight="normal" if isinstance(row, Bar) else "bold")
    _explain(figure, axes, found)
    figure.savefig(path, dpi=160)


def check_format(path: str) -> None:
    """Raises what ``draw`` would, before anything is measured."""
    from matplotlib.figure import Figure

    ending = path.rpartition(".")[2].lower()
    formats = Figure().canvas.get_supported_filetypes()
    if ending not in formats:
        raise ValueError(f"a picture's name ends in one of {', '.join(sorted(formats))}")


def bars(comparisons: list[Comparison]) -> Iterator[Bar]:
    """What is drawn: each comparison, but of cases with many of them the means of their groups."""
    cases: dict[tuple[str, str], list[Comparison]] = {}
    for each in comparisons:
        cases.setdefault((each.label.case, each.label.where), []).append(each)
    order = list(dict.fromkeys(case for case, _ in cases))
    for (case, where), members in sorted(cases.items(), key=lambda item: order.index(item[0][0])):
        title = f"{case}, {where}"
        if len(members) <= MANY or not groups(members):
            yield from (_bar(title, each) for each in members if each.ratio > 0)
        for summary in map(summarise, groups(members)):
            limit = summary.ratio / summary.shares[0] if summary.shares else None
            name = f"mean of {summary.count}: {summary.group}" if summary.group != "all" else "geometric mean"
            yield Bar(title, name, summary.ratio, summary.interval, summary.verdict, limit)


def with_headings(lines: list[Bar]) -> Iterator[Bar | str]:
    """The bars, with the case's name before its first."""
    case = None
    for bar in lines:
        if bar.case != case:
            case = bar.case
            yield case
        yield bar


def _bar(title: str, comparison: Comparison) -> Bar:
    shares = comparison.shares()
    limit = comparison.ratio / shares[0] if shares else None
    return Bar(title, comparison.label.name, comparison.ratio, comparison.interval(), comparison.verdict, limit)


def _frame(axes: Any, lines: list[Bar], last: float) -> float:
    """Sets up the axes; returns where they end on the right."""
    ratios = [bar.ratio for bar in lines] or [1.0]
    shown = [*ratios, *(bar.limit for bar in lines if bar.limit is not None)]
    left = min(0.5, max(LEAST, 0.5 * min(ratios)))
    right = max(2.0, min(MOST, 1.5 * max(shown)))
    axes.set(xscale="log", xlim=(left, right), ylim=(last + 0.7, -0.7))
    ticks = [tick for tick in (2.0**power for power in range(-5, 8)) if left <= tick <= right]
    axes.set_xticks(ticks, [f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.tick_params(axis="both", top=True, labeltop=True, length=0, labelcolor=INK, labelsize=8.5)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.axvline(1, color=INK, linewidth=1.2, zorder=3)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    return right


def _draw_bar(axes: Any, place: float, bar: Bar, right: float) -> None:
    """The bar from 1 to the ratio, the ratio's interval, and the limit."""
    colour, shown = COLOURS[bar.verdict], max(bar.ratio, axes.get_xlim()[0])
    axes.barh(place, shown - 1, left=1, height=0.62, color=colour, alpha=0.85, zorder=2)
    axes.plot(bar.interval, (place, place), color=INK, linewidth=1.1, zorder=4)
    if bar.limit is not None:
        beyond = bar.limit > right
        axes.plot((max(1, bar.ratio), min(bar.limit, right)), (place, place), color=LIMIT, linewidth=0.6, alpha=0.35)
        axes.plot(
            right if beyond else bar.limit,
            place,
            marker=9 if beyond else "|",  # 9: a caret that points to the right
            markersize=5 if beyond else 8,
            markeredgewidth=1.6,
            color=LIMIT,
            zorder=4,
            clip_on=False,
        )
    ahead = bar.ratio >= 1
    axes.annotate(
        f"{bar.ratio:.2f}" if bar.ratio < 9.995 else f"{bar.ratio:.1f}",
        (max(bar.ratio, bar.interval[1]) if ahead else min(shown, max(bar.interval[0], axes.get_xlim()[0])), place),
        (4 if ahead else -4, 0),
        ha="left" if ahead else "right",
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=INK,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
    )


def _explain(figure: Any, axes: Any, found: Record) -> None:
    """Title, legend, and the machine."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    verdicts = {bar.verdict for bar in bars(found.comparisons)}
    handles: list[Any] = [
        Patch(color=COLOURS[key], alpha=0.85, label=text)
        for key, others, text in (
            ("faster", {"faster", "less"}, "minitorch ahead"),
            ("slower", {"slower", "more"}, "torch ahead"),
            ("no verdict", {"no verdict"}, "no verdict"),
        )
        if verdicts & others
    ]
    handles.append(Line2D([], [], color=INK, linewidth=1.1, label="95 % interval"))
    handles.append(
        Line2D(
            [],
            [],
            color=LIMIT,
            marker="|",
            linestyle="none",
            markersize=8,
            markeredgewidth=1.6,
            label="machine's limit",
        )
    )
    axes.set_title("torch's time (or memory) over minitorch's", fontsize=12, color=INK, pad=22)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=8.5, handlelength=1.4
    )
    facts = found.facts
    versions = ", ".join(f"{name} {facts[name]}" for name in ("minitorch", "torch", "numpy", "numba") if name in facts)
    axes.set_xlabel(f"{facts.get('processor', '')}, {facts.get('cores', '?')} cores; {versions}", fontsize=8, color=INK)
