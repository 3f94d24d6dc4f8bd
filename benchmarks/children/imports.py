"""Imports the library: how long that takes, and how much memory the process has then."""

import importlib
import time

from benchmarks.children import arguments, report, resident_memory


def main() -> None:
    given = arguments()
    start = time.perf_counter()
    importlib.import_module(given["library"])
    end = time.perf_counter()
    report(seconds=end - start, since_start=end - given["start"], memory=resident_memory())


if __name__ == "__main__":
    main()
