"""``python -m benchmarks CASE…``: prints tables of times and memory, ours and torch's."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence

from benchmarks import machine, picture, record, report
from benchmarks.cases import Settings
from benchmarks.cases.all import CASES, ON_GPUS
from benchmarks.cases.ops import without_a_row
from benchmarks.command_line import build_parser, fault
from benchmarks.limits import Limits
from benchmarks.place import Place
from benchmarks.record import Record, Result
from benchmarks.static import command

DIFFERENT, INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the cases that the arguments name.

    Returns:
        0; 1 where the libraries' results differ; 130 after Ctrl-C, with what was measured until then.

    Raises:
        SystemExit: with 2, an option cannot be met.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [command.NAME]:
        return command.main(given[1:])
    parser = build_parser()
    options = parser.parse_args(given)
    if (text := fault(options)) is not None:
        parser.error(text)
    if options.read:
        try:
            found = record.read(options.read).only(options.case, options.threads)
        except (OSError, ValueError) as error:
            parser.error(f"--from: {error}")
        show(found)
    elif options.case:
        found = Record(machine.facts())
    else:
        parser.print_help()
        return 0
    status = 0
    try:
        if not options.read:
            measure(found, options)
    except KeyboardInterrupt:
        print("\nInterrupted", file=sys.stderr)
        status = INTERRUPTED
    finally:
        if options.json:
            record.write(found, options.json)
        if options.plot and found.comparisons:
            picture.draw(found, options.plot)
    for difference in found.differences:
        print(f"{difference.label.case}, {difference.label.name}: {difference.text}", file=sys.stderr)
    return status or (DIFFERENT if found.differences else 0)


def measure(found: Record, options: argparse.Namespace) -> None:
    """Runs the cases, prints their tables, and enters what was found in the record."""
    place = Place(options.device)
    place.prepare()
    found.facts |= place.facts()
    print("\n".join(f"{name}: {fact}" for name, fact in found.facts.items()))
    names = list(CASES if options.device == "cpu" else ON_GPUS) if "all" in options.case else options.case
    gc.collect()
    gc.freeze()  # else each library would pay for the collector's walks over the other's modules
    for threads in dict.fromkeys(options.threads or [machine.cores()]):
        print(f"\nthreads: {machine.set_threads(threads)}")
        limits = Limits(threads, place)
        choices = (options.rounds, options.batch, options.size, options.only, options.root)
        settings = Settings(threads, limits, *choices, place)
        try:
            for name in dict.fromkeys(names):
                run_case(name, settings, found)
        finally:
            found.limits[settings.where] = limits.measured()
        print("\n" + report.limits(settings.where, limits.measured()))


def run_case(name: str, settings: Settings, found: Record) -> None:
    """Runs a case and prints a line for each comparison as it comes."""
    print(report.heading(name, settings.where))
    results: list[Result] = []
    for result in CASES[name](settings):
        print(report.row(result), flush=True)
        results.append(result)
        found.results.append(result)
    for line in report.summaries(results):
        print(line)
    if name == "ops" and not settings.only and (missing := without_a_row()):
        print("not measured:", ", ".join(missing))


def show(found: Record) -> None:
    """Prints the tables of a record."""
    print("\n".join(f"{name}: {fact}" for name, fact in found.facts.items()))
    tables: dict[tuple[str, str], list[Result]] = {}
    for each in found.results:
        tables.setdefault((each.label.case, each.label.where), []).append(each)
    for title, rows in tables.items():
        print("\n".join([report.heading(*title), *map(report.row, rows), *report.summaries(rows)]))
    for where, measured in found.limits.items():
        print("\n" + report.limits(where, measured))


if __name__ == "__main__":
    sys.exit(main())
