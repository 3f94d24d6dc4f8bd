"""A run as JSON: every sample, and what is needed to understand them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.comparison import Comparison, Difference, Label, Limit

Result = Comparison | Difference


@dataclass
class Record:
    """All that a run of the benchmarks has found.

    Attributes:
        facts: the machine, the versions and the command.
        limits: what was measured of the machine, by device and number of threads, then by name and unit.
        results: in the order in which they were found.
    """

    facts: dict[str, Any]
    limits: dict[str, dict[str, float]] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    @property
    def comparisons(self) -> list[Comparison]:
        return [each for each in self.results if isinstance(each, Comparison)]

    @property
    def differences(self) -> list[Difference]:
        return [each for each in self.results if isinstance(each, Difference)]

    def only(self, cases: Sequence[str], threads: Sequence[int] | None = None) -> Record:
        """The part with these cases and numbers of threads; with all of them where none is named, or "all"."""
        results = [
            each
            for each in self.results
            if (not cases or "all" in cases or each.label.case in cases)
            and (not threads or each.label.threads in threads)
        ]
        return Record(self.facts, self.limits, results)


def write(record: Record, path: str) -> None:
    """Writes a run to a file."""
    content = {
        "facts": record.facts,
        "limits": record.limits,
        "comparisons": [_comparison_to_dict(each) for each in record.comparisons],
        "differences": [asdict(each) for each in record.differences],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def read(paths: Sequence[str]) -> Record:
    """Runs that ``write`` has written, as one: its facts are the first run's.

    Raises:
        OSError: a file cannot be read.
        ValueError: it does not hold a run.
    """
    record = Record({})
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
            record.facts = record.facts or content["facts"]
            record.limits = content["limits"] | record.limits
            record.results += [_comparison_from_dict(each) for each in content["comparisons"]]
            record.results += [Difference(Label(**each["label"]), each["text"]) for each in content["differences"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no run of the benchmarks: {error!r}") from None
    return record


def _comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    return {
        "label": asdict(comparison.label),
        "unit": comparison.unit,
        "ours": comparison.ours.tolist(),
        "torchs": comparison.torchs.tolist(),
        "limit": None if comparison.limit is None else asdict(comparison.limit),
        "first": comparison.first,
    }


def _comparison_from_dict(content: dict[str, Any]) -> Comparison:
    return Comparison(
        Label(**content["label"]),
        np.array(content["ours"], float),
        np.array(content["torchs"], float),
        content["unit"],
        None if content["limit"] is None else Limit(**content["limit"]),
        None if content["first"] is None else tuple(content["first"]),
    )
